"""The kernel module `secmodel_cellpolicy`: a fixed engine and generated tables."""

from __future__ import annotations

from collections.abc import Mapping

from backends.artifact import Artifact, ReadBack, Refusal
from compiler.ir.ir import IR


class Kmod:
    """Emits the sources of the kernel module, and its tables as an image."""

    name = "kmod"
    certified: tuple[str, ...] = (
        "kmod/cellpolicy.img",
        "kmod/secmodel_cellpolicy/cellpolicy_actions.c",
        "kmod/secmodel_cellpolicy/cellpolicy_tables.c",
    )

    def emit(self, ir: IR) -> list[Artifact]:
        """Its files, below `kmod/secmodel_cellpolicy`; every cell must have its id."""
        from backends.kmod.emit import (
            emit,  # jinja2 and the catalogue, which `check` can do without
        )

        return emit(ir)

    def exceeded(self, ir: IR) -> Refusal | None:
        """When there are too many ids and owners of ports for the numbers they share."""
        from backends.kmod.build import exceeded

        return exceeded(ir)

    def read_back(self, files: Mapping[str, bytes]) -> ReadBack:
        """What the image decides; the C text holds the same numbers, or the checker says so."""
        from backends.kmod.decode import decode
        from backends.kmod.simulate import Simulator

        return Simulator(decode(files[self.certified[0]]))


BACKEND = Kmod()
