"""What enforces access rules and `listen`: rows of the kernel module's tables."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.catalogue.actions import Leaf
from compiler.catalogue.voters import outcome
from compiler.ir.automatic import candidates, privileged_candidates, touches
from compiler.ir.ir import OTHER, PROTOCOLS, Request, Reservation, Rule
from compiler.ledger.effects import Effects
from compiler.ledger.facts import (
    DENIED_OWN,
    ENFORCE,
    LEAF_GAPS,
    LEAF_NOTES,
    NULL_MOUNT,
    OWNED,
    PERMISSIVE,
    PICKED,
    PICKED_LOW,
    RAW_IPV6,
    TABLES,
    never_asked,
)
from compiler.ledger.finding import (
    Entry,
    Finding,
    Gap,
    Overridden,
    listed,
    nothing,
    over,
    spread,
)
from compiler.ledger.world import World, tables
from compiler.record import record
from compiler.syntax import tree as t

_FIRST_UNPRIVILEGED = 1024


@record
class _Actions:
    """What is known about one set of actions."""

    asked: tuple[Leaf, ...]
    tables: tuple[str, ...]
    notes: tuple[str, ...]
    gap: Gap | None
    """What a denial of just these covers more or less than it says."""
    vnode: bool
    ports: bool
    """Whether any is about the ports that sockets are bound to."""


class Rules:
    """Makes the entries of rules and `listen` statements of one policy."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rules = world.ir.rules
        self._candidates = candidates(world.ir.host)
        self._privileged = privileged_candidates(world.ir.host)
        self._effects = Effects(world.ir, self._candidates, self._privileged)
        self._at = world.program.lowered.standing
        self._actions: dict[int, _Actions] = {}
        self._grants: dict[tuple[int, bool], list[Gap]] = {}
        self._findings: dict[tuple[int, str, tuple[Gap, ...], bool], Finding] = {}
        self._never = never_asked(world.ir.target)
        self._reserved: dict[int, list[Reservation]] = {}
        for reservation in world.ir.reservations:
            self._reserved.setdefault(reservation.rule, []).append(reservation)

    def rule(self, statement: t.Statement, cells: tuple[str, ...]) -> Entry:
        """The entry of an access rule that applies to some cells, at least one."""
        indices = self._at[statement.span]
        rule = self._rules[indices[0]]
        deciding = self._effects.deciding
        decided = cells
        if len(cells) == 1:
            decided = cells if not deciding(cells[0]).isdisjoint(indices) else ()
        else:
            decided = tuple([c for c in cells if not deciding(c).isdisjoint(indices)])
        if not decided:
            finding = nothing("overridden: it decides nothing")
            return Entry(statement, cells, finding, rule.id, self._overridden(indices, cells))
        actions = self._known(rule.requests.actions)
        gaps = self._gaps(rule, indices, decided)
        below = actions.vnode and any(self._has_null_mounts(cell) for cell in decided)
        key = (rule.requests.actions, rule.effect, gaps, below)
        finding_ = self._findings.get(key)
        if finding_ is None:
            finding_ = self._findings[key] = self._finding(rule, gaps, below)
        if len(decided) == len(cells):
            return Entry(statement, cells, finding_, rule.id)
        inside = set(decided)
        rest = tuple(c for c in cells if c not in inside)
        return Entry(statement, cells, finding_, rule.id, self._overridden(indices, rest))

    def _finding(self, rule: Rule, gaps: tuple[Gap, ...], below: bool) -> Finding:
        actions = self._known(rule.requests.actions)
        if rule.effect == "allow" and not actions.asked:
            return nothing(self._never.why)
        notes = (*actions.notes, NULL_MOUNT) if below else actions.notes
        return self._world.judge([tables(*actions.tables)], gaps, notes)

    def listen(self, statement: t.Statement, cells: tuple[str, ...]) -> Entry:
        """The entry of a `listen` that applies to some cells, at least one."""
        indices = self._at[statement.span]
        reserved = [r for index in indices for r in self._reserved.get(index, ())]
        gaps = []
        others = sorted(self._world.permissive.difference(cells))
        if self._world.ir.permissive:
            gaps.append(Gap(PERMISSIVE, remedy=ENFORCE))
        elif others:
            why = f"for {listed(others)}: {PERMISSIVE}"
            gaps.append(Gap(why, "lets more through", ENFORCE))
        if any(touches(r.ports, self._candidates) for r in reserved):
            gaps.append(PICKED)
        if any(self._picked_by_another(r) for r in reserved):
            gaps.append(PICKED_LOW)
        own: dict[str, list[Reservation]] = {}
        for r in reserved:
            own.setdefault(r.cell, []).append(r)
        gaps += over(cells, lambda cell: self._refused(cell, own.get(cell, [])))
        notes = ("root outside of cells may bind it", "only bind(2) is asked about")
        finding = self._world.judge([tables(*OWNED)], gaps, notes)
        return Entry(statement, cells, finding, self._rules[indices[0]].id)

    def _picked_by_another(self, reserved: Reservation) -> bool:
        return touches(reserved.ports, self._privileged) and any(
            self._world.picks_privileged(cell, reserved.protocol)
            for cell in self._world.cells
            if cell != reserved.cell
        )

    def _refused(self, cell: str, reserved: list[Reservation]) -> Iterator[Gap]:
        """Ports that a later layer denies the cell, and privileged ones that its user does not
        get, whatever this policy allows."""
        if any(self._denies(cell, r) for r in reserved):
            yield DENIED_OWN
        for r in reserved:
            privileged = [
                port
                for low, high in r.ports
                for port in range(max(low, 1), min(high + 1, _FIRST_UNPRIVILEGED))
            ]
            for port in privileged:
                request = Request(cell, "network.bind.privport", protocol=r.protocol, port=port)
                if self._world.refused_by_others(request) is not None:
                    user = self._world.cells[cell].user
                    why = f"ports below 1024 are for root: `{user}` needs a grant to bind {port}"
                    yield Gap(why, "refuses more", "grant network.bind.privport for these ports")
                    break

    def _denies(self, cell: str, reserved: Reservation) -> bool:
        """Whether some port of its own is denied to a cell."""
        return any(
            verdict.effect == "deny"
            and reserved.protocol in (verdict.requests.protocols or PROTOCOLS)
            and touches(verdict.requests.ports or (), reserved.ports)
            for verdict in self._world.cells[cell].owned
        )

    def _gaps(
        self, rule: Rule, indices: tuple[int, ...], cells: tuple[str, ...]
    ) -> tuple[Gap, ...]:
        """Where a rule falls short that decides something in some cells."""
        actions = self._known(rule.requests.actions)
        if rule.effect == "allow":
            return ()
        if not actions.asked:
            return (self._never,)
        if rule.effect == "grant":
            return tuple(over(cells, lambda c: self._powerless(rule, self._world.is_root(c))))
        if not (self._world.permissive or actions.ports or actions.gap):
            return ()
        picked = self._effects.passed(indices, cells) if actions.ports else []
        low = self._effects.low(indices, cells) if actions.ports else []
        where: dict[Gap, list[str]] = {}
        if self._world.permissive:
            logged = [c for c in cells if c in self._world.permissive]
            where[Gap(PERMISSIVE, remedy=ENFORCE)] = logged
        if picked:
            where[PICKED] = picked
        if low:
            protocols = rule.requests.protocols or PROTOCOLS
            picks = self._world.picks_privileged
            where[PICKED_LOW] = [c for c in low if any(picks(c, p) for p in protocols)]
        if actions.gap is not None:
            open_ = actions.gap is not RAW_IPV6
            where[actions.gap] = [c for c in cells if open_ or self._opens_raw(c)]
        return tuple([spread(gap, having, cells) for gap, having in where.items() if having])

    def _opens_raw(self, cell: str) -> bool:
        request = Request(
            cell, "network.socket.open", domain="inet", type="raw", socket_protocol=OTHER
        )
        return not self._world.denies(request)

    def _powerless(self, rule: Rule, is_root: bool) -> list[Gap]:
        """Where other security models refuse what a rule grants."""
        key = (rule.requests.actions, is_root)
        if key not in self._grants:
            self._grants[key] = list(self._refusals(*key))
        return self._grants[key]

    def _refusals(self, actions: int, is_root: bool) -> Iterator[Gap]:
        refused: dict[tuple[str, str], list[str]] = {}
        asked = self._known(actions).asked
        for leaf in asked:
            result = outcome(leaf, "grant", is_root, self._world.stack.host)
            if result.result != "works":
                when = next(b.when for b in result.ballots if b.voter == result.by)
                refused.setdefault((result.by, when), []).append(leaf.name)
        for (voter, when), names in refused.items():
            why = f"{voter} refuses " + ("it" if len(names) == len(asked) else ", ".join(names))
            why += f" when {when}" if when else ", whatever is granted"
            all_of_it = len(names) == len(asked) and not when
            remedy = "take it out of the grant, or change what `host` sets"
            yield Gap(why, None if all_of_it else "refuses more", remedy)

    def _known(self, actions: int) -> _Actions:
        known = self._actions.get(actions)
        if known is None:
            known = self._actions[actions] = self._look_up(self._world.ir.action_sets[actions])
        return known

    def _look_up(self, names: tuple[str, ...]) -> _Actions:
        leaves = [self._world.catalogue.by_name[name] for name in names]
        asked = tuple(leaf for leaf in leaves if leaf.asked)
        notes = [
            f"{prefix.rstrip('.')}: {note}"
            for prefix, note in LEAF_NOTES
            if any(leaf.name.startswith(prefix) for leaf in asked)
        ]
        silent = [leaf.name for leaf in leaves if not leaf.asked]
        if silent and asked:
            notes.append(f"never asked by NetBSD {self._world.ir.target}: {', '.join(silent)}")
        special = {LEAF_GAPS.get(leaf.name) for leaf in asked}
        return _Actions(
            asked=asked,
            tables=tuple(dict.fromkeys(t for leaf in leaves for t in TABLES[leaf.dimension])),
            notes=tuple(notes),
            gap=special.pop() if len(special) == 1 else None,
            vnode=any(leaf.scope == "vnode" for leaf in asked),
            ports=any(leaf.dimension == "bind" for leaf in leaves),
        )

    def _has_null_mounts(self, cell: str) -> bool:
        found = self._world.cells[cell]
        return found.base is not None or bool(found.mounts)

    def _overridden(self, rules: tuple[int, ...], cells: tuple[str, ...]) -> Overridden:
        deciders = self._effects.deciders(rules, cells[0])
        return Overridden(cells, tuple(self._world.program.spans[i] for i in deciders))
