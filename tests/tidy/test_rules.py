"""The house rules themselves: each finds what is planted in a small tree, and finds nothing in the tree without it."""

import pathlib

import documents
import layers
import pytest
import sizes
from rules import RULES
from tree import Tree, strip_comments_and_literals

ROOT = pathlib.Path(__file__).resolve().parents[2]

CHANGELOG = "# Changelog\n\n## 0.1.0\n\n### Breaking\n\n### Added\n\n### Fixed\n\n### Internal\n"
README = "# Sheaf\n\nRun `./tools/demo` and `./tools/test`; see [the design](docs/architecture.md#layers).\n"
DECISION = "# 0001 A choice\n\n## Context\n\n## Choice\n\n## Alternatives\n\n## Consequences\n\n## Status\nAccepted.\n"

# A tree that keeps every rule.
CLEAN = {
    "README.md": README,
    "CHANGELOG.md": CHANGELOG,
    "docs/architecture.md": (ROOT / "docs/architecture.md").read_text(encoding="utf-8"),
    "docs/glossary.md": "# Glossary\n",
    "docs/style.md": "# Style\n",
    "docs/operations.md": "# Operations\n",
    "docs/decisions/0001-a-choice.md": DECISION,
    "common/base/CMakeLists.txt": "sheaf_library(NAME common_base SRCS a.cc HDRS a.h)\n",
    "common/base/a.h": '// Says "catch (...)" and std::endl, in words only.\n#pragma once\n\n#include <string>\n',
    "common/base/a.cc": '#include "common/base/a.h"\n\nint three() { return 1\'000 > 2 ? 3 : 0; }\n',
    "scheduler/core/CMakeLists.txt": "sheaf_library(NAME scheduler_core SRCS c.cc DEPS common_base)\n",
    "scheduler/core/c.cc": '#include <vector>\n\n#include "common/base/a.h"\n\nconst char* text() { return "[=] steady_clock::now"; }\n',
    "scheduler/store/s.cc": "#include <rocksdb/db.h>\n",
    "tests/unit/c_test.cc": "#include <thread>\n",
    "tools/x.lock": "a==1 --hash=sha256:00\n",
}

# rule → (path, text, part of the message)
PLANTED = [
    ("table", "docs/architecture.md", CLEAN["docs/architecture.md"].replace("| `cli` |", "| `tui` |"), "cli stands in only one"),
    ("layers", "common/base/b.cc", '#include "scheduler/core/c.h"\n', "common/base must not include scheduler/core"),
    ("layers", "scheduler/core/d.cc", '#include "scheduler/store/s.h"\n', "must not include scheduler/store"),
    ("layers", "worker/session/w.cc", '#include "scheduler/core/c.h"\n', "must not include scheduler/core"),
    ("layers", "cli/up.cc", '#include "worker/core/c.h"\n', "must not include worker/core"),
    ("layers", "common/os/o.cc", '#include "common/transport/t.h"\n', "must not include common/transport"),
    ("layers", "scheduler/cache/c.cc", "int x;\n", "no line"),
    ("layers", "common/base/b.cc", '#include "a.h"\n', "write the path from the root"),
    ("dependencies", "scheduler/core/d.cc", '#include "common/model/m.h"\n', "does not reach common/model"),
    ("dependencies", "scheduler/core/CMakeLists.txt", "sheaf_library(NAME scheduler_core DEPS scheduler_store)\n", "must not name scheduler/store"),
    ("dependencies", "scheduler/core/CMakeLists.txt", "sheaf_library(NAME scheduler_core DEPS common_bse)\n", "no folder defines"),
    ("libraries", "scheduler/engine/e.cc", "#include <rocksdb/db.h>\n", "rocksdb belongs to scheduler/store"),
    ("libraries", "scheduler/workers/w.cc", '#include "common/wire/frames.pb.h"\n', "protobuf belongs to common/wire"),
    ("libraries", "bundles/b.cc", "#include <CLI/CLI.hpp>\n", "CLI11 belongs to"),
    ("libraries", "scheduler/notify/n.cc", "# include <curl/curl.h>\n", "curl belongs to"),
    ("purity", "scheduler/core/d.cc", "#include <thread>\n", "must not include thread"),
    ("purity", "worker/core/d.cc", "#include <sys/wait.h>\n", "must not include sys/wait.h"),
    ("purity", "common/model/d.cc", "auto x = std::chrono::system_clock::now();\n", "must not call"),
    ("words", "common/base/b.h", "#pragma once\nclass RunManager {};\n", "RunManager"),
    ("words", "common/base/b.h", "#pragma once\nstruct Data;\n", "struct Data"),
    ("words", "common/base/b.cc", "void f() { try { g(); } catch (...) {} }\n", "catch (...)"),
    ("words", "common/base/b.cc", "auto f = [=, &x] { return x; };\n", "captures"),
    ("words", "common/base/b.cc", "using namespace std;\n", "name what is used"),
    ("sleeps", "tests/unit/d_test.cc", "std::this_thread::sleep_for(1s);\n", "not for time"),
    ("unfinished", "common/base/b.cc", "// TO" "DO: later\n", "as an issue"),
    ("unfinished", "docs/plan.md", "FIX" "ME\n", "as an issue"),
    ("include guards", "common/base/b.h", "struct X {};\n", "no #pragma once"),
    ("file length", "common/base/b.cc", "\n" * 401, "401 lines"),
    ("file length", "common/base/b.h", "#pragma once\n" * 251, "251 lines"),
    ("function length", "common/base/b.cc", "int f() {\n" + "  g();\n" * 69 + "}\n", "f has 71 lines"),
    ("function length", "worker/shim/b.c", "static int f(void) {\n" + "  g();\n" * 69 + "}\n", "f has 71 lines"),
    ("outside places", "docs/plan.md", "See .." "/shared/notes.\n", "outside the project"),
    ("outside places", "tools/x.sh", "cd /wo" "rk/here\n", "outside the project"),
    ("links", "docs/plan.md", "[there](nowhere.md)\n", "leads nowhere"),
    ("links", "docs/plan.md", "[there](architecture.md#no-such)\n", "no heading"),
    ("changelog", "CHANGELOG.md", CHANGELOG.replace("### Fixed\n", ""), "wants"),
    ("decisions", "docs/decisions/0002-b.md", DECISION.replace("## Alternatives", "## Others"), "Alternatives"),
    ("decisions", "docs/decisions/0001-b.md", DECISION, "number 0001"),
    ("decisions", "docs/decisions/note.md", DECISION, "NNNN-title"),
    ("decisions", "docs/decisions/0002-b.md", DECISION.replace("## Status", ""), "Status"),
    ("lock files", "tools/x.lock", "--index-url https://example.org\n", "no host"),
    ("readme", "README.md", "# Sheaf\n", "./tools/test"),
]


