"""How long a function and a file may be."""

import subprocess

from tree import CPP_SUFFIXES

FUNCTION_LINES = 70
FILE_LINES = {".cc": 400, ".c": 400, ".h": 250, ".py": 400}

# Files that are one thing and longer than the limit: path → (lines, why).
LONGER_FILES = {}


def find_long_files(tree):
    for suffix, limit in FILE_LINES.items():
        for path in tree.paths(suffix):
            allowed = LONGER_FILES.get(path, (limit, ""))[0]
            lines = tree.text(path).count("\n")
            if lines > allowed:
                yield f"{path}:1: {lines} lines, more than {allowed}: is it one thing?"


def find_stale_allowances(tree):
    """An allowance for a file that is gone or has become short."""
    for path, (_, _) in LONGER_FILES.items():
        limit = FILE_LINES["." + path.rsplit(".", 1)[-1]]
        if not tree.exists(path) or tree.text(path).count("\n") <= limit:
            yield f"{path}:1: needs no allowance any more"


def find_long_functions(tree):
    sources = list(tree.paths(*CPP_SUFFIXES))
    if not sources:
        return
    command = ["ctags", "-x", "--_xformat=%{end}\t%n\t%N\t%F", "--kinds-C++=f", "--kinds-C=f", "--fields=+e", "-L", "-"]
    listed = subprocess.run(command, cwd=tree.root, input="\n".join(sources), check=True, capture_output=True, text=True)
    for row in listed.stdout.splitlines():
        end, start, name, path = row.split("\t")
        if not end.isdigit():
            continue
        lines = int(end) - int(start) + 1
        if lines > FUNCTION_LINES:
            yield f"{path}:{start}: {name} has {lines} lines, more than {FUNCTION_LINES}"
