"""The checker finds every row that is flipped, dropped or swapped, wherever it stands.

Whoever forges a build is taken to know the format: checksums, hashes, and whatever repeats
the changed row are made to agree with it.  `MUTATE=all` tries every row of every shipped
policy, and says how many mutants that made; by default it is one in SHARE.
"""

from __future__ import annotations

import copy
import functools
import hashlib
import itertools
import json
import os
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from backends.kmod.layout import NUMBERS
from backends.kmod.tables import PAGE
from checker.checker import MALFORMED, Build, check
from checker.tables import FaultError
from compiler.ir.ir import IR
from compiler.manifest import CERTIFICATE, IR_FILE
from tests.certificate.builds import (
    IMAGE,
    POLICIES,
    TABLES_C,
    Files,
    build,
    forged,
    policy,
    records,
    shipped,
)
from tests.kmod.images import BODY, sealed

#: One mutant in so many is tried.
SHARE = 1 if os.environ.get("MUTATE") == "all" else 41
#: What was found by kind of mutant, for `MUTATE=all`.
TRIED: dict[str, int] = {}


def caught(kind: str, what: str, files: Files) -> None:
    TRIED[kind] = TRIED.get(kind, 0) + 1
    assert check(files), f"nobody sees {kind}: {what}"


def refused(kind: str, what: str, part: Callable[..., None], *values: Any) -> None:
    """The same for a part of the checker, which has looked at the rest of a build before."""
    TRIED[kind] = TRIED.get(kind, 0) + 1
    try:
        part(*values)
    except (FaultError, *MALFORMED, struct.error):
        return
    pytest.fail(f"nobody sees {kind}: {what}")


def some(mutations: Iterable[Any], first: int = 0) -> Iterator[Any]:
    return itertools.islice(mutations, first % SHARE, None, SHARE)


@pytest.fixture(scope="module", autouse=True)
def report() -> Iterator[None]:
    yield
    if SHARE == 1:
        print("\nmutants, all refused:", TRIED, sum(TRIED.values()))


