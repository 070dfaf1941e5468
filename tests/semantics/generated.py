"""Random policies that compile, made from a number: the same number gives the same policy."""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator

from compiler.catalogue.actions import RELEASES, load
from compiler.driver import Program
from tests.semantics.support import compile_text

_PEERS = ("self", "host", "any", "{self, host}")
_DOMAINS = ("inet", "inet6", "local", "route", "key", "{inet, inet6}")
_TYPES = ("stream", "dgram", "raw", "{stream, dgram}")
_PROTOCOLS = ("icmp", "tcp", "{udp, icmpv6}")


class _Generator:
    """Writes one policy."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._target = self._random.choice(RELEASES)
        self._leaves = load(self._target).leaves
        self._cells = [f"c{i}" for i in range(self._random.randint(1, 5))]
        self._free = self._random.sample(range(1, 65536), 60)

    def _pick(self, *choices: str) -> str:
        return self._random.choice(choices)

    def _maybe(self, chance: float, text: str) -> str:
        return text if self._random.random() < chance else ""

    def _action(self) -> str:
        leaf = self._random.choice(self._leaves)
        weights = {leaf.name: 5, leaf.action: 3, f"{leaf.action}.*": 1, f"{leaf.scope}.*": 3}
        return self._random.choices(list(weights), list(weights.values()))[0]

    def _port(self) -> str:
        ends = sorted(self._random.choice((1, 80, 1023, 1024, 8080, 49151, 65535)) for _ in "ab")
        one = str(self._random.randint(1, 65535))
        return self._pick(f"{ends[0]}..{ends[1]}", "auto", one, f"{{{one}, auto}}")

    def _rule(self, effects: str = "deny allow grant") -> str:
        kind = self._random.random()
        effect = self._pick(*effects.split())
        if kind < 0.25:
            sub = self._pick("", ".port", ".privport")
            conditions = self._maybe(0.5, self._pick(" tcp", " udp"))
            return (
                f"{effect} network.bind{sub}{conditions}{self._maybe(0.6, ' port ' + self._port())}"
            )
        if kind < 0.4:
            words = self._maybe(0.6, " domain " + self._pick(*_DOMAINS))
            words += self._maybe(0.4, " type " + self._pick(*_TYPES))
            words += self._maybe(0.2, " protocol " + self._pick(*_PROTOCOLS))
            return f"{effect} network.socket.open{words}"
        action = self._action()
        if effect == "grant" and action.startswith("vnode"):
            effect = "deny"
        peers = self._pick(*_PEERS, *self._cells, "everyone")
        to = self._maybe(0.6, f" to {peers}") if action.startswith("process.") else ""
        return f"{effect} {action}{to}"

    def _rules(self, most: int, final: float = 0.0) -> str:
        count = self._random.randint(0, most)
        rules = (self._maybe(final, "final ") + self._rule() for _ in range(count))
        return "".join(f'    @reason "generated" {rule};\n' for rule in rules)

    def _listen(self) -> str:
        port = self._free.pop()
        return self._maybe(0.4, f"    listen {self._pick('tcp', 'udp')} {port};\n")

    def policy(self) -> str:
        base = self._pick("low", "medium", "high", "confined", "sealed")
        parts = [
            f"policy generated;\ntarget netbsd {self._target};\n",
            f"profile p extends {base} {{\n{self._rules(3, 0.1)}}}\n",
            f"profile q extends p {{\n{self._rules(2)}}}\n",
            f"template t(n) extends p {{\n    listen tcp n;\n{self._rules(2)}}}\n",
            f"group everyone = {{{', '.join(self._cells)}}};\n",
        ]
        for cell in self._cells:
            head = self._pick(
                "profile p;", "profile q;", f"use t({self._free.pop()});", "profile low;"
            )
            extra = self._maybe(0.2, "    permissive;\n") + self._maybe(
                0.3, f"    limits {{ processes {self._random.randint(1, 99)}; nofile 64; }}\n"
            )
            user = self._maybe(0.5, '    user "www";\n')
            body = f"    {head}\n{user}{self._listen()}{self._rules(4)}{extra}"
            parts.append(f"cell {cell} {{\n{body}}}\n")
        return "".join(parts)


def text(seed: int) -> str:
    """The policy of a seed; it may have errors (ambiguous rules, ports of others)."""
    return _Generator(seed).policy()


@functools.cache
def _compiled(seed: int) -> Program | None:
    compilation = compile_text(text(seed))
    return None if compilation.failed else compilation.program


def programs(count: int, first: int = 0) -> Iterator[tuple[int, Program]]:
    """`count` policies that compile, with their seeds."""
    seed = first
    while count:
        made = _compiled(seed)
        if made is not None:
            yield seed, made
            count -= 1
        seed += 1
