"""Finds the mutants of a C++ source and rewrites it so that each of them is a switch at run time.

A mutant is a small change that a test should notice: a condition forced, an operator or a number changed, a statement left
out. The rewritten source holds all of them; `sheaf_mutant(7)` in it is true where mutant 7 is awake (runtime_header below).
Extents come from libclang, never from patterns; lines stay where they were.
"""

import dataclasses
import re
from typing import Callable

from clang import cindex
from clang.cindex import CursorKind, TypeKind

RELATIONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
OPERATORS = {*RELATIONS, "==", "!=", "&&", "||", "+", "-"}
# What compiles wherever the original does: an error inside is that of another mutant.
WHOLE_KINDS = {"true", "false", "left out"}
INTEGERS = {
    TypeKind.INT, TypeKind.UINT, TypeKind.LONG, TypeKind.ULONG, TypeKind.LONGLONG, TypeKind.ULONGLONG,
    TypeKind.SHORT, TypeKind.USHORT, TypeKind.UCHAR, TypeKind.SCHAR, TypeKind.DOUBLE,
}


@dataclasses.dataclass
class Mutant:
    number: int
    file: str
    line: int
    column: int
    kind: str
    original: str
    mutated: str

    @property
    def key(self):
        return f"{self.file}:{self.line}:{self.column}:{self.kind}:{len(self.original)}"


@dataclasses.dataclass
class Edit:
    """A range of the source with the text that takes its place; `render` gets the edit, to ask it for its parts."""

    start: int
    end: int
    rank: int
    render: Callable
    children: list = dataclasses.field(default_factory=list)


def blank_text(source):
    """The source with comments, strings and characters blanked, offsets kept."""
    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Fa-f])\'(?:\\.|[^\'\\\n])+\''
    return re.sub(pattern, lambda found: re.sub(r"[^\n]", " ", found[0]), source, flags=re.S)


