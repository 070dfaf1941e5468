"""Manifests for hosts that run upstream's secmodel_cell and celladm(8)."""

from __future__ import annotations

from collections.abc import Iterable

from backends.artifact import Artifact, Loss, Refusal
from backends.celladm.losses import NAMES
from backends.celladm.manifest import hooks, manifest
from backends.celladm.profiles import Choice, Comparison, rule_losses
from backends.celladm.report import report
from backends.celladm.settings import refusals, setting_losses
from backends.escape import sh_comment
from compiler.ir.ir import IR
from compiler.record import record


@record
class CelladmBackend:
    """`celladm/cells.d/`, `celladm/hooks/`, and `celladm/losses.txt`."""

    name: str = "celladm"
    accepted: frozenset[str] = frozenset()
    loss_names = NAMES

    def accepting(self, names: Iterable[str]) -> CelladmBackend:
        """The same, with these losses accepted: they may make another profile fit."""
        return CelladmBackend(accepted=frozenset(names))

    def shortfall(self, ir: IR) -> tuple[list[Loss], list[Refusal]]:
        """What upstream's kernel and celladm(8) lose of a policy, and cannot do at all."""
        return _losses(ir, self._choices(ir)), list(refusals(ir))

    def emit(self, ir: IR) -> list[Artifact]:
        """Raises ValueError for what `shortfall` refuses."""
        refused = next(refusals(ir), None)
        if refused is not None:
            raise ValueError(refused.message)
        choices = self._choices(ir)
        files = [Artifact("celladm/losses.txt", report(ir, choices, _losses(ir, choices)))]
        heading = (
            f"# A cell of the policy {sh_comment(ir.policy)}.\n"
            "# Made by cellc: changes here are lost at the next build.\n\n"
        )
        for cell in ir.cells:
            text = heading + manifest(ir, cell, choices[cell.name].profile)
            files.append(Artifact(f"celladm/cells.d/{cell.name}.cell", text.encode()))
            for moment, script in hooks(cell):
                path = f"celladm/hooks/{cell.name}/{moment}"
                files.append(Artifact(path, script.encode(), 0o755))
        return files

    def _choices(self, ir: IR) -> dict[str, Choice]:
        comparison = Comparison(ir)
        return {cell.name: comparison.choose(cell, self.accepted) for cell in ir.cells}


BACKEND = CelladmBackend()


def _losses(ir: IR, choices: dict[str, Choice]) -> list[Loss]:
    return [*rule_losses(choices), *setting_losses(ir)]
