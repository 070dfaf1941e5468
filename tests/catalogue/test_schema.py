"""The data files are valid, and the schema refuses broken ones."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from importlib import resources
from typing import Any

import pytest
from pydantic import ValidationError

from compiler.catalogue import schema
from compiler.catalogue.actions import read_data

Break = Callable[[Any], object]


def test_the_files_are_valid() -> None:
    schema.validate_all()
    assert schema.main() == 0


def test_every_data_file_has_a_model() -> None:
    files = {
        entry.name for entry in resources.files("compiler.catalogue").joinpath("data").iterdir()
    }
    assert files == set(schema.FILES)


EARLIER = {"since": "9.4", "until": "10.1", "value": "0", "source": "a test"}


def _node(data: Any, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(node for node in data["nodes"] if node["name"] == name)
    return found


BROKEN: list[tuple[str, str, Break, str]] = [
    ("twice", "actions.json", lambda d: d["leaves"].append(d["leaves"][-1]), "stands twice"),
    ("gap", "actions.json", lambda d: d["leaves"].pop(7), "columns are not"),
    ("reused column", "actions.json", lambda d: d["leaves"][3].update(column=2), "columns"),
    ("alias", "actions.json", lambda d: d["aliases"].update({"vnode.x": ["vnode.y"]}), "unknown"),
    ("alias hides", "actions.json", lambda d: d["aliases"].update({"system.module": []}), "twice"),
    ("release", "actions.json", lambda d: d["leaves"][0].update(since="9.3"), "since"),
    ("until", "actions.json", lambda d: d["leaves"][0].update(since="11.0", until="9.4"), "older"),
    ("C name", "actions.json", lambda d: d["leaves"][1].update(c_action="ISSUSER"), "c_action"),
    (
        "C request",
        "actions.json",
        lambda d: d["leaves"][3].update(c_request="KAUTH_REQ_SYSTEM_CHROOT_FCHROOT"),
        "should be system.chroot.fchroot",
    ),
    ("ports", "actions.json", lambda d: d["leaves"][1].update(ports=[1, 2]), "dimension bind"),
    ("target", "actions.json", lambda d: d["leaves"][1].update(dimension="target"), "target"),
    ("type", "actions.json", lambda d: d["leaves"][1].update(column="1"), "valid integer"),
    ("typo", "actions.json", lambda d: d["leaves"][1].update(colunm=1), "not permitted"),
    (
        "default",
        "actions.json",
        lambda d: d["leaves"][1].update(default={"voter": "proc", "allows": "depends"}),
        "goes with",
    ),
    ("node twice", "sysctl.json", lambda d: d["nodes"].append(d["nodes"][0]), "stands twice"),
    ("range", "sysctl.json", lambda d: d["nodes"][4].update(range={"min": 2, "max": 1}), "empty"),
    (
        "mixed",
        "sysctl.json",
        lambda d: d["nodes"][4].update(range={"min": 2, "words": ["a"]}),
        "a range is",
    ),
    ("alias of", "sysctl.json", lambda d: d["nodes"][4].update(alias_of="kern.no"), "unknown"),
    (
        "always there",
        "sysctl.json",
        lambda d: _node(d, "vfs.generic.magiclinks").update(absent="0"),
        "never absent",
    ),
    ("read only", "sysctl.json", lambda d: d["nodes"][0].update(hardened="1"), "read only"),
    (
        "two defaults",
        "sysctl.json",
        lambda d: _node(d, "kern.veriexec.strict")["earlier"].append(EARLIER),
        "stands twice",
    ),
    (
        "default of the newest",
        "sysctl.json",
        lambda d: _node(d, "kern.sooptions").update(earlier=[{**EARLIER, "until": "11.0"}]),
        "not of",
    ),
    (
        "default before the node",
        "sysctl.json",
        lambda d: _node(d, "vm.swap_encrypt").update(earlier=[EARLIER]),
        "not of",
    ),
    (
        "default without a source",
        "sysctl.json",
        lambda d: _node(d, "kern.sooptions").update(earlier=[{**EARLIER, "source": ""}]),
        "source",
    ),
    ("write", "sysctl.json", lambda d: d["nodes"][0].update(write="sometimes"), "write"),
    ("voter", "voters.json", lambda d: d["switches"][0].update(voter="Curtain!"), "voter"),
    ("no leaf", "voters.json", lambda d: d["switches"][0].update(leaves=[]), "leaves"),
    ("question", "questions.json", lambda d: d["questions"].append(d["questions"][0]), "twice"),
    ("argument", "questions.json", lambda d: d["questions"][1].update(arg4="x"), "not permitted"),
    ("provider", "rc.json", lambda d: d["providers"].append(d["providers"][0]), "stands twice"),
]


@pytest.mark.parametrize(
    ("file", "damage", "says"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN]
)
def test_a_broken_file_is_refused(file: str, damage: Break, says: str) -> None:
    data = copy.deepcopy(read_data(file))
    damage(data)
    with pytest.raises(ValidationError) as caught:
        schema.FILES[file].model_validate(data)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("file", "damage", "says"),
    [
        (
            "voters.json",
            lambda d: d["switches"][0].update(leaves=["process.cansee.everything"]),
            "names something unknown",
        ),
        ("voters.json", lambda d: d["switches"][0].update(default=1), "has another default"),
        (
            "sysctl.json",
            lambda d: _node(d, "kern.veriexec.strict")["earlier"][0].update(value="1"),
            "has another default",
        ),
        ("questions.json", lambda d: d["questions"].pop(), "not those of the leaves"),
        (
            "questions.json",
            lambda d: d["questions"][3].update(arg0="KAUTH_REQ_SYSTEM_CHROOT_FCHROOT"),
            "request of another leaf",
        ),
    ],
)
def test_files_that_do_not_fit_each_other_are_refused(
    file: str, damage: Break, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = copy.deepcopy(read_data(file))
    damage(damaged)

    def read(name: str) -> Any:
        return damaged if name == file else read_data(name)

    monkeypatch.setattr(schema, "read_data", read)
    with pytest.raises(ValueError, match=says):
        schema.validate_all()
    assert schema.main() == 1


def test_the_files_are_stable_ascii() -> None:
    for name in schema.FILES:
        json.dumps(read_data(name)).encode("ascii")
