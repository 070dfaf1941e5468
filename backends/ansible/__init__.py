"""An Ansible role that ships a build to any number of NetBSD hosts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from backends.artifact import Artifact
from backends.escape import identifier
from backends.template import render
from compiler.ir.ir import IR

_PACKAGE = "backends.ansible"
_ROLE = "ansible/roles/cellpolicy"


class AnsibleBackend:
    """`ansible/playbook.yml` and the role beside it, which carries the build it lies in."""

    name = "ansible"

    def emit(self, ir: IR) -> list[Artifact]:
        folder = Path(__file__).parent
        cells = [(cell.name, f"cell_{identifier(cell.name)}") for cell in ir.cells]
        manual = [cell.name for cell in ir.cells if cell.service and cell.service.manual]
        facts = render(
            _PACKAGE,
            "vars.yml.j2",
            policy=ir.policy,
            target=ir.target,
            cells=cells,
            manual=manual,
        )
        return [
            Artifact("ansible/playbook.yml", (folder / "playbook.yml").read_bytes()),
            Artifact(f"{_ROLE}/vars/main.yml", facts),
            *_copies(folder / "role", _ROLE),
        ]


BACKEND = AnsibleBackend()


def _copies(folder: Path, target: str) -> Iterator[Artifact]:
    """Every file below a folder of this package, in name order."""
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _copies(entry, f"{target}/{entry.name}")
        else:
            yield Artifact(f"{target}/{entry.name}", entry.read_bytes())
