"""Words that the house does not use, each with the reason in its message."""

import re

from tree import CPP_SUFFIXES, matches

TYPE_NAME = r"\b(?:class|struct|enum\s+class|enum|concept|using)\s+(?:[A-Z]\w*)?(?:Manager|Helper|Util|Utils|Impl|Data|Info)\b"

CODE_RULES = (
    (TYPE_NAME, "{}: name the type by what it is"),
    (r"\bcatch\s*\(\s*\.\.\.\s*\)", "{}: catch what the library throws, where it is called"),
    (r"\[\s*=\s*[\],]", "{}: name what a lambda captures"),
    (r"\busing\s+namespace\s+std\b", "{}: name what is used"),
    (r"\bauto_ptr\b|\bstd::endl\b", "{}: not in this house"),
)
TEST_RULES = ((r"\b(?:sleep_for|sleep_until|usleep|nanosleep|sleep)\s*\(", "{}): a test waits for what happens, not for time"),)

# Put together here so that this file does not contain the words.
UNFINISHED = r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X")) + r")\b"
PROSE_SUFFIXES = CPP_SUFFIXES + (".py", ".md", ".txt", ".toml", ".yml", ".cmake", ".sh", ".service")


def find_banned_code(tree):
    for path in tree.paths(*CPP_SUFFIXES):
        for pattern, message in CODE_RULES:
            yield from matches(path, tree.code(path), pattern, message)


def find_sleeping_tests(tree):
    for path in tree.paths(*CPP_SUFFIXES, under=("tests",)):
        if path.startswith("tests/bench/"):  # no test: it may pace what it measures
            continue
        for pattern, message in TEST_RULES:
            yield from matches(path, tree.code(path), pattern, message)


def find_unfinished_work(tree):
    for path in tree.paths(*PROSE_SUFFIXES):
        yield from matches(path, tree.text(path), UNFINISHED, "{}: do it or write it down as an issue")


def find_missing_pragma_once(tree):
    """A header that may be included twice."""
    for path in tree.paths(".h"):
        if not re.search(r"^#pragma once$|^#ifndef \w+_H_$", tree.text(path), re.MULTILINE):
            yield f"{path}:1: no #pragma once"