class Mutator:
    """All mutants of one file, numbered from `first`; those on `banned` lines are left out."""

    def __init__(self, path, name, arguments, first, banned=()):
        # Offsets of libclang count bytes, so here a character is a byte.
        self.source = path.read_bytes().decode("latin-1")
        self.blank = blank_text(self.source)
        self.name = name
        self.first = first
        self.banned = set(banned)
        self.mutants = []
        self.seen = set()
        self.frozen = []
        self.edits = []
        unit = cindex.Index.create().parse(
            str(path), args=arguments, options=cindex.TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD)
        errors = [str(found) for found in unit.diagnostics if found.severity >= cindex.Diagnostic.Error]
        assert not errors, errors[:3]
        own = [cursor for cursor in unit.cursor.get_children()
               if cursor.location.file and cursor.location.file.name == str(path)]
        self.macros = [self.extent(cursor) for cursor in own if cursor.kind == CursorKind.MACRO_INSTANTIATION]
        for cursor in own:
            if not cursor.kind.is_preprocessing():
                self.visit(cursor, [])
        self.leave_out_checks()

    # ---- the text

    @staticmethod
    def extent(cursor):
        return cursor.extent.start.offset, cursor.extent.end.offset

    def is_own(self, start, end):
        """Whether the range stands in the file as it is, not inside a macro or a constant."""
        return start < end and not any(low <= start and end <= high for low, high in (*self.macros, *self.frozen))

    def parenthesis_after(self, offset):
        """The range inside the parentheses that open next."""
        low = self.blank.index("(", offset)
        depth = 0
        for place in range(low, len(self.blank)):
            depth += {"(": 1, ")": -1}.get(self.blank[place], 0)
            if depth == 0:
                return low + 1, place
        raise AssertionError("parentheses do not match")

    def add(self, start, end, kind, mutated, render, rank=3):
        """Adds one mutant with `render(edit, number)`, unless the same stands there already."""
        line = self.source.count("\n", 0, start) + 1
        # Errors are told where the operator stands, which may be another line than the first.
        last = line if kind in WHOLE_KINDS else self.source.count("\n", 0, end) + 1
        if (start, end, kind) in self.seen or self.banned.intersection(range(line, last + 1)):
            return
        self.seen.add((start, end, kind))
        number = self.first + len(self.mutants)
        column = start - self.source.rfind("\n", 0, start)
        original = " ".join(self.source[start:end].split())
        texts = [text.encode("latin-1").decode("utf-8") for text in (original, mutated)]
        self.mutants.append(Mutant(number, self.name, line, column, kind, *texts))
        self.edits.append(Edit(start, end, rank, lambda edit: render(edit, number)))

    # ---- what is changed

    def force(self, start, end, values):
        if self.blank[start:end].strip() in ("true", "false"):
            return
        if True in values:
            self.add(start, end, "true", "true",
                     lambda edit, number: f"(sheaf_mutant({number}) || ({edit.text(start, end)}))", rank=1)
        if False in values:
            self.add(start, end, "false", "false",
                     lambda edit, number: f"(!sheaf_mutant({number}) && ({edit.text(start, end)}))", rank=2)

    def empty(self, start, end):
        self.add(start, end, "empty", "nothing",
                 lambda edit, number: f"sheaf_emptied({number}, {edit.text(start, end)})", rank=1)

    def condition(self, cursor, keyword_end, values):
        low, high = self.parenthesis_after(keyword_end)
        if not self.is_own(low, high):
            return
        parts = self.blank[low:high].split(";")
        if cursor.kind == CursorKind.FOR_STMT:
            low += len(parts[0]) + 1
            high = low + len(parts[1])
        elif len(parts) > 1:
            low = high - len(parts[-1])
        text = self.source[low:high]
        start, end = low + len(text) - len(text.lstrip()), high - (len(text) - len(text.rstrip()))
        if start >= end:
            return
        declared = next((found for found in cursor.walk_preorder()
                         if found.kind == CursorKind.VAR_DECL and start <= found.extent.start.offset
                         and self.extent(found)[1] == end), None)
        if declared is None:
            self.force(start, end, values)
        elif False in values:
            sign = self.blank.index("=", declared.location.offset) + 1
            self.empty(sign + len(self.source[sign:end]) - len(self.source[sign:end].lstrip()), end)

    def binary(self, cursor):
        start, end = self.extent(cursor)
        children = sorted(((*self.extent(child), child.type.get_canonical()) for child in cursor.get_children()),
                          key=lambda found: found[:2])
        children = [found for found in children if start <= found[0] and found[1] <= end]
        if len(children) < 2 or children[0][1] > children[-1][0]:
            return
        left, right, kind = children[0][:2], children[-1][:2], children[0][2]
        operator = self.blank[left[1]:right[0]].strip()
        if operator not in OPERATORS or left[0] != start or right[1] != end:
            return
        if operator in ("&&", "||"):
            self.logical(operator, left, right)
        elif operator in RELATIONS:
            self.replace(operator, RELATIONS[operator], left, right)
        elif operator in ("==", "!="):
            if (start, end, "true") not in self.seen and (start, end, "false") not in self.seen:
                self.add(start, end, "equality", "the opposite",
                         lambda edit, number: f"(sheaf_mutant({number}) != ({edit.text(start, end)}))")
        elif kind.kind in INTEGERS or "chrono" in kind.spelling:
            self.replace(operator, {"+": "-", "-": "+"}[operator], left, right)

    def logical(self, operator, left, right):
        start, end = left[0], right[1]
        other = {"&&": "||", "||": "&&"}[operator]
        between = "\n" * self.source.count("\n", left[1], right[0])

        def render(edit, number):
            sides = [f"(sheaf_mutant({number}) != static_cast<bool>({edit.text(*side)}))" for side in (left, right)]
            return f"(sheaf_mutant({number}) != ({sides[0]}{between} {operator} {sides[1]}))"

        self.add(start, end, other, self.source[start:left[1]] + f" {other} " + self.source[right[0]:end], render)
        for side in (left, right):
            self.force(*side, {operator == "&&"})

    def replace(self, operator, other, left, right):
        start, end = left[0], right[1]
        between = "\n" * self.source.count("\n", left[1], right[0])

        def render(edit, number):
            sides = edit.text(*left), edit.text(*right)
            again = f"{sides[0]} {other} {sides[1]}".replace("\n", " ")
            return f"(sheaf_mutant({number}) ? ({again}) : ({sides[0]}{between} {operator} {sides[1]}))"

        self.add(start, end, other, self.source[start:left[1]] + f" {other} " + self.source[right[0]:end], render)

    def leave_out(self, start, end):
        if not self.blank[start:end].startswith(("check_failed", "std::unreachable")):
            self.add(start, end, "left out", "nothing",
                     lambda edit, number: f"if (!sheaf_mutant({number})) {{ {edit.text(start, end)}; }}", rank=-1)

    def leave_out_checks(self):
        for found in re.finditer(r"\bSHEAF_CHECK(?=\()", self.blank):
            end = self.parenthesis_after(found.start())[1] + 1
            self.leave_out(found.start(), end)

    def literal(self, cursor, start, end):
        if cursor.kind == CursorKind.CXX_BOOL_LITERAL_EXPR:
            self.add(start, end, "flipped", "the opposite",
                     lambda edit, number: f"(sheaf_mutant({number}) != {edit.text(start, end)})")
        elif self.source[start].isdigit():
            text = self.source[start:end]
            self.add(start, end, "plus one", f"{text} + 1",
                     lambda edit, number: f"(sheaf_mutant({number}) ? {text} + 1 : {text})")

    # ---- the walk

    def visit(self, cursor, parents):
        start, end = self.extent(cursor)
        kind = cursor.kind
        self.freeze_constants(kind, start, end)
        if self.is_own(start, end):
            self.visit_statement(cursor, kind, start, parents)
            if kind.is_expression():
                self.visit_expression(cursor, kind, start, end, parents)
        for child in cursor.get_children():
            self.visit(child, [*parents, cursor])

    def freeze_constants(self, kind, start, end):
        """What the compiler evaluates has no switch."""
        if kind == CursorKind.IF_STMT and self.blank[start:].startswith("if constexpr"):
            self.frozen.append((start, self.parenthesis_after(start)[1] + 1))
        elif kind in (CursorKind.VAR_DECL, CursorKind.STATIC_ASSERT) and "constexpr" in self.blank[start:end].split("=")[0]:
            self.frozen.append((start, end))

    def visit_statement(self, cursor, kind, start, parents):
        children = list(cursor.get_children())
        if kind == CursorKind.IF_STMT:
            self.condition(cursor, start + 2, {True, False})
        elif kind in (CursorKind.WHILE_STMT, CursorKind.FOR_STMT):
            self.condition(cursor, start, {False})
        elif kind == CursorKind.CONDITIONAL_OPERATOR:
            self.force(*self.extent(children[0]), {True, False})
        elif kind == CursorKind.RETURN_STMT and children and children[0].type.get_canonical().kind == TypeKind.BOOL:
            self.force(*self.extent(children[0]), {True, False})
        elif kind == CursorKind.VAR_DECL and cursor.type.get_canonical().kind == TypeKind.BOOL and children:
            low, high = self.extent(children[-1])
            if "=" in self.blank[cursor.location.offset:low] and self.is_own(low, high):
                self.force(low, high, {True, False})

    def visit_expression(self, cursor, kind, start, end, parents):
        if parents and parents[-1].kind == CursorKind.COMPOUND_STMT and self.blank[end:].lstrip().startswith(";"):
            self.leave_out(start, end)
        if kind in (CursorKind.INTEGER_LITERAL, CursorKind.CXX_BOOL_LITERAL_EXPR):
            self.literal(cursor, start, end)
        elif kind == CursorKind.UNARY_OPERATOR and self.blank[start] == "!" and self.blank[start + 1] != "=":
            if (start, end, "true") not in self.seen and (start, end, "false") not in self.seen:
                self.add(start, end, "negation", self.source[start + 1:end],
                         lambda edit, number: f"(sheaf_mutant({number}) != ({edit.text(start, end)}))")
        else:
            self.binary(cursor)

    # ---- the result

    def rewritten(self):
        """The source with every mutant in it, as bytes."""
        top = Edit(0, len(self.source), 0, lambda edit: edit.text(0, len(self.source)))
        stack = [top]
        for edit in sorted(self.edits, key=lambda found: (found.start, -found.end, found.rank)):
            while not (stack[-1].start <= edit.start and edit.end <= stack[-1].end):
                assert stack[-1].end <= edit.start, f"{self.name}: two changes cross at offset {edit.start}"
                stack.pop()
            stack[-1].children.append(edit)
            stack.append(edit)
        for edit in (top, *self.edits):
            edit.text = lambda start, end, edit=edit: self.pieces(edit, start, end)
        text = top.render(top)
        assert text.count("\n") == self.source.count("\n"), f"{self.name}: lines have moved"
        return f'#include "sheaf_mutants.h"\n#line 1 "{self.name}"\n{text}'.encode("latin-1")

    def pieces(self, edit, start, end):
        text, place = [], start
        for child in edit.children:
            if start <= child.start and child.end <= end:
                text += [self.source[place:child.start], child.render(child)]
                place = child.end
        return "".join([*text, self.source[place:end]])


def runtime_header(count):
    """The switch: SHEAF_MUTANT names the mutant that is awake; SHEAF_REACHED a file that notes which were come by."""
    return f"""#pragma once
#include <cstdlib>
#include <fcntl.h>
#include <sys/mman.h>
#include <utility>

namespace sheaf_mutants {{
inline const int awake = std::getenv("SHEAF_MUTANT") != nullptr ? std::atoi(std::getenv("SHEAF_MUTANT")) : 0;
// Shared, so that what a child of a death test comes by counts too.
inline unsigned char* const reached = [] {{
  const char* path = std::getenv("SHEAF_REACHED");
  return path == nullptr ? nullptr
                         : static_cast<unsigned char*>(::mmap(nullptr, {count}, PROT_READ | PROT_WRITE, MAP_SHARED,
                                                              ::open(path, O_RDWR), 0));
}}();
}}  // namespace sheaf_mutants

inline bool sheaf_mutant(int number) {{
  if (sheaf_mutants::reached != nullptr) {{
    sheaf_mutants::reached[number] = 1;
  }}
  return sheaf_mutants::awake == number;
}}

template <typename Value>
Value sheaf_emptied(int number, Value value) {{
  return sheaf_mutant(number) ? Value{{}} : std::move(value);
}}
"""
