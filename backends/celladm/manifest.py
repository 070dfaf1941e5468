"""A cell as celladm(8)'s manifest: `key=value` lines."""

from __future__ import annotations

from collections.abc import Iterator

from backends.escape import celladm_value, sh_word
from compiler.catalogue.upstream import LOCAL_DEV, RLIMITS, Profile
from compiler.ir.ir import IR, Cell, Log, Service

_SHELL = ("/bin/sh", "-c")
#: Paths of hooks on a host, which celladm finds by itself.
_HOOKS = "/etc/cells/hooks"
#: What celladm takes away at both ends of a value.
_BLANKS = " \t\v\f\r"
_PATH = "/sbin:/bin:/usr/sbin:/usr/bin"


def ports(ir: IR, cell: str) -> list[int]:
    """The ports that a cell listens on, whatever the protocol."""
    return sorted(
        {
            port
            for reservation in ir.reservations
            if reservation.cell == cell
            for low, high in reservation.ports
            for port in range(low, high + 1)
        }
    )


def manifest(ir: IR, cell: Cell, profile: Profile) -> str:
    """The file.  Raises ValueError for a text that no line can carry."""
    lines = [f"{key}={celladm_value(value)}\n" for key, value in _entries(ir, cell, profile)]
    return "".join(lines)


def _entries(ir: IR, cell: Cell, profile: Profile) -> Iterator[tuple[str, str]]:
    service = cell.service
    assert service is not None
    assert cell.base is not None
    yield "name", cell.name
    yield "autostart", "no" if service.manual else "yes"
    yield "root_base", cell.base
    yield "local_dev", "yes" if cell.devices else "no"
    yield "profile", profile
    if reserved := ports(ir, cell.name):
        yield "reserved_ports", ",".join(map(str, reserved))
    limits = {limit.name: limit.value for limit in cell.limits}
    for name, key in RLIMITS.items():
        if name in limits:
            value = limits[name]
            yield key, "unlimited" if value is None else str(value)
    if cell.user is not None and cell.group is not None:
        yield "run_uid", cell.user
        yield "run_gid", cell.group
    if cell.groups:
        yield "run_groups", ",".join(cell.groups)
    for mount in cell.mounts:
        yield "mount", f"{mount.source} {mount.target} {mount.mode}"
    yield "command", command(service)
    if check := health(cell):
        yield "healthcheck", check
    for key, providers in (("require", service.require), ("before", service.before)):
        if words := [provider.name for provider in providers if provider.kind == "rc"]:
            yield key, " ".join(words)
    log = service.log or Log("daemon", cell.name, "notice", "err")
    yield "log_facility", log.facility
    yield "log_tag", log.tag
    yield "log_stdout_level", log.stdout
    yield "log_stderr_level", log.stderr


def command(service: Service) -> str:
    """The service for `sh -c`: the shell becomes it, so that signals reach it."""
    words = [f"export {name}={sh_word(value)};" for name, value in service.env]
    return " ".join([*words, _line(service.command) or f"exec {_words(service.command)}"])


def health(cell: Cell) -> str:
    """The check after the start: of the service in its cell, or else the hook that is one."""
    assert cell.service is not None
    if cell.service.healthcheck:
        return f"/usr/sbin/cellctl exec {cell.name} {_words(cell.service.healthcheck)}"
    return _checking_hook(cell)


def hooks(cell: Cell) -> Iterator[tuple[str, str]]:
    """The moments at which a cell has hooks, and the script of each."""
    by_moment: dict[str, list[tuple[str, ...]]] = {}
    for hook in cell.hooks:
        by_moment.setdefault(hook.when, []).append(hook.argv)
    if _checking_hook(cell) and not (cell.service and cell.service.healthcheck):
        del by_moment["post-start"]
    for moment, programs in by_moment.items():
        if programs != [(f"{_HOOKS}/{cell.name}/{moment}",)]:
            lines = "".join(f"{_words(argv)} || exit\n" for argv in programs)
            yield (
                moment,
                "#!/bin/sh\n#\n"
                f"# The {moment} hooks of the cell {cell.name}.\n"
                "# Made by cellc: changes here are lost at the next build.\n\n"
                f"export PATH={_PATH} CELL={cell.name} CELL_ROOT={sh_word(cell.root or '/')}\n"
                f"{lines}",
            )


def devices_differ(cell: Cell) -> bool:
    """Whether celladm's /dev would not hold just what the policy names."""
    return bool(cell.devices) and cell.devices != LOCAL_DEV


def _checking_hook(cell: Cell) -> str:
    """The only post-start hook as a line for sh(1), if it is one and does without our variables."""
    after = [hook.argv for hook in cell.hooks if hook.when == "post-start"]
    line = _line(after[0]) if len(after) == 1 else ""
    return "" if "CELL" in line else line


def _line(argv: tuple[str, ...]) -> str:
    """What stands after `sh -c`, if a manifest can carry it as it is; else nothing."""
    if argv[:2] != _SHELL or len(argv) != 3 or "\n" in argv[2]:
        return ""
    return argv[2] if argv[2] == argv[2].strip(_BLANKS) else ""


def _words(argv: tuple[str, ...]) -> str:
    return " ".join(sh_word(word) for word in argv)
