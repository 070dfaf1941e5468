"""Findings about a policy, as data; `render` makes text of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from compiler.record import record
from compiler.source import Span

Severity = Literal["error", "warning", "note"]


@record
class Related:
    """Another place that a reader needs to see, with a few words why."""

    span: Span
    message: str


@record
class Diagnostic:
    """One finding.

    `code` is stable and documented in `compiler/codes`; `message` says what is
    wrong, in lower case without a final period; `help` what to do about it.
    """

    code: str
    severity: Severity
    message: str
    span: Span | None
    help: str = ""
    related: tuple[Related, ...] = ()


class Diagnostics:
    """Collects findings while a stage runs; the same finding twice counts once."""

    def __init__(self) -> None:
        self._found: dict[Diagnostic, None] = {}
        self._unread: set[str] = set()
        self._anything_unread = False

    def error(
        self,
        code: str,
        message: str,
        span: Span | None,
        help: str = "",
        related: Iterable[Related] = (),
    ) -> None:
        self._found[Diagnostic(code, "error", message, span, help, tuple(related))] = None

    def warning(
        self,
        code: str,
        message: str,
        span: Span | None,
        help: str = "",
        related: Iterable[Related] = (),
    ) -> None:
        self._found[Diagnostic(code, "warning", message, span, help, tuple(related))] = None

    def note(self, code: str, message: str, span: Span | None, help: str = "") -> None:
        self._found[Diagnostic(code, "note", message, span, help)] = None

    def unread(self, names: Iterable[str] | None = None) -> None:
        """Notes that definitions could not be read: of these names, or nobody knows of which."""
        self._unread.update(names or ())
        self._anything_unread |= names is None

    def unknown(self, code: str, message: str, name: str, span: Span, help: str) -> None:
        """An error about a name that is not defined; none if its definition went unread.

        What kept it from being read has been reported, and is the mistake to correct.
        """
        if not self.may_define(name.__eq__):
            self.error(code, message, span, help)

    def may_define(self, match: Callable[[str], object]) -> bool:
        """Whether a name that matches may be one whose definition went unread."""
        return self._anything_unread or any(match(name) for name in self._unread)

    def extend(self, found: Iterable[Diagnostic]) -> None:
        for diagnostic in found:
            self._found[diagnostic] = None

    @property
    def failed(self) -> bool:
        """Whether an error was found."""
        return any(d.severity == "error" for d in self._found)

    def __len__(self) -> int:
        return len(self._found)

    @property
    def errors(self) -> int:
        return sum(d.severity == "error" for d in self._found)

    def failed_in(self, span: Span) -> bool:
        """Whether an error was found within `span`: it may be why something is missing there."""
        return any(
            d.severity == "error"
            and d.span is not None
            and d.span.file == span.file
            and span.start <= d.span.start <= span.end
            for d in self._found
        )

    def sorted(self) -> tuple[Diagnostic, ...]:
        """All findings in the order of their place in the sources."""
        return tuple(
            sorted(
                self._found,
                key=lambda d: (d.span or Span("", 0, 0), d.code, d.message),
            )
        )


def quoted(text: str) -> str:
    """A user's text as messages quote it: short, and on one line."""
    line = "".join(c if c.isprintable() else "?" for c in text[:61])
    return f"`{line[:57]}...`" if len(line) > 60 else f"`{line}`"


def arrows(names: Sequence[str]) -> str:
    """Names that lead to each other, a long middle left out."""
    shown = names if len(names) < 8 else [*names[:3], "...", *names[-3:]]
    return " -> ".join(shown)


def nearest(word: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """A help text that names the known word most like `word`, or nothing.

    Case does not count.  Of dotted names those parts must be alike in which they differ,
    or any two nodes of one tree would be.
    """
    close = closest(word, known, likeness)
    return f"did you mean `{close}`?" if close else ""


def closest(word: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """The known word that `nearest` names, or nothing."""
    import difflib  # for what is wrong only

    folded = {name.casefold(): name for name in known}
    wanted = word[:100].casefold()
    for close in difflib.get_close_matches(wanted, folded, n=8, cutoff=likeness):
        if difflib.SequenceMatcher(None, *_apart(wanted, close)).ratio() >= likeness:
            return folded[close]
    letters = sorted(wanted)
    return next((name for key, name in folded.items() if sorted(key) == letters), "")


def _apart(first: str, second: str) -> tuple[str, str]:
    """Two dotted names without the parts that both begin with."""
    ours, theirs = first.split("."), second.split(".")
    while len(ours) > 1 and len(theirs) > 1 and ours[0] == theirs[0]:
        del ours[0], theirs[0]
    return ".".join(ours), ".".join(theirs)
