"""What of a cell's settings celladm(8) cannot do, does otherwise, or cannot be told at all."""

from __future__ import annotations

from collections.abc import Iterator

from backends.artifact import Loss, Place, Refusal
from backends.celladm.losses import loss
from backends.celladm.manifest import devices_differ, ports
from compiler.catalogue.upstream import (
    BACKOFF,
    CELL_NAME_MAX,
    CELL_PORTS_MAX,
    CELL_ROOT_MAX,
    RLIMITS,
    cell_root,
)
from compiler.ir.ir import IR, Cell, Restart, Service
from compiler.pattern import pattern

#: celladm splits a mount at blanks, has sh(1) expand patterns in it, and keeps it with bars.
_UNMOUNTABLE = pattern(r"[\s*?\[\]|\\]")
_NO_RESTART = Restart("never", *BACKOFF)
_ALWAYS = Restart("always", *BACKOFF)


def setting_losses(ir: IR) -> Iterator[Loss]:
    """The losses that come with settings, whatever the profile."""
    for cell in ir.cells:
        yield from _cell(cell, ir.permissive)
        yield from _listens(ir, cell)
    if ir.host.sysctls or ir.host.securelevel not in (None, -1):
        yield loss(
            "host-settings",
            "celladm sets nothing of what `host` says",
            Place(setting="sysctls" if ir.host.sysctls else "securelevel"),
            made_good_by="sysctl",
        )


def _cell(cell: Cell, permissive: bool) -> Iterator[Loss]:
    name = cell.name

    def lost(what: str, setting: str, message: str) -> Loss:
        return loss(what, message, Place(cell=name, setting=setting))

    if "-" in name:
        yield lost("dash-in-name", "", f"celladm's script for a cell called `{name}` fails")
    if cell.permissive or permissive:
        yield lost("permissive", "permissive", f"upstream's kernel cannot only log in `{name}`")
    if cell.root is not None and cell.root != cell_root(name):
        yield lost("root-place", "root", f"celladm puts the root of `{name}` at {cell_root(name)}")
    if cell.mounts:
        yield lost("mount-flags", "mounts", f"mounts of `{name}` are neither nosuid nor nodev")
    if cell.exec_readonly:
        yield lost("exec-readonly", "exec_readonly", f"mounts of `{name}` are not noexec")
    if cell.exec_hashes:
        yield lost("exec-sha256", "exec_hashes", f"celladm loads no fingerprints for `{name}`")
    if devices_differ(cell):
        yield lost("devices", "devices", f"celladm fills the /dev of `{name}` itself")
    others = [f"`{limit.name}`" for limit in cell.limits if limit.name not in RLIMITS]
    if others:
        yield lost("limits", "limits", f"upstream cannot limit {', '.join(others)} in `{name}`")
    if cell.processes is not None:
        yield lost("processes", "processes", f"upstream's kernel cannot count what `{name}` forks")
    if cell.service is not None:
        yield from _service(name, cell.service)


def _service(name: str, service: Service) -> Iterator[Loss]:
    place = Place(cell=name, setting="service")
    if (service.restart or _NO_RESTART) != _ALWAYS:
        message = f"the service of `{name}` is always started again, after 1 to 10 seconds"
        yield loss("restart", message, place)
    if service.healthcheck:
        message = f"`{name}` is checked once, at its start, as root and without limits"
        yield loss("healthcheck", message, place)
    cells = [f"`{p.name}`" for p in (*service.require, *service.before) if p.kind == "cell"]
    if cells:
        message = f"celladm cannot start `{name}` before or after {', '.join(cells)}"
        yield loss("cell-order", message, place)


def _listens(ir: IR, cell: Cell) -> Iterator[Loss]:
    """A reserved port has no protocol."""
    ours = [r for r in ir.reservations if r.cell == cell.name]
    for reservation in ours:
        others = [r.ports for r in ours if r.protocol != reservation.protocol]
        covered = [span for ranges in others for span in ranges]
        if not all(_covers(covered, low, high) for low, high in reservation.ports):
            protocol = "udp" if reservation.protocol == "tcp" else "tcp"
            message = f"others lose these ports for {protocol} too, not only to `{cell.name}`"
            yield loss("reserved-protocols", message, Place(reservation.rule), (cell.name,))


def _covers(ranges: list[tuple[int, int]], low: int, high: int) -> bool:
    return all(any(a <= port <= b for a, b in ranges) for port in range(low, high + 1))


def refusals(ir: IR) -> Iterator[Refusal]:
    """What no manifest can say."""
    for cell in ir.cells:
        yield from _refused(ir, cell)


def _refused(ir: IR, cell: Cell) -> Iterator[Refusal]:
    name = cell.name

    def refuse(setting: str, message: str, help: str) -> Refusal:
        return Refusal(message, help, Place(cell=name, setting=setting))

    if len(name) > CELL_NAME_MAX or len(cell_root(name)) > CELL_ROOT_MAX:
        yield refuse("", f"the name `{name}` is too long for upstream", "shorten it")
    if cell.root is None or cell.base is None:
        help = f'write `root "{cell_root(name)}" base "/var/cells/base/RELEASE-ARCH";`'
        yield refuse("root", f"celladm needs a base for the root of `{name}`", help)
    if cell.service is None:
        help = "celladm starts one command in each cell; give it a `service`"
        yield refuse("service", f"the cell `{name}` has no service", help)
    wanted = (cell.user, cell.group, *cell.groups)
    if cell.user is not None and not all(word and word.isdecimal() for word in wanted):
        help = 'write all as numbers, such as `user "80" group "80";`'
        yield refuse("user", f"celladm takes user and groups of `{name}` as numbers only", help)
    many = len(ports(ir, name))
    if many > CELL_PORTS_MAX:
        help = f"upstream reserves {CELL_PORTS_MAX} for a cell; divide them among cells"
        yield refuse("listens", f"the cell `{name}` listens on {many} ports", help)
    for mount in cell.mounts:
        for path in (mount.source, mount.target):
            if _UNMOUNTABLE.search(path) or f"{path}/".startswith("/.overlay/"):
                help = "celladm splits it at blanks and bars, expands patterns, keeps `/.overlay`"
                yield refuse("mounts", f"celladm cannot mount `{path}`", help)
    programs = [*((cell.service.command, cell.service.healthcheck) if cell.service else ())]
    values = [value for _, value in cell.service.env] if cell.service else []
    if any("\n" in word for argv in (*programs, values) for word in argv):
        help = "keep it in a file: a manifest is made of lines"
        yield refuse("service", f"a line break in the service of `{name}`", help)
    if "\n" in (cell.base or ""):
        yield refuse("root", f"a line break in the base of `{name}`", "rename it")
