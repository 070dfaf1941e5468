"""What a body sets, one model per statement; all frozen, every one with its span."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SkipValidation,
    ValidationInfo,
    field_validator,
)

from compiler.catalogue.words import DEVICES, FACILITIES, LEVELS, RLIMITS
from compiler.diagnostics import quoted
from compiler.ir.ir import Ranges
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
    fail,
    one_of,
    one_of_words,
)
from compiler.names.words import MAX_NAME
from compiler.source import Span

Place = Annotated[Span, SkipValidation]

MOUNT_MODES = ("ro", "rw")
HOOKS = ("pre-start", "post-start", "pre-stop", "post-stop")
RESTARTS = ("never", "on-failure", "always")
TRANSPORTS = ("tcp", "udp")
LIMITS = (*RLIMITS, "processes")
LEVELS_OF_SECURITY = ("-1", "0", "1", "2")

#: PID_MAX of sys/proc.h: more processes than this cannot exist.
MAX_PROCESSES = 30000


class Setting(BaseModel):
    """A statement that sets something; `span` is where it stands."""

    # Most policies use few kinds of settings: the validator of each is made at its first use.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    span: Place


class Root(Setting):
    """The directory a cell is confined to, and what is null-mounted on it."""

    path: CellRoot
    base: AbsolutePath | None = None

    @field_validator("base")
    @classmethod
    def _apart(cls, base: str | None, known: ValidationInfo) -> str | None:
        path = known.data.get("path")
        if base is not None and path is not None:
            inside = f"{path}/".startswith(f"{base}/")
            if inside or f"{base}/".startswith(f"{path}/"):
                raise fail(
                    "E0506",
                    "the root and its base lie inside each other",
                    "keep the base beside the roots, such as `/var/cells/base`",
                )
        return base


class User(Setting):
    user: UserName
    group: UserName | None = None
    groups: tuple[UserName, ...] = ()
    """Instead of those that list the user as a member."""


class Mount(Setting):
    mode: Annotated[Literal["ro", "rw"], one_of("E0509", "a mount mode", MOUNT_MODES)]
    source: AbsolutePath
    target: MountTarget


class Listen(Setting):
    protocol: Annotated[Literal["tcp", "udp"], one_of("E0515", "a transport", TRANSPORTS)]
    ports: Annotated[Ranges, SkipValidation]


def _amount(raw: object) -> object:
    return None if raw == "unlimited" else raw


class Limit(Setting):
    """A ceiling; `value` None is unlimited."""

    name: Annotated[str, one_of("E0516", "a limit", LIMITS)]
    value: Annotated[Size | None, BeforeValidator(_amount)]

    @field_validator("value")
    @classmethod
    def _fits(cls, value: int | None, known: ValidationInfo) -> int | None:
        fits = value is not None and 0 < value <= MAX_PROCESSES
        if known.data.get("name") == "processes" and not fits:
            help = f"write a number from 1 to {MAX_PROCESSES}"
            raise fail("E0518", "this is not a number of processes", help)
        return value


class ExecHash(Setting):
    path: AbsolutePath
    sha256: Sha256


class Devices(Setting):
    names: tuple[Annotated[str, one_of("E0520", "a device a cell can have", DEVICES)], ...]


class Hook(Setting):
    when: Annotated[
        Literal["pre-start", "post-start", "pre-stop", "post-stop"],
        one_of("E0521", "a moment for a hook", HOOKS),
    ]
    argv: Program


class Command(Setting):
    argv: Program


class Env(Setting):
    name: EnvironmentName
    value: Argument


class Log(Setting):
    """syslog words; what is not given is daemon, the cell's name, notice and err."""

    facility: Annotated[str, one_of("E0535", "a syslog facility", FACILITIES)] = "daemon"
    tag: Tag | None = None
    stdout: Annotated[str, one_of("E0536", "a syslog level", LEVELS)] = "notice"
    stderr: Annotated[str, one_of("E0536", "a syslog level", LEVELS)] = "err"


class Restart(Setting):
    """When to start a service again; backoff in milliseconds."""

    mode: Annotated[
        Literal["never", "on-failure", "always"],
        one_of("E0538", "a restart mode", RESTARTS),
    ]
    backoff_min: Annotated[Duration, Field(default=1000)]
    backoff_max: Annotated[Duration, Field(default=10_000)]

    @field_validator("backoff_min")
    @classmethod
    def _waits(cls, least: int) -> int:
        if least == 0:
            raise fail("E0540", "a backoff of nothing restarts without a pause", "write 1s..10s")
        return least

    @field_validator("backoff_max")
    @classmethod
    def _ordered(cls, most: int, known: ValidationInfo) -> int:
        if most < known.data.get("backoff_min", 0):
            raise fail(
                "E0540", "the backoff ends before it begins", "the shorter pause comes first"
            )
        return most


class Provider(Setting):
    """What rcorder(8) orders against: an rc provider, or another cell."""

    kind: Literal["rc", "cell"]
    name: str

    @field_validator("name")
    @classmethod
    def _word(cls, name: str) -> str:
        if len(name) > MAX_NAME:
            help = f"names have {MAX_NAME} characters at most"
            raise fail("E0541", f"{quoted(name)} is no provider", help)
        return name


class Service(Setting):
    command: Command
    require: tuple[Provider, ...] = ()
    before: tuple[Provider, ...] = ()
    env: tuple[Env, ...] = ()
    log: Log | None = None
    restart: Restart | None = None
    healthcheck: Command | None = None
    manual: Place | None = None


class Securelevel(Setting):
    level: int

    @field_validator("level", mode="before")
    @classmethod
    def _known(cls, raw: str) -> int:
        if raw not in LEVELS_OF_SECURITY:
            help = f"write {one_of_words(LEVELS_OF_SECURITY)}"
            raise fail("E0542", f"{quoted(raw)} is not a securelevel", help)
        return int(raw)


class Sysctl(Setting):
    """A node and its value as sysctl.conf(5) takes it; checked against the catalogue later."""

    name: str
    value: str
