"""What a rule of lint is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Literal

from compiler.diagnostics import Related, Severity
from compiler.record import NOTHING, record
from compiler.source import Span

if TYPE_CHECKING:
    from compiler.lint.context import Context

#: What rules are about, by the letters that their codes begin with.
CATEGORIES = {
    "SEC": "security",
    "COR": "correctness",
    "DEP": "deployability",
    "POR": "portability",
    "STY": "style",
    "TST": "testing",
}

Keeps = Literal["everything", "decisions", "weaker"]
"""What a fix leaves as it was: everything that is enforced; every decision, while settings
may change; or nothing is more allowed than before."""

OptionValue = int | tuple[str, ...]


@record
class Edit:
    """Puts `text` in the place of a span."""

    span: Span
    text: str


@record
class Finding:
    """A place that a rule objects to; `help` says what to do here, if it can be said.

    Without `help` the reader gets the remedy of the rule.  `edits` repair it; they are
    tried, verified and written by `cellc check --fix`.
    """

    span: Span | None
    message: str
    help: str = ""
    related: Iterable[Related] = ()
    edits: tuple[Edit, ...] = ()


@record
class Option:
    """A number or a list of words that the configuration of a rule can set."""

    name: str
    default: OptionValue
    meaning: str


@record
class Rule:
    """One rule: what it finds, and all that its page says.

    `name` is the pattern it objects to, in a few words with hyphens; `title` the same as a
    sentence's beginning.  `why` and `remedy` are Markdown.  `bad` and `good` are policies
    below a header (`policy example; target netbsd 10.1;`) unless they bring their own;
    the tests hold the rule to them.
    """

    code: str
    name: str
    title: str
    severity: Severity
    why: str
    bad: str
    good: str
    remedy: str
    find: Callable[[Context], Iterable[Finding]] | None
    """None for what a stage of the compiler, or the reading of ignores, finds itself."""
    off: str = ""
    """Why the rule has to be selected by name to run; empty for one that is on."""
    ignorable: bool = True
    """Whether configuration and comments can silence it."""
    fix: Keeps | None = None
    """What its fixes keep; None for a rule without."""
    options: tuple[Option, ...] = ()
    also: tuple[str, ...] = ()
    """Other codes that the bad example has, because none has one without the other."""
    files: Mapping[str, str] = NOTHING
    """Other files that the examples import, by name."""

    @property
    def category(self) -> str:
        """One of CATEGORIES' names."""
        return CATEGORIES[self.code[:3]]
