"""Policies of Cedar of the same size: RULES a principal, validated against a schema."""

from __future__ import annotations

import json

from benchmarks.generate import RULES, pickers

_ACTIONS = tuple(f"action{n}" for n in range(30))


def policies(shape: str, domains: int) -> str:
    """The text of the policies."""
    lines = []
    for n, pick in enumerate(pickers(shape, domains)):
        for action in pick.sample(_ACTIONS, RULES):
            effect = pick.choice(("permit", "forbid"))
            resource = f'resource == Thing::"t{pick.randrange(40)}"'
            lines.append(
                f'{effect}(principal == Cell::"d{n}", action == Action::"{action}", {resource});\n'
            )
    return "".join(lines)


def schema() -> str:
    """The schema, as JSON."""
    applies = {"appliesTo": {"principalTypes": ["Cell"], "resourceTypes": ["Thing"]}}
    types: dict[str, object] = {"Cell": {}, "Thing": {}}
    return json.dumps({"": {"entityTypes": types, "actions": dict.fromkeys(_ACTIONS, applies)}})
