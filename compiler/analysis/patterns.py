"""The requests that an assertion, a test or the command line names."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.analysis.boxes import Box
from compiler.analysis.frame import Frame
from compiler.ir.ir import AUTO, OTHER, PROTOCOLS, SELF, Request, RequestSet
from compiler.ir.requests import RAWSOCK_DOMAIN, RAWSOCK_TYPE
from compiler.model.policy import Meaning, RequestPattern


def conditions(rule: Meaning) -> RequestSet:
    """The conditions of a model rule; the actions are the rule's own."""
    return RequestSet(
        -1,
        rule.to,
        rule.protocols,
        rule.ports,
        rule.domains,
        rule.types,
        rule.socket_protocols,
    )


def pattern_boxes(frame: Frame, pattern: RequestPattern, subjects: int | None = None) -> list[Box]:
    """What the kernel can ask and a pattern matches, of its own subjects or of others."""
    if subjects is None:
        subjects = frame.subject_bits(pattern.subjects)
    actions = sum(frame.leaf_bits[name] for name in pattern.rule.actions) & frame.asked
    return frame.boxes(subjects, actions, conditions(pattern.rule))


def literal(frame: Frame, pattern: RequestPattern) -> Iterator[Request]:
    """Requests that a pattern spells out though the kernel never asks them, one per leaf."""
    rule = pattern.rule
    target = SELF
    if rule.to is not None and not rule.to.exclude:
        if not rule.to.members:
            return
        target = next(iter(rule.to.members))
    for subject in pattern.subjects:
        for name in rule.actions:
            carries = frame.leaves[frame.leaf_bits[name].bit_length() - 1].dimension
            request = Request(subject, name)
            if carries in ("target", "self"):
                request = request._replace(target=subject if target == SELF else target)
            elif carries == "bind":
                request = request._replace(
                    protocol=rule.protocols[0] if rule.protocols else PROTOCOLS[0],
                    port=rule.ports[0][0] if rule.ports else AUTO,
                )
            elif carries in ("socket", "rawsock"):
                request = request._replace(
                    domain=rule.domains[0] if rule.domains else RAWSOCK_DOMAIN,
                    type=rule.types[0] if rule.types else RAWSOCK_TYPE,
                    socket_protocol=rule.socket_protocols[0] if rule.socket_protocols else OTHER,
                )
            yield request
