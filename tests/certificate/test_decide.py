"""What the checker refuses by itself, where tables that agree would not give it away."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from checker.checker import Build
from compiler.manifest import CERTIFICATE, IR_FILE
from tests.certificate.builds import IMAGE, Files, build, fault, forged, shipped
from tests.semantics.support import program

POLICY = """
profile p extends low {
    deny  process.signal to a;
    allow process.ptrace to self;
    deny  network.bind tcp port 2000..2999;
    allow network.bind tcp port 2500;
}
cell a { profile p; }
cell b { profile p; }
cell c { profile p; listen tcp 80; deny system.module; final deny system.reboot; }
cell d { profile p; }
"""


def decide(edit: Callable[[Any, Any], None], group: int = 0, owned: bool = False) -> None:
    """Has the checker decide one group of an edited IR and certificate, tables aside."""
    files = build(program(POLICY).ir)
    ir, certificate = json.loads(files[IR_FILE]), json.loads(files[CERTIFICATE])
    edit(ir, certificate)
    made = Build(forged(files, ir=ir, certificate=certificate).__getitem__)
    made.decide(certificate["owned" if owned else "classes"][group], owned)


def unchanged(ir: Any, certificate: Any) -> None:
    assert [x["cells"] for x in certificate["classes"]] == [["a"], ["b", "d"], ["c"]]


@pytest.mark.parametrize("group", [0, 1, 2])
def test_nothing_is_wrong_before(group: int) -> None:
    decide(unchanged, group)


def test_a_cell_that_rules_name_is_no_other() -> None:
    def edit(ir: Any, certificate: Any) -> None:
        certificate["classes"][1]["cells"] = ["b", "a"]

    with pytest.raises(ValueError, match="out of order"):
        decide(edit, 1)

    def beside(ir: Any, certificate: Any) -> None:
        certificate["classes"][0]["cells"] = ["a", "b"]
        ir["cells"][1]["class_"] = ir["cells"][0]["class_"]

    with pytest.raises(KeyError, match="'a'"):
        decide(beside, 0)


def test_cells_of_a_class_have_the_same_rules() -> None:
    def edit(ir: Any, certificate: Any) -> None:
        certificate["classes"][1]["cells"] = ["b", "c"]

    with pytest.raises(ValueError, match="other rules"):
        decide(edit, 1)


def test_rows_of_the_ir_do_not_overlap() -> None:
    def edit(ir: Any, certificate: Any) -> None:
        rows = ir["classes"][ir["cells"][1]["class_"]]["verdicts"]
        rows.append(rows[0])

    with pytest.raises(ValueError, match="overlap"):
        decide(edit, 1)


def test_rows_of_the_ir_are_about_something() -> None:
    def edit(ir: Any, certificate: Any) -> None:
        rows = ir["classes"][ir["cells"][1]["class_"]]["verdicts"]
        rows.append({**rows[0], "domains": []})

    with pytest.raises(ValueError, match="overlap"):
        decide(edit, 1)


def test_a_rule_does_not_split_a_class() -> None:
    """The IR's row and the certificate's agree that signals to all cells are denied by a rule."""

    def edit(ir: Any, certificate: Any) -> None:
        signal = next(i for i, x in enumerate(ir["rules"]) if "to" in x and x["effect"] == "deny")
        for row in ir["classes"][ir["cells"][1]["class_"]]["verdicts"]:
            if row["rule"] == signal:
                row["to"] = {"members": ["self"], "exclude": True}
        group = certificate["classes"][1]
        name = f"{ir['rules'][signal]['id']:08x}"
        place = next(place for x, place, _ in certificate["actions"] if x == "process.signal")
        (mine,) = [row for row in group["requests"] if row["rule"] == name]
        others = [row for row in group["requests"] if row["rule"] is None]
        step = certificate["processes"]
        first = (int(mine["bits"], 16).bit_length() - 1) // 2 - place
        more = sum(1 << 2 * (first + step * i + place) for i in range(len(group["targets"])))
        mine["bits"] = f"{int(mine['bits'], 16) | more:x}"
        for row in others:
            row["bits"] = f"{int(row['bits'], 16) & ~more:x}"

    with pytest.raises(ValueError, match="mixes"):
        decide(edit, 1)


def test_a_final_rule_is_final() -> None:
    """The first layer denies for good what the last one allows."""

    def edit(ir: Any, certificate: Any) -> None:
        cell = next(x for x in ir["cells"] if x["name"] == "c")
        reboot = next(i for i, x in enumerate(ir["rules"]) if x["final"])
        again = {**ir["rules"][reboot], "effect": "allow", "final": False}
        ir["rules"].append(again)
        ir["layers"][cell["layers"][0]]["rules"].append(reboot)
        last = ir["layers"][cell["layers"][-1]]["rules"]
        last[last.index(reboot)] = len(ir["rules"]) - 1
        for row in ir["classes"][cell["class_"]]["verdicts"]:
            if row["rule"] == reboot:
                row |= {"rule": len(ir["rules"]) - 1, "effect": "allow"}
        for row in certificate["classes"][2]["requests"]:
            if row["rule"] == f"{again['id']:08x}":
                row |= {"verdict": "allow", "tables": ["allow", row["rule"]]}

    with pytest.raises(ValueError, match="contradicts"):
        decide(edit, 2)


def test_rules_of_a_layer_agree() -> None:
    def edit(ir: Any, certificate: Any) -> None:
        cell = next(x for x in ir["cells"] if x["name"] == "c")
        reboot = next(i for i, x in enumerate(ir["rules"]) if x["final"])
        ir["rules"].append({**ir["rules"][reboot], "effect": "allow"})
        ir["layers"][cell["layers"][-1]]["rules"].append(len(ir["rules"]) - 1)

    with pytest.raises(ValueError, match="contradicts"):
        decide(edit, 2)


def test_a_listen_is_not_denied() -> None:
    def edit(ir: Any, certificate: Any) -> None:
        listen = next(i for i, x in enumerate(ir["rules"]) if x["listen"])
        denied = {**ir["rules"][listen], "effect": "deny", "listen": False}
        ir["rules"].append(denied)
        cell = next(x for x in ir["cells"] if x["name"] == "c")
        ir["layers"][cell["layers"][-1]]["rules"].append(len(ir["rules"]) - 1)
        cell["owned"] = [
            {k: v for k, v in denied.items() if k not in ("id", "final", "listen")}
            | {"rule": len(ir["rules"]) - 1}
        ]
        for row in certificate["owned"][0]["requests"]:
            row |= {"verdict": "deny", "tables": ["deny", row["rule"]]}

    with pytest.raises(ValueError, match="a listen is denied"):
        decide(edit, 0, owned=True)


def test_a_class_has_requests() -> None:
    def edit(ir: Any, certificate: Any) -> None:
        requests = certificate["classes"][0]["requests"]
        requests.append({**requests[0], "bits": "0"})

    with pytest.raises(ValueError, match="wrong about a"):
        decide(edit)


@pytest.mark.parametrize("verdict", ["allow", "deny"])
def test_a_default_is_not_for_what_crosses_and_what_does_not(verdict: str) -> None:
    def edit(ir: Any, certificate: Any) -> None:
        requests = certificate["classes"][0]["requests"]
        free = [row for row in requests if row["rule"] is None]
        assert {row["verdict"] for row in free} == {"allow", "deny"}
        bits = sum(int(row["bits"], 16) for row in free)
        mixed = {"verdict": verdict, "rule": None, "tables": [verdict, None], "bits": f"{bits:x}"}
        requests[:] = [row for row in requests if row["rule"] is not None] + [mixed]

    with pytest.raises(ValueError, match="wrong about a"):
        decide(edit)


def test_hashes_are_those_of_the_files() -> None:
    files: Files = dict(shipped("webfarm"))
    ir = files[IR_FILE].replace(b"/var/cells/web", b"/var/cells/wbe")
    assert ir != files[IR_FILE]
    assert "certified" in fault({**files, IR_FILE: ir})


def test_the_engine_numbers_what_is_certified() -> None:
    files = shipped("webfarm")
    certificate = json.loads(files[CERTIFICATE])
    for key, value in (
        ("processes", certificate["processes"] - 1),
        ("actions", certificate["actions"][::-1]),
    ):
        other = copy.copy(certificate) | {key: value}
        assert "the engine numbers otherwise" in fault(forged(files, certificate=other))


def test_an_axis_has_the_rest_first() -> None:
    files = build(program("cell a { profile low; }").ir)
    certificate = json.loads(files[CERTIFICATE])
    assert certificate["domains"] == ["other"]
    certificate["domains"] = ["inet"]
    assert "begin with the rest" in fault(forged(files, certificate=certificate))


def test_two_cells_do_not_listen_on_a_port() -> None:
    """Not even where the tables give it to one of them."""
    policy = "cell a { profile low; listen tcp 80; } cell b { profile low; listen tcp 81; }"
    files = build(program(policy).ir)
    ir, certificate = json.loads(files[IR_FILE]), json.loads(files[CERTIFICATE])
    text = json.dumps(ir).replace("[[81, 81]]", "[[80, 80]]")
    other = json.dumps(certificate).replace("[[81, 81]]", "[[80, 80]]")
    other = other.replace("[0, 1, 81, 82, 1024, 65536]", "[0, 1, 80, 81, 1024, 65536]")
    made = forged(files, ir=json.loads(text), certificate=json.loads(other), image=files[IMAGE])
    assert "two cells listen on a port" in fault(made)
