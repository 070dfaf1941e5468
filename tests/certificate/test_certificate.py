"""The certificate holds for what the compiler makes, and says what is decided."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from checker.checker import check
from compiler.catalogue.actions import RELEASES
from compiler.ir.evaluate import Evaluator
from compiler.ir.requests import all_requests, fits
from compiler.ir.serialise import from_json
from compiler.manifest import CERTIFICATE
from tests.certificate.builds import POLICIES, build, forged, policy, shipped
from tests.ir.support import NAMES, text
from tests.semantics.support import program

CHECKER = Path(__file__).parents[2] / "checker"


@pytest.mark.parametrize("name", POLICIES)
def test_it_holds_for_shipped_policies(name: str) -> None:
    assert check(shipped(name)) == ""
    assert check(forged(shipped(name))) == ""


def test_it_holds_for_generated_policies() -> None:
    for name in NAMES:
        if name not in POLICIES:
            assert check(build(from_json(text(name)))) == "", name


@pytest.mark.parametrize("release", RELEASES)
def test_it_holds_for_every_release(release: str) -> None:
    from tests.semantics.support import compile_text, must

    made = must(compile_text(f"policy p;\ntarget netbsd {release};\ncell a {{ profile high; }}\n"))
    assert check(build(made.ir)) == ""


@pytest.mark.parametrize(
    "policy",
    [
        "",
        "cell a { profile low; }",
        "cell a { profile low; allow process.signal to host; deny process.* to self; }",
        "cell a { profile low; deny process.signal to { a, b }; } cell b { profile low; }",
        "cell a { profile low; listen tcp 1..65535; } cell b { profile low; listen udp 53; }",
        "cell a { profile low; deny network.socket.open domain inet6 type raw; }",
        "permissive; cell a { profile low; limits { core unlimited; processes 1; } }",
    ],
)
def test_it_holds_at_the_ends_of_things(policy: str) -> None:
    assert check(build(program(policy).ir)) == ""


@pytest.mark.parametrize("name", ["webfarm", "mailrelay"])
def test_it_says_of_every_request_what_the_reference_evaluator_does(name: str) -> None:
    ir = policy(name)
    certificate = json.loads(shipped(name)[CERTIFICATE])
    row = _Rows(certificate)
    evaluator = Evaluator(ir)
    owners: dict[tuple[str, int], str] = {
        (r.protocol, port): r.cell
        for r in ir.reservations
        for low, high in r.ports
        for port in range(low, high + 1)
    }
    for request in all_requests(ir):
        if request.subject == "host-root":
            continue
        owner = owners.get((request.protocol or "", request.port or 0))
        if owner not in (None, request.subject):
            continue
        decision = evaluator.decide(request)
        rule = None if decision.rule is None else f"{ir.rules[decision.rule].id:08x}"
        found = row.about(request, owner is not None)
        assert [(r["verdict"], r["rule"]) for r in found] == [(decision.effect, rule)], request


class _Rows:
    """Looks rows of a certificate up."""

    def __init__(self, certificate: object) -> None:
        self._c: dict[str, list[dict[str, object]]] = certificate  # type: ignore[assignment]

    def about(self, request: object, owned: bool) -> list[dict[str, object]]:
        from compiler.ir.ir import Peers, Request, RequestSet

        assert isinstance(request, Request)
        c = self._c
        if owned:
            (rows,) = [g["requests"] for g in c["owned"] if g["cell"] == request.subject]
        elif request.subject == "host":
            rows = c["host"]
        else:
            (rows,) = [g["requests"] for g in c["classes"] if request.subject in g["cells"]]  # type: ignore[operator]
        found = []
        for row in rows:  # type: ignore[attr-defined]
            to = row.get("to")
            lists: Any = {
                name: tuple(map(tuple, value)) if name == "ports" else tuple(value)
                for name, value in row.items()
                if name in ("protocols", "ports", "domains", "types", "socket_protocols")
            }
            peers = None if to is None else Peers(to["exclude"], tuple(to["members"]))
            requests = RequestSet(0, to=peers, **lists)
            if request.action in c["action_sets"][row["actions"]] and fits(requests, request):
                found.append(row)
        return found


def test_the_checker_needs_nothing_but_python() -> None:
    sources = [path.read_text() for path in CHECKER.glob("*.py")]
    modules = {m for s in sources for m in re.findall(r"^(?:from|import) ([\w.]+)", s, re.M)}
    assert {m.split(".")[0] for m in modules} <= {
        *("__future__", "bisect", "checker", "collections", "hashlib", "itertools", "json"),
        *("pathlib", "re", "struct", "sys", "typing", "zlib"),
    }
