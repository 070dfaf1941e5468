"""Boxes in the words of the language, for people and for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from compiler.analysis.boxes import Box
from compiler.analysis.frame import ON_HOST, OWN, Frame, port_ranges
from compiler.catalogue.actions import Leaf
from compiler.ir.ir import AUTO, HOST, OTHER, PROTOCOLS, Ranges
from compiler.lowering.space import members
from compiler.record import NamedTuple

#: Of more cells than `_MANY`, those are told that are missing, if they are at most `_FEW`.
_MANY, _FEW = 16, 3


class Parts(NamedTuple):
    """The sets of a box, each as words; None where its leaves carry no such thing."""

    subjects: tuple[str, ...]
    actions: tuple[str, ...]
    targets: tuple[str, ...] | None
    """A name does not stand for the subject itself, which is "self"."""
    protocols: tuple[str, ...] | None
    ports: Ranges | None
    """Port 0 is `auto`."""
    domains: tuple[str, ...] | None
    types: tuple[str, ...] | None
    socket_protocols: tuple[str, ...] | None


def parts(frame: Frame, box: Box) -> Parts:
    """What a box holds, in full."""
    leaves = [frame.leaves[i] for i in members(box.actions)]
    kind = leaves[0].dimension
    binds, sockets = kind == "bind", kind in ("socket", "rawsock")
    return Parts(
        frame.subject_names(box.subjects),
        tuple(leaf.name for leaf in leaves),
        _chosen(frame.targets, box.targets) if kind in ("target", "self") else None,
        _chosen(PROTOCOLS, box.protocols) if binds else None,
        port_ranges(box.ports) if binds else None,
        _chosen(frame.domains.words, box.domains) if sockets else None,
        _chosen(frame.types.words, box.types) if sockets else None,
        _chosen(frame.socket_protocols.words, box.socket_protocols) if sockets else None,
    )


def _chosen(axis: tuple[str, ...], bits: int) -> tuple[str, ...]:
    return tuple(axis[i] for i in members(bits))


class Wording:
    """Writes boxes as patterns; groups of cells by their names where they fit."""

    def __init__(
        self,
        frame: Frame,
        groups: Mapping[str, Iterable[str]] | None = None,
        brief: bool = False,
    ) -> None:
        """With `brief`, nearly all cells are `any (not a)`, which is for readers and no pattern."""
        self._frame = frame
        self._brief = brief
        self._groups = {
            frame.subject_bits(cells): name
            for name, cells in reversed(list((groups or {}).items()))
        }
        self._every = frame.everybody & ~frame.root
        self._named: dict[int, list[tuple[str, int]]] = {}
        self._said: dict[tuple[str, object], str] = {}
        """By kind and bits: rows of one answer share most of their sets."""
        self._complete: dict[str, int] = {}
        """The leaves below each name that a pattern can use."""
        for leaf in frame.leaves:
            if leaf.asked:
                for name in (leaf.name, leaf.action, f"{leaf.scope}.*"):
                    self._complete[name] = 0
        for leaf in frame.leaves:
            if leaf.asked:
                parts = leaf.name.split(".")
                names = {".".join(parts[:n]) for n in range(2, len(parts) + 1)}
                for name in (names | {f"{leaf.scope}.*"}) & self._complete.keys():
                    self._complete[name] |= frame.leaf_bits[leaf.name]

    def patterns(self, box: Box) -> Iterator[tuple[str, Box]]:
        """Patterns that together say what the box holds: a scope, or actions of one prefix."""
        named = self._named.get(box.actions)
        if named is None:
            named = self._named[box.actions] = list(self._prefixed(box.actions))
        for action, actions in named:
            part = box if actions == box.actions else box._replace(actions=actions)
            yield self._text(part, action), part

    def _prefixed(self, bits: int) -> Iterator[tuple[str, int]]:
        """The fewest words for some leaves that patterns can say, each with its leaves."""
        found: dict[str, list[tuple[str, int]]] = {}
        for name, actions in self.actions(bits):
            prefix, _, last = name.rpartition(".")
            found.setdefault(name if last == "*" else prefix, []).append((last, actions))
        for prefix, named in found.items():
            last = _set([word for word, _ in named])
            whole = sum(actions for _, actions in named)
            yield prefix if last == "*" else f"{prefix}.{last}", whole

    def actions(self, bits: int) -> Iterator[tuple[str, int]]:
        """The fewest names for some leaves, each with its leaves: scopes, actions, leaves."""
        for i in members(bits):
            if not bits >> i & 1:
                continue
            leaf = self._frame.leaves[i]
            for name in (f"{leaf.scope}.*", leaf.action, leaf.name):
                whole = self._complete.get(name, 0)
                if whole and not whole & ~bits:
                    break
            else:
                name, whole = alone(leaf.name, self._frame.leaves), 1 << i
            bits &= ~whole
            yield name, whole

    def _text(self, box: Box, action: str) -> str:
        frame = self._frame
        leaf = frame.leaves[next(members(box.actions))]
        words = [self.subjects(box.subjects), action]
        if leaf.dimension in ("target", "self"):
            words += ["to", self.targets(box)]
        elif leaf.dimension == "bind":
            key = box.protocols, box.ports, frame.whole(box.actions).ports
            words += self._once("binds", key, lambda: " ".join(self._binds(box)))
        elif leaf.dimension in ("socket", "rawsock"):
            raw = leaf.dimension == "rawsock"
            asked = raw, box.domains, box.types, box.socket_protocols
            words += self._once("sockets", asked, lambda: " ".join(self._sockets(box, raw)))
        return " ".join(words)

    def _once(self, kind: str, key: object, said: Callable[[], str]) -> list[str]:
        """The text of some conditions, or nothing where there are none."""
        known = self._said.get((kind, key))
        if known is None:
            known = self._said[kind, key] = said()
        return [known] if known else []

    def subjects(self, bits: int) -> str:
        """Some subjects: `any`, a group, or their names."""
        if bits == self._every:
            return "any"
        known = self._said.get(("subjects", bits))
        if known is None:
            known = self._groups.get(bits) or self._all_but(bits, self._every & ~bits)
            known = known or _set(self._frame.subject_names(bits))
            self._said["subjects", bits] = known
        return known

    def targets(self, box: Box) -> str:
        """The targets of process actions, as seen from the subjects."""
        frame = self._frame
        bits = box.targets
        names = bits & ~OWN
        rest = self._every & ~names
        alone = not box.subjects & (box.subjects - 1)
        if not rest or (alone and rest == box.subjects):
            return "any" if bits & OWN else "any (not self)"
        if not bits & OWN and names & box.subjects:
            return f"{self._groups.get(names) or _set(_chosen(frame.targets, names))} (not self)"
        group = self._groups.get(names & ~ON_HOST)
        if group is None:
            missing = rest & ~box.subjects if alone else rest
            if text := self._all_but(names, missing, () if bits & OWN else ("self",)):
                return text
            return _set(_chosen(frame.targets, bits))
        return _set(
            [word for word, bit in (("self", OWN), (HOST, ON_HOST)) if bits & bit] + [group]
        )

    def _all_but(self, bits: int, rest: int, first: tuple[str, ...] = ()) -> str:
        """Many cells by the few that are missing, or ""."""
        if not self._brief or bits.bit_count() <= _MANY or rest.bit_count() > _FEW:
            return ""
        return f"any (not {_set([*first, *self._frame.subject_names(rest)])})"

    def _binds(self, box: Box) -> list[str]:
        words = []
        named = box.protocols & 3
        if box.protocols == 4:
            words.append("(neither tcp nor udp)")
        elif box.protocols != 7:
            words += _chosen(PROTOCOLS, named)
            if box.protocols & 4:
                words.append("(or neither tcp nor udp)")
        if self._frame.whole(box.actions).ports & ~box.ports:
            words += ["port", _set([span(low, high) for low, high in port_ranges(box.ports)])]
        return words

    def _sockets(self, box: Box, raw: bool) -> list[str]:
        frame = self._frame
        words = []
        for word, axis, bits in (
            ("domain", frame.domains, 1 if raw else box.domains),
            ("type", frame.types, 1 if raw else box.types),
            ("protocol", frame.socket_protocols, box.socket_protocols),
        ):
            if bits == axis.all or (raw and word != "protocol"):
                continue
            rest = axis.all & ~bits
            if bits & axis.bits[OTHER]:
                words += [word, f"(not {_set(_chosen(axis.words, rest))})"]
            else:
                words += [word, _set(_chosen(axis.words, bits))]
        return words


def alone(name: str, leaves: Iterable[Leaf]) -> str:
    """The name of a leaf; where it stands for others too, with these in parentheses."""
    others = [x.name.removeprefix(f"{name}.") for x in others_named(name, leaves)]
    return f"{name} (not {_set(others)})" if others else name


def others_named(name: str, leaves: Iterable[Leaf]) -> list[Leaf]:
    """What else the kernel asks that the name of a leaf stands for in a pattern."""
    return [leaf for leaf in leaves if leaf.asked and leaf.name.startswith(f"{name}.")]


def _set(words: Iterable[str]) -> str:
    listed = list(words)
    return listed[0] if len(listed) == 1 else "{" + ", ".join(listed) + "}"


def span(low: int, high: int) -> str:
    """An interval of ports."""
    if low == AUTO:
        return "auto"
    return str(low) if low == high else f"{low}..{high}"
