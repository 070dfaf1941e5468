"""What a `host` block sets: the securelevel and sysctl nodes."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from compiler.catalogue import sysctl
from compiler.diagnostics import Diagnostics, Related, nearest, quoted
from compiler.model.policy import Host
from compiler.model.settings import Securelevel, Sysctl
from compiler.model.validate import Raw, build
from compiler.names.annotations import read_notes
from compiler.names.release import guard_for
from compiler.names.values import Scope
from compiler.source import Span
from compiler.syntax import tree as t


def read_host(
    statements: Iterable[t.Statement],
    target: str,
    today: datetime.date,
    scope: Scope,
    found: Diagnostics,
) -> Host:
    """The settings of all `host` blocks; bad ones are reported and left out."""
    reader = _Reader(target, scope, found)
    for statement in statements:
        if statement.annotations:
            read_notes(statement.annotations, today, found)
        match statement.node:
            case t.Securelevel():
                reader.securelevel(statement.node)
            case t.Sysctl():
                reader.sysctl(statement.node)
    reader.port_ranges()
    return Host(securelevel=reader.level, sysctls=tuple(reader.nodes.values()))


class _Reader:
    def __init__(self, target: str, scope: Scope, found: Diagnostics) -> None:
        self._catalogue = sysctl.load(target)
        self._target = target
        self._scope = scope
        self._found = found
        self.level: Securelevel | None = None
        self.nodes: dict[str, Sysctl] = {}

    def securelevel(self, node: t.Securelevel) -> None:
        fields = {"level": Raw(node.level.raw, node.level.span)}
        made = build(Securelevel, node.span, fields, self._found)
        if self.level is not None:
            self._twice("securelevel", node.span, self.level.span)
        elif made is not None:
            self.level = made

    def sysctl(self, node: t.Sysctl) -> None:
        value = self._scope.text(node.value)
        known = self._catalogue.nodes.get(node.name.text)
        if known is None:
            self._unknown(node.name)
            return
        if value is None:
            return
        wrong = sysctl.check_value(known, value)
        if wrong is not None:
            message = f"`{known.name}` does not take {quoted(value)}"
            self._found.error("E0545", message, node.value.span, wrong)
            return
        unwritable = sysctl.conf_problem(value)
        if unwritable is not None:
            help = "sysctl.conf(5) has no quoting; leave it out"
            self._found.error("E0546", unwritable, node.value.span, help)
            return
        if known.canonical in sysctl.SECURELEVEL:
            help = "write `securelevel N;`: it is raised late in the boot, by rc.conf"
            self._found.error("E0547", "this node is set by `securelevel`", node.span, help)
            return
        first = self.nodes.get(known.canonical)
        if first is not None:
            self._twice(known.name, node.span, first.span)
            return
        self.nodes[known.canonical] = Sysctl(span=node.span, name=known.name, value=value)

    def port_ranges(self) -> None:
        """The kernel refuses a least port that is not below the greatest one (ip_input.c)."""
        for name in self._catalogue.nodes:
            other = name.removesuffix("min") + "max"
            low, high = self.nodes.get(name), self.nodes.get(other)
            place = high or low
            if not name.endswith("portmin") or place is None:
                continue
            least, greatest = self._value(name), self._value(other)
            if least is not None and greatest is not None and least >= greatest:
                message = f"`{name}` is {least}, which is not less than `{other}`, {greatest}"
                related = [Related(low.span, "the least port")] if low and high else []
                help = "set both ends of the range so that the first is the lower one"
                self._found.error("E0550", message, place.span, help, related)

    def _value(self, name: str) -> int | None:
        """What the policy sets a node to, or else what the kernel does."""
        setting = self.nodes.get(name)
        return sysctl.integer(setting.value if setting else self._catalogue.nodes[name].default)

    def _unknown(self, name: t.Name) -> None:
        elsewhere = sysctl.releases_with(name.text)
        if elsewhere:
            message = f"`{name.text}` is not established for NetBSD {self._target}"
            help = f"known for {', '.join(elsewhere)}; put it in {guard_for(elsewhere)}"
            self._found.error("E0544", message, name.span, help)
            return
        help = nearest(name.text, self._catalogue.nodes) or "see sysctl(7)"
        self._found.error("E0543", f"no sysctl node {quoted(name.text)} is known", name.span, help)

    def _twice(self, word: str, span: Span, first: Span) -> None:
        self._found.error(
            "E0548", f"`{word}` is set twice", span, "keep one", [Related(first, "first here")]
        )
