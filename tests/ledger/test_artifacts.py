"""What the ledger names stands in the artifacts of that build: arrays, ids, words, lines."""

from __future__ import annotations

import fnmatch
import functools
import re
from collections.abc import Iterator

import pytest

from backends.kmod.decode import decode
from backends.kmod.layout import sections
from backends.kmod.tables import NO_CEILING, Cell, Tables
from compiler.catalogue.words import RLIMITS
from compiler.ledger.world import TABLES_C
from compiler.syntax import tree as t
from tests.ledger.support import POLICIES, WHOLE, Build, Row, build, shipped

IMAGE = "kmod/cellpolicy.img"
#: Functions of scripts, and lines that begin one.
_DEFINED = re.compile(r"^(\w+)\(\)", re.MULTILINE)

STRICT = WHOLE.replace("permissive;\nprofile", "profile")


@functools.cache
def made(name: str) -> Build:
    return {"whole": lambda: build(WHOLE), "strict": lambda: build(STRICT)}.get(
        name, lambda: shipped(name)
    )()


@functools.cache
def image(name: str) -> Tables:
    return decode(made(name).files[IMAGE])


EVERY = pytest.mark.parametrize("name", [*POLICIES, "whole", "strict"])


def enforced(found: Build) -> Iterator[Row]:
    return (row for row in found.rows if row["status"] in ("enforced", "approximated"))


def paths(found: Build, row: Row, artifact: str) -> list[str]:
    """The files that an artifact of a row stands for."""
    if "*" not in artifact:
        return [artifact]
    script = artifact.startswith("rc.d/")
    cells = [name.replace("-", "_") if script else name for name in found.cells_of(row)]
    made = [artifact.replace("*", name) for name in cells]
    assert len(made) > 1, row
    assert all(fnmatch.fnmatchcase(path, artifact) for path in made)
    return made


@EVERY
def test_files_and_words_are_there(name: str) -> None:
    found = made(name)
    for row in enforced(found):
        for means in row["by"]:
            if means["artifact"] in ("cellc", TABLES_C):
                continue
            assert means["parts"], row
            for path in paths(found, row, means["artifact"]):
                text = found.files[path].decode()
                for part in means["parts"]:
                    assert part in text, (path, part, row)


@EVERY
def test_a_function_is_defined_in_the_file_and_holds_the_words(name: str) -> None:
    found = made(name)
    for row in enforced(found):
        for means in row["by"]:
            first, *words = means.get("parts", [""])
            if not first.startswith("cell_"):
                continue
            for path in paths(found, row, means["artifact"]):
                text = found.files[path].decode()
                assert first in _DEFINED.findall(text), (path, row)
                if path.startswith("rc.d/"):
                    body = text[text.index(f"{first}()") :].split("\n}\n")[0]
                    assert all(word in body for word in words), (path, row)


@EVERY
def test_tables_are_there_and_hold_something(name: str) -> None:
    found = made(name)
    c = found.files[TABLES_C].decode()
    filled = {s.name for s in sections(image(name)) if len(s.values)}
    for row in enforced(found):
        for means in row["by"]:
            if means["artifact"] != TABLES_C:
                continue
            for part in means["parts"]:
                if part == "flags":
                    assert ".flags = 1," in c
                else:
                    assert part in filled, row
                    assert re.search(rf"^static const \w.* {part}\[\]", c, re.MULTILINE), row


def ids(tables: Tables, cell: Cell) -> set[int]:
    """Of the rules that decide something in a cell, as the image has them."""
    spans = ((cell.rules, cell.nrules), (cell.owned, cell.nowned))
    return {rule.id for first, count in spans for rule in tables.rules[first : first + count]}


@EVERY
def test_rules_are_in_the_image_of_each_cell(name: str) -> None:
    """A rule's id stands among those of every cell it counts in, and of no overridden one."""
    found, tables = made(name), image(name)
    by_name = {cell.name: ids(tables, cell) for cell in tables.cells}
    listens = {
        rule.id
        for cell in tables.cells
        for rule in tables.rules[cell.listens : cell.listens + cell.nlistens]
    }
    for row in found.rows:
        if "rule" not in row:
            continue
        number = int(row["rule"], 16)
        if row["kind"] == "listen":
            assert number in listens, row
            continue
        counted = found.cells_of(row)
        for cell in row["cells"] if row["cells"] != ["*"] else by_name:
            if cell not in counted:
                assert number not in by_name[cell], row
            elif row["status"] != "nothing to enforce":
                assert number in by_name[cell], row


@EVERY
def test_limits_and_flags_are_in_the_image(name: str) -> None:
    found, tables = made(name), image(name)
    by_name = {cell.name: cell for cell in tables.cells}
    caps = {cell.name: cell.processes for cell in found.program.ir.cells}
    for entry, row in zip(found.entries, found.rows, strict=True):
        if not row["by"]:
            continue
        for cell in [by_name[name] for name in found.cells_of(row)]:
            match entry.statement.node:
                case t.Limit(name=limit) if limit.text == "processes":
                    assert cell.processes == caps[cell.name], row
                case t.Limit(name=limit):
                    ceiling = tables.ceilings[cell.limits][RLIMITS[limit.text].value]
                    named = any("ceilings" in means["parts"] for means in row["by"])
                    assert named == (ceiling != NO_CEILING), row
                case t.Permissive():
                    assert cell.permissive or tables.permissive, row


@EVERY
def test_sysctl_lines_stand_alone(name: str) -> None:
    found = made(name)
    for row in enforced(found):
        for means in row["by"]:
            if means["artifact"] == "sysctl/cellpolicy.conf":
                lines = found.files[means["artifact"]].decode().splitlines()
                assert means["parts"] == [means["what"]]
                assert means["what"] in lines
