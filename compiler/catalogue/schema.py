"""Strict models of the catalogue's data files.

`python -m compiler.catalogue.schema` validates the files; the compiler itself
reads them unchecked, so this module is imported by tests only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from compiler.catalogue.actions import RELEASES, Dimension, read_data, releases
from compiler.catalogue.sysctl import Type, Write, leading_number
from compiler.catalogue.upstream import Word

Text = Annotated[str, Field(min_length=1, pattern=r"^[ -~]+$")]
Release = Literal["9.4", "10.1", "11.0", "current"]
Scope = Literal["generic", "system", "process", "network", "machdep", "device", "vnode"]
LeafName = Annotated[str, Field(pattern=r"^[a-z]+(\.[a-z][a-z0-9_]*){1,2}$")]
NodeName = Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_-]+)+$")]
Port = Annotated[int, Field(ge=1, le=65535)]
Listener = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


def _unique(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{what} `{name}` stands twice")
        seen.add(name)


class Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Span(Strict):
    """The releases something is established in."""

    since: Release
    until: Release | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Span:
        if not releases(self.since, self.until):
            raise ValueError("`until` is older than `since`")
        return self


class DefaultEntry(Strict):
    voter: Listener
    allows: Literal["always", "depends"]
    when: str = ""

    @model_validator(mode="after")
    def _conditional(self) -> DefaultEntry:
        if (self.allows == "depends") != bool(self.when):
            raise ValueError("`when` goes with `depends`")
        return self


class LeafEntry(Span):
    name: LeafName
    column: Annotated[int, Field(ge=0)]
    scope: Scope
    action: LeafName
    c_action: Annotated[str, Field(pattern=r"^KAUTH_[A-Z0-9_]+$")]
    c_request: Annotated[str, Field(pattern=r"^KAUTH_REQ_[A-Z0-9_]+$")] | None = None
    dimension: Dimension = "none"
    ports: Annotated[list[Port], Field(min_length=2, max_length=2)] | None = None
    asked: bool = True
    asked_until: Release | None = None
    rootlike_reason: str = ""
    influence: bool = False
    default: DefaultEntry | None = None
    securelevel: Annotated[int, Field(ge=0, le=2)] | None = None
    securelevel_when: str = ""
    summary: Text

    @model_validator(mode="after")
    def _named_after_c(self) -> LeafEntry:
        """The names follow from the C identifiers: scope, action, then the request's remainder."""
        action = self.c_action.removeprefix(f"KAUTH_{self.scope.upper()}_").lower()
        if self.action != f"{self.scope}.{action}":
            raise ValueError(f"{self.c_action} is not {self.action}")
        name = self.action
        if self.c_request is not None:
            prefix = self.c_action.replace("KAUTH_", "KAUTH_REQ_", 1) + "_"
            name += "." + self.c_request.removeprefix(prefix).lower()
        if self.name != name:
            raise ValueError(f"{self.name} should be {name}")
        return self

    @model_validator(mode="after")
    def _consistent(self) -> LeafEntry:
        if (self.dimension == "bind") != (self.ports is not None):
            raise ValueError("ports go with the dimension bind")
        if self.ports is not None and self.ports[0] > self.ports[1]:
            raise ValueError("ports are not a range")
        if (self.scope == "process") != (self.dimension in ("target", "self")):
            raise ValueError("process leaves, and no others, have a target")
        if self.influence and self.dimension != "target":
            raise ValueError("influence needs a target")
        if self.securelevel_when and self.securelevel is None:
            raise ValueError("securelevel_when without securelevel")
        if self.asked_until is not None and not self.asked:
            raise ValueError("asked_until without asked")
        return self


