"""celladm(8)'s manifests to a policy that does the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePath

from compiler.catalogue.upstream import DEFAULTS_KEYS, KEYS
from compiler.diagnostics import Diagnostics, Related, nearest, quoted
from compiler.foreign.celladm_cell import ForeignCell, foreign_cell
from compiler.foreign.celladm_file import Entry, entries, last_of_each
from compiler.names.words import identifier
from compiler.source import Source, Span

_INHERITED = ("root_base", "local_dev")


def translate(
    manifests: Iterable[Source], defaults: Source | None, found: Diagnostics
) -> list[ForeignCell]:
    """The cells of all manifests without errors, each file one cell."""
    inherited = _defaults(defaults, found) if defaults is not None else {}
    cells = []
    for source in manifests:
        made = entries(source, KEYS, found)
        own = {k: e for k, e in last_of_each(made, ("mount",), found).items()
               if e.value or k != "root_base"}  # fmt: skip
        line = source.text.find("\n")
        file = Span(source.name, 0, line if line > 0 else len(source.text))
        cell = foreign_cell(PurePath(source.name).name.removesuffix(".cell"), made,
                            inherited | own, file, found)  # fmt: skip
        if cell is not None:
            cells.append(cell)
    _apart(cells, found)
    return cells


def _defaults(source: Source, found: Diagnostics) -> dict[str, Entry]:
    """What manifests inherit from defaults.conf; celladm itself says nothing about mistakes."""
    made = last_of_each(entries(source, DEFAULTS_KEYS, found), (), found)
    for entry in (made.get(key) for key in ("local_dev", "bootstrap_include_xbase")):
        if entry is not None and entry.value not in ("yes", "no"):
            help = nearest(entry.value, ("yes", "no")) or "write yes or no"
            message = f"`{entry.key}` does not take {quoted(entry.value)}"
            found.error("E1005", message, entry.span, help)
    return {key: made[key] for key in _INHERITED if key in made and made[key].value}


def _apart(cells: Sequence[ForeignCell], found: Diagnostics) -> None:
    """Cells that could not live beside each other."""
    names: dict[str, ForeignCell] = {}
    owners: dict[int, ForeignCell] = {}
    for cell in cells:
        other = names.setdefault(identifier(cell.name), cell)
        if other is not cell:
            message = f"the cells `{other.name}` and `{cell.name}` would have one rc.d script"
            related = [Related(other.span, "the other one")]
            found.error("E1008", message, cell.span, "rename one of them", related)
        for port in cell.ports:
            owner = owners.setdefault(port, cell)
            if owner is not cell:
                message = f"the cells `{owner.name}` and `{cell.name}` both reserve port {port}"
                related = [Related(owner.ports_span, "the other one")]
                help = "a port has one owner; choose another port for one of them"
                found.error("E1008", message, cell.ports_span, help, related)
