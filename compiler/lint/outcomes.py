"""What becomes of what a policy decides, once the kernel's other listeners have voted."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.analysis.stack import Stack
from compiler.catalogue.actions import Leaf
from compiler.catalogue.voters import is_root_user
from compiler.ir.ir import Effect, Request, Verdict
from compiler.ir.requests import catalogue
from compiler.lint.context import Context, is_shipped

_RAW = "inet6", "raw"


def works(context: Context, request: Request) -> bool:
    """Whether a request of a cell may get through."""
    vote = context.decider.decide(request).effect
    return context.stack.outcome(request, vote).result != "refused"


def remarked(context: Context, effect: Effect) -> Iterator[tuple[int, set[str]]]:
    """The author's rules with an effect that apply to the cells to look at, and all that is odd
    about their votes.

    Each rule once for each place it stands at; what it does not decide does not count.
    """
    ir = context.ir
    leaves = catalogue(ir).by_name
    found: dict[int, set[str]] = {}
    seen: set[tuple[int, bool]] = set()
    for cell in ir.cells:
        is_root = is_root_user(cell.user)
        key = cell.class_, is_root
        rows = list(cell.owned)
        if key not in seen:
            seen.add(key)
            rows += ir.classes[cell.class_].verdicts
        for row in rows:
            if (
                row.effect != effect
                or row.rule not in context.applied
                or ir.rules[row.rule].listen
                or is_shipped(context.rule_span(row.rule))
            ):
                continue
            remarks = found.setdefault(row.rule, set())
            for name in ir.action_sets[row.requests.actions]:
                if leaves[name].asked:
                    remarks.update(_remarks(context.stack, cell.name, is_root, leaves[name], row))
    yield from found.items()


def _remarks(stack: Stack, cell: str, is_root: bool, leaf: Leaf, row: Verdict) -> Iterator[str]:
    """What is odd about a vote, for each kind of socket that its row tells apart."""
    domains: tuple[str | None, ...] = (None,)
    types: tuple[str | None, ...] = (None,)
    if leaf.dimension == "socket":
        domains, types = row.requests.domains or domains, row.requests.types or types
    elif leaf.dimension == "rawsock":
        domains, types = (_RAW[0],), (_RAW[1],)
    for domain in domains:
        for kind in types:
            request = Request(cell, leaf.name, domain=domain, type=kind)
            yield stack.outcome(request, row.effect, is_root).remark