class Actions(Strict):
    """actions.json."""

    leaves: list[LeafEntry]
    aliases: dict[LeafName, list[LeafName]]

    @model_validator(mode="after")
    def _whole(self) -> Actions:
        names = [leaf.name for leaf in self.leaves]
        _unique("leaf or alias", [*names, *self.aliases])
        if [leaf.column for leaf in self.leaves] != list(range(len(names))):
            raise ValueError("columns are not 0, 1, 2 and so on in the order of the file")
        for alias, leaves in self.aliases.items():
            if not leaves or not set(leaves) <= set(names):
                raise ValueError(f"alias `{alias}` stands for something unknown")
        return self


class Question(Strict):
    """What the kernel passes to listeners with one leaf; arguments left out are 0 or NULL."""

    name: LeafName
    arg0: Text | None = None
    arg1: Text | None = None
    arg2: Text | None = None
    arg3: Text | None = None
    locks: Text | None = None
    """What is held meanwhile."""


class Questions(Strict):
    """questions.json."""

    questions: list[Question]

    @model_validator(mode="after")
    def _whole(self) -> Questions:
        _unique("question", [question.name for question in self.questions])
        return self


class RangeEntry(Strict):
    min: int | None = None
    max: int | None = None
    mask: Annotated[int, Field(gt=0)] | None = None
    words: Annotated[list[Text], Field(min_length=1)] | None = None
    pattern: Text | None = None

    @model_validator(mode="after")
    def _sane(self) -> RangeEntry:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("an empty range")
        numeric = (self.min, self.max, self.mask) != (None, None, None)
        if numeric + (self.words is not None) + (self.pattern is not None) != 1:
            raise ValueError("a range is numeric, words or a pattern")
        if self.pattern is not None:
            re.compile(self.pattern)
        return self


class EarlierDefault(Strict):
    """A default that was read for releases before the newest sources."""

    since: Release
    until: Release
    value: Text
    source: Text


class NodeEntry(Span):
    name: NodeName
    type: Type
    alias_of: NodeName | None = None
    write: Write
    range: RangeEntry | None = None
    takes: Text | None = None
    default: Text | None = None
    earlier: list[EarlierDefault] = []
    hardened: Text | None = None
    absent: Text | None = None
    needs: Text | None = None
    summary: Text
    note: Text | None = None

    @model_validator(mode="after")
    def _typed(self) -> NodeEntry:
        if self.range is not None:
            textual = self.range.words is not None or self.range.pattern is not None
            if textual != (self.type in ("string", "mode")):
                raise ValueError(f"the range of {self.name} does not fit its type")
        if self.write == "never" and (self.takes or self.hardened):
            raise ValueError(f"{self.name} is read only")
        if self.absent is not None and self.needs is None:
            raise ValueError(f"{self.name} is never absent")
        return self

    @model_validator(mode="after")
    def _defaults(self) -> NodeEntry:
        """Earlier defaults are of releases that have the node, one for each, none of the newest."""
        if self.earlier and (self.default is None or self.alias_of is not None):
            raise ValueError(f"{self.name} has only earlier defaults, or is an alias")
        known = releases(self.since, self.until)
        told = [r for entry in self.earlier for r in releases(entry.since, entry.until) or ("",)]
        _unique("default for", told)
        if not set(told) <= set(known) - {"11.0", "current"}:
            raise ValueError(f"{self.name} has a default for a release that it is not of")
        return self


class Nodes(Strict):
    """sysctl.json."""

    nodes: list[NodeEntry]

    @model_validator(mode="after")
    def _whole(self) -> Nodes:
        by_name = {node.name: node for node in self.nodes}
        _unique("node", [node.name for node in self.nodes])
        for node in self.nodes:
            if node.alias_of is None:
                continue
            first = by_name.get(node.alias_of)
            if first is None or first.alias_of is not None:
                raise ValueError(f"{node.name} is an alias of something unknown")
            if (first.type, first.write, first.range) != (node.type, node.write, node.range):
                raise ValueError(f"{node.name} differs from {first.name}")
        return self


