"""STY011: settings that a profile or template of the cell makes alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from compiler.diagnostics import Related
from compiler.lint.context import Context
from compiler.lint.edits import removal
from compiler.lint.rule import Finding, Rule
from compiler.model.policy import Body
from compiler.source import Span


def find(context: Context) -> Iterator[Finding]:
    places = {placed.span: placed for placed in context.statements}
    for cell in context.cells:
        *inherited, own = cell.written.bodies
        for what, mine, others in _compared(own, inherited):
            same = next((other for other in reversed(others) if other is not None), None)
            placed = places.get(mine[1])
            if _is_left_to_the_cell(what, inherited, others):
                continue
            if same is not None and same[0] == mine[0] and placed is not None:
                yield Finding(
                    mine[1],
                    f"`{cell.name}` has this {what} already",
                    related=[Related(same[1], "from here")],
                    edits=removal(context, placed),
                )


_Said = tuple[object, Span]


def _compared(own: Body, inherited: list[Body]) -> Iterator[tuple[str, _Said, list[_Said | None]]]:
    """What a cell sets, and what each body before it says about the same."""
    for what, read in _READ.items():
        if (mine := read(own)) is not None:
            yield what, mine, [read(body) for body in inherited]
    for limit in own.limits:
        others = [_limit(body, limit.name) for body in inherited]
        yield "limit", (limit.value, limit.span), others


def _is_left_to_the_cell(what: str, inherited: list[Body], others: list[_Said | None]) -> bool:
    """Whether templates, which are one layer, both set the user, or a limit differently."""
    pairs = zip(inherited, others, strict=True)
    said = [other[0] for body, other in pairs if other and body.kind == "template"]
    return len(said if what == "user" else {*said}) > 1


def _limit(body: Body, name: str) -> _Said | None:
    return next(((x.value, x.span) for x in body.limits if x.name == name), None)


def _user(body: Body) -> _Said | None:
    user = body.user
    return None if user is None else ((user.user, user.group, user.groups), user.span)


def _readonly(body: Body) -> _Said | None:
    return None if body.exec_readonly is None else (True, body.exec_readonly)


def _permissive(body: Body) -> _Said | None:
    return None if body.permissive is None else (True, body.permissive)


_READ: Mapping[str, Callable[[Body], _Said | None]] = {
    "user": _user,
    "`exec readonly`": _readonly,
    "`permissive`": _permissive,
}


RULE = Rule(
    code="STY011",
    name="redundant-setting",
    title="setting that repeats what is inherited",
    severity="note",
    why="""\
The cell sets what its profile or template sets already. Should that one change, the cell
will not follow.""",
    bad="""\
profile service extends confined {
    exec readonly;
}
cell web {
    profile service;
    root "/var/cells/web";
    exec readonly;
}
""",
    good="""\
profile service extends confined {
    exec readonly;
}
cell web {
    profile service;
    root "/var/cells/web";
}
""",
    remedy="remove the setting from the cell",
    find=find,
    fix="everything",
)
