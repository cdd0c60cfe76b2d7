import json

import pytest

from sheaf_runtime.notebook_source import (
    HEADER, NotebookError, find_notebook, is_notebook, make_cell, read_cells, split_ipynb, split_source)


def source(*cells):
    return HEADER + "\n" + "\n\n# COMMAND ----------\n\n".join(cells) + "\n"


def kinds(cells):
    return [(cell.kind, cell.code) for cell in cells]


def test_source_is_split_at_command_lines_and_empty_cells_are_left_out():
    cells = split_source(source("a = 1", "", "\n\nb = 2\n\n"))
    assert kinds(cells) == [("code", "a = 1"), ("code", "b = 2")]


def test_line_ends_of_windows_count_as_line_ends():
    assert kinds(split_source(source("a = 1", "b = 2").replace("\n", "\r\n"))) == [("code", "a = 1"), ("code", "b = 2")]


def test_a_file_without_the_header_is_no_notebook():
    with pytest.raises(NotebookError, match="first line"):
        split_source("a = 1\n")
    with pytest.raises(NotebookError):
        split_source(HEADER + ", nearly\na = 1\n")


def test_magic_lines_lose_their_prefix():
    (cell,) = split_source(source("# MAGIC %sh\n# MAGIC echo a\n# MAGIC\n# MAGIC   echo b"))
    assert cell.source == "%sh\necho a\n\n  echo b"
    assert "'echo a\\n\\n  echo b'" in cell.code


def test_titles_are_kept_apart_from_code():
    (cell,) = split_source(source("# DBTITLE 1,Load it\n# MAGIC %python\n# MAGIC x = 1"))
    assert (cell.title, cell.kind, cell.code) == ("Load it", "code", "x = 1")


def test_a_comment_that_resembles_a_command_line_within_code_separates_too():
    assert len(split_source(source("a = 1\n# COMMAND ----------\nb = 2"))) == 2


@pytest.mark.parametrize(("text", "kind", "code"), [
    ("%md\n# Title", "markdown", ""),
    ("%md-sandbox <b>x</b>", "markdown", ""),
    ("%python x = 1\ny = 2", "code", "x = 1\ny = 2"),
    ("%skip\nboom()", "code", "pass"),
    ("%run ./a $x=\"1\"", "run", "./a $x=\"1\""),
    ("%pip install a\n%pip install \\\n  b", "pip", "install a\ninstall  b"),
    ("%matplotlib inline\nx = 1", "code", "%matplotlib inline\nx = 1"),
    ("%%time\nx = 1", "code", "%%time\nx = 1"),
    ("x = 5 \\\n % 3", "code", "x = 5 \\\n % 3"),
])
def test_the_first_line_says_what_a_cell_is(text, kind, code):
    cell = make_cell(text)
    assert (cell.kind, cell.code) == (kind, code)


@pytest.mark.parametrize("name", ["sql", "scala", "r", "fs", "conda"])
def test_cells_of_other_languages_fail_when_they_run(name):
    with pytest.raises(NotImplementedError, match=f"%{name} cells"):
        exec(make_cell(f"%{name}\nselect 1").code)


def test_what_follows_pip_in_its_cell_runs_afterwards():
    cell = make_cell("%pip install a\nimport a")
    assert (cell.code, cell.rest) == ("install a", "import a")


def test_a_shell_cell_with_e_is_strict():
    assert make_cell("%sh -e\nfalse").code.endswith("_run_shell('false', True)")
    assert make_cell("%sh ls").code.endswith("_run_shell('ls', False)")


def test_jupyter_cells_may_be_lists_or_texts():
    document = {"cells": [{"cell_type": "markdown", "source": ["# a\n", "b"]}, {"cell_type": "code", "source": "x = 1"},
                          {"cell_type": "raw", "source": "y"}, {"cell_type": "code", "source": []}], "nbformat": 4}
    assert [(cell.kind, cell.source) for cell in split_ipynb(json.dumps(document))] == [("markdown", "# a\nb"), ("code", "x = 1")]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": 1}', '{"cells": ["a"]}'])
def test_what_is_no_jupyter_notebook_says_so(text):
    with pytest.raises(NotebookError):
        split_ipynb(text)


def test_a_notebook_is_found_without_its_extension(tmp_path):
    (tmp_path / "a.py").write_text(source("x"))
    (tmp_path / "b.ipynb").write_text("{}")
    (tmp_path / "c.py").write_text("x")
    assert find_notebook(str(tmp_path / "a")).endswith("a.py")
    assert find_notebook(str(tmp_path / "b")).endswith("b.ipynb")
    assert not is_notebook(str(tmp_path / "c.py"))
    for name in ("c", "c.py", "d"):
        with pytest.raises(NotebookError):
            find_notebook(str(tmp_path / name))


def test_run_puts_the_other_notebook_where_it_is_called(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "a.py").write_text(source("x = 1", '# MAGIC %run ./lib/b $k="v w" $n=1', "z = 3"))
    (tmp_path / "lib" / "b.py").write_text(source("# MAGIC %run ./c"))
    (tmp_path / "lib" / "c.py").write_text(source("y = 2"))
    cells = read_cells(str(tmp_path / "a.py"))
    assert [cell.kind for cell in cells] == ["code", "run", "code", "run", "code", "code"]
    assert "{'k': 'v w', 'n': '1'}" in cells[2].code
    assert [cell.place for cell in cells if cell.kind == "code" and cell.source] == [
        "cell 1 of a.py", "cell 1 of c.py", "cell 3 of a.py"]


def test_notebooks_that_run_each_other_end_with_a_message(tmp_path):
    (tmp_path / "a.py").write_text(source("# MAGIC %run ./b"))
    (tmp_path / "b.py").write_text(source("# MAGIC %run ./a"))
    with pytest.raises(NotebookError, match="deeper than"):
        read_cells(str(tmp_path / "a.py"))


def test_run_without_a_notebook_says_where(tmp_path):
    (tmp_path / "a.py").write_text(source("# MAGIC %run"))
    with pytest.raises(NotebookError, match="cell 1 of a.py"):
        read_cells(str(tmp_path / "a.py"))
