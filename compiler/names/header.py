"""What the root file says about the policy as a whole: `policy` and `target`."""

from __future__ import annotations

from collections.abc import Iterable

from compiler.diagnostics import Diagnostics, Related
from compiler.names.project import File
from compiler.names.release import active, check_guard, check_target, holds
from compiler.names.words import name_fits
from compiler.source import Span
from compiler.syntax import tree as t
from compiler.syntax.placement import check_places


class Header:
    """Reads the root file's header first, and then which imports of each file count."""

    def __init__(self, found: Diagnostics) -> None:
        self._found = found
        self._first = True
        self.name = ""
        """Empty after a diagnostic."""
        self.target: str | None = None
        self.guards: dict[Span, tuple[t.Annotation, ...]] = {}
        """The annotations of `when` blocks that hold, by the block's span."""

    def imports(self, file: File) -> list[t.Import]:
        """The imports of a file that count for the target."""
        check_places(file.statements, "a file", self._found)
        if self._first:
            self._first = False
            self._read(file)
        self._guards(file.statements, counts=True)
        statements = active(file.statements, self.target) if self.target else file.statements
        return [s.node for s in statements if isinstance(s.node, t.Import)]

    def _read(self, file: File) -> None:
        headers: dict[str, t.Header] = {}
        broken = self._broken(file)
        for statement in file.statements:
            if isinstance(node := statement.shared, t.Header):
                first = headers.setdefault(node.word, node)
                if first is not node:
                    self._twice(node, first)
        if not headers and not broken:
            help = "begin it with `policy NAME;` and a target, or check the file that imports it"
            self._missing("E0210", "this file does not begin a policy", help, file)
            return
        if "policy" in headers:
            value = headers["policy"].value
            assert isinstance(value, t.Name)
            if name_fits(value, "policy", self._found):
                self.name = value.text
        elif not broken:
            self._missing("E0210", "the policy has no name", "begin it with `policy NAME;`", file)
        if "target" in headers:
            self.target = check_target(headers["target"].value, self._found)
        elif not broken:
            help = "add `target netbsd 10.1;` after the `policy` line"
            self._missing("E0211", "the policy names no target release", help, file)

    def _twice(self, node: t.Header, first: t.Header) -> None:
        self._found.error(
            "E0214",
            f"a second `{node.word}` line",
            node.span,
            "keep one",
            [Related(first.span, "first here")],
        )

    def _missing(self, code: str, message: str, help: str, file: File) -> None:
        self._found.error(code, message, Span(file.source.name, 0, 0), help)

    def _broken(self, file: File) -> bool:
        """Whether an error stands where the header does, which may have swallowed it."""
        others = (s.span.start for s in file.statements if s.kind is not t.Header)
        end = next(others, len(file.source.text))
        return self._found.failed_in(Span(file.source.name, 0, end))

    def _guards(self, statements: Iterable[t.Statement], counts: bool) -> None:
        """Checks every `when`; of those that count, the annotations are kept."""
        for statement in statements:
            if not hasattr(statement.shared, "body"):
                continue
            node = statement.shared  # `when` does not stand in nodes that are shared
            inside = counts
            if isinstance(node, t.When):
                check_guard(node.guard, self._found)
                inside &= self.target is not None and holds(node.guard, self.target)
                if inside and statement.annotations:
                    self.guards[node.span] = statement.annotations
            self._guards(node.body, inside)
