"""A vote of the policy among all voters of the host: what becomes of a request."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from compiler.analysis.boxes import Box, joined
from compiler.analysis.decisions import Decided
from compiler.analysis.frame import Frame
from compiler.catalogue.actions import Leaf
from compiler.catalogue.voters import Outcome, Socket, VoterSettings, is_root_user, outcome
from compiler.ir.ir import HOST_ROOT, IR, Effect, Request
from compiler.ir.requests import catalogue
from compiler.lowering.space import members


class Stack:
    """Answers what becomes of requests under the settings of a policy's host."""

    def __init__(self, ir: IR) -> None:
        self._catalogue = catalogue(ir)
        level = ir.host.securelevel
        sysctls = {s.name: s.value for s in ir.host.sysctls}
        self.host = (
            VoterSettings(sysctls=sysctls)
            if level is None
            else VoterSettings(securelevel=level, sysctls=sysctls)
        )
        self.as_root = {c.name for c in ir.cells if is_root_user(c.user)}
        """Subjects whose processes run as root, at least to begin with."""
        self.as_root.add(HOST_ROOT)
        self._known: dict[tuple[str, Effect, bool, Socket], Outcome] = {}
        self._equal: dict[Outcome, Outcome] = {}
        """Equal outcomes are one object, so that boxes of them join."""
        self._boxes: dict[tuple[object, ...], list[tuple[Outcome, int, int]]] = {}
        self._root_bits: tuple[Frame, int] | None = None

    def outcome(self, request: Request, vote: Effect, is_root: bool | None = None) -> Outcome:
        """What becomes of a request that the policy decides by `vote`.

        `is_root` says whether the caller is root; None is the user the subject runs as.
        """
        leaf = self._catalogue.by_name[request.action]
        if is_root is None:
            is_root = request.subject in self.as_root
        return self.of_leaf(leaf, vote, is_root, Socket(request.domain, request.type))

    def of_leaf(self, leaf: Leaf, vote: Effect, is_root: bool, socket: Socket) -> Outcome:
        """What becomes of a vote on one leaf, which another release may have."""
        key = (leaf.name, vote, is_root, socket)
        known = self._known.get(key)
        if known is None:
            made = outcome(leaf, vote, is_root, self.host, socket)
            known = self._known[key] = self._equal.setdefault(made, made)
        return known

    def outcomes(self, row: Decided, frame: Frame) -> list[tuple[Outcome, Box]]:
        """What becomes of requests that are decided alike: disjoint boxes of equal outcomes."""
        made: dict[int, Outcome] = {}
        alike: dict[tuple[int, int], int] = {}
        sockets = []
        for result, box in self._each(row, frame):
            made[id(result)] = result  # equal ones are one object, and kept
            if box.socket_protocols != 1:
                sockets.append((id(result), box))
            else:
                key = (id(result), box.subjects)
                alike[key] = alike.get(key, 0) | box.actions
        boxes = [
            (number, row.box._replace(subjects=subjects, actions=actions))
            for (number, subjects), actions in alike.items()
        ]
        return [(made[number], box) for number, box in (*boxes, *joined(sockets))]

    def _each(self, row: Decided, frame: Frame) -> Iterator[tuple[Outcome, Box]]:
        if self._root_bits is None or self._root_bits[0] is not frame:
            self._root_bits = frame, frame.subject_bits(self.as_root)
        as_root = self._root_bits[1]
        for is_root, subjects in (
            (True, row.box.subjects & as_root),
            (False, row.box.subjects & ~as_root),
        ):
            if not subjects:
                continue
            for i in members(row.box.actions):
                leaf = frame.leaves[i]
                box = row.box._replace(subjects=subjects, actions=1 << i)
                if leaf.dimension != "socket":
                    yield self.of_leaf(leaf, row.effect, is_root, Socket()), box
                    continue
                for made, domains, types in self._sockets(leaf, row, is_root, frame):
                    yield made, box._replace(domains=domains, types=types)

    def _sockets(
        self, leaf: Leaf, row: Decided, is_root: bool, frame: Frame
    ) -> list[tuple[Outcome, int, int]]:
        """What becomes of domains and types of sockets: few boxes of them, made once."""
        key = (frame, leaf.name, row.effect, is_root, row.box.domains, row.box.types)
        known = self._boxes.get(key)
        if known is None:
            alike: dict[int, list[tuple[int, Box]]] = {}
            made: dict[int, Outcome] = {}
            for domain, kind in product(members(row.box.domains), members(row.box.types)):
                socket = Socket(frame.domains.words[domain], frame.types.words[kind])
                result = self.of_leaf(leaf, row.effect, is_root, socket)
                made[id(result)] = result
                box = Box(1, 1, domains=1 << domain, types=1 << kind)
                alike.setdefault(id(result), []).append((id(result), box))
            known = self._boxes[key] = [
                (made[number], box.domains, box.types)
                for rows in alike.values()
                for number, box in joined(rows)
            ]
        return known
