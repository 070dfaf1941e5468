"""Makes the ledger: one entry for every statement of every file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from compiler.driver import Program
from compiler.ledger.checks import Assertions
from compiler.ledger.finding import Entry, Finding, Overridden, nothing
from compiler.ledger.host import HostSettings
from compiler.ledger.rules import Rules
from compiler.ledger.scopes import Scopes
from compiler.ledger.settings import Settings
from compiler.ledger.statements import Place, files, kind, walk
from compiler.ledger.world import World
from compiler.names.release import holds
from compiler.syntax import tree as t

#: Statements that say what others mean.
_DEFINITION = nothing("a definition")
_BLOCK = nothing("a block: its statements stand by themselves")
_BRINGS_IN = nothing("it brings in the statements of what it names")
_TESTED = nothing("a test: `cellc test` runs it")


def make_ledger(
    program: Program, backends: Iterable[str], scopes: Scopes | None = None
) -> list[Entry]:
    """An entry for every statement, in the order of files and places in them.

    `backends` names those that the build is made by; `scopes` are as for World.
    """
    maker = _Maker(World(program, backends, scopes))
    target = program.ir.target
    return [
        maker.entry(statement, place)
        for _, statements in files(program.definitions)
        for statement, place in walk(statements, target, Place())
    ]


class _Maker:
    """Finds out about statements by their type."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rules = Rules(world)
        self._settings = Settings(world)
        self._host = HostSettings(world)
        self._assertions = Assertions(world)
        host = world.policy.host
        self._levels = {host.securelevel.span: host.securelevel} if host.securelevel else {}
        self._nodes = {s.span: s for s in host.sysctls}

    def entry(self, statement: t.Statement, place: Place) -> Entry:
        """The entry of one statement."""
        if place.off:
            return Entry(statement, (), nothing(place.off))
        match statement.shared:
            case t.Rule():  # most statements are
                cells = self._world.scopes.cells(place.scope)
                if cells:
                    return self._rules.rule(statement, cells)
                return Entry(statement, (), _unused(place.scope))
            case t.Listen():
                return self._listen(statement, place)
            case t.Root() | t.User() | t.Service() | t.Limit() as node:
                return self._chosen(statement, node, place)
            case t.Command() | t.Order() | t.Env() | t.Log() | t.Restart() | t.Manual() as node:
                return self._of_service(statement, node, place)
            case (
                t.Mount()
                | t.ExecReadonly()
                | t.ExecHash()
                | t.Devices()
                | t.Hook()
                | t.Permissive()
                | t.Limits() as node
            ):
                return self._added(statement, node, place)
            case t.Assertion():
                return self._assertions.entry(statement)
            case t.Profile() | t.Template() | t.Cell() as node:
                scope = f"{kind(statement)} {node.name.text}"
                cells = self._world.scopes.cells(scope)
                return Entry(statement, cells, _BLOCK if cells else _unused(scope))
            case t.ProfileUse() | t.Use():
                return Entry(statement, self._world.scopes.cells(place.scope), _BRINGS_IN)
            case node:
                return Entry(statement, (), self._cellless(statement, node))

    def _listen(self, statement: t.Statement, place: Place) -> Entry:
        cells = self._world.scopes.cells(place.scope)
        if not cells:
            return Entry(statement, (), _unused(place.scope))
        return self._rules.listen(statement, cells)

    def _chosen(
        self, statement: t.Statement, node: t.Root | t.User | t.Service | t.Limit, place: Place
    ) -> Entry:
        """A setting of which the most derived value counts."""
        setting = f"limit {node.name.text}" if isinstance(node, t.Limit) else kind(statement)
        cells, overridden = self._world.scopes.chosen(place.scope, setting, statement.span)
        match node:
            case _ if not cells:
                finding = _overridden(place.scope, overridden)
            case t.Root():
                finding = self._settings.root(node, cells)
            case t.User():
                finding = self._settings.user(node, cells)
            case t.Limit():
                finding = self._settings.limit(node, cells)
            case t.Service():
                finding = _BLOCK
        return self._setting(statement, place, finding, overridden)

    def _of_service(
        self,
        statement: t.Statement,
        node: t.Command | t.Order | t.Env | t.Log | t.Restart | t.Manual,
        place: Place,
    ) -> Entry:
        assert place.service is not None
        cells, overridden = self._world.scopes.chosen(place.scope, "service", place.service)
        match node:
            case _ if not cells:
                finding = _overridden(place.scope, overridden)
            case t.Command():
                finding = self._settings.command(node, cells)
            case t.Order():
                finding = self._settings.order(node, cells)
            case t.Env():
                finding = self._settings.env(cells)
            case t.Log():
                finding = self._settings.log(cells)
            case t.Restart():
                finding = self._settings.restart(cells)
            case t.Manual():
                finding = self._settings.manual(cells)
        return self._setting(statement, place, finding, overridden)

    def _setting(
        self, statement: t.Statement, place: Place, finding: Finding, overridden: Overridden
    ) -> Entry:
        cells = self._world.scopes.cells(place.scope)
        shown = overridden if overridden.cells else None
        return Entry(statement, cells, finding, overridden=shown)

    def _added(
        self,
        statement: t.Statement,
        node: t.Mount | t.ExecReadonly | t.ExecHash | t.Devices | t.Hook | t.Permissive | t.Limits,
        place: Place,
    ) -> Entry:
        """A setting that is added to those of other bodies."""
        scopes = self._world.scopes
        cells = scopes.cells(place.scope) if place.scope else scopes.everyone
        match node:
            case _ if place.scope and not cells:
                finding = _unused(place.scope)
            case t.Mount():
                finding = self._settings.mount(node, cells)
            case t.ExecReadonly():
                finding = self._settings.exec_readonly(cells)
            case t.ExecHash():
                finding = self._settings.exec_hash(cells)
            case t.Devices():
                finding = self._settings.devices(node, cells)
            case t.Hook():
                finding = self._settings.hook(node, cells)
            case t.Permissive():
                finding = self._settings.permissive(cells, place.scope)
            case t.Limits():
                finding = _BLOCK
        return Entry(statement, cells, finding)

    def _cellless(
        self,
        statement: t.Statement,
        node: t.Securelevel
        | t.Sysctl
        | t.Header
        | t.Import
        | t.Let
        | t.Group
        | t.Host
        | t.When
        | t.TestCase
        | t.Test,
    ) -> Finding:
        """What becomes of a statement that is about no cell."""
        match node:
            case t.Securelevel():
                return self._host.securelevel(self._levels[statement.span])
            case t.Sysctl():
                return self._host.sysctl(self._nodes[statement.span])
            case t.Header() | t.Import() | t.Let() | t.Group():
                return _DEFINITION
            case t.Host():
                return _BLOCK
            case t.When():
                return self._condition(node)
            case t.Test() | t.TestCase():
                return _TESTED
            case _:
                assert_never(node)

    def _condition(self, node: t.When) -> Finding:
        target = self._world.ir.target
        word = "holds" if holds(node.guard, target) else "does not hold"
        return nothing(f"a condition: it {word} for NetBSD {target}")


def _unused(scope: str) -> Finding:
    return nothing(f"no cell uses the {scope}")


def _overridden(scope: str, overridden: Overridden) -> Finding:
    """Nothing of a setting counts: no cell has it, or all have that of another statement."""
    return (
        nothing("overridden: what another statement sets counts")
        if overridden.cells
        else _unused(scope)
    )
