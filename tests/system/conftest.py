import pytest

import sanitizer_reports
from cli_program import Cli, Up
from sheaf_daemons import Sheaf


@pytest.fixture(autouse=True, scope="session")
def no_report_is_left():
    """The first fixture set up is the last torn down: daemons of a whole module have ended too."""
    yield
    reports = sanitizer_reports.take()
    assert not reports, reports


@pytest.fixture(autouse=True)
def no_sanitizer_reports():
    yield
    reports = sanitizer_reports.take()
    assert not reports, reports


@pytest.fixture
def sheaf(tmp_path):
    """A scheduler and a worker with two slots, started; stopped at the end."""
    instance = Sheaf(tmp_path / "sheaf").start()
    yield instance
    instance.stop()


@pytest.fixture
def make_sheaf(tmp_path):
    """Makes Sheaf objects with other settings; stops whatever still runs."""
    made = []

    def make(**settings):
        made.append(Sheaf(tmp_path / f"sheaf{len(made)}", **settings))
        return made[-1]

    yield make
    for instance in made:
        instance.stop()


@pytest.fixture(scope="module")
def up(tmp_path_factory):
    """The scheduler and the worker of `sheaf up`, for the tests of one file."""
    started = Up(Cli(tmp_path_factory.mktemp("up") / "home"))
    yield started
    started.stop()


@pytest.fixture
def cli(up):
    """The command line, enrolled there."""
    return up.cli
