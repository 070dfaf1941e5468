"""POR001: actions that the next release asks about and the policy does not know."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.catalogue.actions import RELEASES, load
from compiler.diagnostics import arrows
from compiler.lint.context import CellPair, Context
from compiler.lint.rule import Finding, Rule
from compiler.syntax import tree as t


def find(context: Context) -> Iterator[Finding]:
    following = RELEASES[RELEASES.index(context.ir.target) + 1 :][:1]
    for release in following:
        ours = {leaf.name for leaf in load(context.ir.target).leaves}
        new = [leaf for leaf in load(release).leaves if leaf.name not in ours and leaf.asked]
        silent: dict[tuple[str, ...], list[CellPair]] = {}
        for cell in context.cells if new else ():
            patterns = set(_patterns(context, cell))
            scopes = _denied_scopes(context, cell)
            unknown = (
                leaf.name
                for leaf in new
                if leaf.scope in scopes and not _mentioned(leaf.name, patterns)
            )
            silent.setdefault(tuple(unknown), []).append(cell)
        for names, cells in silent.items():
            if names:
                actions = ", ".join(f"`{name}`" for name in names)
                who = arrows([f"`{cell.name}`" for cell in cells]).replace(" -> ", ", ")
                yield Finding(
                    cells[0].span,
                    f"netbsd {release} asks about {actions}, which no rule of {who} mentions",
                    f"decide about them under `when target >= {release}`, or by a pattern that"
                    " holds them",
                )


def _patterns(context: Context, cell: CellPair) -> Iterator[str]:
    """The actions that the rules of a cell name, under conditions that do not hold too."""
    defined = context.definitions
    for body in cell.written.profiles:
        profile = defined.profile(body.name)
        yield from _named(profile.body if profile else ())
    for body in cell.written.templates:
        yield from _named(defined.templates[body.name].body)
    yield from _named(defined.cells[cell.name].body)


def _denied_scopes(context: Context, cell: CellPair) -> set[str]:
    """The scopes of which the author denies something in a cell."""
    return {
        action.partition(".")[0]
        for body in cell.written.bodies
        for rule in body.rules
        if rule.meaning.effect == "deny" and rule.span in context.rules
        for action in rule.meaning.actions
    }


def _named(statements: tuple[t.Statement, ...]) -> Iterator[str]:
    for statement in statements:
        if isinstance(statement.shared, t.Rule):
            yield from statement.shared.action.patterns
        elif isinstance(statement.shared, t.When):
            yield from _named(statement.shared.body)


def _mentioned(leaf: str, patterns: set[str]) -> bool:
    plain = (pattern.removesuffix(".*") for pattern in patterns)
    return any(leaf == pattern or leaf.startswith(f"{pattern}.") for pattern in plain)


RULE = Rule(
    code="POR001",
    name="new-actions",
    title="action of the next release that no rule mentions",
    severity="note",
    why="""\
After an upgrade the kernel asks questions that it did not ask before. A rule of an outer
pattern, such as `network.*`, answers them; where there is none, they are allowed. Cells are
looked at whose own rules deny something of that scope one by one, so that a new action is
likely to belong among them.""",
    bad="""\
cell vpn {
    profile low;
    deny network.{interface_bridge, interface_ppp, interface_tun};
}
""",
    good="""\
cell vpn {
    profile low;
    deny network.{interface_bridge, interface_ppp, interface_tun};
    when target >= 11.0 {
        deny network.interface_wg;
    }
}
""",
    remedy="""\
decide about them under `when target >= VERSION`, or by a pattern that holds them""",
    find=find,
)
