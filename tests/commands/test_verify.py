"""`cellc verify`, and builds that are not written since their tables are wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from backends.kmod import emit as kmod
from backends.kmod.build import build
from backends.kmod.image import encode
from backends.kmod.tables import Tables
from compiler.manifest import (
    CERTIFICATE,
    IR_FILE,
    MANIFEST,
    Manifest,
    checksums,
    digest,
    parse_manifest,
)
from tests.certificate.builds import IMAGE, forged
from tests.commands.conftest import Run
from tests.commands.test_build import tree

BUILD = ("build", "web.cell", "-o", "out", "--today", "2026-11-24")


def rewritten(folder: Path, changed: Mapping[str, bytes]) -> None:
    """Other content for some files, which manifest.json and SHA256 then agree with."""
    manifest = parse_manifest((folder / MANIFEST).read_bytes())
    assert manifest is not None
    for path, content in changed.items():
        (folder / path).write_bytes(content)
    files = {**manifest.files, **{path: digest(content) for path, content in changed.items()}}
    origin = replace(manifest.origin, policy=files[IR_FILE])
    made = Manifest(origin, files).render()
    (folder / MANIFEST).write_bytes(made)
    (folder / "SHA256").write_bytes(checksums({**files, MANIFEST: digest(made)}))


def test_says_nothing_of_a_good_build(cellc: Run) -> None:
    cellc(*BUILD)
    result = cellc("verify", "out")
    assert (result.exit_code, result.output) == (0, "")


def test_names_files_that_are_changed_missing_or_too_many(cellc: Run, folder: Path) -> None:
    cellc(*BUILD)
    changes: tuple[tuple[str, Callable[[Path], object], str], ...] = (
        ("rc.d/cell_web", lambda p: p.write_text("#!/bin/sh\n"), "changed"),
        ("sysctl/cellpolicy.conf", lambda p: p.unlink(), "is missing"),
        ("rc.d/cell_more", lambda p: p.write_text(""), "manifest"),
        (CERTIFICATE, lambda p: p.unlink(), "is missing"),
    )
    for path, change, said in changes:
        cellc(*BUILD)
        change(folder / "out" / path)
        result = cellc("verify", "out")
        assert result.exit_code == 1
        assert result.output.startswith(f"cellc: out: {path} "), result.output
        assert said in result.output


def test_sees_forged_tables_under_a_rewritten_manifest(cellc: Run, folder: Path) -> None:
    cellc(*BUILD)
    built = tree(folder / "out")
    image = built[IMAGE]
    wanted = {path: built[path] for path in forged_paths(built)}
    for place in (len(image) - 64, 512, 640):
        change = image[:place] + bytes([image[place] ^ 1]) + image[place + 1 :]
        rewritten(folder / "out", forged(wanted, image=change))
        result = cellc("verify", "out")
        assert result.exit_code == 1, place
        assert "out: " in result.output
        assert "manifest" not in result.output
    rewritten(folder / "out", forged(wanted))
    assert cellc("verify", "out").output == ""


def forged_paths(built: dict[str, bytes]) -> list[str]:
    return [CERTIFICATE, *json.loads(built[CERTIFICATE])["files"]]


def test_sees_forged_rules_and_certificates(cellc: Run, folder: Path) -> None:
    cellc(*BUILD)
    built = tree(folder / "out")
    wanted = {path: built[path] for path in forged_paths(built)}
    ir = json.loads(built[IR_FILE])
    ir["rules"][0]["effect"] = "grant"
    rewritten(folder / "out", forged(wanted, ir=ir))
    assert cellc("verify", "out").exit_code == 1
    certificate = json.loads(built[CERTIFICATE])
    certificate["classes"][0]["requests"][0]["verdict"] = "grant"
    rewritten(folder / "out", forged(wanted, certificate=certificate))
    result = cellc("verify", "out")
    assert result.exit_code == 1
    assert "the certificate is wrong about" in result.output


def test_certifies_a_build_without_a_certificate(cellc: Run, folder: Path) -> None:
    cellc(*BUILD, "--no-cert")
    assert not (folder / "out" / CERTIFICATE).exists()
    result = cellc("verify", "out")
    assert (result.exit_code, result.output) == (0, "")
    image = (folder / "out" / IMAGE).read_bytes()
    rewritten(folder / "out", {IMAGE: image[:-64] + bytes([image[-64] ^ 1]) + image[-63:]})
    assert cellc("verify", "out").exit_code == 1


def test_is_told_what_is_no_build(cellc: Run, folder: Path) -> None:
    assert cellc("verify", "nowhere").exit_code == 2
    (folder / "empty").mkdir()
    result = cellc("verify", "empty")
    assert result.exit_code == 1
    assert MANIFEST in result.output
    cellc("report", "web.cell", "-o", "page", "--today", "2026-11-24")
    result = cellc("verify", "page")
    assert result.exit_code == 1
    assert result.output.endswith(
        "names no policy.ir.json: this is a report or the like, not a build\n"
    )


def wrong(tables: Tables) -> Tables:
    """What an emitter with a mistake makes: the first cell may do what it may not."""
    unknown, first, *rest = tables.classes
    return replace(tables, classes=(unknown, first._replace(row=first.row ^ 1 << 2 * 13), *rest))


def test_writes_nothing_when_the_tables_are_wrong(
    cellc: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cellc(*BUILD)
    before = tree(folder)
    monkeypatch.setattr(kmod, "build", lambda ir: wrong(build(ir)))
    policy = (folder / "web.cell").read_text()
    (folder / "web.cell").write_text(policy.replace("allow process.signal", "allow process.nice"))
    result = cellc(*BUILD)
    assert result.exit_code == 1
    assert "the image is not what the rules call for" in result.output
    assert "nothing was written; this is a mistake of cellc" in result.output
    (folder / "web.cell").write_text(policy)
    assert tree(folder) == before
    monkeypatch.undo()
    assert cellc("verify", str(folder / "out")).exit_code == 0


def test_writes_nothing_when_only_one_form_of_the_tables_is_wrong(
    cellc: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kmod, "encode", lambda tables: encode(wrong(tables)))
    result = cellc(*BUILD)
    assert result.exit_code == 1
    assert "the image is not what the rules call for" in result.output
    assert not (folder / "out").exists()
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    text = kmod.tables_c
    monkeypatch.setattr(kmod, "tables_c", lambda tables: text(wrong(tables)))
    result = cellc(*BUILD)
    assert result.exit_code == 1
    assert "the C text is not what the rules call for" in result.output
    assert not (folder / "out").exists()
