"""Merges the settings of a cell's bodies: the most derived wins, lists add up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from compiler.diagnostics import Diagnostics, Related
from compiler.ir import ir
from compiler.model import settings as m
from compiler.model.policy import Cell
from compiler.model.types import MAX_PATH
from compiler.record import field_names


def merge(cell: Cell, found: Diagnostics) -> dict[str, Any]:
    """The fields of `ir.Cell` that the cell's bodies set."""
    root: m.Root | None = None
    user: m.User | None = None
    service: m.Service | None = None
    limits: dict[str, m.Limit] = {}
    mounts: list[m.Mount] = []
    hashes: list[m.ExecHash] = []
    devices: list[m.Devices] = []
    hooks: list[m.Hook] = []
    readonly = False
    for body in cell.bodies:
        root = body.root or root
        user = body.user or user
        service = body.service or service
        limits.update([(limit.name, limit) for limit in body.limits])
        mounts += body.mounts
        hashes += body.exec_hashes
        devices += body.devices
        hooks += body.hooks
        readonly |= body.exec_readonly is not None
    if cell.templates:
        _check_templates(cell, found)
    _check_mounts(mounts, root, found)
    _check_hashes(hashes, mounts, cell.name, root, found)
    _check_rootless((*mounts, *devices), cell, root, found)
    _check_hooks(hooks, root, found)
    processes = limits.pop("processes", None)
    return {
        "root": root.path if root else None,
        "base": root.base if root else None,
        "user": user.user if user else None,
        "group": user.group if user else None,
        "groups": user.groups if user else (),
        "mounts": tuple([ir.Mount(x.mode, x.source, x.target) for x in mounts]),
        "exec_readonly": readonly,
        "exec_hashes": tuple({x.path: ir.ExecHash(x.path, x.sha256) for x in hashes}.values()),
        "devices": tuple(sorted({name for x in devices for name in x.names})),
        "hooks": tuple([ir.Hook(x.when, x.argv) for x in hooks]),
        "limits": tuple([ir.Limit(n, limits[n].value) for n in sorted(limits)]),
        "processes": processes.value if processes else None,
        "service": _service(service, cell.name) if service else None,
    }


def _check_templates(cell: Cell, found: Diagnostics) -> None:
    """Templates are one layer: two of them cannot both set what is set once."""
    for word in ("root", "user", "service"):
        given = [x for body in cell.templates if (x := getattr(body, word)) is not None]
        if len(given) > 1 and getattr(cell.own, word) is None:
            found.error(
                "E0529",
                f"two templates set `{word}` of the cell `{cell.name}`",
                given[1].span,
                f"set `{word}` in the cell itself, or use one of them",
                [Related(given[0].span, "the other one"), Related(cell.span, "in this cell")],
            )
    limits: dict[str, m.Limit] = {}
    own = {limit.name for limit in cell.own.limits}
    for body in cell.templates:
        for limit in body.limits:
            other = limits.setdefault(limit.name, limit)
            if other.value != limit.value and limit.name not in own:
                found.error(
                    "E0529",
                    f"two templates set the limit `{limit.name}` of the cell `{cell.name}`",
                    limit.span,
                    "set it in the cell itself, or use one of them",
                    [Related(other.span, "the other one"), Related(cell.span, "in this cell")],
                )


def _check_mounts(mounts: list[m.Mount], root: m.Root | None, found: Diagnostics) -> None:
    above: m.Mount | None = None
    for mount in sorted(mounts, key=lambda x: f"{x.target}/"):
        if above is not None and f"{mount.target}/".startswith(f"{above.target}/"):
            found.error(
                "E0510",
                f"the mount at `{mount.target}` overlaps the one at `{above.target}`",
                mount.span,
                "mount beside each other, or mount one tree that holds both",
                [Related(above.span, "the other mount")],
            )
        else:
            above = mount
    for mount in mounts if root else ():
        assert root is not None
        if f"{root.path}/".startswith(below := f"{mount.source.rstrip('/')}/") or below.startswith(
            f"{root.path}/"
        ):
            found.error(
                "E0549",
                f"`{mount.source}` and the root of the cell lie inside each other",
                mount.span,
                "mount a directory beside the root; what lies in the root needs no mount",
                [Related(root.span, "the root")],
            )
        length = len((root.path + mount.target).encode())
        if length > MAX_PATH:
            found.error(
                "E0511",
                f"root and target make a path of {length} bytes, {MAX_PATH} are the most",
                mount.span,
                "shorten one of them: MAXPATHLEN is 1024 with its NUL",
                [Related(root.span, "the root")],
            )


def _check_hashes(
    hashes: Sequence[m.ExecHash],
    mounts: Sequence[m.Mount],
    cell: str,
    root: m.Root | None,
    found: Diagnostics,
) -> None:
    seen: dict[str, m.ExecHash] = {}
    for item in hashes:
        other = seen.setdefault(item.path, item)
        if other.sha256 != item.sha256:
            found.error(
                "E0526",
                f"`{item.path}` has two fingerprints",
                item.span,
                "keep the right one",
                [Related(other.span, "the other one")],
            )
    places = [root] if root else []
    for setting in (*places, *mounts, *seen.values()) if seen else ():
        values = (getattr(setting, name) for name in field_names(type(setting)))
        text = "".join(value for value in values if isinstance(value, str))
        if "\\" in text or "#" in text:
            what = "a backslash" if "\\" in text else "`#`"
            found.error(
                "E0527",
                f"a path of `{cell}` has {what}, which veriexecctl(8) cannot read",
                setting.span,
                "rename it: fingerprints name programs by their paths on the host",
            )


def _check_rootless(
    settings: Sequence[m.Setting], cell: Cell, root: m.Root | None, found: Diagnostics
) -> None:
    if root is not None or not settings or found.failed_in(cell.own.span):
        return  # a root may be what failed
    for setting in settings:
        found.error(
            "E0512",
            f"the cell `{cell.name}` has no root to put this in",
            setting.span,
            'give it one: `root "/var/cells/NAME";`',
            [Related(cell.span, "the cell")],
        )


def _check_hooks(hooks: Sequence[m.Hook], root: m.Root | None, found: Diagnostics) -> None:
    """Hooks run as root of the host, so none may be a file that the cell can write."""
    for hook in hooks if root else ():
        assert root is not None
        program = hook.argv[0]
        if program.startswith((f"{root.path}/", f"{root.path}.overlay/")):
            found.error(
                "E0522",
                f"the hook `{program}` lies in the cell, but runs on the host as root",
                hook.span,
                "keep it where the cell cannot write",
                [Related(root.span, "the root of the cell")],
            )


def _service(service: m.Service, cell: str) -> ir.Service:
    log = service.log
    restart = service.restart
    return ir.Service(
        command=service.command.argv,
        require=tuple([ir.Provider(x.kind, x.name) for x in service.require]),
        before=tuple([ir.Provider(x.kind, x.name) for x in service.before]),
        env=tuple([(x.name, x.value) for x in service.env]),
        log=ir.Log(log.facility, log.tag or cell, log.stdout, log.stderr) if log else None,
        restart=ir.Restart(restart.mode, restart.backoff_min, restart.backoff_max)
        if restart
        else None,
        healthcheck=service.healthcheck.argv if service.healthcheck else (),
        manual=service.manual is not None,
    )
