"""Resolves groups to the cells in them."""

from __future__ import annotations

import copy
import fnmatch
import re
from collections.abc import Mapping

from compiler.diagnostics import Diagnostics, Related, arrows, nearest, quoted
from compiler.names.words import RESERVED
from compiler.syntax import tree as t


class Groups:
    """The cells of every group; names of cells count as groups of one."""

    def __init__(
        self, groups: Mapping[str, t.Group], cells: Mapping[str, object], found: Diagnostics
    ) -> None:
        self._groups = groups
        self.cells = cells
        self._found = found
        self._members: dict[str, frozenset[str]] = {}
        for name in self._in_order():
            self._members[name] = self._resolve(groups[name])

    def members(self, name: str) -> frozenset[str] | None:
        """The cells that a name of a cell or group stands for; None for any other word."""
        if name in self.cells:
            return frozenset((name,))
        return self._members.get(name)

    def reporting(self, found: Diagnostics) -> Groups:
        """The same groups for another reader, whose mistakes go to `found`."""
        copied = copy.copy(self)
        copied._found = found
        return copied

    def unknown(self, name: t.Name) -> None:
        """Reports a name that is neither a cell's nor a group's."""
        if name.text in RESERVED:
            help = f"`{name.text}` is neither; name one that is"
        else:
            help = nearest(name.text, [*self.cells, *self._groups]) or "define it with `cell`"
        message = f"no cell or group is called {quoted(name.text)}"
        self._found.unknown("E0228", message, name.text, name.span, help)

    def unknown_cell(self, name: t.Name) -> None:
        """Reports a name that is not a cell's."""
        if name.text in self._groups:
            help = f"`{name.text}` is a group; name its cells one by one"
        else:
            help = nearest(name.text, self.cells) or "define it with `cell`"
        message = f"no cell is called {quoted(name.text)}"
        self._found.unknown("E0229", message, name.text, name.span, help)

    def _resolve(self, group: t.Group) -> frozenset[str]:
        cells: set[str] = set()
        for member in group.members:
            if "*" in member.text:
                cells |= self._matching(member)
            elif (known := self.members(member.text)) is not None:
                cells |= known
            elif member.text not in self._groups:  # one of a circle has no members yet
                self.unknown(member)
        if not cells and not group.members:
            self._found.warning(
                "COR007", f"the group `{group.name.text}` is empty", group.name.span, "remove it"
            )
        return frozenset(cells)

    def _matching(self, pattern: t.Name) -> set[str]:
        match = re.compile(fnmatch.translate(pattern.text)).match
        cells = {cell for cell in self.cells if match(cell)}
        if not cells and not self._found.may_define(match):
            self._found.warning(
                "COR007",
                f"{quoted(pattern.text)} matches no cell",
                pattern.span,
                "correct it, or remove it",
            )
        return cells

    def _in_order(self) -> list[str]:
        """Groups after the groups in them, without recursion; circles are reported."""
        order: list[str] = []
        done: set[str] = set()
        for root in self._groups:
            open_: dict[str, None] = {}
            stack = [] if root in done else [root]
            while stack:
                name = stack[-1]
                open_[name] = None
                inner = [m for m in self._groups[name].members if m.text in self._groups]
                for member in inner:
                    if member.text in open_:
                        self._circle(member, list(open_))
                waiting = [m.text for m in inner if m.text not in done and m.text not in open_]
                if waiting:
                    stack.append(waiting[0])
                else:
                    stack.pop()
                    open_.pop(name)
                    done.add(name)
                    order.append(name)
        return order

    def _circle(self, member: t.Name, open_: list[str]) -> None:
        path = [*open_[open_.index(member.text) :], member.text]
        self._found.error(
            "E0230",
            f"the group `{member.text}` contains itself: {arrows(path)}",
            member.span,
            "take one out of the other",
            [Related(self._groups[member.text].name.span, "defined here")],
        )
