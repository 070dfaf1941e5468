"""Compares what a policy decides with upstream's profiles, on every class of requests."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from backends.artifact import Loss, Place
from backends.celladm.losses import WEAKER, loss
from compiler.catalogue.actions import Leaf, load
from compiler.catalogue.upstream import PROFILES, ROUTING_DOMAINS, Profile, decision
from compiler.ir.decide import Decider
from compiler.ir.ir import AUTO, HOST, IR, SELF, Cell, Decision, Request, RequestSet
from compiler.ir.requests import Axes, leaf_requests
from compiler.record import NamedTuple

#: Leaves that a message names before it counts the rest.
_NAMED = 3


class _Difference(NamedTuple):
    """What a rule (None: a default) decides otherwise than a profile."""

    name: str
    rule: int | None


class Choice(NamedTuple):
    """A profile for a cell, and the losses it comes with: each rule with its leaves."""

    profile: Profile
    differences: dict[_Difference, list[str]]
    weaker: int
    """Classes of requests that the policy denies and the profile does not."""
    stricter: int

    @property
    def names(self) -> frozenset[str]:
        return frozenset(difference.name for difference in self.differences)


class Comparison:
    """Compares the cells of one policy with the profiles."""

    def __init__(self, ir: IR) -> None:
        self._ir = ir
        self._decider = Decider(ir)
        self._leaves = [leaf for leaf in load(ir.target).leaves if leaf.asked]
        routing = RequestSet(0, domains=ROUTING_DOMAINS)
        self._axes = Axes([*(rule.requests for rule in ir.rules), routing])
        self._owners = {
            cell.name: [span for r in ir.reservations if r.cell == cell.name for span in r.ports]
            for cell in ir.cells
        }
        peers = (rule.requests.to for rule in ir.rules if rule.requests.to is not None)
        self._named = {HOST, *(name for to in peers for name in to.members)} - {SELF}

    def choose(self, cell: Cell, accepted: Collection[str]) -> Choice:
        """The profile that is no weaker than the policy and refuses least beyond it.

        Where all profiles are weaker, or refuse what may not be refused, those
        count first whose losses are all accepted, then those that let least through.
        """
        choices = self._choices(cell)
        fitting = [choice for choice in choices if choice.names <= set(accepted)]
        return min(fitting or choices, key=lambda choice: (choice.weaker, choice.stricter))

    def _choices(self, cell: Cell) -> list[Choice]:
        """Every profile, the tightest first."""
        differences: list[dict[_Difference, list[str]]] = [{} for _ in PROFILES]
        weaker = [0] * len(PROFILES)
        stricter = [0] * len(PROFILES)
        for leaf, request in self._requests(cell):
            made = self._decider.decide(request)
            for i, profile in enumerate(PROFILES):
                name = _difference(leaf, made, self._denies(profile, leaf, request))
                if name:
                    leaves = differences[i].setdefault(_Difference(name, made.rule), [])
                    if leaf.name not in leaves[-1:]:
                        leaves.append(leaf.name)
                    weaker[i] += name in WEAKER
                    stricter[i] += name not in WEAKER
        made_of = zip(PROFILES, differences, weaker, stricter, strict=True)
        return [Choice(*parts) for parts in made_of][::-1]

    def _requests(self, cell: Cell) -> Iterator[tuple[Leaf, Request]]:
        targets = [cell.name, *sorted(self._named - {cell.name})]
        targets += [c.name for c in self._ir.cells if c.name not in targets][:1]
        for leaf in self._leaves:
            for request in leaf_requests(leaf, cell.name, targets, self._axes):
                yield leaf, request

    def _denies(self, profile: Profile, leaf: Leaf, request: Request) -> bool:
        """What upstream's kernel makes of a request of a process in a cell."""
        match decision(profile, leaf):
            case "border":
                return request.target != request.subject
            case "routing":
                return request.domain in ROUTING_DOMAINS
            case "reserved":
                return self._taken(request)
            case word:
                return word == "deny"

    def _taken(self, request: Request) -> bool:
        """Whether others have reserved a port, whatever its protocol, and the caller has not."""
        port = request.port
        if port is None or port == AUTO:
            return False
        owners = {
            name
            for name, spans in self._owners.items()
            if any(low <= port <= high for low, high in spans)
        }
        return bool(owners) and request.subject not in owners


def _difference(leaf: Leaf, made: Decision, denied: bool) -> str:
    """The name of the loss in one request, or ""."""
    if made.effect == "deny":
        return "" if denied else f"deny-{leaf.scope}"
    if denied:
        # Ports that others listen on by another protocol are told apart from the profile.
        return "" if leaf.dimension == "bind" else f"allow-{leaf.scope}"
    return "grant" if made.effect == "grant" else ""


def rule_losses(choices: dict[str, Choice]) -> Iterator[Loss]:
    """The losses that come with the profiles chosen, one for each rule and name."""
    merged: dict[tuple[str, int | None, str], tuple[list[str], list[str], list[str]]] = {}
    for cell, choice in choices.items():
        for (name, rule), leaves in choice.differences.items():
            key = (name, rule, "" if rule is not None else cell)
            cells, actions, profiles = merged.setdefault(key, ([], [], []))
            cells.append(cell)
            actions += [leaf for leaf in leaves if leaf not in actions]
            profiles += [] if choice.profile in profiles else [choice.profile]
    for (name, rule, cell), (cells, actions, profiles) in merged.items():
        message = _message(name, actions, cells, profiles)
        yield loss(name, message, Place(rule, cell), tuple(cells))


def _message(name: str, actions: list[str], cells: list[str], profiles: list[str]) -> str:
    shown = _listed([f"`{action}`" for action in actions])
    where = _listed([f"`{cell}`" for cell in cells])
    if name == "grant":
        return f"upstream's kernel never grants: {shown} in {where}"
    if name in WEAKER:
        return f"upstream's kernel cannot deny {shown} in {where}"
    profile = " and ".join(f"`{profile}`" for profile in profiles)
    return f"upstream's profile {profile} refuses {shown} in {where}"


def _listed(words: list[str]) -> str:
    more = len(words) - _NAMED
    return ", ".join(words[:_NAMED]) + (f" and {more} more" if more > 0 else "")