def rows(image: bytes) -> dict[str, int]:
    """Numbers in a row of tables whose records are single numbers, where it has several."""
    n = dict(zip(NUMBERS, struct.unpack_from(f"<{len(NUMBERS)}I", image, BODY), strict=True))
    planes = (n["domains"] * n["types"] + 1) * n["protocols"]
    return {"pages": PAGE, "sockets": -(-planes // 16)}


def table_mutations(image: bytes) -> Iterator[tuple[str, bytes]]:
    """Rows flipped, cleared, dropped (the last one is there twice then), doubled and swapped."""
    for name, group in itertools.groupby(records(image, rows(image)), key=lambda row: row[0]):
        all_ = list(group)
        end = all_[-1][2] + all_[-1][3]
        for _, row, at, size in all_:
            content, before, after = image[at : at + size], image[:at], image[at + size :]
            for place in sorted({0, size // 2, size - min(size, 4)}):
                flipped = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
                yield f"flip {name} {row} at {place}", before + flipped + after
            yield f"clear {name} {row}", before + bytes(size) + after
            moved = image[at + size : end] + image[end - size : end]
            yield f"drop {name} {row}", before + moved + image[end:]
            yield f"double {name} {row}", before + content + image[at : end - size] + image[end:]
            following = image[at + size : at + 2 * size]
            if at + size < end:
                yield f"swap {name} {row}", before + following + content + image[at + 2 * size :]


def distinct(image: bytes) -> Iterator[tuple[str, bytes]]:
    """Each other image that a mutation makes, once."""
    seen = {image}
    for what, changed in table_mutations(image):
        if changed not in seen:
            seen.add(changed)
            yield what, changed


@functools.cache
def folded(name: str) -> Build:
    made = Build(shipped(name))
    made.fold()
    return made


@pytest.mark.parametrize("name", [*POLICIES, "street"])
def test_rows_of_the_tables(name: str) -> None:
    files, made = shipped(name), folded(name)
    image, text = files[IMAGE], files[TABLES_C].decode()
    made.compare(image, text)
    for number, (what, changed) in enumerate(some(distinct(image), len(name))):
        refused("image", what, made.compare, sealed(changed), text)
        both = forged(files, image=changed)
        c = both[TABLES_C].decode()
        if c != text:
            refused("C text", what, made.compare, image, c)
        if SHARE > 1 or number % 41 == 0:  # a whole check cannot accept what a part refuses
            caught("both", what, both)


def test_every_byte_of_an_image() -> None:
    files, made = shipped("quickstart"), folded("quickstart")
    image, text = files[IMAGE], files[TABLES_C].decode()
    for place in some(range(len(image))):
        changed = image[:place] + bytes([image[place] ^ 1]) + image[place + 1 :]
        refused("byte", str(place), made.compare, changed, text)
        if place >= BODY:
            caught("byte", str(place), forged(files, image=changed))


def test_what_c_text_holds_besides() -> None:
    files, made = shipped("quickstart"), folded("quickstart")
    text = files[TABLES_C].decode()
    for old, new in (
        ("\n#include <sys/types.h>", '\n#include <sys/types.h>\n#include "other.h"'),
        ("\nconst struct", "\n#define sets rules\nconst struct"),
        ("\nconst struct", "\n/* */\nconst struct"),
        ("\t.sets = sets", "\t.sets = rules"),
        ("\t.sets = sets,\n", ""),
        ("\t.sets = sets,\n", "\t.sets = sets,\n\t.rules = sets,\n"),
        ("static const uint32_t sets[]", "static const uint32_t other[] = {0};\nuint32_t sets[]"),
        (".hash = ", ".hash = (char *)7 + "),
    ):
        assert text.count(old) == 1
        with pytest.raises(FaultError):
            made.compare(files[IMAGE], text.replace(old, new))


def test_one_file_of_another_build() -> None:
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
        for effect in EFFECTS.keys() - {row[answer]}:
            rows[i] = {**row, answer: effect}
            yield f"flip {i} to {effect}"
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
    changes = ((rows, what) for rows in lists for what in row_mutations(rows, "effect"))
    for _, what in some(changes, len(name)):
        caught("IR", what, forged(files, ir=ir))
    for key in ("reservations", "classes", "cells"):
        for i in some(range(len(ir[key])), len(key)):
            caught("IR", key, forged(files, ir={**ir, key: ir[key][:i] + ir[key][i + 1 :]}))
    assert not check(forged(files, ir=ir))


def certificate_mutations(rows: list[Any]) -> Iterator[str]:
    """The same for rows of a certificate, which hold requests and what the tables say, too."""
    yield from row_mutations(rows, "verdict")
    for i, row in enumerate(list(rows)):
        bits = int(row["bits"], 16)
        tables = [EFFECTS[row["verdict"]], row["rule"]], [row["verdict"], "00000001"]
        changes = [{"tables": x} for x in tables] + [{"rule": "00000001"}]
        changes += [{"bits": f"{x:x}"} for x in (bits & bits - 1, bits | bits << 2, bits << 1, -1)]
        for change in changes:
            rows[i] = {**row, **change}
            yield f"change {i}: {change}"
        rows[i] = {**row, "bits": rows[i - 1]["bits"]}
        rows[i - 1] = {**rows[i - 1], "bits": row["bits"]}
        if len(rows) > 1 and (row["verdict"], row["rule"]) != (
            rows[i - 1]["verdict"],
            rows[i - 1]["rule"],
        ):
            yield f"swap requests of {i}"
        rows[i - 1] = {**rows[i - 1], "bits": rows[i]["bits"]}
        rows[i] = row


@pytest.mark.parametrize("name", POLICIES)
def test_rows_of_the_certificate(name: str) -> None:
    files, made = shipped(name), folded(name)
    c = json.loads(files[CERTIFICATE])
    groups = [*c["classes"], *c["owned"], c["host"]]
    changes = (what for group in groups for what in certificate_mutations(group["requests"]))
    for what in some(changes, len(name)):
        refused("certificate", what, made.certified, c)
    for key in ("classes", "owned", "reserved", "actions"):
        for i in some(range(len(c[key])), len(key)):
            changed = copy.copy(c)
            changed[key] = c[key][:i] + c[key][i + 1 :]
            caught("certificate", f"{key} {i}", forged(files, certificate=changed))
    assert not check(forged(files, certificate=c))


def test_heads_of_the_certificate() -> None:
    files = shipped("webfarm")
    for key, place, value in (
        ("actions", 5, ["system.chsysflags", 40, "none"]),
        ("actions", 5, ["system.chsysflags", 33, "target"]),
        ("domains", 1, "other"),
        ("types", 1, "rdm"),
    ):
        c = json.loads(files[CERTIFICATE])
        c[key][place] = value
        caught("certificate", f"{key} {place}", forged(files, certificate=c))
    lists: Any = (("targets", ["*", "host"]), ("ports", [0, 1, 65536]), ("cells", ["web"]))
    for key, value in lists:
        c = json.loads(files[CERTIFICATE])
        c["classes"][0][key] = value
        caught("certificate", key, forged(files, certificate=c))


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


@pytest.mark.parametrize("name", ["quickstart", "webfarm"])
def test_a_wrong_fold_that_the_tables_follow(name: str) -> None:
    for what, wrong in some(misfolded(policy(name))):
        caught("fold", what, build(wrong))


def test_files_that_are_something_else() -> None:
    files: Files = dict(shipped("quickstart"))
    for path in files:
        for content in (b"", b"[]", b"{}", b"null", b"\xff", files[path][:-9], files[path] * 2):
            assert check({**files, path: content}), path
    for inner in ("ir", "certificate"):
        value = [] if inner == "ir" else {"files": {}}
        assert check(forged(files, **{inner: value}))


def test_every_table_has_its_rows_tried() -> None:
    image = shipped("webfarm")[IMAGE]
    tried = {name for name, *_ in records(image, rows(image))}
    assert {"numbers", "rules", "sets", "commons", "port_owners", "strings", "ceilings"} <= tried
    assert len(NUMBERS) == 23
