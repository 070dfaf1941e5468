"""The checker finds every row that is flipped, dropped or swapped, wherever it stands.

Whoever forges a build is taken to know the format: checksums, hashes, and whatever repeats
the changed row are made to agree with it.  `MUTATE=all` tries every row of every shipped
policy, and says how many mutants that made; by default it is one in SHARE.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import itertools
import json
import os
import struct
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from backends.kmod.layout import NUMBERS
from backends.kmod.tables import PAGE
from checker.checker import Build
from compiler.ir.ir import IR
from compiler.manifest import CERTIFICATE, IR_FILE
from compiler.record import changed
from tests.certificate.builds import (
    IMAGE,
    POLICIES,
    TABLES_C,
    Files,
    build,
    c_text,
    certified,
    fault,
    forged,
    policy,
    records,
    shipped,
)
from tests.kmod.images import BODY, sealed
from tests.semantics.support import compile_text, must

#: One mutant in so many is tried.
SHARE = 1 if os.environ.get("MUTATE") == "all" else 41
#: What was found by kind of mutant, for `MUTATE=all`.
TRIED: dict[str, int] = {}


def caught(kind: str, what: str, files: Files) -> None:
    TRIED[kind] = TRIED.get(kind, 0) + 1
    assert fault(files), f"nobody sees {kind}: {what}"


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
    for what, mutant in table_mutations(image):
        if mutant not in seen:
            seen.add(mutant)
            yield what, mutant


@contextlib.contextmanager
def remembered(tables: tuple[bytes, str]) -> Iterator[None]:
    """The checker does not work out again what an IR and a certificate, looked at before, call for.

    Hashes are not looked at either: whoever forges a file makes them agree.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("checker.checker.Build", lambda _: SimpleNamespace(written=lambda: tables))
        yield


@pytest.mark.parametrize("name", [*POLICIES, "street"])
def test_rows_of_the_tables(name: str) -> None:
    files = shipped(name)
    text, tables = files[TABLES_C].decode(), Build(files.__getitem__).written()
    for number, (what, mutant) in enumerate(distinct(files[IMAGE]), len(name)):
        if number % 41 == 0:
            caught("image", what, certified(files, {IMAGE: sealed(mutant)}))
            both = forged(files, image=mutant)
            caught("both", what, both)
            if both[TABLES_C] != files[TABLES_C]:
                caught("C text", what, certified(files, {TABLES_C: both[TABLES_C]}))
        elif SHARE == 1:
            with remembered(tables):
                assert not fault(files)
                caught("image", what, {**files, IMAGE: sealed(mutant)})
                with contextlib.suppress(struct.error):  # counts that go beyond the image
                    other = c_text(text, files[IMAGE], sealed(mutant)).encode()
                    caught("C text", what, {**files, TABLES_C: other})


def test_every_byte_of_an_image() -> None:
    files = shipped("quickstart")
    image, tables = files[IMAGE], Build(files.__getitem__).written()
    for place in range(len(image)):
        flipped = image[:place] + bytes([image[place] ^ 1]) + image[place + 1 :]
        with remembered(tables):
            caught("byte", str(place), {**files, IMAGE: flipped})
        if place % SHARE == 0:
            caught("byte", str(place), certified(files, {IMAGE: flipped}))
            if place >= BODY:
                caught("byte", str(place), forged(files, image=flipped))


