"""Whether a policy that was repaired still decides and sets what it did."""

from __future__ import annotations

from compiler.analysis.decisions import Decisions
from compiler.analysis.frame import Frame
from compiler.diagnostics import quoted
from compiler.driver import Compilation, Program
from compiler.ir.ir import IR, Cell, Effect
from compiler.lint.rule import Keeps
from compiler.lowering.problems import request_text
from compiler.record import field_names

#: What each effect gives, the least first.
_GIVES: tuple[Effect, ...] = ("deny", "allow", "grant")
#: What of a cell says how it decides, which is compared by its decisions.
_DECIDING = ("layers", "class_", "owned")


def objection(before: Program, after: Compilation, keeps: Keeps) -> str:
    """What a repair would change that it must not, in a few words, or nothing.

    Decisions are compared for every request that the kernel can ask of either policy.
    """
    if after.program is None or after.failed:
        return f"it would not compile: {after.diagnostics[0].message}"
    old, new = before.ir, after.program.ir
    if names := {cell.name for cell in old.cells} ^ {cell.name for cell in new.cells}:
        return f"it would change the cells {', '.join(sorted(names))}"
    return _decisions(old, new, keeps) or ("" if keeps != "everything" else _settings(old, new))


def _decisions(old: IR, new: IR, keeps: Keeps) -> str:
    frame = Frame(old, new)
    ours, theirs = Decisions(old, frame), Decisions(new, frame)
    for was in ours.of(frame.everything()):
        for now in theirs.of(was.box):
            weaker = _GIVES.index(now.effect) < _GIVES.index(was.effect)
            if now.effect != was.effect and not (keeps == "weaker" and weaker):
                request = quoted(request_text(frame.witness(now.box)))
                return f"{request} would become {now.effect}"
    return ""


def _settings(old: IR, new: IR) -> str:
    if (old.permissive, old.host) != (new.permissive, new.host):
        return "it would change what is set for the host or the whole policy"
    for was, now in zip(old.cells, new.cells, strict=True):
        for name in (name for name in field_names(Cell) if name not in _DECIDING):
            if getattr(was, name) != getattr(now, name):
                return f"it would change what `{was.name}` is given"
    return ""
