"""Which statement may stand where."""

from __future__ import annotations

from collections.abc import Iterable

from compiler.diagnostics import Diagnostics
from compiler.syntax import tree as t

_RULES_AND_SETTINGS: frozenset[type] = frozenset(
    (
        t.Rule,
        t.User,
        t.Mount,
        t.Limits,
        t.ExecReadonly,
        t.ExecHash,
        t.Devices,
        t.Hook,
        t.Service,
        t.Permissive,
        t.When,
    )
)

#: Statement types by the block they may stand in; limits, service and test blocks
#: are closed by the grammar itself.
PLACES: dict[str, frozenset[type]] = {
    "a file": frozenset(
        (
            t.Header,
            t.Import,
            t.Let,
            t.Profile,
            t.Template,
            t.Cell,
            t.Group,
            t.Host,
            t.When,
            t.Assertion,
            t.Test,
            t.Permissive,
        )
    ),
    "a profile": _RULES_AND_SETTINGS,
    "a template": _RULES_AND_SETTINGS | {t.Listen, t.Root},
    "a cell": _RULES_AND_SETTINGS | {t.Listen, t.Root, t.ProfileUse, t.Use},
    "host": frozenset((t.Securelevel, t.Sysctl, t.When)),
}

#: Statements in which others stand that have such a place.
_AROUND = frozenset((t.When, t.Profile, t.Template, t.Cell, t.Host))

#: Where each of PLACES is, for people.
_WHERE = {
    "a file": "at the top level",
    "a profile": "in a profile",
    "a template": "in a template",
    "a cell": "in a cell",
    "host": "in a `host` block",
}

#: How people call each statement.
WORDS: dict[type, str] = {
    t.Header: "a `policy` or `target` line",
    t.Import: "`import`",
    t.Let: "`let`",
    t.Profile: "a profile definition",
    t.ProfileUse: "`profile NAME;`",
    t.Template: "a template definition",
    t.Use: "`use`",
    t.Cell: "a cell definition",
    t.Group: "`group`",
    t.Host: "a `host` block",
    t.Assertion: "`assert`",
    t.Test: "a `test` block",
    t.Rule: "an access rule",
    t.Root: "`root`",
    t.User: "`user`",
    t.Mount: "`mount`",
    t.Listen: "`listen`",
    t.Limits: "`limits`",
    t.ExecReadonly: "`exec`",
    t.ExecHash: "`exec`",
    t.Devices: "`devices`",
    t.Hook: "`hook`",
    t.Permissive: "`permissive`",
    t.Securelevel: "`securelevel`",
    t.Sysctl: "`sysctl`",
    t.Service: "a `service` block",
}

_HELP: dict[tuple[str, type], tuple[str, str]] = {
    ("host", t.Rule): (
        "E0112",
        "processes of the host are judged by borders and `listen` alone; put the rule in a cell",
    ),
    ("a profile", t.Root): (
        "E0113",
        "a root belongs to one cell; put it in the cell or a template",
    ),
    ("a profile", t.Listen): (
        "E0113",
        "a port belongs to one cell; put `listen` in the cell or a template",
    ),
}


def check_places(statements: Iterable[t.Statement], place: str, found: Diagnostics) -> None:
    """Reports statements that do not belong in `place`, a key of PLACES, at any depth."""
    allowed = PLACES[place]
    for statement in statements:
        if statement.kind not in allowed:
            _misplaced(statement.node, place, found)
        if statement.kind not in _AROUND:
            continue
        match node := statement.node:
            case t.When():
                _check_headers(node.body, found)
                check_places(node.body, place, found)
            case t.Profile():
                check_places(node.body, "a profile", found)
            case t.Template():
                check_places(node.body, "a template", found)
            case t.Cell():
                check_places(node.body, "a cell", found)
            case t.Host():
                check_places(node.body, "host", found)


def _check_headers(statements: Iterable[t.Statement], found: Diagnostics) -> None:
    """The header says what `when` compares with, and so cannot depend on it."""
    for statement in statements:
        if isinstance(statement.node, t.Header):
            message = f"`{statement.node.word}` cannot stand in a `when` block"
            found.error("E0111", message, statement.span, "it belongs at the top level")


def _misplaced(node: t.Plain, place: str, found: Diagnostics) -> None:
    code, help = _HELP.get((place, type(node)), ("E0111", ""))
    homes = [_WHERE[home] for home, types in PLACES.items() if type(node) in types]
    help = help or f"it belongs {' or '.join(homes)}"
    found.error(code, f"{WORDS[type(node)]} cannot stand {_WHERE[place]}", node.span, help)
