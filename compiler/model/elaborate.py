"""Definitions to the model: chains of profiles, uses of templates, cells, host, checks."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from compiler.catalogue.actions import load
from compiler.diagnostics import Diagnostics, Related, arrows, nearest, quoted
from compiler.model.actions import Actions
from compiler.model.bodies import Bodies
from compiler.model.checks import read_assertion, read_test
from compiler.model.host import read_host
from compiler.model.policy import Body, Cell, Policy
from compiler.model.rules import Rules
from compiler.model.templates import bind_arguments, check_types, unbound
from compiler.names.annotations import read_notes
from compiler.names.definitions import Definitions
from compiler.names.groups import Groups
from compiler.names.release import active
from compiler.names.shipped import SHIPPED
from compiler.names.values import Constant, Scope
from compiler.source import Span
from compiler.syntax import tree as t

#: Statements that bring in other bodies.
_USES = frozenset((t.ProfileUse, t.Use))


def elaborate(
    d: Definitions, lets: Mapping[str, Constant], today: datetime.date, found: Diagnostics
) -> Policy:
    """The model of a policy; what is wrong is reported and left out."""
    return _Elaborator(d, lets, today, found).policy()


class _Elaborator:
    def __init__(
        self,
        d: Definitions,
        lets: Mapping[str, Constant],
        today: datetime.date,
        found: Diagnostics,
    ) -> None:
        self._d = d
        self._found = found
        self._today = today
        self._groups = Groups(d.groups, d.cell_names, found)
        self._rules = Rules(Actions(load(d.target), found), self._groups, found)
        self._bodies = Bodies(self._rules, d.target, today, found)
        self._global = Scope(lets, found, {})
        self._chains: dict[str, tuple[Body, ...] | None] = {}
        self._used_profiles: set[str] = set()
        self._used_templates: set[str] = set()

    def policy(self) -> Policy:
        d = self._d
        for notes in d.annotated.values():
            read_notes(notes, self._today, self._found)
        cells = tuple(self._cell(d.cells[name]) for name in sorted(d.cells))
        for name in d.profiles:
            self._chain(d.profiles[name].name)
        for template in d.templates.values():
            check_types(template, self._found)
        return Policy(
            name=d.name,
            target=d.target,
            permissive=d.permissive,
            cells=cells,
            unused=self._unused(),
            host=read_host(d.host, d.target, self._today, self._global, self._found),
            assertions=tuple(
                a
                for s in d.assertions
                if (a := read_assertion(s.node, self._rules, self._global, self._found))
            ),
            tests=tuple(
                read_test(test, d.target, self._today, self._rules, self._global, self._found)
                for test in d.tests
            ),
        )

    # Profiles

    def _chain(self, name: t.Name) -> tuple[Body, ...] | None:
        """The bodies of a profile and those it extends, the root first; None if there is none."""
        line: list[t.Profile] = []
        word: t.Name | None = name
        while word is not None and word.text not in self._chains:
            profile = self._d.profile(word.text)
            if profile is None:
                help = nearest(word.text, self._d.profile_names) or "define it with `profile`"
                message = f"no profile is called {quoted(word.text)}"
                self._found.unknown("E0231", message, word.text, word.span, help)
                break
            if profile in line:
                names = [p.name.text for p in line[line.index(profile) :]] + [word.text]
                self._found.error(
                    "E0232",
                    f"the profile `{word.text}` extends itself: {arrows(names)}",
                    word.span,
                    "take one `extends` out of the circle",
                    [Related(profile.name.span, "defined here")],
                )
                word = None
                break
            line.append(profile)
            word = profile.extends
        chain = self._chains.get(word.text) or () if word is not None else ()
        for profile in reversed(line):
            chain = (*chain, self._profile_body(profile))
            self._chains[profile.name.text] = chain
        return self._chains.get(name.text)

    def _profile_body(self, profile: t.Profile) -> Body:
        name = profile.name.text
        shipped = name in SHIPPED
        statements = active(profile.body, self._d.target)
        return self._bodies.read(
            "profile", name, statements, profile.span, self._global, lint=not shipped
        )

    # Cells

    def _cell(self, cell: t.Cell) -> Cell:
        statements = active(cell.body, self._d.target)
        chains: list[tuple[tuple[Body, ...], Span]] = []
        templates: list[Body] = []
        profile: t.ProfileUse | None = None
        uses = 0
        for statement in statements:
            if statement.kind not in _USES:
                continue
            node = statement.node
            if statement.annotations:
                read_notes(statement.annotations, self._today, self._found)
            if isinstance(node, t.ProfileUse):
                profile = self._the_profile(node, profile, chains)
            else:
                assert isinstance(node, t.Use)
                uses += 1
                self._use(node, chains, templates)
        if profile is None and not uses and not self._found.failed_in(cell.span):
            self._found.error(
                "E0233",
                f"the cell `{cell.name.text}` names no profile",
                cell.name.span,
                "add `profile NAME;`; a cell that nothing confines says `profile low;`",
            )
        own = self._bodies.read("cell", cell.name.text, statements, cell.span, self._global)
        return Cell(
            name=cell.name.text,
            span=cell.name.span,
            profiles=self._longest(chains),
            templates=tuple(templates),
            own=own,
        )

    def _the_profile(
        self,
        node: t.ProfileUse,
        first: t.ProfileUse | None,
        chains: list[tuple[tuple[Body, ...], Span]],
    ) -> t.ProfileUse:
        if first is not None:
            self._found.error(
                "E0234",
                "a cell has one profile",
                node.span,
                "keep one: templates can add to it",
                [Related(first.span, "first here")],
            )
            return first
        self._used_profiles.add(node.name.text)
        chain = self._chain(node.name)
        if chain is not None:
            chains.append((chain, node.span))
        return node

    def _use(
        self,
        node: t.Use,
        chains: list[tuple[tuple[Body, ...], Span]],
        templates: list[Body],
    ) -> None:
        template = self._d.templates.get(node.name.text)
        if template is None:
            name = node.name.text
            help = nearest(name, self._d.templates) or "define it with `template`"
            message = f"no template is called {quoted(name)}"
            self._found.unknown("E0236", message, name, node.name.span, help)
            return
        scope = bind_arguments(template, node, self._global, self._found)
        if template.extends is not None:
            self._used_profiles.add(template.extends.text)
            chain = self._chain(template.extends)
            if chain is not None:
                chains.append((chain, node.span))
        if scope is not None:
            self._used_templates.add(template.name.text)
            templates.append(self._bodies.use(template, node.span, scope))

    def _longest(self, chains: list[tuple[tuple[Body, ...], Span]]) -> tuple[Body, ...]:
        """The longest chain, of which every other one must be the beginning."""
        if not chains:
            return ()
        longest, place = max(chains, key=lambda c: len(c[0]))
        for chain, span in chains:
            if longest[: len(chain)] != chain:
                ours, others = chain[-1].name, longest[-1].name
                self._found.error(
                    "E0235",
                    f"neither of the profiles `{ours}` and `{others}` extends the other",
                    span,
                    _to_one_chain(others, ours),
                    [Related(place, f"`{others}` comes from here")],
                )
        return longest

    # What no cell uses

    def _unused(self) -> tuple[tuple[Body, ...], ...]:
        d = self._d
        reached = {
            body.name for name in self._used_profiles for body in self._chains.get(name) or ()
        }
        unused = [self._chains[name] or () for name in d.profiles if name not in reached]
        for name, template in d.templates.items():
            if name not in self._used_templates:
                chain = self._chain(template.extends) if template.extends is not None else ()
                body = self._bodies.use(template, template.span, unbound(template, self._global))
                unused.append((*(chain or ()), body))
        return tuple(unused)


def _to_one_chain(first: str, second: str) -> str:
    """How two profiles come to be in one chain; what a shipped one extends is settled."""
    for derived, base in ((first, second), (second, first)):
        if derived not in SHIPPED:
            return f"let `{derived}` extend `{base}`, or use one of them"
    return "use one of them"
