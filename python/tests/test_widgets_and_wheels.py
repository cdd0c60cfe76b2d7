import sys

import pytest

from sheaf_runtime import notebook_utilities, wheel_task
from sheaf_runtime.notebook_utilities import InputWidgetNotDefined, NotebookExit, Widgets


@pytest.fixture(autouse=True)
def no_widgets():
    Widgets().removeAll()
    yield
    Widgets().removeAll()


def test_parameters_come_before_what_a_notebook_declares():
    widgets = Widgets()
    notebook_utilities.add_widget_values({"day": "friday"})
    widgets.text("day", "monday")
    widgets.dropdown("size", 1, [1, 2], "Size")
    widgets.combobox("place", "bar", ["bar", "home"])
    widgets.multiselect("milk", "no", ["no", "oat"])
    assert widgets.get("day") == "friday"
    assert widgets.getAll() == {"day": "friday", "size": "1", "place": "bar", "milk": "no"}
    assert widgets.getArgument("absent", 5) == "5"


def test_a_widget_that_nobody_defined_is_an_error_that_names_the_others():
    Widgets().text("day", "monday")
    with pytest.raises(InputWidgetNotDefined, match="dya.*known: day"):
        Widgets().get("dya")
    Widgets().remove("day")
    with pytest.raises(InputWidgetNotDefined, match="known: none"):
        Widgets().getArgument("day")


def test_a_default_must_be_one_of_the_choices():
    with pytest.raises(ValueError, match="none of its choices"):
        Widgets().dropdown("size", "3", ["1", "2"])


def test_the_end_of_a_notebook_is_no_ordinary_exception(tmp_path, monkeypatch):
    monkeypatch.setenv("SHEAF_NOTEBOOK_RESULT", str(tmp_path / "result"))
    with pytest.raises(NotebookExit):
        try:
            notebook_utilities.Notebook().exit("bye")
        except Exception:
            pytest.fail("swallowed")
    assert (tmp_path / "result").read_text() == "bye"


@pytest.fixture
def package(tmp_path, monkeypatch):
    (tmp_path / "some_package").mkdir()
    (tmp_path / "some_package" / "__init__.py").write_text("def here():\n    return 'here'\n\nnumber = 1\n")
    (tmp_path / "some_package" / "deep.py").write_text("def there():\n    return 'there'\n")
    info = tmp_path / "some_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: some-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[odd.group]\nstart = some_package.deep:there\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "some-package"
    for name in [name for name in sys.modules if name.startswith("some_package")]:
        del sys.modules[name]


@pytest.mark.parametrize(("name", "result"), [("start", "there"), ("here", "here"), ("deep.there", "there"), ("deep:there", "there")])
def test_an_entry_point_of_any_group_or_a_function_is_found(package, name, result):
    assert wheel_task.find_entry_point(package, name)() == result


@pytest.mark.parametrize(("name", "message"), [("absent", "its entry points: start"), ("number", "no function, but a int"),
                                               ("deep.absent", "neither an entry point")])
def test_what_cannot_be_called_is_said(package, name, message):
    with pytest.raises(LookupError, match=message):
        wheel_task.find_entry_point(package, name)


def test_a_package_that_is_not_installed_is_named():
    with pytest.raises(LookupError, match="'not-there' is not installed"):
        wheel_task.find_entry_point("not-there", "main")
