"""What the page shows: plain frozen data, in the order of its sections; templates add no facts."""

from __future__ import annotations

from compiler.record import record


@record
class Place:
    """A line of the sources below the page."""

    label: str
    """File and line."""
    anchor: str
    text: str
    """What stands there, on one line."""


@record
class Column:
    """An action of the matrix."""

    name: str
    short: str
    summary: str


@record
class State:
    """What a group may do with one action."""

    letter: str
    """A letter or sign, for people who see no colours."""
    kind: str
    """deny, allow, grant, own or mixed, and after a blank works, refused or depends."""
    title: str


@record
class Row:
    group: int
    states: tuple[State, ...]


@record
class Scope:
    """The part of the matrix with the actions of one scope."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


@record
class Power:
    """Requests of a group that are decided alike and come to the same end."""

    effect: str
    pattern: str
    outcome: str
    by: str
    place: Place | None
    rule: str
    """The id of the rule, or ""."""


@record
class Group:
    """Cells that may do the same."""

    title: str
    cells: tuple[str, ...]
    note: str
    powers: tuple[Power, ...]


@record
class Powers:
    groups: tuple[Group, ...]
    scopes: tuple[Scope, ...]
    unshown: tuple[str, ...]
    """Cells that there was no room for, the less exposed ones."""


@record
class Exposed:
    """Cells that are equally exposed."""

    title: str
    cells: tuple[str, ...]
    host_root: bool
    reaches: tuple[str, ...]
    powers: tuple[str, ...]
    granted: tuple[str, ...]
    works: int
    as_root: bool


@record
class Grant:
    """A rule that hands out what the host would refuse."""

    place: Place
    cells: tuple[str, ...]
    reason: str
    owner: str
    ticket: str
    until: str


@record
class Reach:
    """One arrow of the graph, in words."""

    source: str
    target: str
    kind: str
    what: str
    causes: tuple[tuple[str, Place | None], ...]
    more: int


@record
class Port:
    protocol: str
    ports: str
    cell: str
    place: Place


@record
class CellRow:
    """A cell and what surrounds its processes."""

    name: str
    id: int
    place: Place
    made_of: tuple[str, ...]
    user: str
    groups: tuple[str, ...]
    as_root: bool
    root: str
    base: str
    permissive: bool
    exec_readonly: bool
    fingerprints: int
    devices: tuple[str, ...]
    mounts: tuple[tuple[str, str, str], ...]
    """Mode, source and target."""
    hooks: tuple[tuple[str, str], ...]


@record
class LimitRow:
    """Cells with equal ceilings."""

    title: str
    cells: tuple[str, ...]
    limits: tuple[tuple[str, str], ...]


@record
class ServiceRow:
    position: int
    cell: str
    command: str
    after: tuple[str, ...]
    before: tuple[str, ...]
    restart: str
    manual: bool
    healthcheck: str
    env: tuple[str, ...]


@record
class SysctlRow:
    name: str
    value: str
    default: str
    verdict: str
    """weakens, hardens, "as it is", or "" where no value is better than another."""
    summary: str
    place: Place | None


@record
class CheckRow:
    """An assertion or a test, and what came of it."""

    text: str
    place: Place
    cases: int
    failures: tuple[str, ...]


@record
class HoleRow:
    """A statement that is not enforced as it says."""

    status: str
    direction: str
    why: str
    place: Place
    kind: str


@record
class Finding:
    message: str
    help: str
    place: Place | None


@record
class FindingGroup:
    """Findings of one code."""

    code: str
    title: str
    severity: str
    findings: tuple[Finding, ...]
    more: int


@record
class SourceFile:
    name: str
    anchor: str
    lines: tuple[str, ...]


@record
class Page:
    policy: str
    target: str
    permissive: bool
    policy_hash: str
    version: str
    securelevel: str
    exposed: tuple[Exposed, ...]
    powers: Powers
    grants: tuple[Grant, ...]
    drawing: str
    """SVG, whose texts are escaped already."""
    undrawn: int
    """Nodes that there was no room for."""
    kinds: tuple[tuple[str, str], ...]
    """Kinds of arrows that there are, each with its words."""
    reaches: tuple[Reach, ...]
    reaches_more: int
    """Arrows that are not told in words."""
    alone: tuple[str, ...]
    ports: tuple[Port, ...]
    cells: tuple[CellRow, ...]
    limits: tuple[LimitRow, ...]
    services: tuple[ServiceRow, ...]
    order: str
    """SVG of the order in which services start, or ""."""
    sysctls: tuple[SysctlRow, ...]
    assertions: tuple[CheckRow, ...]
    tests: tuple[CheckRow, ...]
    statements: int
    enforced: int
    holes: tuple[HoleRow, ...]
    holes_more: int
    findings: tuple[FindingGroup, ...]
    sources: tuple[SourceFile, ...]

    @property
    def broken(self) -> int:
        """Assertions and tests that fail."""
        return sum(bool(check.failures) for check in (*self.assertions, *self.tests))

    @property
    def finding_count(self) -> int:
        return sum(len(group.findings) + group.more for group in self.findings)
