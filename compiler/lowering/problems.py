"""Words for what folding finds: rules at odds with each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from compiler.diagnostics import Diagnostics, Related
from compiler.ir.ir import AUTO, OTHER, Effect, Request, Rule
from compiler.lowering.fold import Problem
from compiler.lowering.reservations import Claim
from compiler.source import Span


def request_text(request: Request, told_apart: Collection[str] = ()) -> str:
    """A request as the command line takes it.

    What has no word is left out, but for fields that tell it apart from others.
    """
    words = [request.subject, request.action]
    if request.target is not None:
        words += ["to", request.target]
    if request.protocol is not None:
        words.append(request.protocol if request.protocol != OTHER else "(neither tcp nor udp)")
    if request.port is not None:
        words += ["port", "auto" if request.port == AUTO else str(request.port)]
    for word, field, value in (
        ("domain", "domain", request.domain),
        ("type", "type", request.type),
        ("protocol", "socket_protocol", request.socket_protocol),
    ):
        if value is not None and value != OTHER:
            words += [word, value]
        elif value == OTHER and field in told_apart:
            words += [word, "(another)"]
    return " ".join(words)


def report(
    problems: Sequence[Problem],
    rules: Sequence[Rule],
    spans: Sequence[Span],
    found: Diagnostics,
) -> None:
    """A diagnostic for each problem, at the rule that has to change.

    Of several rules with equal sets each is compared with the first one only.
    """
    equal: set[int] = set()
    for problem in problems:
        if problem.kind in ("duplicate", "contradiction"):
            if problem.rules[1] in equal:
                continue
            equal.add(problem.rules[1])
        _REPORT[problem.kind](problem, rules, spans, found)


def _one(effect: Effect) -> str:
    return f"an {effect}" if effect == "allow" else f"a {effect}"


def _such_as(problem: Problem) -> str:
    assert problem.witness is not None
    return f"`{request_text(problem.witness)}`"


def _ambiguous(
    p: Problem, rules: Sequence[Rule], spans: Sequence[Span], found: Diagnostics
) -> None:
    first, second = p.rules
    found.error(
        "E0601",
        f"this {rules[second].effect} and {_one(rules[first].effect)} of the same layer both match"
        f" {_such_as(p)}",
        spans[second],
        "make one narrower than the other, or write a third rule for what both match",
        [Related(spans[first], f"the {rules[first].effect} that is neither wider nor narrower")],
    )


def _contradiction(
    p: Problem, rules: Sequence[Rule], spans: Sequence[Span], found: Diagnostics
) -> None:
    first, second = p.rules
    found.error(
        "E0602",
        f"this {rules[second].effect} contradicts {_one(rules[first].effect)} of the same requests",
        spans[second],
        "remove one of them; their order does not matter",
        [Related(spans[first], f"the {rules[first].effect}")],
    )


def _duplicate(
    p: Problem, rules: Sequence[Rule], spans: Sequence[Span], found: Diagnostics
) -> None:
    first, second = p.rules
    found.warning(
        "COR009",
        "this rule says the same as another one of its layer",
        spans[second],
        "remove one of them",
        [Related(spans[first], "the other one")],
    )


def _final(p: Problem, rules: Sequence[Rule], spans: Sequence[Span], found: Diagnostics) -> None:
    first, second = p.rules
    what = "`listen`" if rules[second].listen else rules[second].effect
    found.error(
        "E0603",
        f"this {what} decides {_such_as(p)} otherwise than a final {rules[first].effect}",
        spans[second],
        "no later layer can override a final rule; narrow this one or drop `final` there",
        [Related(spans[first], "the final rule")],
    )


def _listen(p: Problem, rules: Sequence[Rule], spans: Sequence[Span], found: Diagnostics) -> None:
    first, second = p.rules
    found.error(
        "E0604",
        f"this deny takes {_such_as(p)} from the cell that listens there",
        spans[first],
        "remove the port from the rule, or the `listen`",
        [Related(spans[second], "the `listen`")],
    )


def _empty(p: Problem, rules: Sequence[Rule], spans: Sequence[Span], found: Diagnostics) -> None:
    peers = rules[p.rules[0]].requests.to is not None
    what = "about these processes" if peers else "with these conditions"
    help = f"the kernel never asks this action {what}"
    found.error("E0414", "this can match nothing", spans[p.rules[0]], help)


_REPORT = {
    "ambiguous": _ambiguous,
    "contradiction": _contradiction,
    "duplicate": _duplicate,
    "final": _final,
    "listen": _listen,
    "empty": _empty,
}


def report_collision(
    first: Claim,
    second: Claim,
    spans: Sequence[Span],
    scopes: Sequence[str],
    cells: Mapping[str, Span],
    found: Diagnostics,
) -> None:
    """Two cells, or one twice, listen on a port; `cells` says where they are declared."""
    here, there = spans[second.rule], spans[first.rule]
    related = [Related(there, "listened on here")] if there != here else []
    related += (
        Related(cells[claim.cell], f"by `{claim.cell}`")
        for claim in (first, second)
        if scopes[claim.rule] != f"cell {claim.cell}"
    )
    what = f"{second.protocol} port {second.low}"
    if first.cell == second.cell:
        message = f"the cell `{first.cell}` listens on {what} twice"
        help = "take it out of one of them"
    else:
        message = f"the cells `{first.cell}` and `{second.cell}` both listen on {what}"
        help = "a port has one owner; choose another port for one of them"
    found.error("E0605", message, here, help, dict.fromkeys(related))


def report_taken(
    claim: Claim, cell: str, rule: Rule, index: int, spans: Sequence[Span], found: Diagnostics
) -> None:
    """A rule of `cell` is about a port that another cell listens on."""
    found.error(
        "E0606",
        f"{claim.protocol} port {claim.low} belongs to the cell `{claim.cell}`, so"
        f" this {rule.effect} cannot give it to `{cell}`",
        spans[index],
        "leave the port out of the rule",
        [Related(spans[claim.rule], "reserved by this `listen`")],
    )
