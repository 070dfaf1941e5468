"""Rules written from boxes of requests, and where they are put."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce
from operator import or_

from compiler.analysis.boxes import Box
from compiler.analysis.frame import Frame
from compiler.analysis.wording import Wording, others_named
from compiler.ir.ir import OTHER, PROTOCOLS
from compiler.lint.rule import Edit
from compiler.source import Source, Span

_OTHER_PROTOCOL = 1 << PROTOCOLS.index(OTHER)
_EVERY_PROTOCOL = (1 << len(PROTOCOLS)) - 1


def conditions(frame: Frame, points: Iterable[Box], merged: bool) -> Iterator[str]:
    """Actions and conditions of the fewest rules that hold some requests and little else.

    Who asks does not count.  What has no name, such as a number of a protocol, cannot be
    told from the rest: its condition is left out.  Without `merged` there is a rule for
    each request.
    """
    wording = Wording(frame)
    subject = 1 << (frame.everybody.bit_length() - 1)  # none of the cells
    wide = dict.fromkeys(_sayable(frame, box)._replace(subjects=subject) for box in points)
    boxes = [box for _, box in frame.joined((None, box) for box in wide)] if merged else list(wide)
    for box in sorted(boxes):
        for text, _ in wording.patterns(box):
            yield text.partition(" ")[2]


def _sayable(frame: Frame, box: Box) -> Box:
    """A box that rules can say, with all that they cannot tell from it."""
    for name, bit in frame.leaf_bits.items():
        if box.actions & bit:
            more = (frame.leaf_bits[x.name] for x in others_named(name, frame.leaves))
            box = box._replace(actions=reduce(or_, more, box.actions))
    if box.protocols & _OTHER_PROTOCOL and box.protocols != 1:
        box = box._replace(protocols=_EVERY_PROTOCOL)
    if box.socket_protocols == 1 and box.domains == 1:
        return box
    fields = {}
    for field in ("domains", "types", "socket_protocols"):
        axis = getattr(frame, field)
        bits = getattr(box, field)
        if bits & axis.bits[OTHER]:
            fields[field] = getattr(frame.whole(box.actions), field)
    return box._replace(**fields)


def insertion(source: Source, body: Span, statements: Iterable[str]) -> Edit:
    """Puts statements at the end of a body, before its brace."""
    text = source.text
    brace = body.end - 1
    while text[brace] != "}":
        brace -= 1
    start = brace
    while text[start - 1] in " \t":
        start -= 1
    lines = list(statements)
    if text[start - 1] == "\n":
        outer = text[start:brace]
        added = "".join(f"{outer}    {line}\n" for line in lines)
        return Edit(Span(source.name, start, start), added)
    added = "".join(f" {line}" for line in lines) + " "
    return Edit(Span(source.name, start, brace), added)