@functools.cache
def _text() -> str:
    return shipped("webfarm")[TABLES_C].decode()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n#include <sys/types.h>", '\n#include <sys/types.h>\n#include "other.h"'),
        ("\nconst struct", "\n#define sets rules\nconst struct"),
        ("\nconst struct", "\nint other;\nconst struct"),
        ("\nconst struct", "\n/* \\\n*/\nconst struct"),
        ("\nconst struct", "\n/* *\\\n/ int other; /* */\nconst struct"),
        ("\nconst struct", "\n/* ?\x3f/\n*/\nconst struct"),
        ("\nconst struct", '\n/* " */\nconst struct'),
        ("\nconst struct", "\n// other\nconst struct"),
        ("\t.sets = sets", "\t.sets = rules"),
        ("\t.sets = sets,\n", ""),
        ("\t.sets = sets,\n", "\t.sets = sets,\n\t.rules = sets,\n"),
        ("static const uint32_t sets[]", "static const uint32_t other[] = {0};\nuint32_t sets[]"),
        ("static const uint32_t sets[]", "static const uint16_t sets[]"),
        (".hash = ", ".hash = (char *)7 + "),
        ('"db\\000"', '"d" "b\\000"'),
        ('"db\\000"', '"d b\\000"'),
        ('"db\\000"', '"d/*" "*/b\\000"'),
        ('"?\\000"', '"\\?\\000"'),
        ("\n{0,0,0,0,0xffffffff,", "\n{0,0,0,0,},{0xffffffff,"),
        ("\n{0,0,0,0,0xffffffff,", "\n{0,0,0,0,-1,"),
        ("\n{0,0,0,0,0xffffffff,", "\n{0,0,0,0x0,0xffffffff,"),
        ("},0xffffffff,0,0,{", ",0xffffffff},0,0,{"),
    ],
)
def test_what_c_text_says_otherwise(old: str, new: str) -> None:
    files = shipped("webfarm")
    assert _text().count(old) == 1
    caught("C text", new, certified(files, {TABLES_C: _text().replace(old, new).encode()}))


def test_c_text_may_hold_other_comments() -> None:
    text = _text().replace("/* db */", "/* another's, or none */").replace("\t/* web */", "")
    assert text != _text()
    assert not fault(certified(shipped("webfarm"), {TABLES_C: text.encode()}))


def test_one_file_of_another_build() -> None:
    files, other = shipped("quickstart"), shipped("gateway")
    eleven = build(must(compile_text("policy p;\ntarget netbsd 11.0;\n")).ir)
    for path in files.keys() - {CERTIFICATE}:
        for content in {other[path], eleven[path]} - {files[path]}:
            assert fault({**files, path: content}), path
            assert fault(certified(files, {path: content})), path


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
    assert not fault(forged(files, ir=ir))


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
    files = shipped(name)
    c = json.loads(files[CERTIFICATE])
    groups = [*c["classes"], *c["owned"], c["host"]]
    changes = (what for group in groups for what in certificate_mutations(group["requests"]))
    for what in some(changes, len(name)):
        caught("certificate", what, forged(files, certificate=c))
    for key in ("classes", "owned", "reserved", "actions"):
        for i in some(range(len(c[key])), len(key)):
            other = copy.copy(c)
            other[key] = c[key][:i] + c[key][i + 1 :]
            caught("certificate", f"{key} {i}", forged(files, certificate=other))
    assert not fault(forged(files, certificate=c))


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
            for what, middle in (("flip", (changed(row, effect=effect),)), ("drop", ())):
                classes = list(ir.classes)
                classes[number] = changed(class_, verdicts=(*before, *middle, *after))
                yield f"{what} {number} {i}", changed(ir, classes=tuple(classes))


@pytest.mark.parametrize("name", POLICIES)
def test_a_wrong_fold_that_the_tables_follow(name: str) -> None:
    for what, wrong in some(misfolded(policy(name)), len(name)):
        caught("fold", what, build(wrong))


def test_files_that_are_something_else() -> None:
    files: Files = dict(shipped("quickstart"))
    for path in files:
        for content in (b"", b"[]", b"{}", b"null", b"\xff", files[path][:-9], files[path] * 2):
            assert fault({**files, path: content}), path
    for inner in ("ir", "certificate"):
        value = [] if inner == "ir" else {"files": {}}
        assert fault(forged(files, **{inner: value}))


def test_every_table_has_its_rows_tried() -> None:
    image = shipped("webfarm")[IMAGE]
    tried = {name for name, *_ in records(image, rows(image))}
    assert {"numbers", "rules", "sets", "commons", "port_owners", "strings", "ceilings"} <= tried
    assert len(NUMBERS) == 23
