"""The files that the house rules read: what git tracks or would track, with comments and strings taken out on request."""

import functools
import pathlib
import re
import subprocess

# Where the programs are made of; a file in any other folder may include what it likes.
PRODUCT_ROOTS = ("bundles", "cli", "common", "scheduler", "worker")
CPP_SUFFIXES = (".cc", ".h", ".c")

# Alternatives in the order of the text: whichever begins first wins, so that "//" in a string is no comment.
# A quote after a digit separates digits (1'000) and begins no character.
_COMMENT_OR_LITERAL = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"([^()\\\s]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'""",
    re.DOTALL,
)


def _blank(match):
    text = match.group(0)
    newlines = "\n" * text.count("\n")
    return newlines or " " if text.startswith("/") else '""' + newlines


def strip_comments(text):
    """Comments become blanks; every line keeps its number."""
    return _COMMENT_OR_LITERAL.sub(lambda match: _blank(match) if match.group(0).startswith("/") else match.group(0), text)


def strip_comments_and_literals(text):
    """Comments become blanks and literals empty ones; every line keeps its number."""
    return _COMMENT_OR_LITERAL.sub(_blank, text)


class Tree:
    """A set of files below one folder; paths are relative to it, with slashes."""

    def __init__(self, root, paths):
        self.root = pathlib.Path(root)
        self._paths = sorted(paths)
        self.text = functools.lru_cache(maxsize=None)(self._text)

    @classmethod
    def of_checkout(cls, root):
        """What git tracks, and what it would if added."""
        command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
        present = {path for path in listed.split("\0") if path and (pathlib.Path(root) / path).is_file()}
        return cls(root, present)

    @classmethod
    def of_folder(cls, root):
        """Everything in the folder; for trees that a test makes."""
        root = pathlib.Path(root)
        return cls(root, [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()])

    def paths(self, *suffixes, under=None):
        """Paths with one of the suffixes (all, where none is given), in the folders `under`."""
        for path in self._paths:
            if suffixes and not path.endswith(suffixes):
                continue
            if under and not path.startswith(tuple(f"{folder}/" for folder in under)):
                continue
            yield path

    def product_sources(self):
        return self.paths(*CPP_SUFFIXES, under=PRODUCT_ROOTS)

    def exists(self, path):
        return (self.root / path).exists()

    def _text(self, path):
        """The text of a file; empty for what is no text."""
        try:
            return (self.root / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            return ""

    def code(self, path):
        return strip_comments_and_literals(self.text(path))


def matches(path, text, pattern, message):
    """One violation, `path:line: message`, for each match."""
    for match in re.finditer(pattern, text):
        line = text.count("\n", 0, match.start()) + 1
        yield f"{path}:{line}: {message.format(match.group(0).strip())}"
