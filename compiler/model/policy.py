"""The policy as written: names resolved, values checked, layers not yet folded."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, SkipValidation

from compiler.ir.ir import Effect, LayerKind, Peers, Ranges
from compiler.model.settings import (
    Devices,
    ExecHash,
    Hook,
    Limit,
    Listen,
    Mount,
    Place,
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
    """Leaves of the target's catalogue in column order."""
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


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Body(Model):
    """What one profile, one use of a template, or the block of a cell says."""

    kind: Annotated[LayerKind, SkipValidation]
    name: str
    span: Place
    rules: Annotated[tuple[Rule, ...], SkipValidation] = ()
    root: Root | None = None
    user: User | None = None
    mounts: tuple[Mount, ...] = ()
    listens: tuple[Listen, ...] = ()
    limits: tuple[Limit, ...] = ()
    exec_readonly: Place | None = None
    exec_hashes: tuple[ExecHash, ...] = ()
    devices: tuple[Devices, ...] = ()
    hooks: tuple[Hook, ...] = ()
    service: Service | None = None
    permissive: Place | None = None


class Cell(Model):
    """A cell and the bodies it is made of: the profile chain, templates, its own."""

    name: str
    span: Place
    profiles: Annotated[tuple[Body, ...], SkipValidation]
    templates: Annotated[tuple[Body, ...], SkipValidation]
    own: Annotated[Body, SkipValidation]

    @property
    def bodies(self) -> tuple[Body, ...]:
        """All bodies, the least derived first."""
        return (*self.profiles, *self.templates, self.own)


class Host(Model):
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


class Policy(Model):
    """A whole policy for one target."""

    name: str
    target: str
    permissive: Place | None
    cells: Annotated[tuple[Cell, ...], SkipValidation]
    """In name order."""
    unused: Annotated[tuple[tuple[Body, ...], ...], SkipValidation]
    """Chains of bodies that no cell uses, each checked in an anonymous cell."""
    host: Host
    assertions: Annotated[tuple[Assertion, ...], SkipValidation] = ()
    tests: Annotated[tuple[Test, ...], SkipValidation] = ()
