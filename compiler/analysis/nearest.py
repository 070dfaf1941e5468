"""The nearest request that is decided otherwise: what would have to change in a request."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.analysis.boxes import Box
from compiler.analysis.decisions import Decided, Decisions
from compiler.analysis.frame import Frame
from compiler.ir.ir import OTHER, Decision, Request

#: What it costs to ask about something else; a port costs less the nearer it is.
_COSTS = Box(
    subjects=100,
    actions=40,
    targets=20,
    protocols=10,
    ports=1,
    domains=10,
    types=10,
    socket_protocols=10,
)
_FARTHEST = 65536


def nearest(decisions: Decisions, request: Request, effect: str) -> tuple[Request, Decision] | None:
    """A request with another decision that differs in as little as possible, or None.

    It is one that the kernel can ask: first of the same subject and action, then about
    another action of the same scope, at last of another subject.
    """
    frame = decisions.frame
    point = frame.point(request)
    unnamed = Box(0, 0, 0, 0, 0)._replace(
        domains=frame.domains.bits[OTHER],
        types=frame.types.bits[OTHER],
        socket_protocols=frame.socket_protocols.bits[OTHER],
    )
    best: tuple[int, int, Box, Decided] | None = None
    for boxes in _rings(frame, point, request.action):
        for number, row in enumerate(decisions.of(boxes)):
            if row.effect == effect:
                continue
            cost, box = _closest(point, row.box, unnamed)
            if best is None or (cost, number) < best[:2]:
                best = cost, number, box, row
        if best is not None:
            _, _, box, row = best
            return frame.witness(box), Decision(row.effect, row.rule)
    return None


def _rings(frame: Frame, point: Box, action: str) -> Iterator[list[Box]]:
    """Ever more requests around one."""
    leaf = next(leaf for leaf in frame.leaves if leaf.name == action)
    scope = sum(frame.leaf_bits[x.name] for x in frame.leaves if x.asked and x.scope == leaf.scope)
    own = frame.everything(point.subjects)
    yield [b._replace(actions=point.actions) for b in own if b.actions & point.actions]
    yield [b._replace(actions=b.actions & scope) for b in own if b.actions & scope]
    others = frame.everything(frame.everybody & ~frame.root)
    yield [b._replace(actions=point.actions) for b in others if b.actions & point.actions]


def _closest(point: Box, box: Box, unnamed: Box) -> tuple[int, Box]:
    """What it takes to get from a request into a box, and the request there.

    `unnamed` is what has no word: it is taken only where nothing else is left.
    """
    cost = 0
    chosen = []
    for here, there, price, other in zip(point, box, _COSTS, unnamed, strict=True):
        if here & there:
            chosen.append(here)
            continue
        bit = _nearest_bit(here, there & ~other or there)
        distance = abs(bit.bit_length() - here.bit_length())
        cost += price * _FARTHEST + distance if price > 1 else distance + _FARTHEST // 2
        chosen.append(bit)
    made = Box._make(chosen)
    if made.subjects == made.targets:  # its own name is no target: take what else there is
        made = made._replace(targets=box.targets)
    return cost, made


def _nearest_bit(here: int, there: int) -> int:
    """The bit of `there` next to the bit `here`; the lower one of two as near."""
    below = there & (here - 1)
    low = 1 << (below.bit_length() - 1) if below else 0
    above = there & -(here << 1)
    high = above & -above
    if not low or not high:
        return low or high
    distance_down = here.bit_length() - low.bit_length()
    return low if distance_down <= high.bit_length() - here.bit_length() else high
