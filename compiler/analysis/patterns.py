"""The requests that an assertion, a test or the command line names."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.ir.ir import HOST, IR, Request, RequestSet
from compiler.ir.requests import Axes, catalogue, fits, leaf_requests
from compiler.model.policy import Meaning


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


class Patterns:
    """Enumerates the classes of requests that patterns match, for one policy."""

    def __init__(self, ir: IR) -> None:
        self._ir = ir
        self._catalogue = catalogue(ir)
        self._sets = [rule.requests for rule in ir.rules]
        self._targets = [*(cell.name for cell in ir.cells), HOST]

    def axes(self, rule: Meaning) -> Axes:
        """The values that the policy or the pattern tells apart."""
        return Axes([*self._sets, conditions(rule)])

    def asked(self, rule: Meaning, subject: str) -> Iterator[Request]:
        """One request of each class that the kernel can ask and the pattern matches."""
        wanted = conditions(rule)
        axes = self.axes(rule)
        for name in rule.actions:
            leaf = self._catalogue.by_name[name]
            if not leaf.asked:
                continue
            for request in leaf_requests(leaf, subject, self._targets, axes):
                if fits(wanted, request):
                    yield request

    def literal(self, rule: Meaning, subject: str) -> Iterator[Request]:
        """The requests a pattern spells out though the kernel never asks them."""
        target = next(iter(rule.to.members), None) if rule.to and not rule.to.exclude else None
        for name in rule.actions:
            yield Request(
                subject,
                name,
                target=subject if target == "self" else target,
                protocol=rule.protocols[0] if rule.protocols else None,
                port=rule.ports[0][0] if rule.ports else None,
                domain=rule.domains[0] if rule.domains else None,
                type=rule.types[0] if rule.types else None,
                socket_protocol=rule.socket_protocols[0] if rule.socket_protocols else None,
            )
