"""Cells of the shipped policies, one for each shape that a script has, on a host in a directory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from backends.escape import identifier
from compiler.ir.ir import IR, Cell
from compiler.ir.serialise import from_json
from tests.policies.site import NAMES, TODAY, cellc, copy_site
from tests.rc.cells import policy
from tests.rc.farm import Farm, neighbour
from tests.rc.support import Host, directories, program

#: The shipped mounts whose sources are files; what a name means cannot be seen in it.
FILES = ("/etc/ci/upload-key",)


@dataclass(frozen=True)
class Shape:
    """What decides which steps the script of a cell takes: all else is words that it carries."""

    root: bool
    base: bool
    exec_readonly: bool
    devices: bool
    pts: bool
    mounts: tuple[tuple[str, bool], ...]
    hooks: tuple[str, ...]
    fingerprints: int
    service: bool
    healthcheck: bool


def shape(cell: Cell) -> Shape:
    return Shape(
        cell.root is not None,
        cell.base is not None,
        cell.exec_readonly,
        bool(cell.devices),
        "pts" in cell.devices,
        tuple((mount.mode, mount.source in FILES) for mount in cell.mounts),
        tuple(hook.when for hook in cell.hooks),
        len(cell.exec_hashes),
        cell.service is not None,
        cell.service is not None and bool(cell.service.healthcheck),
    )


def shapes(folder: Path) -> dict[Shape, Cell]:
    """Every shape, and the first cell that has it; policies are built below `folder`."""
    site = copy_site(folder)
    found: dict[Shape, Cell] = {}
    for name in NAMES:
        for cell in _built(site, name).cells:
            found.setdefault(shape(cell), cell)
    return found


def _built(site: Path, name: str) -> IR:
    output = site / "builds" / name
    done = cellc("build", site / name / f"{name}.cell", "-o", output, *TODAY, cwd=site)
    assert done.returncode == 0, done.stderr
    return from_json((output / "policy.ir.json").read_text())


def shipped_farm(host: Host, cell: Cell) -> Farm:
    """The cell with its paths below the host's directory, and programs that are there."""
    root = host.root
    for mount in cell.mounts:
        if mount.source in FILES:
            directories(root, (str(Path(mount.source).parent)[1:],))
            (root / mount.source[1:]).write_text("of the host\n")
        else:
            directories(root, (mount.source[1:],))
    for top in filter(None, (cell.root, cell.base)):
        directories(root, (f"{top[1:]}/{name}" for name in ("etc", "tmp", "usr", "var")))
        (root / top[1:] / "etc/passwd").write_text("www:*:80:80::/:/bin/sh\n")
    hook = program(root / "hooks/note", f'echo "$CELL $*" >>{root}/state/hooks')
    moved = replace(
        cell,
        root=None if cell.root is None else f"{root}{cell.root}",
        base=None if cell.base is None else f"{root}{cell.base}",
        mounts=tuple(replace(m, source=f"{root}{m.source}") for m in cell.mounts),
        devices=tuple(name if _is_device(name) else "null" for name in cell.devices),
        hooks=tuple(replace(h, argv=(hook, *h.argv[1:])) for h in cell.hooks),
        service=None
        if cell.service is None
        else replace(
            cell.service,
            command=("/bin/sleep", "1000"),
            healthcheck=("/bin/true",) if cell.service.healthcheck else (),
            require=(),
            before=(),
        ),
    )
    versions = (policy(moved, neighbour(root, cell.id + 1)),)
    place = None if moved.root is None else Path(moved.root)
    return Farm(host, identifier(cell.name), cell.name, versions, place)


def _is_device(name: str) -> bool:
    """Links like /dev/stderr lead to whatever the tests run with."""
    path = Path(f"/dev/{name}")
    return name == "pts" or (path.is_char_device() and not path.is_symlink())
