"""A vote of the policy among all voters of the host: what becomes of a request."""

from __future__ import annotations

from itertools import product

from compiler.analysis.boxes import Box, joined
from compiler.analysis.decisions import Decided
from compiler.analysis.frame import Frame
from compiler.catalogue.actions import Leaf
from compiler.catalogue.voters import Outcome, Socket, VoterSettings, is_root_user, outcome
from compiler.ir.host import sysctls
from compiler.ir.ir import HOST_ROOT, IR, Effect, Request
from compiler.ir.requests import catalogue
from compiler.lowering.space import members


class Stack:
    """Answers what becomes of requests under the settings of a policy's host."""

    def __init__(self, ir: IR) -> None:
        self._catalogue = catalogue(ir)
        level = ir.host.securelevel
        nodes = sysctls(ir.host)
        self.host = VoterSettings(sysctls=nodes) if level is None else VoterSettings(level, nodes)
        self.as_root = {c.name for c in ir.cells if is_root_user(c.user)}
        """Subjects whose processes run as root, at least to begin with."""
        self.as_root.add(HOST_ROOT)
        self._known: dict[tuple[str, Effect, bool, Socket], Outcome] = {}
        self._equal: dict[Outcome, Outcome] = {}
        """Equal outcomes are one object, so that boxes of them join."""
        self._boxes: dict[tuple[object, ...], list[tuple[Outcome, int, int]]] = {}
        self._as_root: tuple[Frame, int] | None = None
        """Those subjects as bits of the frame that was asked about last."""
        self._plain: dict[tuple[Effect, bool], tuple[list[tuple[Outcome, int]], int]] = {}

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
        if self._as_root is None or self._as_root[0] is not frame:
            self._as_root = frame, frame.subject_bits(self.as_root)
            self._plain.clear()
        as_root = self._as_root[1]
        made: list[tuple[Outcome, Box]] = []
        sockets: list[tuple[Outcome, Box]] = []
        several = bool(row.box.subjects & as_root and row.box.subjects & ~as_root)
        for is_root, subjects in (
            (True, row.box.subjects & as_root),
            (False, row.box.subjects & ~as_root),
        ):
            if not subjects:
                continue
            box = row.box._replace(subjects=subjects)
            plain, leaves = self._alike(row.effect, is_root, frame)
            for result, actions in plain:
                if actions & box.actions:
                    made.append((result, box._replace(actions=actions & box.actions)))
            several |= (box.actions & leaves).bit_count() > 1
            for i in members(box.actions & leaves):
                some = box._replace(actions=1 << i)
                sockets += [
                    (result, some._replace(domains=domains, types=types))
                    for result, domains, types in self._sockets(
                        frame.leaves[i], row, is_root, frame
                    )
                ]
        return made + (_joined(sockets) if several else sockets)

    def _alike(
        self, effect: Effect, is_root: bool, frame: Frame
    ) -> tuple[list[tuple[Outcome, int]], int]:
        """Leaves on which a vote ends alike, with how; and those that hang on the socket."""
        known = self._plain.get((effect, is_root))
        if known is None:
            alike: dict[int, tuple[Outcome, int]] = {}
            sockets = 0
            for i, leaf in enumerate(frame.leaves):
                if leaf.dimension == "socket":
                    sockets |= 1 << i
                    continue
                result = self.of_leaf(leaf, effect, is_root, Socket())
                bits = alike.get(id(result), (result, 0))[1]
                alike[id(result)] = result, bits | 1 << i
            known = self._plain[effect, is_root] = list(alike.values()), sockets
        return known

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


def _joined(rows: list[tuple[Outcome, Box]]) -> list[tuple[Outcome, Box]]:
    """Boxes of equal outcomes made fewer; equal ones are one object."""
    made = {id(result): result for result, _ in rows}
    return [(made[number], box) for number, box in joined((id(o), box) for o, box in rows)]
