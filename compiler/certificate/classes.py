"""The classes of requests that the rules of one subject tell apart, with every answer to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from compiler.catalogue.actions import Leaf
from compiler.ir.ir import HOST, IR, SELF, Peers, Ranges, Request, RequestSet
from compiler.ir.requests import Axes, Words, catalogue, leaf_requests


class Answer(NamedTuple):
    """What is decided, and the id of the rule that decides; 0 for a default."""

    verdict: str
    rule: int
    tables: tuple[str, int]
    """The same, read back from the tables."""


class Row(NamedTuple):
    """Requests that have the same answer: a box of actions and conditions."""

    actions: tuple[str, ...]
    answer: Answer
    to: Peers | None = None
    protocols: tuple[str, ...] | None = None
    ports: Ranges | None = None
    domains: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None
    socket_protocols: tuple[str, ...] | None = None


Ask = Callable[[Request], Answer]


class Classes:
    """Asks about every class of requests of one subject, and joins those with equal answers."""

    def __init__(
        self, ir: IR, subject: str, sets: Sequence[RequestSet], words: Words, ask: Ask
    ) -> None:
        """`sets` are those that the rules of the subject are about, `words` those of all rules."""
        self._subject = subject
        self._ask = ask
        self._axes = Axes(sets, words)
        self._ends = dict(self._axes.ports)
        self._named = sorted({m for r in sets if r.to is not None for m in r.to.members}
                             - {SELF, HOST, subject})  # fmt: skip
        others = (c.name for c in ir.cells if c.name not in {subject, *self._named})
        self._other = next(others, None)
        present = [*self._named, *([self._other] if self._other else []), HOST]
        self._targets = present if subject == HOST else [subject, *present]
        self._leaves = catalogue(ir).leaves
        used = sorted({r.actions for r in sets})
        self._sets = [frozenset(ir.action_sets[index]) for index in used]

    def rows(self) -> Iterator[Row]:
        """Boxes that hold every request once."""
        plain: dict[Answer, list[str]] = {}
        crossing: dict[tuple[tuple[str, Answer], ...], list[str]] = {}
        for leaves in self._alike():
            names = [leaf.name for leaf in leaves]
            asked = self._answers(leaves[0])
            match leaves[0].dimension:
                case "target":
                    key = tuple((r.target or "", a) for r, a in asked)
                    crossing.setdefault(key, []).extend(names)
                case "bind":
                    yield from self._binds(names, asked)
                case "socket" | "rawsock":
                    yield from _sockets(names, asked)
                case _:
                    plain.setdefault(asked[0][1], []).extend(names)
        for answer, names in plain.items():
            yield Row(tuple(names), answer)
        for answers, names in crossing.items():
            for answer in dict.fromkeys(a for _, a in answers):
                to = self._peers([target for target, a in answers if a == answer])
                yield Row(tuple(names), answer, to=to)

    def at_ports(self, ports: Iterable[tuple[str, int, int]]) -> Iterator[Row]:
        """The rows of binds to some ports (protocol, first, last), which no interval straddles."""
        wanted = list(ports)
        for leaf in self._leaves:
            if leaf.dimension == "bind":
                requests = leaf_requests(leaf, self._subject, self._targets, self._axes)
                kept = [
                    (r, self._ask(r))
                    for r in requests
                    if any(p == r.protocol and a <= (r.port or 0) <= b for p, a, b in wanted)
                ]
                yield from self._binds([leaf.name], kept)

    def _alike(self) -> list[list[Leaf]]:
        """Leaves that no rule tells apart."""
        groups: dict[tuple[object, ...], list[Leaf]] = {}
        for leaf in self._leaves:
            rules = tuple([leaf.name in names for names in self._sets])
            groups.setdefault((leaf.dimension, leaf.ports, rules), []).append(leaf)
        return list(groups.values())

    def _answers(self, leaf: Leaf) -> list[tuple[Request, Answer]]:
        requests = leaf_requests(leaf, self._subject, self._targets, self._axes)
        return [(request, self._ask(request)) for request in requests]

    def _peers(self, targets: Iterable[str]) -> Peers:
        """A set of targets, of which one stands for all cells that no rule names."""
        words = {SELF if target == self._subject else target for target in targets}
        if self._other not in words:
            return Peers(False, tuple(sorted(words)))
        return Peers(True, tuple(sorted({SELF, HOST, *self._named} - words)))

    def _binds(self, names: list[str], asked: list[tuple[Request, Answer]]) -> Iterator[Row]:
        ports: dict[tuple[Answer, str], list[tuple[int, int]]] = {}
        for request, answer in asked:
            low = request.port or 0
            found = ports.setdefault((answer, request.protocol or ""), [])
            joined = low > 1 and bool(found) and found[-1][1] == low - 1
            start = found.pop()[0] if joined else low
            found.append((start, self._ends[low]))
        boxes: dict[tuple[Answer, Ranges], list[str]] = {}
        for (answer, protocol), ranges in ports.items():
            boxes.setdefault((answer, tuple(ranges)), []).append(protocol)
        for (answer, ranges_), protocols in boxes.items():
            yield Row(tuple(names), answer, protocols=tuple(protocols), ports=ranges_)


def _sockets(names: list[str], asked: list[tuple[Request, Answer]]) -> Iterator[Row]:
    """Rows of socket requests: for each answer, protocols by type, and those by domain."""
    found: dict[tuple[Answer, str, str], list[str]] = {}
    for r, answer in asked:
        found.setdefault((answer, r.domain or "", r.type or ""), []).append(r.socket_protocol or "")
    by_domain: dict[tuple[Answer, str, tuple[str, ...]], list[str]] = {}
    for (answer, domain, kind), protocols in found.items():
        by_domain.setdefault((answer, domain, tuple(protocols)), []).append(kind)
    boxes: dict[tuple[Answer, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for (answer, domain, protocols_), kinds in by_domain.items():
        boxes.setdefault((answer, tuple(kinds), protocols_), []).append(domain)
    raw = names == ["network.socket.rawsock"]
    for (answer, kinds_, protocols_), domains in boxes.items():
        if raw:
            yield Row(tuple(names), answer, socket_protocols=protocols_)
        else:
            yield Row(tuple(names), answer, domains=tuple(domains), types=kinds_,
                      socket_protocols=protocols_)  # fmt: skip
