"""Lists every class of requests that a pattern matches, with vote and outcome."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from compiler.analysis.stack import Stack
from compiler.catalogue.voters import Outcome
from compiler.ir.decide import Decider
from compiler.ir.ir import AUTO, IR, OTHER, Decision, Request
from compiler.ir.requests import Axes, catalogue


class Row(NamedTuple):
    """Requests that differ only in the last of their ports or targets, and are decided alike."""

    request: Request
    """The first of them."""
    ports: tuple[tuple[int, int], ...]
    targets: tuple[str, ...]
    decision: Decision
    outcome: Outcome


def answer(ir: IR, requests: Iterable[Request], axes: Axes) -> Iterator[Row]:
    """Every request, neighbours with equal answers joined, in the order of the requests."""
    decider, stack = Decider(ir), Stack(ir)
    ends = dict(axes.ports)
    leaves = catalogue(ir).by_name
    open_: Row | None = None
    for request in requests:
        decision = decider.decide(request)
        outcome = stack.outcome(request, decision.effect)
        ports: tuple[tuple[int, int], ...] = ()
        if request.port is not None:
            most = leaves[request.action].ports or (1, 65535)
            ports = ((request.port, min(ends.get(request.port, request.port), most[1])),)
        row = Row(request, ports, (request.target,) if request.target else (), decision, outcome)
        joined = open_ and _joined(open_, row)
        if joined:
            open_ = joined
        else:
            if open_ is not None:
                yield open_
            open_ = row
    if open_ is not None:
        yield open_


def _joined(first: Row, second: Row) -> Row | None:
    alike = (
        first.decision == second.decision
        and first.outcome == second.outcome
        and first.request._replace(port=None, target=None)
        == second.request._replace(port=None, target=None)
    )
    if not alike:
        return None
    ports = first.ports
    if second.ports:
        low, high = ports[-1]
        next_low, next_high = second.ports[0]
        if high + 1 == next_low and low != AUTO:
            ports = (*ports[:-1], (low, next_high))
        else:
            ports = (*ports, (next_low, next_high))
    return first._replace(ports=ports, targets=(*first.targets, *second.targets))


def row_text(row: Row) -> str:
    """The requests of a row in the words of the language."""
    r = row.request
    words = [r.subject, r.action]
    if row.targets:
        words += ["to", _set(row.targets)]
    if r.protocol is not None:
        words.append(r.protocol if r.protocol != OTHER else "(neither tcp nor udp)")
    if row.ports:
        words += ["port", _set([_span(low, high) for low, high in row.ports])]
    for word, value in (
        ("domain", r.domain),
        ("type", r.type),
        ("protocol", r.socket_protocol),
    ):
        if value is not None:
            words += [word, value if value != OTHER else "(any other)"]
    return " ".join(words)


def _set(words: Iterable[str]) -> str:
    listed = list(words)
    return listed[0] if len(listed) == 1 else "{" + ", ".join(listed) + "}"


def _span(low: int, high: int) -> str:
    if low == AUTO:
        return "auto"
    return str(low) if low == high else f"{low}..{high}"
