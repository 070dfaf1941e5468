"""A policy of Aerleon of the same size: RULES terms a domain, compiled to nftables."""

from __future__ import annotations

from pathlib import Path

from benchmarks.generate import RULES, pickers

_SERVICES = 400


def write(shape: str, domains: int, base: Path) -> None:
    """The policy and its definitions, as aclgen(1) finds them below `base`."""
    for folder in ("policies/pol", "def", "out"):
        (base / folder).mkdir(parents=True, exist_ok=True)
    services = (
        f"S{n} = {1000 + n * 100}-{1000 + n * 100 + n % 99}/tcp\n" for n in range(_SERVICES)
    )
    (base / "def" / "services.svc").write_text("".join(services))
    (base / "def" / "networks.net").write_text("NET = 10.0.0.0/24\n")
    lines = ["header {\n  target:: nftables inet OUTPUT\n}\n"]
    lines += [
        f"term d{n}-{rule} {{\n"
        f"  destination-port:: S{pick.randrange(_SERVICES)}\n"
        "  protocol:: tcp\n"
        f"  action:: {pick.choice(('accept', 'deny'))}\n"
        "}\n"
        for n, pick in enumerate(pickers(shape, domains))
        for rule in range(RULES)
    ]
    (base / "policies" / "pol" / "cells.pol").write_text("".join(lines))
