"""Requests as commands for a driver, and what its listeners should answer."""

from __future__ import annotations

from collections.abc import Iterator

from backends.kmod.build import build
from backends.kmod.tables import NO_CEILING
from compiler.catalogue.actions import load
from compiler.catalogue.words import IP_PROTOCOLS, PROTOCOL_FAMILIES, TYPES
from compiler.ir.evaluate import Evaluator
from compiler.ir.ir import HOST, HOST_ROOT, IR, Request
from compiler.ir.requests import all_requests

AF_INET = 2
#: IPPROTO_* for the protocols of network.bind; SCTP stands for all others.
PROTOCOLS = {"tcp": 6, "udp": 17, "other": 132}
#: Numbers that no word stands for, on any axis of network.socket.
UNNAMED = 99
#: Processes of the host: root, and another user.
ROOT, USER = 0, 1

_RESULTS = {"deny": "deny", "allow": "defer", "grant": "allow"}


class Population:
    """Processes for all subjects of a policy: two in each cell that has room for a fork besides."""

    def __init__(self, ir: IR) -> None:
        self.ir = ir
        self.first = {HOST_ROOT: ROOT, HOST: USER}
        self.second: dict[str, int] = {HOST: USER}
        self.commands = [f"proc {USER} 1000"]
        self._tables = build(ir)
        number = 10
        for cell in ir.cells:
            self.first[cell.name] = self._enter(number, cell.id)
            self.second[cell.name] = number
            if cell.processes is None or cell.processes > 2:
                self.second[cell.name] = self._enter(number + 1, cell.id)
            number += 2

    def _enter(self, process: int, cell: int) -> int:
        self.commands.append(f"proc {process} 0")
        row = self._tables.ceilings[self._tables.cells[self._tables.cell_of[cell]].limits]
        for which, ceiling in enumerate(row):
            if ceiling != NO_CEILING:
                self.commands.append(f"rlimit {ROOT} {process} {which} {ceiling} {ceiling} apply")
        self.commands.append(f"set {process} id {cell}")
        return process

    def command(self, request: Request) -> str:
        """The request as its subject's process makes it."""
        leaf = load(self.ir.target).by_name[request.action]
        head = f"ask {self.first[request.subject]} {leaf.column}"
        if leaf.dimension == "target":
            assert request.target is not None
            return f"{head} target {self.second[request.target]}"
        if leaf.dimension == "bind":
            assert request.protocol is not None
            return f"{head} bind explicit {AF_INET} {PROTOCOLS[request.protocol]} {request.port}"
        if request.domain is not None:
            return f"{head} socket {' '.join(map(str, _socket(request)))}"
        return head


def _socket(request: Request) -> Iterator[int]:
    words = (request.domain, request.type, request.socket_protocol)
    for word, known in zip(words, (PROTOCOL_FAMILIES, TYPES, IP_PROTOCOLS), strict=True):
        yield known[word].value if word in known else UNNAMED


def expected(ir: IR) -> Iterator[tuple[Request, str]]:
    """Every class of requests with the driver's answer: what the listener says, and the rule."""
    reference = Evaluator(ir)
    cells = {cell.name: cell for cell in ir.cells}
    for request in all_requests(ir):
        decision = reference.decide(request)
        cell = cells.get(request.subject)
        result = _RESULTS[decision.effect]
        permissive = ir.permissive or (cell is not None and cell.permissive)
        if result == "deny" and permissive:
            result = "defer"
        full = cell is not None and cell.processes == 1
        if request.action == "process.fork" and full and not permissive:
            result = "deny"
        rule = ir.rules[decision.rule].id if decision.rule is not None else 0
        yield request, f"{result} {rule}"
