"""Notebooks as files: finding them, and splitting them into cells.

A cell has the text that its author wrote (``source``, what is shown) and the Python that runs in its
place (``code``). Databricks source is ``.py`` text whose first line is the header; lines that begin
with ``# MAGIC`` are of another language, which the first of them names. Standard library only.
"""

import json
import os
import re

HEADER = "# Databricks notebook source"
MAX_RUN_DEPTH = 20
MAX_CELLS = 10_000

_SEPARATOR = re.compile(r"^# COMMAND ----------.*$", re.MULTILINE)
_TITLE = re.compile(r"^# DBTITLE [01],(.*)$")
_MAGIC = re.compile(r"^%(?P<name>[A-Za-z][\w-]*)(?:[ \t]+(?P<rest>.*))?$")
_ARGUMENT = re.compile(r"""\$(\w+)=(?:"([^"]*)"|'([^']*)'|(\S+))""")
_INSTEAD = {
    "sql": "run the query from Python code",
    "scala": "Sheaf runs Python only",
    "r": "Sheaf runs Python only",
    "fs": "use ordinary file functions, or %sh",
    "conda": "use %pip, or the dependencies of the task's environment",
}


class NotebookError(Exception):
    """The file is no notebook, or cannot be read as one."""


class Cell:
    """``kind`` is "code", "markdown", "pip" (``code`` is its arguments, one line each) or "run"."""

    def __init__(self, kind, source, code="", title="", place=""):
        self.kind = kind
        self.source = source
        self.code = code
        self.title = title
        self.place = place

    def __repr__(self):
        return f"Cell({self.kind!r}, {self.source!r}, {self.code!r}, {self.title!r}, {self.place!r})"


def is_notebook(path):
    """Whether the file is Databricks source or ``.ipynb``."""
    if path.endswith(".ipynb"):
        return os.path.isfile(path)
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.readline().rstrip("\r\n") == HEADER
    except OSError:
        return False


def find_notebook(path):
    """The file of a workspace path, which goes without the extension."""
    for candidate in (path, path + ".py", path + ".ipynb"):
        if os.path.isfile(candidate):
            if is_notebook(candidate):
                return candidate
            if candidate != path:
                continue
            raise NotebookError(f"{path} is no notebook: its first line is not {HEADER!r}")
    raise NotebookError(f"there is no notebook {path}")


def read_cells(path):
    """The cells of a notebook and of those that it runs with %run, in the order of execution."""
    cells = _inlined(path, 0)
    if len(cells) > MAX_CELLS:
        raise NotebookError(f"{path} has more than {MAX_CELLS} cells with those that it runs")
    return cells


def _inlined(path, depth):
    if depth > MAX_RUN_DEPTH:
        raise NotebookError(f"%run goes deeper than {MAX_RUN_DEPTH} notebooks; does {path} run itself?")
    with open(path, encoding="utf-8-sig", errors="strict") as file:
        text = file.read()
    own = split_ipynb(text) if path.endswith(".ipynb") else split_source(text)
    name = os.path.basename(path)
    cells = []
    for number, cell in enumerate(own, 1):
        cell.place = f"cell {number} of {name}"
        cells.append(cell)
        if cell.kind == "run":
            cells += _run_cells(cell, path, depth)
    return cells


def _run_cells(cell, path, depth):
    target, _, arguments = cell.code.strip().partition(" ")
    target = target.strip("\"'")
    if not target:
        raise NotebookError(f"{cell.place}: %run names no notebook")
    found = find_notebook(os.path.join(os.path.dirname(path), target))
    values = {match[1]: next(text for text in match.groups()[1:] if text is not None)
              for match in _ARGUMENT.finditer(arguments)}
    cells = _inlined(found, depth + 1)
    if values:
        code = f"from sheaf_runtime.notebook_utilities import add_widget_values\nadd_widget_values({values!r})\n"
        cells.insert(0, Cell("code", "", code, place=cell.place))
    return cells


def split_source(text):
    """The cells of Databricks source."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not lines or lines[0] != HEADER:
        raise NotebookError(f"the first line is not {HEADER!r}")
    parts = _SEPARATOR.split("\n".join(lines[1:]))
    cells = [_source_cell(part.strip("\n")) for part in parts]
    return [cell for cell in cells if cell.source.strip()]


def _source_cell(text):
    title, lines = "", text.split("\n")
    while lines and (not lines[0].strip() or _TITLE.match(lines[0])):
        match = _TITLE.match(lines[0])
        title = match[1].strip() if match else title
        lines.pop(0)
    if lines and _is_magic_line(lines[0]):
        lines = [line[len("# MAGIC "):] if line.startswith("# MAGIC ") else "" if line == "# MAGIC" else line
                 for line in lines]
    text = "\n".join(lines).rstrip()
    cell = make_cell(text)
    cell.title = title
    return cell


def _is_magic_line(line):
    return line == "# MAGIC" or line.startswith("# MAGIC ")


def split_ipynb(text):
    """The cells of a Jupyter notebook (format 4)."""
    try:
        document = json.loads(text)
        found = document["cells"]
        cells = []
        for entry in found:
            source = entry.get("source", "")
            source = "".join(source) if isinstance(source, list) else source
            kind = entry.get("cell_type")
            if source.strip() and kind in ("code", "markdown"):
                cells.append(make_cell(source) if kind == "code" else Cell("markdown", source))
    except (ValueError, KeyError, TypeError, AttributeError) as failure:
        raise NotebookError(f"not a Jupyter notebook of format 4: {failure!r}") from failure
    return cells


def make_cell(source):
    """A cell of Python, or of the language that its first line names."""
    first, _, rest = source.lstrip("\n").partition("\n")
    match = _MAGIC.match(first)
    if not match:
        return Cell("code", source, source)
    name, argument = match["name"], (match["rest"] or "").strip()
    if name in ("md", "md-sandbox"):
        return Cell("markdown", "\n".join(text for text in (argument, rest) if text))
    if name == "python":
        return Cell("code", source, "\n".join(text for text in (argument, rest) if text))
    if name == "skip":
        return Cell("code", source, "pass")
    if name == "sh":
        return Cell("code", source, _shell_code(argument, rest))
    if name == "run":
        return Cell("run", source, argument)
    if name == "pip":
        return _pip_cell(source)
    if name in _INSTEAD:
        message = f"%{name} cells are not run by Sheaf: {_INSTEAD[name]}"
        return Cell("code", source, f"raise NotImplementedError({message!r})")
    return Cell("code", source, source)


def _shell_code(argument, rest):
    is_strict = argument == "-e" or argument.startswith("-e ")
    first = argument[2:].strip() if is_strict else argument
    script = "\n".join(text for text in (first, rest) if text)
    return f"from sheaf_runtime.notebook_kernel import run_shell as _run_shell\n_run_shell({script!r}, {is_strict})"


def _pip_cell(source):
    """Lines of %pip first; a cell may go on with Python."""
    commands, lines = [], source.strip("\n").split("\n")
    while lines and (not lines[0].strip() or lines[0].startswith("%pip")):
        line = lines.pop(0)
        while line.endswith("\\") and lines:
            line = line[:-1] + " " + lines.pop(0).strip()
        if line.strip():
            commands.append(line[len("%pip"):].strip())
    cell = Cell("pip", source, "\n".join(commands))
    cell.rest = "\n".join(lines)
    return cell
