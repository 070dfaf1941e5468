"""What is measured is the same work for every compiler, and slower runs are noticed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from benchmarks import aerleon, apparmor, cedar, generate, history, nftables, selinux

DOMAINS = 3
WRITERS: Mapping[str, tuple[Callable[[str, int], str], Callable[[str], bool]]] = {
    "checkpolicy": (selinux.checkpolicy, lambda line: line.startswith("allow ")),
    "secilc": (selinux.cil, lambda line: line.startswith("(allow ")),
    "apparmor": (apparmor.profiles, lambda line: line.endswith(",")),
    "nft": (nftables.ruleset, lambda line: line.startswith(("tcp ", "udp "))),
    "cedar": (cedar.policies, lambda line: line.startswith(("permit(", "forbid("))),
}


@pytest.mark.parametrize("shape", generate.SHAPES)
@pytest.mark.parametrize("name", WRITERS)
def test_every_peer_gets_as_many_rules(name: str, shape: str) -> None:
    write, is_rule = WRITERS[name]
    text = write(shape, DOMAINS)
    rules = [line for line in map(str.strip, text.splitlines()) if is_rule(line)]
    assert len(rules) == DOMAINS * generate.RULES
    assert write(shape, DOMAINS) == text


def test_so_does_aerleon(tmp_path: Path) -> None:
    aerleon.write("similar", DOMAINS, tmp_path)
    text = (tmp_path / "policies" / "pol" / "cells.pol").read_text()
    assert text.count("\nterm ") == DOMAINS * generate.RULES


def test_cells_have_as_many_rules() -> None:
    text = generate.different(DOMAINS)
    rules = [line for line in text.splitlines() if line.startswith(("    deny", "    allow"))]
    assert len(rules) == DOMAINS * generate.RULES


def test_a_regression_shows(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    old = {"ratios": {"build": 1.0, "check": 1.0}}
    history.append(old, path)
    assert history.read(path) == [old]
    now = {"ratios": {"build": 1.3, "check": 1.1, "new": 9.0}}
    assert list(history.regressions(now, [old])) == ["build: 1.30 times checkpolicy, before 1.00"]
    assert list(history.regressions(now, [old, now])) == []
