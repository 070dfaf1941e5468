"""What a body sets, one model per statement; all frozen, every one with its span."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SkipValidation, model_validator

from compiler.catalogue.words import DEVICES, FACILITIES, LEVELS, RLIMITS
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
    shown,
)
from compiler.source import Span

Place = Annotated[Span, SkipValidation]

MOUNT_MODES = ("ro", "rw")
HOOKS = ("pre-start", "post-start", "pre-stop", "post-stop")
RESTARTS = ("never", "on-failure", "always")
TRANSPORTS = ("tcp", "udp")
LIMITS = (*RLIMITS, "processes")

#: PID_MAX of sys/proc.h: more processes than this cannot exist.
MAX_PROCESSES = 30000


class Setting(BaseModel):
    """A statement that sets something; `span` is where it stands."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    span: Place


class Root(Setting):
    """The directory a cell is confined to, and what is null-mounted on it."""

    path: CellRoot
    base: AbsolutePath | None = None

    @model_validator(mode="after")
    def _apart(self) -> Root:
        if self.base is not None:
            inside = f"{self.path}/".startswith(f"{self.base}/")
            if inside or f"{self.base}/".startswith(f"{self.path}/"):
                raise fail(
                    "E0518", "root and base lie inside each other", "mount the base from elsewhere"
                )
        return self


class User(Setting):
    user: UserName
    group: UserName | None = None


class Mount(Setting):
    mode: Annotated[Literal["ro", "rw"], one_of("E0519", "a mount mode", MOUNT_MODES)]
    source: AbsolutePath
    target: MountTarget


class Listen(Setting):
    protocol: Annotated[Literal["tcp", "udp"], one_of("E0520", "a transport", TRANSPORTS)]
    ports: Annotated[Ranges, SkipValidation]


def _amount(raw: object) -> object:
    return None if raw == "unlimited" else raw


class Limit(Setting):
    """A ceiling; `value` None is unlimited."""

    name: Annotated[str, one_of("E0521", "a limit", LIMITS)]
    value: Annotated[Size | None, BeforeValidator(_amount)]

    @model_validator(mode="after")
    def _fits(self) -> Limit:
        if self.name == "processes" and not (
            self.value is not None and 0 < self.value <= MAX_PROCESSES
        ):
            raise fail("E0522", "this is not a number of processes", f"it is 1 to {MAX_PROCESSES}")
        return self


class ExecHash(Setting):
    path: AbsolutePath
    sha256: Sha256


class Devices(Setting):
    names: tuple[Annotated[str, one_of("E0523", "a device a cell can have", DEVICES)], ...]


class Hook(Setting):
    when: Annotated[
        Literal["pre-start", "post-start", "pre-stop", "post-stop"],
        one_of("E0524", "a moment for a hook", HOOKS),
    ]
    argv: Program


class Command(Setting):
    argv: Program


class Env(Setting):
    name: EnvironmentName
    value: Argument


class Log(Setting):
    """syslog words; what is not given is daemon, the cell's name, notice and err."""

    facility: Annotated[str, one_of("E0525", "a syslog facility", FACILITIES)] = "daemon"
    tag: Tag | None = None
    stdout: Annotated[str, one_of("E0526", "a syslog level", LEVELS)] = "notice"
    stderr: Annotated[str, one_of("E0526", "a syslog level", LEVELS)] = "err"


class Restart(Setting):
    """When to start a service again; backoff in milliseconds."""

    mode: Annotated[
        Literal["never", "on-failure", "always"],
        one_of("E0527", "a restart mode", RESTARTS),
    ]
    backoff_min: Annotated[Duration, Field(default=1000)]
    backoff_max: Annotated[Duration, Field(default=10_000)]

    @model_validator(mode="after")
    def _ordered(self) -> Restart:
        if not 0 < self.backoff_min <= self.backoff_max:
            raise fail(
                "E0528", "the backoff ends before it begins", "write it like 1s..10s, above zero"
            )
        return self


class Provider(Setting):
    """What rcorder(8) orders against: an rc provider, or another cell."""

    kind: Literal["rc", "cell"]
    name: str

    @model_validator(mode="after")
    def _word(self) -> Provider:
        if self.kind == "rc" and len(self.name) > 63:
            raise fail(
                "E0529", f"{shown(self.name)} is no provider", "names have 63 characters at most"
            )
        return self


class Service(Setting):
    command: Command
    require: tuple[Provider, ...] = ()
    before: tuple[Provider, ...] = ()
    env: tuple[Env, ...] = ()
    log: Log | None = None
    restart: Restart | None = None
    healthcheck: Command | None = None


class Securelevel(Setting):
    level: int

    @model_validator(mode="after")
    def _known(self) -> Securelevel:
        if not -1 <= self.level <= 2:
            raise fail(
                "E0530", f"{self.level} is not a securelevel", "the levels are -1, 0, 1 and 2"
            )
        return self


class Sysctl(Setting):
    """A node and its value as sysctl.conf(5) takes it; checked against the catalogue later."""

    name: str
    value: str
