"""The intermediate representation: plain frozen data, serialisable, versioned.

The layered rules (what the author wrote, in which layer) stand beside the
folded result (what each class of cells may do), so that folding can be checked
by a reader that never saw the source.
"""

from __future__ import annotations

from typing import Literal

from compiler.record import NamedTuple, record

VERSION = 1

Effect = Literal["deny", "allow", "grant"]
LayerKind = Literal["profile", "template", "cell"]

HOST = "host"
HOST_ROOT = "host-root"
SELF = "self"

#: Protocols of network.bind; "other" stands for every protocol but TCP and UDP.
PROTOCOLS = ("tcp", "udp", "other")
#: The remainder of a finite axis: every value that no rule of the policy names.
OTHER = "other"
#: The port number that stands for automatic port selection (`port auto`).
AUTO = 0

Ranges = tuple[tuple[int, int], ...]


@record
class Peers:
    """A set of target processes by cell: `members`, or everything but them.

    Members are "self" (the subject's own cell), "host" (cell 0) and names of
    cells; a name equal to the subject's counts as "self".
    """

    exclude: bool
    members: tuple[str, ...]


ANY_PEER = Peers(True, ())


@record
class RequestSet:
    """A set of requests: actions times the conditions that apply to each of them.

    A condition that is None does not narrow.  `to` applies to process actions;
    `protocols` and `ports` (inclusive ranges, (0, 0) is `auto`) to
    network.bind.port and .privport; `domains`, `types` and `socket_protocols`
    (names in lower case) to network.socket.open and .rawsock.  An action that
    does not carry what a non-None condition asks about is not in the set.
    """

    actions: int
    """Index into `IR.action_sets`."""
    to: Peers | None = None
    protocols: tuple[str, ...] | None = None
    ports: Ranges | None = None
    domains: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None
    socket_protocols: tuple[str, ...] | None = None


@record
class Rule:
    """One access rule, or one `listen` (a weak allow that also reserves)."""

    id: int
    """Stable 32-bit rule id, never 0."""
    effect: Effect
    final: bool
    listen: bool
    requests: RequestSet


@record
class Layer:
    """The rules of one profile, of all templates a cell uses, or of a cell."""

    kind: LayerKind
    name: str
    rules: tuple[int, ...]
    """Indices into `IR.rules`, in the order in which they stand: of several that agree on a
    request the first decides it."""


@record
class Verdict:
    """One row of a folded result: these requests have this effect by this rule."""

    effect: Effect
    rule: int
    """Index into `IR.rules`."""
    requests: RequestSet


@record
class CellClass:
    """Cells that decide alike.  Rows are disjoint; what no row holds is decided by default:
    process requests that cross a cell's border are denied, all else is allowed."""

    verdicts: tuple[Verdict, ...]


@record
class Mount:
    """A null mount of the host's `source` at `target` inside the cell's root."""

    mode: Literal["ro", "rw"]
    source: str
    target: str


@record
class Hook:
    when: Literal["pre-start", "post-start", "pre-stop", "post-stop"]
    argv: tuple[str, ...]


@record
class Limit:
    """A ceiling for one RLIMIT; `value` in the RLIMIT's own unit, None is unlimited."""

    name: str
    value: int | None


@record
class ExecHash:
    """A veriexec fingerprint (SHA256, 64 hex digits) of a file below the cell's root."""

    path: str
    sha256: str


@record
class Provider:
    """Something to be ordered against in rcorder(8): an rc provider or another cell."""

    kind: Literal["rc", "cell"]
    name: str


@record
class Log:
    """syslog(3) words for a service's standard output and error."""

    facility: str
    tag: str
    stdout: str
    stderr: str


@record
class Restart:
    """When to start a service again; backoff in milliseconds, doubling from min to max."""

    mode: Literal["never", "on-failure", "always"]
    backoff_min: int
    backoff_max: int


@record
class Service:
    command: tuple[str, ...]
    require: tuple[Provider, ...] = ()
    before: tuple[Provider, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    log: Log | None = None
    restart: Restart | None = None
    healthcheck: tuple[str, ...] = ()
    manual: bool = False
    """Whether the host starts it only when rc.conf(5) says so."""


@record
class Cell:
    name: str
    id: int
    """1 to 65535, kept in `<policy>.cells.lock`."""
    permissive: bool
    layers: tuple[int, ...]
    """Indices into `IR.layers`, the least derived first."""
    class_: int
    """Index into `IR.classes`."""
    owned: tuple[Verdict, ...]
    """What decides binds to the ports this cell listens on; stronger than its class."""
    root: str | None = None
    base: str | None = None
    user: str | None = None
    """A name, or digits; None is root."""
    group: str | None = None
    groups: tuple[str, ...] = ()
    """Supplementary groups; none are those that list the user as a member."""
    mounts: tuple[Mount, ...] = ()
    exec_readonly: bool = False
    exec_hashes: tuple[ExecHash, ...] = ()
    devices: tuple[str, ...] = ()
    hooks: tuple[Hook, ...] = ()
    limits: tuple[Limit, ...] = ()
    processes: int | None = None
    service: Service | None = None

    @property
    def mounted(self) -> bool:
        """Whether bringing the cell up mounts anything."""
        self_mount = self.root is not None and self.exec_readonly
        return bool(self.base or self.mounts or self.devices or self_mount)


@record
class Reservation:
    """Ports of one protocol that only `cell` may bind (`listen`)."""

    cell: str
    protocol: Literal["tcp", "udp"]
    ports: Ranges
    rule: int
    """Index of the listen rule in `IR.rules`."""


@record
class SysctlSetting:
    name: str
    value: str
    """As sysctl.conf(5) takes it."""


@record
class HostSettings:
    securelevel: int | None = None
    sysctls: tuple[SysctlSetting, ...] = ()


@record
class IR:
    policy: str
    target: str
    permissive: bool
    action_sets: tuple[tuple[str, ...], ...]
    """Interned sets of leaf action names of the target's catalogue, in column order."""
    rules: tuple[Rule, ...]
    layers: tuple[Layer, ...]
    cells: tuple[Cell, ...]
    """In name order."""
    classes: tuple[CellClass, ...]
    reservations: tuple[Reservation, ...]
    retired: tuple[tuple[str, int], ...]
    """Names that once had a cell id and keep it."""
    host: HostSettings
    version: int = VERSION


class Request(NamedTuple):
    """One thing the kernel can ask, as the enumerator and the evaluator see it.

    `subject` is a cell's name, "host" or "host-root"; `target` a cell's name or
    "host" for process actions that carry one; fields an action does not carry
    are None.
    """

    subject: str
    action: str
    target: str | None = None
    protocol: str | None = None
    port: int | None = None
    domain: str | None = None
    type: str | None = None
    socket_protocol: str | None = None


class Decision(NamedTuple):
    """A vote and the rule that made it; `rule` is None for a default."""

    effect: Effect
    rule: int | None
