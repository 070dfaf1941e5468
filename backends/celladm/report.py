"""The report of what upstream's kernel cannot enforce, one line a rule or setting."""

from __future__ import annotations

from backends.artifact import Loss
from backends.celladm.losses import NAMES, WEAKER
from backends.celladm.profiles import Choice
from backends.escape import sh_comment
from compiler.ir.ir import IR

_HEADING = """\
# What upstream's kernel and celladm(8) lose of the policy {policy}, for NetBSD {target}.
# Made by cellc: changes here are lost at the next build.
#
# cell NAME PROFILE            the profile that the manifest of a cell names
# weaker LOSS WHERE MESSAGE    it lets more through than the policy
# other LOSS WHERE MESSAGE     it refuses more, or does it in another way
#
# WHERE is the id of a rule, which policy.map.json leads back to its source, or a
# cell or `host`, of whose settings it is about.
"""


_ORDER = {name: place for place, name in enumerate(NAMES)}


def report(ir: IR, choices: dict[str, Choice], losses: list[Loss]) -> bytes:
    """The file, in the order of names of cells and losses."""
    lines = [f"cell {cell} {choice.profile}\n" for cell, choice in sorted(choices.items())]
    for loss in sorted(losses, key=lambda loss: (_ORDER[loss.name], _where(ir, loss))):
        kind = "weaker" if loss.name in WEAKER else "other"
        lines.append(f"{kind} {loss.name} {_where(ir, loss)} {sh_comment(loss.message)}\n")
    heading = _HEADING.format(policy=sh_comment(ir.policy), target=ir.target)
    return f"{heading}\n{''.join(lines)}".encode()


def _where(ir: IR, loss: Loss) -> str:
    if loss.place.rule is not None:
        return f"{ir.rules[loss.place.rule].id:08x}"
    return loss.place.cell or "host"