def make_tree(folder, files):
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return Tree.of_folder(folder)


@pytest.mark.parametrize("name", RULES)
def test_clean_tree_has_no_violation(name, tmp_path):
    assert list(RULES[name](make_tree(tmp_path, CLEAN))) == []


@pytest.mark.parametrize(("name", "path", "text", "message"), PLANTED)
def test_planted_violation_is_found(name, path, text, message, tmp_path):
    found = list(RULES[name](make_tree(tmp_path, {**CLEAN, path: text})))
    assert any(violation.startswith(f"{path}:") and message in violation for violation in found), found


def test_every_rule_has_a_planted_violation():
    assert RULES.keys() - {name for name, *_ in PLANTED} == {"allowances"}


def test_stale_allowance_is_found(tmp_path, monkeypatch):
    monkeypatch.setitem(sizes.LONGER_FILES, "common/base/a.cc", (500, "it is one table"))
    assert list(sizes.find_stale_allowances(make_tree(tmp_path, CLEAN)))


def test_allowance_is_a_limit_too(tmp_path, monkeypatch):
    monkeypatch.setitem(sizes.LONGER_FILES, "common/base/b.cc", (500, "it is one table"))
    tree = make_tree(tmp_path, {**CLEAN, "common/base/b.cc": "\n" * 501, "common/base/c.cc": "\n" * 400})
    assert list(sizes.find_long_files(tree)) == ["common/base/b.cc:1: 501 lines, more than 500: is it one thing?"]


def test_arrow_allows_an_include_on_its_own_line(tmp_path):
    tree = make_tree(tmp_path, {**CLEAN, "scheduler/engine/e.cc": '#include "scheduler/store/s.h"\n'})
    assert list(layers.find_layer_breaks(tree)) == []


def test_dependencies_reach_through_others(tmp_path):
    files = {
        "common/model/CMakeLists.txt": "sheaf_library(NAME common_model SRCS m.cc DEPS common_base)\n",
        "scheduler/core/CMakeLists.txt": "sheaf_library(NAME scheduler_core SRCS c.cc DEPS common_model) # common_os\n",
    }
    assert list(layers.find_dependency_breaks(make_tree(tmp_path, {**CLEAN, **files}))) == []


def test_comments_and_literals_leave_no_trace():
    code = 'int a = 1\'000; // b\n/* c\n d */ f("// e", \'"\', R"(g "h" )"); char i = \'\\\'\';\n'
    assert strip_comments_and_literals(code) == 'int a = 1\'000;  \n\n f("", "", ""); char i = "";\n'


def test_binary_files_are_no_text(tmp_path):
    (tmp_path / "picture.md").write_bytes(b"\xff\xfe\x00")
    assert list(documents.find_broken_links(Tree.of_folder(tmp_path))) == []
