"""What a backend produces, and what a backend is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, runtime_checkable

from compiler.ir.ir import IR, Effect, Request
from compiler.record import record


@record
class Artifact:
    """One file of the build directory."""

    path: str
    """Relative to the build directory, with `/`."""
    content: bytes
    mode: int = 0o644


@record
class Place:
    """What of an IR something is about: a rule, or a setting of a cell or of the host."""

    rule: int | None = None
    """An index into `IR.rules`."""
    cell: str = ""
    setting: str = ""
    """A field of `ir.Cell` or `ir.HostSettings`; "" is the cell as a whole."""


@record
class Loss:
    """Something that a target cannot do as the policy says."""

    name: str
    """What users accept it by."""
    message: str
    """In the words of a diagnostic."""
    place: Place
    cells: tuple[str, ...] = ()
    made_good_by: str = ""
    """The backend whose files do it instead, when they are built too."""


@record
class Refusal:
    """Something without which nothing can be made for a target."""

    message: str
    help: str
    place: Place


class Backend(Protocol):
    """A pure function from the IR to files: no clock, no host name, no absolute path."""

    name: str

    def emit(self, ir: IR) -> list[Artifact]:
        """The files of this kind, in any order."""


@runtime_checkable
class LossyBackend(Backend, Protocol):
    """A backend whose target falls short of policies: it is told what may be lost."""

    loss_names: Mapping[str, str]
    """Every loss there is, and what it means, for people."""

    def accepting(self, names: Iterable[str]) -> LossyBackend:
        """The same backend, with these losses accepted."""

    def shortfall(self, ir: IR) -> tuple[list[Loss], list[Refusal]]:
        """All losses, accepted ones too, and what cannot be emitted at all."""


@runtime_checkable
class LimitedBackend(Backend, Protocol):
    """A backend whose files have limits that a policy may exceed."""

    def exceeded(self, ir: IR) -> Refusal | None:
        """Why there are no files for a policy, if so."""


class ReadBack(Protocol):
    """What emitted files decide: a vote, and the id of the rule that made it or 0."""

    @property
    def places(self) -> Mapping[str, int]:
        """Where verdicts stand in rows: places of actions, but for sockets and binds."""

    @property
    def processes(self) -> int:
        """So many places from the first on are for process actions."""

    def decide(self, request: Request) -> tuple[Effect, int]:
        """The vote on one request."""

    def decide_unowned(self, request: Request) -> tuple[Effect, int]:
        """The vote if no cell listened on any port."""


@runtime_checkable
class Deciding(Protocol):
    """A backend whose files decide requests, and can be read."""

    certified: tuple[str, ...]
    """The files that decide, or that say what others decide about."""

    def read_back(self, files: Mapping[str, bytes]) -> ReadBack:
        """What the certified files decide."""
