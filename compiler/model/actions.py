"""Resolves action patterns to leaves of the target's catalogue."""

from __future__ import annotations

from compiler.catalogue.actions import RELEASES, Catalogue, Leaf, all_leaves
from compiler.diagnostics import Diagnostics, nearest, quoted
from compiler.names.release import guard_for
from compiler.source import Span
from compiler.syntax import tree as t


class Actions:
    """Answers which leaves a pattern such as `system.mount.*` names, each pattern once."""

    def __init__(self, catalogue: Catalogue, found: Diagnostics) -> None:
        self.catalogue = catalogue
        self._found = found
        self._memo: dict[str, tuple[Leaf, ...]] = {}
        self._sound: set[str] = set()
        """Patterns that name something the kernel asks: nothing to say about them."""
        self._scopes = {leaf.scope for leaf in catalogue.leaves}

    def resolve(self, action: t.Action, lint: bool = True) -> tuple[Leaf, ...] | None:
        """The leaves of all patterns in column order, or None and a diagnostic."""
        leaves: dict[int, Leaf] = {}
        good = True
        if len(action.patterns) == 1 and action.patterns[0] in self._sound:
            return self._memo[action.patterns[0]]
        for pattern in action.patterns:
            matched = self._memo.get(pattern)
            if matched is None:
                matched = self._match(pattern, action.span)
                if matched is None:
                    good = False
                    continue
                self._memo[pattern] = matched
            if any(leaf.asked for leaf in matched):
                self._sound.add(pattern)
            elif lint and "*" not in pattern:
                self._found.warning(
                    "COR008",
                    f"no kernel code of NetBSD {self.catalogue.release} ever asks `{pattern}`",
                    action.span,
                    "the rule has no effect; remove it",
                )
            leaves.update((leaf.column, leaf) for leaf in matched)
        return tuple(leaves[c] for c in sorted(leaves)) if good else None

    def _match(self, pattern: str, span: Span) -> tuple[Leaf, ...] | None:
        parts = pattern.split(".")
        if "*" in "".join(parts[:-1]) or ("*" in parts[-1] and parts[-1] != "*"):
            help = "write `.*` for everything below, `{a, b}` for a choice"
            message = f"`*` can only be the last part of {quoted(pattern)}"
            self._found.error("E0401", message, span, help)
            return None
        scope = parts[0]
        if scope == "cred":
            help = "the module itself answers credential events; a policy has no say in them"
            self._found.error("E0402", "the scope `cred` is not for rules", span, help)
            return None
        if scope not in self._scopes:
            self._no_scope(pattern, span)
            return None
        if len(parts) == 1:
            help = f"name an action of it, or all: `{scope}.*`"
            self._found.error("E0404", f"`{scope}` is a scope, not an action", span, help)
            return None
        return self._below(pattern, span)

    def _no_scope(self, pattern: str, span: Span) -> None:
        scope = pattern.partition(".")[0]
        if scope == "*":
            help = "`.*` stands for all actions of one scope: `system.*`"
        else:
            scopes = sorted(self._scopes)
            help = (
                nearest(scope, scopes)
                or self._in_a_scope(scope)
                or f"the scopes are {', '.join(scopes)}"
            )
        if span.end - span.start == len(pattern):  # it stands there as it is
            span = span._replace(end=span.start + len(scope))
        self._found.error("E0403", f"there is no scope {quoted(scope)}", span, help)

    def _in_a_scope(self, word: str) -> str:
        """The action that somebody means who leaves out its scope, if there is one."""
        actions = sorted({".".join(leaf.name.split(".")[:2]) for leaf in self.catalogue.leaves})
        named = [f"`{action}`" for action in actions if action.split(".")[1] == word]
        return f"did you mean {' or '.join(named)}?" if named else ""

    def _below(self, pattern: str, span: Span) -> tuple[Leaf, ...] | None:
        prefix = pattern.removesuffix(".*")
        catalogue = self.catalogue
        if prefix in catalogue.aliases:
            return tuple(catalogue.by_name[name] for name in catalogue.aliases[prefix])
        matched = tuple(leaf for leaf in catalogue.leaves if _is_below(leaf.name, prefix))
        if not matched:
            self._unknown(prefix, span)
            return None
        return matched

    def _unknown(self, name: str, span: Span) -> None:
        elsewhere = [leaf for leaf in all_leaves() if _is_below(leaf.name, name)]
        if elsewhere:
            releases = [r for r in RELEASES if any(_in(leaf, r) for leaf in elsewhere)]
            self._found.error(
                "E0405",
                f"NetBSD {self.catalogue.release} does not have `{name}`",
                span,
                f"{' and '.join(releases)} {'have' if releases[1:] else 'has'} it;"
                f" put it in {guard_for(releases)}",
            )
            return
        self._found.error("E0406", f"there is no action {quoted(name)}", span, self._instead(name))

    def _instead(self, name: str) -> str:
        """The actions that somebody may have meant by a name that none has."""
        known = {part for leaf in self.catalogue.leaves for part in _prefixes(leaf.name)}
        begun = sorted(action for action in known if action.startswith(f"{name}_"))
        if len(begun) > 1:
            return f"the actions that begin like this are {', '.join(begun)}"
        scope = name.split(".")[0]
        actions = sorted(
            {leaf.name.split(".")[1] for leaf in self.catalogue.leaves if leaf.scope == scope}
        )
        return nearest(name, known | set(self.catalogue.aliases)) or (
            f"the actions of `{scope}` are {', '.join(actions)}"
        )


def _is_below(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


def _prefixes(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:i]) for i in range(2, len(parts) + 1)]


def _in(leaf: Leaf, release: str) -> bool:
    last = leaf.until or RELEASES[-1]
    return RELEASES.index(leaf.since) <= RELEASES.index(release) <= RELEASES.index(last)
