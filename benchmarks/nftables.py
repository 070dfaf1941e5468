"""A ruleset of nftables of the same size: a chain a domain, RULES rules in it."""

from __future__ import annotations

import random

from benchmarks.generate import RULES, pickers


def ruleset(shape: str, domains: int) -> str:
    """A file for `nft -c -f`."""
    chains = []
    for n, pick in enumerate(pickers(shape, domains)):
        rules = "".join(f"\t\t{_rule(pick)}\n" for _ in range(RULES))
        chains.append(f"\tchain d{n} {{\n{rules}\t}}\n")
    return "table inet cells {\n" + "".join(chains) + "}\n"


def _rule(pick: random.Random) -> str:
    protocol = pick.choice(("tcp", "udp"))
    low = pick.randrange(1, 60000)
    ports = pick.choice((f"{low}", f"{low}-{low + 99}", f"{{ {low}, {low + 2}-{low + 40} }}"))
    return f"{protocol} dport {ports} {pick.choice(('accept', 'drop'))}"
