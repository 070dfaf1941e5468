"""Services that listen, each once for all cells that got it from one template."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from compiler.lint.context import CellPair, Context
from compiler.record import record
from compiler.source import Span


@record
class Exposed:
    """A `service` statement, and the cells it runs in."""

    span: Span
    cells: tuple[CellPair, ...]

    @property
    def cell(self) -> CellPair:
        """The first cell."""
        return self.cells[0]

    @property
    def who(self) -> str:
        """The beginning of a sentence about the cells and what they have."""
        others = len(self.cells) - 1
        more = f" and {others} other{'s' * (others > 1)} have" if others else " has"
        return f"`{self.cell.name}`{more}"


def exposed_services(context: Context, fits: Callable[[CellPair], bool]) -> Iterator[Exposed]:
    """The services of cells that listen and about which something is so."""
    found: dict[Span, list[CellPair]] = {}
    for cell in context.exposed:
        if cell.enforced.service is not None and fits(cell):
            services = [body.service for body in cell.written.bodies if body.service is not None]
            found.setdefault(services[-1].span, []).append(cell)
    for span, cells in found.items():
        yield Exposed(span, tuple(cells))
