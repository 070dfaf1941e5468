"""The kernel module `secmodel_cellpolicy`: a fixed engine and generated tables."""

from __future__ import annotations

from backends.artifact import Artifact
from compiler.ir.ir import IR


class Kmod:
    """Emits the sources of the kernel module."""

    name = "kmod"

    def emit(self, ir: IR) -> list[Artifact]:
        """Its files, below `kmod/secmodel_cellpolicy`; every cell must have its id."""
        from backends.kmod.emit import (
            emit,  # jinja2 and the catalogue, which `check` can do without
        )

        return emit(ir)


BACKEND = Kmod()
