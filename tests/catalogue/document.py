"""Writes docs/actions.md from the catalogue: `pytest tests/catalogue --bless`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from compiler.catalogue.actions import RELEASES, Leaf, all_leaves, load, read_data, releases

PAGE = Path(__file__).parents[2] / "docs" / "actions.md"

_SCOPES = {
    "generic": "Questions without a subject",
    "system": "The system as a whole",
    "process": "Processes",
    "network": "The network",
    "machdep": "The machine",
    "device": "Devices",
    "vnode": "Files",
}
_CONDITIONS = {
    "target": "`to`",
    "self": "`to`; the target is always the caller",
    "bind": "`tcp`, `udp`, `port`",
    "socket": "`domain`, `type`, `protocol`",
    "rawsock": "`protocol`; the domain is `inet6`, the type `raw`",
    "mask": "several may be asked at once",
}
_HEAD = """\
# Actions

Every action that rules, assertions and requests can name, as kauth(9) knows them. *Carries* is what
the kernel tells its security models with the question, and so all that any of them can go by; a
blank means nothing but the caller. *Others* are the models that answer besides this policy and
secmodel_suser (which allows everything to root, and so is not repeated): a listener that allows,
and the securelevel from which secmodel_securelevel denies. How they are weighed is told in
[language.md](language.md#what-really-happens), where the facts come from in
[catalogue.md](catalogue.md).

This page is made from `compiler/catalogue/data`.
"""


def document() -> str:
    """The page."""
    questions = {entry["name"]: entry for entry in read_data("questions.json")["questions"]}
    parts = [_HEAD]
    for scope, title in _SCOPES.items():
        parts.append(f"## {scope}: {title.lower()}\n")
        parts.append("| action | asked for | carries | conditions | others | releases |")
        parts.append("| --- | --- | --- | --- | --- | --- |")
        leaves = [leaf for leaf in all_leaves() if leaf.scope == scope]
        parts += (_row(leaf, questions[leaf.name]) for leaf in leaves)
        parts.append("")
    return "\n".join([*parts, *_aliases()])


def _row(leaf: Leaf, question: dict[str, str]) -> str:
    cells = (
        f"`{leaf.name}`",
        "; ".join(_asked(leaf)),
        ", ".join(_carried(leaf, question)),
        _CONDITIONS.get(leaf.dimension, ""),
        "; ".join(_others(leaf)),
        _releases(leaf),
    )
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _asked(leaf: Leaf) -> Iterator[str]:
    yield leaf.summary
    if leaf.ports is not None:
        yield "ports {} to {}".format(*leaf.ports)
    if leaf.rootlike:
        yield f"a grant needs `@reason`: {leaf.rootlike_reason}"
    if leaf.influence:
        yield "changes its target"


def _carried(leaf: Leaf, question: dict[str, str]) -> Iterator[str]:
    for number in range(4):
        text = question.get(f"arg{number}", "")
        if text and text != leaf.c_request:
            yield text


def _others(leaf: Leaf) -> Iterator[str]:
    if leaf.default.allows != "never":
        when = f", {leaf.default.when}" if leaf.default.when else ""
        yield f"{leaf.default.voter} allows{when}"
    if leaf.securelevel is not None:
        when = f": {leaf.securelevel_when}" if leaf.securelevel_when else ""
        yield f"securelevel {leaf.securelevel} denies{when}"


def _releases(leaf: Leaf) -> str:
    """Where the action exists, and where it is never asked."""
    known = releases(leaf.since, leaf.until)
    asked = [release for release in known if load(release).by_name[leaf.name].asked]
    exists = "" if known == RELEASES else ", ".join(known)
    if asked == list(known):
        return exists
    silent = f"asked in {', '.join(asked)} only" if asked else "never asked"
    return f"{exists}; {silent}" if exists else silent


def _aliases() -> Iterator[str]:
    yield "## Other names\n"
    yield "| name | stands for |"
    yield "| --- | --- |"
    for alias, names in load(RELEASES[-1]).aliases.items():
        yield f"| `{alias}` | {', '.join(f'`{name}`' for name in names)} |"
    yield ""
