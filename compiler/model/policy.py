"""The policy as written: names resolved, values checked, layers not yet folded."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.ir.ir import Effect, LayerKind, Peers, Ranges
from compiler.model.settings import (
    Devices,
    ExecHash,
    Hook,
    Limit,
    Listen,
    Mount,
    Root,
    Securelevel,
    Service,
    Sysctl,
    User,
)
from compiler.names.annotations import Notes
from compiler.record import record
from compiler.source import Span


@record
class Meaning:
    """What an access rule or a `listen` says, wherever it stands; conditions as in `ir.RequestSet`.

    Rules with the same text share it.
    """

    effect: Effect
    final: bool
    listen: bool
    actions: tuple[str, ...]
    """Leaves of the target's catalogue in column order: of those named, what conditions leave."""
    named: tuple[str, ...]
    """What the rule would be about without conditions."""
    to: Peers | None
    protocols: tuple[str, ...] | None
    ports: Ranges | None
    domains: tuple[str, ...] | None
    types: tuple[str, ...] | None
    socket_protocols: tuple[str, ...] | None
    notes: Notes


@record
class Rule:
    """An access rule or a `listen`, its names resolved."""

    meaning: Meaning
    scope: str
    """What it stands in, such as "profile service"."""
    span: Span


@record
class Body:
    """What one profile, one use of a template, or the block of a cell says."""

    kind: LayerKind
    name: str
    span: Span
    rules: tuple[Rule, ...] = ()
    root: Root | None = None
    user: User | None = None
    mounts: tuple[Mount, ...] = ()
    listens: tuple[Listen, ...] = ()
    limits: tuple[Limit, ...] = ()
    exec_readonly: Span | None = None
    exec_hashes: tuple[ExecHash, ...] = ()
    devices: tuple[Devices, ...] = ()
    hooks: tuple[Hook, ...] = ()
    service: Service | None = None
    permissive: Span | None = None


@record
class Cell:
    """A cell and the bodies it is made of: the profile chain, templates, its own."""

    name: str
    span: Span
    profiles: tuple[Body, ...]
    templates: tuple[Body, ...]
    own: Body

    @property
    def bodies(self) -> tuple[Body, ...]:
        """All bodies, the least derived first."""
        return (*self.profiles, *self.templates, self.own)


@record
class Host:
    securelevel: Securelevel | None = None
    sysctls: tuple[Sysctl, ...] = ()


@record
class RequestPattern:
    """Requests as assertions and tests name them."""

    subjects: tuple[str, ...]
    """Cells, "host", "host-root"."""
    rule: Meaning
    """The actions and conditions; its effect means nothing."""


@record
class Assertion:
    kind: str
    """never, only, always, or no-influence (over `others`)."""
    subjects: tuple[str, ...]
    pattern: RequestPattern | None
    others: tuple[str, ...]
    span: Span


@record
class TestCase:
    effect: Effect
    pattern: RequestPattern
    rule: str | None
    """The text or id of the rule that is expected to decide, "default" for none; None for any."""
    works: bool | None
    voter: str | None
    span: Span


@record
class Test:
    title: str
    cases: tuple[TestCase, ...]
    span: Span


@record
class Policy:
    """A whole policy for one target."""

    name: str
    target: str
    permissive: Span | None
    cells: tuple[Cell, ...]
    """In name order."""
    unused: tuple[tuple[Body, ...], ...]
    """Chains of bodies that no cell uses, each checked in an anonymous cell."""
    host: Host
    assertions: tuple[Assertion, ...] = ()
    tests: tuple[Test, ...] = ()

    @property
    def bodies(self) -> Iterator[Body]:
        """All that cells are made of, in each cell again, and those that no cell uses."""
        for cell in self.cells:
            yield from cell.bodies
        for chain in self.unused:
            yield from chain
