"""What a body sets, one kind of record per statement; every one with its span."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from compiler.catalogue.words import DEVICES, FACILITIES, LEVELS, RLIMITS
from compiler.diagnostics import quoted
from compiler.ir.ir import Ranges
from compiler.model.constraint import After, Before, Beside, UnfitError
from compiler.model.types import (
    AbsolutePath,
    Argument,
    CellRoot,
    Duration,
    EnvironmentName,
    MountTarget,
    Program,
    Sha256,
    Size,
    Tag,
    UserName,
    one_of,
    one_of_words,
)
from compiler.names.words import MAX_NAME
from compiler.record import record
from compiler.source import Span

MOUNT_MODES = ("ro", "rw")
HOOKS = ("pre-start", "post-start", "pre-stop", "post-stop")
RESTARTS = ("never", "on-failure", "always")
TRANSPORTS = ("tcp", "udp")
LIMITS = (*RLIMITS, "processes")
LEVELS_OF_SECURITY = ("-1", "0", "1", "2")

#: PID_MAX of sys/proc.h: more processes than this cannot exist.
MAX_PROCESSES = 30000


def _apart(base: str | None, known: Mapping[str, Any]) -> str | None:
    path = known.get("path")
    if base is not None and path is not None:
        inside = f"{path}/".startswith(f"{base}/")
        if inside or f"{base}/".startswith(f"{path}/"):
            raise UnfitError(
                "E0506",
                "the root and its base lie inside each other",
                "keep the base beside the roots, such as `/var/cells/base`",
            )
    return base


def _amount(raw: object) -> object:
    return None if raw == "unlimited" else raw


def _fits(value: int | None, known: Mapping[str, Any]) -> int | None:
    fits = value is not None and 0 < value <= MAX_PROCESSES
    if known.get("name") == "processes" and not fits:
        help = f"write a number from 1 to {MAX_PROCESSES}"
        raise UnfitError("E0518", "this is not a number of processes", help)
    return value


def _waits(least: int) -> int:
    if least == 0:
        raise UnfitError("E0540", "a backoff of nothing restarts without a pause", "write 1s..10s")
    return least


def _ordered(most: int, known: Mapping[str, Any]) -> int:
    if most < known.get("backoff_min", 0):
        raise UnfitError(
            "E0540", "the backoff ends before it begins", "the shorter pause comes first"
        )
    return most


def _word(name: str) -> str:
    if len(name) > MAX_NAME:
        help = f"names have {MAX_NAME} characters at most"
        raise UnfitError("E0541", f"{quoted(name)} is no provider", help)
    return name


def _level(raw: str) -> int:
    if raw not in LEVELS_OF_SECURITY:
        help = f"write {one_of_words(LEVELS_OF_SECURITY)}"
        raise UnfitError("E0542", f"{quoted(raw)} is not a securelevel", help)
    return int(raw)


@record
class Setting:
    """A statement that sets something; `span` is where it stands."""

    span: Span


@record
class Root(Setting):
    """The directory a cell is confined to, and what is null-mounted on it."""

    path: CellRoot
    base: Annotated[AbsolutePath | None, Beside(_apart)] = None


@record
class User(Setting):
    user: UserName
    group: UserName | None = None
    groups: tuple[UserName, ...] = ()
    """Instead of those that list the user as a member."""


@record
class Mount(Setting):
    mode: Annotated[Literal["ro", "rw"], one_of("E0509", "a mount mode", MOUNT_MODES)]
    source: AbsolutePath
    target: MountTarget


@record
class Listen(Setting):
    protocol: Annotated[Literal["tcp", "udp"], one_of("E0515", "a transport", TRANSPORTS)]
    ports: Ranges


@record
class Limit(Setting):
    """A ceiling; `value` None is unlimited."""

    name: Annotated[str, one_of("E0516", "a limit", LIMITS)]
    value: Annotated[Size | None, Before(_amount), Beside(_fits)]


@record
class ExecHash(Setting):
    path: AbsolutePath
    sha256: Sha256


@record
class Devices(Setting):
    names: tuple[Annotated[str, one_of("E0520", "a device a cell can have", DEVICES)], ...]


@record
class Hook(Setting):
    when: Annotated[
        Literal["pre-start", "post-start", "pre-stop", "post-stop"],
        one_of("E0521", "a moment for a hook", HOOKS),
    ]
    argv: Program


@record
class Command(Setting):
    argv: Program


@record
class Env(Setting):
    name: EnvironmentName
    value: Argument


@record
class Log(Setting):
    """syslog words; what is not given is daemon, the cell's name, notice and err."""

    facility: Annotated[str, one_of("E0535", "a syslog facility", FACILITIES)] = "daemon"
    tag: Tag | None = None
    stdout: Annotated[str, one_of("E0536", "a syslog level", LEVELS)] = "notice"
    stderr: Annotated[str, one_of("E0536", "a syslog level", LEVELS)] = "err"


@record
class Restart(Setting):
    """When to start a service again; backoff in milliseconds."""

    mode: Annotated[
        Literal["never", "on-failure", "always"],
        one_of("E0538", "a restart mode", RESTARTS),
    ]
    backoff_min: Annotated[Duration, After(_waits)] = 1000
    backoff_max: Annotated[Duration, Beside(_ordered)] = 10_000


@record
class Provider(Setting):
    """What rcorder(8) orders against: an rc provider, or another cell."""

    kind: Literal["rc", "cell"]
    name: Annotated[str, After(_word)]


@record
class Service(Setting):
    command: Command
    require: tuple[Provider, ...] = ()
    before: tuple[Provider, ...] = ()
    env: tuple[Env, ...] = ()
    log: Log | None = None
    restart: Restart | None = None
    healthcheck: Command | None = None
    manual: Span | None = None


@record
class Securelevel(Setting):
    level: Annotated[int, Before(_level)]


@record
class Sysctl(Setting):
    """A node and its value as sysctl.conf(5) takes it; checked against the catalogue later."""

    name: str
    value: str
