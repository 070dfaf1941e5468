"""The checker finds every row that is flipped, dropped or swapped, wherever it stands.

Whoever forges a build is taken to know the format: checksums, hashes, and whatever repeats
the changed row are made to agree with it.
"""

from __future__ import annotations

import copy
import hashlib
import itertools
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from backends.kmod.layout import CELL_WORDS, NUMBERS, OWNER_WORDS, class_words
from backends.kmod.tables import LIMITS, PAGE, Rule
from checker.checker import check
from compiler.ir.ir import IR
from compiler.manifest import CERTIFICATE, IR_FILE
from tests.certificate.builds import IMAGE, POLICIES, Files, build, forged, policy, records, shipped
from tests.kmod.images import BODY

T = TypeVar("T")

#: Numbers in a row of each table.
WIDTHS = {
    "classes": class_words(),
    "crossings": 1,
    "owners": OWNER_WORDS,
    "cells": CELL_WORDS,
    "rules": len(Rule._fields),
    "pages": PAGE,
    "ceilings": LIMITS,
}


def flipped(image: bytes, at: int, size: int) -> Iterator[bytes]:
    """The lowest bit of the first number of a row, and of its last."""
    for place in sorted({at, at + size - min(size, 4)}):
        yield image[:place] + bytes([image[place] ^ 1]) + image[place + 1 :]


def table_mutations(image: bytes) -> Iterator[tuple[str, bytes]]:
    rows = list(records(image, WIDTHS))
    for name, row, at, size in rows:
        for changed in flipped(image, at, size):
            yield f"flip {name} {row}", changed
        yield f"clear {name} {row}", image[:at] + bytes(size) + image[at + size :]
    for (name, row, at, size), (other, _, after, _) in itertools.pairwise(rows):
        if name == other:
            pair = image[after : after + size] + image[at : at + size]
            yield f"swap {name} {row}", image[:at] + pair + image[after + size :]


def dropped(image: bytes) -> Iterator[tuple[str, bytes]]:
    """Rows taken out, those after them moved up, and the last one there twice."""
    rows = list(records(image, WIDTHS))
    for name, group in itertools.groupby(rows, key=lambda row: row[0]):
        places = list(group)
        end = places[-1][2] + places[-1][3]
        for _, row, at, size in places:
            last = image[end - size : end]
            yield f"drop {name} {row}", image[:at] + image[at + size : end] + last + image[end:]


#: Mutations of a kind are tried one in so many, unless MUTATE=all is in the environment.
SHARE = 1 if os.environ.get("MUTATE") == "all" else 11


def some(mutations: Iterable[T], first: int = 0) -> Iterator[T]:
    return itertools.islice(mutations, first % SHARE, None, SHARE)


@pytest.mark.parametrize("name", POLICIES)
def test_rows_of_the_tables(name: str) -> None:
    files = shipped(name)
    image = files[IMAGE]
    missed = []
    for what, changed in some(itertools.chain(table_mutations(image), dropped(image)), len(name)):
        if changed != image and not check(forged(files, image=changed)):
            missed.append(what)
    assert missed == []


def test_every_number_of_the_tables() -> None:
    files = shipped("quickstart")
    image = files[IMAGE]
    for place in some(range(BODY, len(image))):
        changed = image[:place] + bytes([image[place] ^ 1]) + image[place + 1 :]
        assert check(forged(files, image=changed)), place


def test_one_form_of_the_tables_without_the_other() -> None:
    files = shipped("quickstart")
    other = shipped("gateway")
    for path in files.keys() - {CERTIFICATE}:
        swapped = {**files, path: other[path]}
        if files[path] != other[path]:
            assert check(swapped), path
            certificate = json.loads(files[CERTIFICATE])
            certificate["files"][path] = hashlib.sha256(other[path]).hexdigest()
            assert check({**swapped, CERTIFICATE: json.dumps(certificate).encode()}), path


EFFECTS = {"deny": "allow", "allow": "grant", "grant": "deny"}


def row_mutations(rows: list[Any], answer: str) -> Iterator[str]:
    """Changes a list of rows in place, and back."""
    for i, row in enumerate(list(rows)):
        rows[i] = {**row, answer: EFFECTS[row[answer]]}
        yield f"flip {i}"
        rows[i] = row
        del rows[i]
        yield f"drop {i}"
        rows.insert(i, row)
        rows.insert(i, row)
        yield f"double {i}"
        del rows[i]
        other = rows[i - 1]
        if (row[answer], row["rule"]) != (other[answer], other["rule"]):
            keys = (answer, "rule")
            rows[i] = {**row, **{key: other[key] for key in keys}}
            rows[i - 1] = {**other, **{key: row[key] for key in keys}}
            yield f"swap {i}"
            rows[i - 1], rows[i] = other, row


@pytest.mark.parametrize("name", POLICIES)
def test_folded_rows_of_the_ir(name: str) -> None:
    files = shipped(name)
    ir = json.loads(files[IR_FILE])
    lists = [c["verdicts"] for c in ir["classes"]] + [c["owned"] for c in ir["cells"] if c["owned"]]
    for rows in lists[:12]:
        for what in some(row_mutations(rows, "effect")):
            assert check(forged(files, ir=ir)), what
    assert not check(forged(files, ir=ir))


@pytest.mark.parametrize("name", POLICIES)
def test_rows_of_the_certificate(name: str) -> None:
    files = shipped(name)
    certificate = json.loads(files[CERTIFICATE])
    groups = [*certificate["classes"], *certificate["owned"][:6]]
    for rows in [*(group["requests"] for group in groups), certificate["host"]]:
        for what in some(row_mutations(rows, "verdict"), len(rows)):
            assert check(forged(files, certificate=certificate)), what
    for key in ("classes", "owned", "reserved", "actions"):
        for i in some(range(len(certificate[key]))):
            changed = copy.copy(certificate)
            changed[key] = certificate[key][:i] + certificate[key][i + 1 :]
            assert check(forged(files, certificate=changed)), (key, i)
    assert not check(forged(files, certificate=certificate))


def misfolded(ir: IR) -> Iterator[tuple[str, IR]]:
    """What a compiler with a mistake in its folding would make, tables and all."""
    for number, class_ in enumerate(ir.classes):
        for i, row in enumerate(class_.verdicts):
            before, after = class_.verdicts[:i], class_.verdicts[i + 1 :]
            effect: Any = EFFECTS[row.effect]
            for what, middle in (("flip", (replace(row, effect=effect),)), ("drop", ())):
                classes = list(ir.classes)
                classes[number] = replace(class_, verdicts=(*before, *middle, *after))
                yield f"{what} {number} {i}", replace(ir, classes=tuple(classes))


def test_a_wrong_fold_that_the_tables_follow() -> None:
    for what, wrong in some(misfolded(policy("quickstart"))):
        assert check(build(wrong)), what


def test_files_that_are_something_else() -> None:
    files: Files = dict(shipped("quickstart"))
    for path in files:
        for content in (b"", b"[]", b"{}", b"null", b"\xff", files[path][:-9], files[path] * 2):
            assert check({**files, path: content}), path
            for inner in ("ir", "certificate"):
                value = [] if inner == "ir" else {"files": {}}
                assert check(forged(files, **{inner: value}))


def test_every_table_has_its_rows_tried() -> None:
    tried = {name for name, *_ in records(shipped("webfarm")[IMAGE], WIDTHS)}
    assert {"numbers", "rules", "sets", "pages", "owners", "strings", "ceilings"} <= tried
    assert len(NUMBERS) == 22
