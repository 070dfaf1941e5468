"""What another release of NetBSD changes for a policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from compiler.analysis.boxes import Box
from compiler.analysis.compare import Comparison, Difference
from compiler.analysis.decisions import Decided
from compiler.analysis.stack import Stack
from compiler.catalogue import actions, sysctl
from compiler.catalogue.actions import Leaf
from compiler.catalogue.rcorder import rc_providers
from compiler.catalogue.sysctl import Node
from compiler.catalogue.voters import switched_by
from compiler.driver import Program
from compiler.ir.host import sysctls
from compiler.ir.ir import IR, Effect
from compiler.record import NamedTuple


class Asked(NamedTuple):
    """Requests of a new action that are decided alike."""

    decided: Decided
    result: str
    """What becomes of them."""


class NodeChange(NamedTuple):
    """A sysctl node that comes or goes."""

    node: Node
    comes: bool
    is_set: bool
    """Whether the policy sets it."""
    switches: tuple[str, ...]
    """Actions on which a listener of the kernel votes as it says."""


class DefaultChange(NamedTuple):
    """A sysctl node to which the new kernel gives another value by itself."""

    node: Node
    before: str
    after: str
    value: str | None
    """What the policy sets it to."""
    switches: tuple[str, ...]

    @property
    def effect(self) -> Literal["changes", "keeps", "same", "differs"]:
        """What becomes of the host's value.

        It changes where the policy leaves the node alone; a setting keeps the old default, is the
        same as the new one, or differs from both.
        """
        if self.value is None:
            return "changes"
        if sysctl.same(self.value, self.after):
            return "same"
        return "keeps" if sysctl.same(self.value, self.before) else "differs"


class Defaults(NamedTuple):
    """The kernel's own values of the nodes that both releases have."""

    changed: tuple[DefaultChange, ...]
    compared: int
    """Nodes whose defaults are established for both."""
    unknown: tuple[str, ...]
    """Nodes whose default is not, in name order."""
    unknown_set: tuple[str, ...]
    """Those that the policy sets, whose values do not hang on a default."""


class RuleChange(NamedTuple):
    """A rule (an index in the old policy) that is about other actions in the new one."""

    old: int
    gains: tuple[str, ...]
    loses: tuple[str, ...]
    dead: bool
    """Whether the new kernel asks nothing that it is about."""


def asked_by(release: str) -> dict[str, Leaf]:
    """What the kernel of a release asks, by name."""
    return {leaf.name: leaf for leaf in actions.load(release).leaves if leaf.asked}


def leaves_that_come(old: str, new: str) -> list[Leaf]:
    """What the kernel of `new` asks and that of `old` does not."""
    before = asked_by(old)
    return [leaf for name, leaf in asked_by(new).items() if name not in before]


def nodes(old: str, new: str, program: Program) -> list[NodeChange]:
    """Nodes that come or go, in name order; aliases stand for themselves."""
    before, after = sysctl.load(old).nodes, sysctl.load(new).nodes
    written = {setting.name for setting in program.policy.host.sysctls}
    return [
        NodeChange(
            (after if name in after else before)[name],
            name in after,
            name in written,
            switched_by(name),
        )
        for name in sorted(before.keys() ^ after.keys())
    ]


def defaults(old: str, new: str, program: Program) -> Defaults:
    """What the kernels set nodes to by themselves, of nodes that hold a value; no aliases."""
    before, after = sysctl.load(old), sysctl.load(new)
    values = sysctls(program.ir.host)
    changed, compared, unknown = [], 0, []
    for name in sorted(before.nodes.keys() & after.nodes.keys()):
        node = after.nodes[name]
        if node.canonical != name or not node.default:
            continue
        was, now = before.default(name), after.default(name)
        if was is None or now is None:
            unknown.append(name)
            continue
        compared += 1
        if was != now:
            changed.append(DefaultChange(node, was, now, values.get(name), switched_by(name)))
    return Defaults(
        tuple(changed), compared, tuple(unknown), tuple(n for n in unknown if n in values)
    )


def providers(old: str, new: str, program: Program) -> list[tuple[str, bool]]:
    """The rc providers that come or go, and whether they come; of those that services name."""
    changed = set(rc_providers(old)) ^ set(rc_providers(new))
    named = {
        provider.name
        for cell in program.ir.cells
        if cell.service is not None
        for provider in (*cell.service.require, *cell.service.before)
        if provider.kind == "rc"
    }
    return [(name, name in rc_providers(new)) for name in sorted(changed & named)]


class Upgrade:
    """A policy that compiles for both releases."""

    def __init__(self, old: IR, new: IR, comparison: Comparison) -> None:
        self._comparison = comparison
        self._sides = old, new
        self._new_leaves = comparison.frame.leaf_bits.keys() & {
            leaf.name for leaf in leaves_that_come(old.target, new.target)
        }

    def asked(self) -> Iterator[Asked]:
        """What decides new actions, of everybody but root on the host."""
        frame = self._comparison.frame
        bits = sum(frame.leaf_bits[name] for name in self._new_leaves)
        stack = Stack(self._sides[1])
        found: list[tuple[tuple[Effect, int | None, str], Box]] = []
        for box in frame.everything(frame.everybody & ~frame.root):
            if not box.actions & bits:
                continue
            for row in self._comparison.new.of(box._replace(actions=box.actions & bits)):
                ends = stack.outcomes(row, frame)
                found += [((row.effect, row.rule, end.result), part) for end, part in ends]
        for (effect, rule, result), box in frame.joined(found):
            yield Asked(Decided(box, effect, rule), result)

    def decided_otherwise(self) -> Iterator[Difference]:
        """Requests that both kernels ask and the policy answers otherwise."""
        frame = self._comparison.frame
        both = asked_by(self._sides[0].target).keys() & asked_by(self._sides[1].target).keys()
        bits = sum(frame.leaf_bits[name] for name in both)
        for difference in self._comparison.differences():
            box = difference.box
            if box.actions & bits:
                yield difference._replace(box=box._replace(actions=box.actions & bits))

    def rules(self, names: tuple[Iterable[object], Iterable[object]]) -> Iterator[RuleChange]:
        """Rules that are about more or fewer actions; `names` as for a Comparison."""
        old, new = self._sides
        there = {name: index for index, name in enumerate(names[1])}
        before, after = asked_by(old.target), asked_by(new.target)
        for index, name in enumerate(names[0]):
            other = there.get(name)
            ours = set(old.action_sets[old.rules[index].requests.actions]) & before.keys()
            if other is None or not ours:
                continue
            theirs = set(new.action_sets[new.rules[other].requests.actions]) & after.keys()
            if ours != theirs:
                gains, loses = sorted(theirs - ours), sorted(ours - theirs)
                yield RuleChange(index, tuple(gains), tuple(loses), not theirs)