class SwitchEntry(Strict):
    voter: Listener
    node: NodeName
    default: int
    test: Literal["nonzero", "equals", "at-least"]
    operand: int
    caller: Literal["user", "anyone"]
    vote: Literal["deny", "allow"]
    when: str
    """The condition under which it votes so; "" is always."""
    leaves: Annotated[list[LeafName], Field(min_length=1)]
    source: Text


class Voters(Strict):
    """voters.json."""

    switches: list[SwitchEntry]


class Provider(Strict):
    name: Text
    since: Release
    script: Text | None = None
    """Another word of the same script, which stands for both."""
    after: Annotated[list[Text], Field(min_length=1)] | None = None
    """What its script comes after in each of its releases that has it, by REQUIRE or BEFORE.

    Only what is established: scripts may wait for more.
    """


class Rc(Strict):
    """rc.json."""

    providers: list[Provider]

    @model_validator(mode="after")
    def _whole(self) -> Rc:
        names = [provider.name for provider in self.providers]
        _unique("provider", names)
        for provider in self.providers:
            if not {*(provider.after or ()), provider.script or provider.name} <= set(names):
                raise ValueError(f"{provider.name} names a provider that is unknown")
        return self


class UpstreamRow(Strict):
    action: Annotated[str, Field(pattern=r"^KAUTH_[A-Z0-9_]+$")]
    request: Annotated[str, Field(pattern=r"^KAUTH_REQ_[A-Z0-9_]+$")] | None = None
    low: Word
    medium: Word
    high: Word

    @model_validator(mode="after")
    def _tightening(self) -> UpstreamRow:
        """No profile lets through what one before it denies."""
        for looser, tighter in ((self.low, self.medium), (self.medium, self.high)):
            if looser not in ("defer", tighter) and tighter != "deny":
                raise ValueError(f"{self.action} gets looser")
        return self


class Upstream(Strict):
    """upstream.json."""

    source: Text
    rows: list[UpstreamRow]

    @model_validator(mode="after")
    def _whole(self) -> Upstream:
        _unique("row", [f"{row.action} {row.request or ''}" for row in self.rows])
        return self


FILES: dict[str, type[Strict]] = {
    "actions.json": Actions,
    "questions.json": Questions,
    "sysctl.json": Nodes,
    "voters.json": Voters,
    "rc.json": Rc,
    "upstream.json": Upstream,
}


def _number(default: str) -> int | None:
    return {"false": 0, "true": 1}.get(default, leading_number(default))


def validate_all() -> None:
    """Validates every data file, each by itself and against the others.

    Raises pydantic.ValidationError or ValueError.
    """
    for name, model in FILES.items():
        model.model_validate(read_data(name))
    entries = {leaf["name"]: leaf for leaf in read_data("actions.json")["leaves"]}
    leaves = set(entries)
    questions = read_data("questions.json")["questions"]
    if [question["name"] for question in questions] != list(entries):
        raise ValueError("the questions are not those of the leaves, in their order")
    for question in questions:
        requests = {text for text in question.values() if text.startswith("KAUTH_REQ_")}
        if not requests <= {entries[question["name"]].get("c_request")}:
            raise ValueError(f"{question['name']} is asked with the request of another leaf")
    nodes = {node["name"]: node for node in read_data("sysctl.json")["nodes"]}
    for switch in read_data("voters.json")["switches"]:
        node = nodes.get(switch["node"], {"alias_of": ""})
        if "alias_of" in node or not set(switch["leaves"]) <= leaves:
            raise ValueError(f"the switch on {switch['node']} names something unknown")
        values = [node["default"], *(entry["value"] for entry in node.get("earlier", ()))]
        if any(_number(value) != switch["default"] for value in values):
            raise ValueError(f"the switch on {switch['node']} has another default")


def main() -> int:
    """Validates the files and says what is wrong; the exit status."""
    try:
        validate_all()
    except (ValidationError, ValueError) as error:
        print(error)
        return 1
    print(f"{', '.join(FILES)}: fine for {', '.join(RELEASES)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
