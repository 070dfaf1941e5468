"""What is known of the order of rc.d scripts."""

from __future__ import annotations

from graphlib import TopologicalSorter

import pytest

from compiler.catalogue.actions import RELEASES
from compiler.catalogue.rcorder import (
    CELL_AFTER,
    POLICY,
    SECURELEVEL,
    SERVICE_AFTER,
    VERIEXEC,
    rc_order,
    rc_providers,
    rc_script,
)


def test_providers() -> None:
    assert {"NETWORKING", "DAEMON", "LOGIN", "SERVERS", "securelevel"} <= set(rc_providers("9.4"))
    assert "entropy" not in rc_providers("9.4")
    assert "entropy" in rc_providers("10.1")
    with pytest.raises(KeyError):
        rc_providers("8.0")


def _all_before(word: str, release: str) -> set[str]:
    order = rc_order(release)
    seen: set[str] = set()
    rest = [word]
    while rest:
        for first in order.get(rest.pop(), ()):
            if first not in seen:
                seen.add(first)
                rest.append(first)
    return seen


@pytest.mark.parametrize("release", RELEASES)
def test_the_base_system_has_an_order(release: str) -> None:
    TopologicalSorter(rc_order(release)).prepare()
    assert {first for after in rc_order(release).values() for first in after} <= {
        *rc_providers(release),
        POLICY,
    }


@pytest.mark.parametrize("release", RELEASES)
def test_the_policy_comes_before_the_network_and_cells_before_login(release: str) -> None:
    early = _all_before("mountcritremote", release)
    assert {POLICY, "sysctl", "mountcritlocal", "NETWORKING", "network"} <= early
    assert ("CRITLOCALMOUNTED" in early) == (release != "9.4")
    assert {*CELL_AFTER, *SERVICE_AFTER} <= _all_before("LOGIN", release)
    assert {*CELL_AFTER, *SERVICE_AFTER} <= _all_before(SECURELEVEL, release)
    assert {VERIEXEC, SECURELEVEL}.isdisjoint(
        word for first in (*CELL_AFTER, *SERVICE_AFTER) for word in _all_before(first, release)
    )


def test_two_words_of_one_script() -> None:
    assert rc_script("NETWORK", "10.1") == rc_script("NETWORKING", "10.1") == "NETWORKING"
    assert rc_script("of-a-package", "10.1") == "of-a-package"


@pytest.mark.parametrize("release", RELEASES)
def test_the_list_is_in_an_order_that_is_possible(release: str) -> None:
    """Rows without `after` stand where rcorder(8) put them once; the others must fit."""
    place = {word: number for number, word in enumerate(rc_providers(release))}
    late = {"CRITLOCALMOUNTED"}  # added below the rows of 9.4
    for word, after in rc_order(release).items():
        for first in set(after) - {POLICY} - late:
            assert word == POLICY or place[first] < place[word] or word in late, (first, word)
