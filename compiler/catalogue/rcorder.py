"""The order in which rc.d scripts start, as far as it is established: rcorder(8)."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from compiler.catalogue.actions import RELEASES, read_data

#: The script that puts the policy into force: what it comes after, and before.
POLICY = "cellpolicy"
POLICY_AFTER = ("modules", "sysctl", "mountcritlocal")
POLICY_BEFORE = ("network", "NETWORKING", "securelevel")
#: What every cell comes after: the policy, and /usr with its programs.
CELL_AFTER = (POLICY, "mountcritremote")
#: What a service comes after, besides: who takes what it says.
SERVICE_AFTER = ("syslogd",)
#: The script that raises kern.veriexec.strict.
VERIEXEC = "veriexec"
#: The one that raises the securelevel.
SECURELEVEL = "securelevel"


def _rows(release: str) -> list[dict[str, Any]]:
    if release not in RELEASES:
        raise KeyError(release)
    known = RELEASES[: RELEASES.index(release) + 1]
    return [row for row in read_data("rc.json")["providers"] if row["since"] in known]


@functools.cache
def rc_providers(release: str) -> tuple[str, ...]:
    """Words that rc.d scripts of the base system PROVIDE (etc/rc.d/Makefile), earlier ones first.

    Raises KeyError for a word that is not in RELEASES.
    """
    return tuple(row["name"] for row in _rows(release))


@functools.cache
def rc_script(word: str, release: str) -> str:
    """The word that stands for a provider's script: another one where it provides several."""
    rows = {row["name"]: row for row in _rows(release)}
    return str(rows.get(word, {}).get("script", word))


@functools.cache
def rc_order(release: str) -> Mapping[str, tuple[str, ...]]:
    """Scripts of the base system and `cellpolicy`, each with those it is known to come after.

    Raises KeyError for a word that is not in RELEASES.
    """
    rows = [row for row in _rows(release) if "script" not in row]
    known = {row["name"] for row in rows}
    after = {row["name"]: tuple(w for w in row.get("after", ()) if w in known) for row in rows}
    for word in POLICY_BEFORE:
        after[word] += (POLICY,)
    return after | {POLICY: POLICY_AFTER}
