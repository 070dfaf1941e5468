"""Finds the rules, by code and by what selects them."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module

from compiler.lint import rules
from compiler.lint.rule import CATEGORIES, Rule

#: The selector that every rule matches.
ALL = "ALL"


class _Rules(Mapping[str, Rule]):
    """Each is imported when it is asked for: its code begins the name of its file."""

    def __init__(self) -> None:
        files = (name for folder in rules.__path__ for name in os.listdir(folder))
        names = (name[:-3] for name in files if name.endswith(".py") and name[0] != "_")
        found = {name.partition("_")[0].upper(): name for name in names}
        order = list(CATEGORIES)
        self._names = dict(sorted(found.items(), key=lambda one: (order.index(one[0][:3]), one[0])))

    def __getitem__(self, code: str) -> Rule:
        rule: Rule = import_module(f"{rules.__name__}.{self._names[code]}").RULE
        return rule

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@functools.cache
def all_rules() -> Mapping[str, Rule]:
    """Every rule by its code, in the order of categories and numbers."""
    return _Rules()


def is_rule(code: str) -> bool:
    """Whether a code is one of lint, as against those of the compiler; imports no rule."""
    return code[:3] in CATEGORIES


def named(word: str) -> Rule | None:
    """The rule with a code or a name, in any case."""
    by_code = all_rules().get(word.upper())
    return by_code or next((r for r in all_rules().values() if r.name == word.lower()), None)


def selects(selector: str, rule: Rule) -> int:
    """How narrowly a selector matches a rule: 0 not at all, more is narrower.

    A selector is `ALL`, a category by its name or letters, the beginning of a code, or a code.
    """
    if selector == ALL:
        return 1
    if selector == rule.category:
        return 1 + len(rule.code[:3])
    return 1 + len(selector) if rule.code.startswith(selector) and len(selector) >= 3 else 0


def is_selector(word: str) -> bool:
    """Whether a word selects anything at all."""
    return any(selects(word, rule) for rule in all_rules().values())


def selectors() -> Iterable[str]:
    """Words to compare a misspelt selector with."""
    return [ALL, *CATEGORIES, *CATEGORIES.values(), *all_rules()]
