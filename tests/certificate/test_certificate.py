"""The certificate holds for what the compiler makes, and says what is decided."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from bisect import bisect_right
from itertools import combinations, permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from compiler.catalogue.actions import RELEASES
from compiler.ir.evaluate import Evaluator
from compiler.ir.ir import IR, Request
from compiler.ir.requests import all_requests
from compiler.ir.serialise import from_json
from compiler.manifest import CERTIFICATE
from tests.certificate.builds import POLICIES, build, fault, forged, policy, shipped
from tests.ir.support import NAMES, text
from tests.semantics.support import program
from tests.strategies.policies import ir_policies

CHECKER = Path(__file__).parents[2] / "checker"


@pytest.mark.parametrize("name", POLICIES)
def test_it_holds_for_shipped_policies(name: str) -> None:
    assert fault(shipped(name)) == ""
    assert fault(forged(shipped(name))) == ""


def test_it_holds_for_tables_with_maps() -> None:
    assert fault(shipped("street")) == ""


def test_it_holds_for_generated_policies() -> None:
    for name in NAMES:
        if name not in POLICIES:
            assert fault(build(from_json(text(name)))) == "", name


@settings(max_examples=100, deadline=None)
@given(ir=ir_policies())
def test_it_holds_for_any_policy(ir: IR) -> None:
    assert fault(build(ir)) == ""


@pytest.mark.parametrize("release", RELEASES)
def test_it_holds_for_every_release(release: str) -> None:
    from tests.semantics.support import compile_text, must

    made = must(compile_text(f"policy p;\ntarget netbsd {release};\ncell a {{ profile high; }}\n"))
    assert fault(build(made.ir)) == ""


@pytest.mark.parametrize(
    "policy",
    [
        "",
        "cell a { profile low; }",
        "cell a { profile low; allow process.signal to host; deny process.* to self; }",
        "cell a { profile low; deny process.signal to { a, b }; } cell b { profile low; }",
        "cell a { profile low; listen tcp 1..65535; } cell b { profile low; listen udp 53; }",
        "cell a { profile low; listen udp 53; deny network.bind tcp port 53; }",
        "cell z { profile low; allow process.signal to c1; allow process.nice to c62; }"
        + "".join(f"cell c{i} {{ profile low; }}" for i in range(63)),
        "cell a { profile low;"
        ' @reason "r" grant system.module; @reason "r" grant process.ptrace to self;'
        ' @reason "r" grant device.rawio_passthru.read; @reason "r" grant process.nice to host;'
        ' @reason "r" grant network.socket.open domain inet type raw; }',
        "cell a { profile low; deny network.bind tcp port { 2000, 3000, 4000 }; }",
        "cell a { profile low; deny network.bind tcp port { 2000, 3000, 4000, 65535 }; }",
        "cell a { profile low; deny network.socket.open domain inet6 type raw; }",
        "permissive; cell a { profile low; limits { core unlimited; processes 1; } }",
    ],
)
def test_it_holds_at_the_ends_of_things(policy: str) -> None:
    assert fault(build(program(policy).ir)) == ""


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_it_holds_whichever_cells_are_targets(count: int) -> None:
    """Folding may name the cells that are left out, which no rule does."""
    names = ("a", "b", "c", "w")
    for named in combinations(names, count):
        for asks, asked in permutations(names, 2):
            rules = {asks: f"deny process.ptrace to {{{', '.join(named)}}};"}
            rules[asked] = "deny process.ptrace to c;"
            cells = (f"cell {x} {{ profile low; {rules.get(x, '')} }}" for x in names)
            text = "\n".join(cells)
            assert fault(build(program(text).ir)) == "", text


@pytest.mark.parametrize("name", ["webfarm", "mailrelay"])
def test_it_says_of_every_request_what_the_reference_evaluator_does(name: str) -> None:
    ir = policy(name)
    certificate = json.loads(shipped(name)[CERTIFICATE])
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
        group = group_of(certificate, request, owner is not None)
        place = place_of(certificate, group, request)
        found = [r for r in group["requests"] if int(r["bits"], 16) >> 2 * place & 1]
        assert [(r["verdict"], r["rule"]) for r in found] == [(decision.effect, rule)], request


def group_of(certificate: Any, request: Request, owned: bool) -> Any:
    if request.subject == "host":
        return certificate["host"]
    groups = certificate["owned" if owned else "classes"]
    (group,) = [group for group in groups if request.subject in group["cells"]]
    return group


def place_of(c: Any, group: Any, r: Request) -> int:
    """Where a request stands among the bits of a row, as docs/certificate.md says."""
    listed: dict[str, tuple[int, str]] = {x: (place, kind) for x, place, kind in c["actions"]}
    place, kind = listed[r.action]
    words = [c[axis] for axis in ("domains", "types", "socket_protocols")]
    sizes: list[int] = [len(axis) for axis in words]
    domains, types, protocols = sizes
    rows = 1 + max(place for place, _ in listed.values())
    if kind in ("socket", "rawsock"):
        named = zip(words, (r.domain, r.type, r.socket_protocol), strict=True)
        known: list[int] = [axis.index(x if x in axis else "other") for axis, x in named]
        domain, type_, protocol = known
        plane = domain * types + type_ if kind == "socket" else domains * types
        return rows + plane * protocols + protocol
    start = rows + (domains * types + 1) * protocols
    processes: int = c["processes"]
    if r.target not in (None, r.subject):
        names: list[str] = group["targets"]
        return start + processes * names.index(r.target if r.target in names else "*") + place
    if kind == "bind":
        interval = bisect_right(group["ports"], r.port) - 1
        leaf = ("network.bind.port", "network.bind.privport").index(r.action)
        start += processes * len(group["targets"])
        return start + 6 * interval + 3 * leaf + ("tcp", "udp", "other").index(r.protocol or "")
    return place


def test_the_checker_needs_nothing_but_python() -> None:
    sources = [path.read_text() for path in CHECKER.glob("*.py")]
    trees = [node for source in sources for node in ast.walk(ast.parse(source))]
    modules = {alias.name for x in trees if isinstance(x, ast.Import) for alias in x.names}
    modules |= {x.module or "." for x in trees if isinstance(x, ast.ImportFrom)}
    assert modules
    assert {module.split(".")[0] for module in modules} <= sys.stdlib_module_names


def test_the_checker_is_short() -> None:
    lines = [path.read_text().splitlines() for path in CHECKER.iterdir() if path.is_file()]
    assert sum(map(len, lines)) < 300


def test_the_checker_runs_alone(tmp_path: Path) -> None:
    for path, content in shipped("webfarm").items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    command = [sys.executable, "-I", str(CHECKER / "checker.py"), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (tmp_path / CERTIFICATE).write_text("{}")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "KeyError" in done.stderr
    (tmp_path / CERTIFICATE).unlink()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert CERTIFICATE in done.stderr
