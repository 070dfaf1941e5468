"""What was observed: requests as people, `test` blocks and the kernel module write them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from compiler.analysis.audit import audit_line, of_log, useless
from compiler.analysis.boxes import Box
from compiler.analysis.decisions import Decided, Decisions
from compiler.analysis.read import RequestReader
from compiler.diagnostics import Diagnostic, Diagnostics
from compiler.driver import Program
from compiler.ir.requests import catalogue
from compiler.pattern import pattern
from compiler.record import NamedTuple, changed
from compiler.source import Span
from compiler.syntax.usage import request_usage

#: What all lines together are called in diagnostics.
OBSERVED = "<observed>"
#: A line of a `test` block around its request, which begins with a subject: the first word of
#: `deny system.module` is a cell.
_CASE = pattern(
    r"^(?:deny|allow|grant)\s+(?!\w+\.|\{[^}]*\}\.|\*)(.*?)(?:\s+by\s+\"[^\"]*\")?(?:\s+(?:works|refused(?:\s+by\s+\S+)?))?$"
)


class PassedOver(NamedTuple):
    """Lines of the kernel module that are no requests of the policy, and why."""

    why: str
    lines: int


class Observed(NamedTuple):
    """Requests of a policy, of which it admits some."""

    requests: int
    """How many, each once."""
    admitted: Sequence[Decided]
    passed_over: Sequence[PassedOver]


def observe(program: Program, lines: Iterable[str], found: Diagnostics) -> Observed:
    """Reads all lines; an error where no cell is admitted anything by what they tell."""
    observing = _Observing(program, found)
    for text in lines:
        observing.line(text)
    return observing.result()


class _Observing:
    def __init__(self, program: Program, found: Diagnostics) -> None:
        self._reader = RequestReader(program)
        self._frame = self._reader.frame
        self._decisions = Decisions(program.ir, self._frame)
        self._cells = {cell.name for cell in program.ir.cells}
        self._leaves = catalogue(program.ir).by_name
        self._found = found
        self._boxes: dict[Box, None] = {}
        self._useless: dict[str, int] = {}
        self._end = 0

    def line(self, text: str) -> None:
        """One line; what stands in a log and is no denial is passed over."""
        start, self._end = self._end, self._end + len(text) + 1
        logged = audit_line(text)
        asked = text.partition("#")[0].strip().rstrip(";").rstrip()
        if logged is None:
            if asked and not of_log(text):
                self._request(text, asked, start)
        elif why := useless(logged, self._cells, self._leaves):
            self._useless[why] = self._useless.get(why, 0) + 1
        else:
            self._boxes[self._frame.point(logged.request)] = None

    def _request(self, text: str, line: str, start: int) -> None:
        """A line that somebody wrote, which stands among all from `start` on."""
        case = _CASE.match(line)
        asked = case[1] if case else line
        source = self._reader.source(OBSERVED, asked)
        mine = Diagnostics()
        pattern = self._reader.read(source, mine)
        if pattern is not None:
            self._boxes.update(dict.fromkeys(self._reader.boxes(source, pattern, mine)))
        start += text.index(asked)
        self._found.extend(_moved(d, start, self._end - 1) for d in mine.sorted())

    def result(self) -> Observed:
        decided = self._decisions.of(list(self._boxes))
        admitted = [row for row in decided if row.effect != "deny"]
        cells = sum(self._decisions.members)
        if not self._found.failed and not any(row.box.subjects & cells for row in admitted):
            example = request_usage("", min(self._cells, default="web"))
            help = f"write down what the cells need, a request a line, such as `{example}`"
            message = "no line is a request that the policy admits a cell"
            self._found.error("E0420", message, None, help)
        passed = [PassedOver(why, lines) for why, lines in self._useless.items()]
        return Observed(len(self._boxes), admitted, passed)


def _moved(found: Diagnostic, start: int, end: int) -> Diagnostic:
    """A finding about a request as one about all lines, among which it stands from `start` on."""

    def moved(span: Span) -> Span:
        if span.file != OBSERVED:
            return span
        # A request is longer than its text where an end of a range or an action is left out.
        return Span(OBSERVED, min(start + span.start, end), min(start + span.end, end))

    related = tuple(changed(one, span=moved(one.span)) for one in found.related)
    return changed(found, span=found.span and moved(found.span), related=related)
