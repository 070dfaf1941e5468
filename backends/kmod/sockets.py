"""The axes of network.socket: which numbers of domains, types and protocols rules tell apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from backends.kmod.columns import Covered
from backends.kmod.tables import Axis
from compiler.catalogue.words import IP_PROTOCOLS, PROTOCOL_FAMILIES, TYPES, Constant
from compiler.ir.ir import OTHER, RequestSet
from compiler.ir.requests import RAWSOCK_DOMAIN, RAWSOCK_TYPE, words_of


class Axes:
    """The three axes of one policy: each word it names is a class, and class 0 is the rest."""

    def __init__(self, sets: Iterable[RequestSet]) -> None:
        words = words_of(sets)
        self.domains, self._domain = _axis(words.domains, PROTOCOL_FAMILIES)
        self.types, self._type = _axis(words.types, TYPES)
        self.protocols, self._protocol = _axis(words.socket_protocols, IP_PROTOCOLS)

    @property
    def size(self) -> int:
        """Verdicts in a row on sockets."""
        return (self.domains.size * self.types.size + 1) * self.protocols.size

    def classes(self, requests: RequestSet) -> tuple[list[int], list[int], list[int]]:
        """The classes on each axis that some requests have."""
        return (
            _classes(self._domain, requests.domains),
            _classes(self._type, requests.types),
            _classes(self._protocol, requests.socket_protocols),
        )

    def mask(self, covered: Covered, requests: RequestSet) -> int:
        """The lower bits of a socket row's verdicts on some requests."""
        domains, types, protocols = self.classes(requests)
        planes: list[int] = []
        if covered.socket:
            planes = [domain * self.types.size + kind for domain in domains for kind in types]
        if (
            covered.rawsock
            and RAWSOCK_DOMAIN in (requests.domains or (RAWSOCK_DOMAIN,))
            and RAWSOCK_TYPE in (requests.types or (RAWSOCK_TYPE,))
        ):
            planes.append(self.domains.size * self.types.size)
        return sum(1 << 2 * (p * self.protocols.size + q) for p in planes for q in protocols)


def _axis(words: Sequence[str], constants: Mapping[str, Constant]) -> tuple[Axis, dict[str, int]]:
    """An axis and the class of each word."""
    named = {word: constants[word].value for word in words if word != OTHER}
    class_of = [0] * (max(named.values(), default=-1) + 1)
    classes = {OTHER: 0}
    for i, (word, number) in enumerate(sorted(named.items()), 1):
        class_of[number] = classes[word] = i
    return Axis(tuple(class_of), len(classes)), classes


def _classes(axis: Mapping[str, int], words: Sequence[str] | None) -> list[int]:
    return sorted({axis[word] for word in (axis if words is None else words)})
