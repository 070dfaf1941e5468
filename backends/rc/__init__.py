"""rc.d scripts that bring cells up and down, cellexec(8), and what installs them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from backends.artifact import Artifact
from backends.escape import identifier
from backends.rc.cell import carried, hooks, options, ordered
from backends.rc.signatures import signatures
from backends.template import render
from compiler.catalogue.rcorder import (
    CELL_AFTER,
    POLICY_AFTER,
    POLICY_BEFORE,
    SERVICE_AFTER,
)
from compiler.ir.ir import IR, Cell
from compiler.ir.levels import comes_before
from compiler.ir.serialise import policy_hash

_PACKAGE = "backends.rc"
_LIBEXEC = "libexec/cellpolicy"


class RcBackend:
    """`rc.d/`, `rc.conf.d/`, `libexec/cellpolicy/`, `cellexec/` and `install.sh`."""

    name = "rc"

    def emit(self, ir: IR) -> list[Artifact]:
        """Raises ValueError for a text that sh, rcorder(8) or veriexecctl(8) cannot carry."""
        artifacts = [
            *_copies("cellexec", "cellexec"),
            *_copies("libexec", _LIBEXEC),
            *_installer(),
            Artifact(f"{_LIBEXEC}/policy.sha256", f"{policy_hash(ir)}\n".encode()),
            _rendered(
                "rc.d/cellpolicy",
                "cellpolicy.j2",
                policy=ir.policy,
                require=POLICY_AFTER,
                before=POLICY_BEFORE,
            ),
            _enabled("cellpolicy"),
        ]
        for cell in ir.cells:
            artifacts += _cell(ir, cell)
        return artifacts


BACKEND = RcBackend()


def _cell(ir: IR, cell: Cell) -> Iterator[Artifact]:
    script = _script(cell.name)
    service = cell.service
    yield _rendered(
        f"rc.d/{script}",
        "cell.j2",
        policy=ir.policy,
        cell=cell,
        script=script,
        require=_require(cell),
        before=(*comes_before(ir.host, cell), *ordered(service.before if service else (), _script)),
        options=options(cell),
        carried=carried(cell),
        hooks=hooks(cell),
    )
    yield _enabled(script, manual=service is not None and service.manual)
    if cell.exec_hashes:
        yield Artifact(f"{_LIBEXEC}/signatures/{cell.name}", signatures(cell))


def _require(cell: Cell) -> tuple[str, ...]:
    if cell.service is None:
        return CELL_AFTER
    return tuple(
        dict.fromkeys((*CELL_AFTER, *SERVICE_AFTER, *ordered(cell.service.require, _script)))
    )


def _script(cell: str) -> str:
    return f"cell_{identifier(cell)}"


def _enabled(script: str, manual: bool = False) -> Artifact:
    return _rendered(f"rc.conf.d/{script}", "rc_conf.j2", mode=0o644, script=script, manual=manual)


def _installer() -> Iterator[Artifact]:
    """install.sh, and its parts where they are found before and after installation."""
    for file in sorted((Path(__file__).parent / "install").iterdir(), key=lambda file: file.name):
        yield _copy(file, file.name if file.name == "install.sh" else f"{_LIBEXEC}/{file.name}")


def _rendered(path: str, template: str, mode: int = 0o755, **values: object) -> Artifact:
    return Artifact(path, render(_PACKAGE, template, **values), mode)


def _copies(folder: str, target: str) -> Iterator[Artifact]:
    """The files of this package that go out as they are, in name order."""
    for file in sorted((Path(__file__).parent / folder).iterdir(), key=lambda file: file.name):
        yield _copy(file, f"{target}/{file.name}")


def _copy(file: Path, path: str) -> Artifact:
    content = file.read_bytes()
    return Artifact(path, content, 0o755 if content.startswith(b"#!") else 0o644)
