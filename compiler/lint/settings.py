"""Which rules run on which files, and how much they weigh."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from compiler.diagnostics import Severity
from compiler.lint.registry import selects
from compiler.lint.rule import OptionValue, Rule
from compiler.record import NOTHING, changed, record


@record
class Choice:
    """Selectors that turn rules on and off, and severities by selector.

    `select` None leaves what was chosen before; the narrower selector wins, and of
    equals the one that ignores.
    """

    select: tuple[str, ...] | None = None
    extend: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = NOTHING


@record
class Settings:
    """The configuration of lint; the default is that of a policy without one."""

    choices: tuple[tuple[str, Choice], ...] = ()
    """Each with the pattern of files that it is about; later ones add to earlier ones."""
    mandatory: tuple[str, ...] = ()
    """Selectors of rules that comments cannot ignore."""
    options: Mapping[str, Mapping[str, OptionValue]] = NOTHING
    """By code of the rule."""

    def enabled(self, rule: Rule, file: str) -> bool:
        """Whether a rule is on for a file, named as the policy root sees it."""
        if not rule.ignorable:
            return True
        chosen = 0 if rule.off else 1
        ignored = 0
        for choice in self._about(file):
            if choice.select is not None:
                chosen, ignored = _narrowest(choice.select, rule), 0
            chosen = max(chosen, _narrowest(choice.extend, rule))
            ignored = max(ignored, _narrowest(choice.ignore, rule))
        return chosen > ignored

    def runs(self, rule: Rule) -> bool:
        """Whether a rule could be on for any file."""
        patterns = {pattern for pattern, _ in self.choices}
        return any(self.enabled(rule, pattern) for pattern in ("", *patterns))

    def severity(self, rule: Rule, file: str) -> Severity:
        """What a finding of a rule weighs in a file."""
        chosen = rule.severity
        for choice in self._about(file):
            matching = [(selects(s, rule), severity) for s, severity in choice.severity.items()]
            narrowest, severity = max(matching, key=lambda m: m[0], default=(0, chosen))
            chosen = severity if narrowest else chosen
        return chosen

    def can_weigh(self, rule: Rule) -> bool:
        """Whether a rule is more than a note in some file."""
        severities = {rule.severity}
        for _, choice in self.choices:
            severities |= {s for word, s in choice.severity.items() if selects(word, rule)}
        return severities != {"note"}

    def is_mandatory(self, rule: Rule) -> bool:
        """Whether comments cannot ignore a rule."""
        return not rule.ignorable or any(selects(s, rule) for s in self.mandatory)

    def option(self, rule: Rule, name: str) -> OptionValue:
        """The value of a rule's option."""
        given = self.options.get(rule.code, {}).get(name)
        if given is not None:
            return given
        return next(option.default for option in rule.options if option.name == name)

    def then(self, choice: Choice) -> Settings:
        """These settings with a choice that has the last word on every file."""
        return changed(self, choices=(*self.choices, ("*", choice)))

    def _about(self, file: str) -> list[Choice]:
        return [c for pattern, c in self.choices if pattern == file or fnmatchcase(file, pattern)]


def _narrowest(selectors: tuple[str, ...], rule: Rule) -> int:
    return max((selects(selector, rule) for selector in selectors), default=0)
