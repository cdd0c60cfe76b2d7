"""The house rules, held against this checkout."""

import pathlib

import pytest
from rules import RULES
from tree import Tree


@pytest.fixture(scope="module")
def checkout():
    return Tree.of_checkout(pathlib.Path(__file__).resolve().parents[2])


@pytest.mark.parametrize("name", RULES)
def test_checkout_keeps(name, checkout):
    violations = list(RULES[name](checkout))
    if violations:
        pytest.fail("\n".join(violations), pytrace=False)
