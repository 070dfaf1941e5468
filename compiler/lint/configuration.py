"""Reads the configuration of lint from cellc.toml or pyproject.toml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from compiler import files
from compiler.diagnostics import Diagnostics, Severity, nearest, quoted
from compiler.lint.registry import all_rules, is_selector, selectors
from compiler.lint.rule import Option, OptionValue, Rule
from compiler.lint.settings import Choice, Settings
from compiler.lint.toml import Document, NotTomlError, read_toml
from compiler.lint.toml import Path as Keys
from compiler.names.project import read_source
from compiler.source import Source, Span

#: Where the table of lint is in a file of this name; any other file is read like the first.
PLACES: Mapping[str, Keys] = {"cellc.toml": ("lint",), "pyproject.toml": ("tool", "cellc", "lint")}
SEVERITIES: tuple[Severity, ...] = get_args(Severity)

_CHOICE = ("select", "extend", "ignore", "severity")
_KEYS = (*_CHOICE, "mandatory", "options", "paths")


def read_settings(
    root: Path, found: Diagnostics, sources: dict[str, Source], given: Path | None = None
) -> Settings:
    """The settings of the policies below a policy root, or those of a file that was named.

    The first file of PLACES that has the table counts.  What is wrong is reported, and
    its sources are added to `sources`.
    """
    places = [given] if given else [root / name for name in PLACES]
    for path in places:
        if given is None and not _is_there(str(path)):
            continue
        source = read_source(path, given.as_posix() if given else path.name, found, None)
        if source is None:
            continue
        sources[source.name] = source
        try:
            document = read_toml(source)
        except NotTomlError as problem:
            span = Span(source.name, problem.offset, problem.offset)
            found.error("E0801", f"this is not TOML: {problem.message}", span, "correct it")
            continue
        table = PLACES.get(path.name, PLACES["cellc.toml"])
        reader = _Reader(document, found)
        if path.name != "pyproject.toml":
            reader.known((), document.data, ("lint",))
        values = reader.table(table)
        if values:
            return reader.settings(table, values)
    return Settings()


def _is_there(path: str) -> bool:
    """Whether there is something to read, be it a link that leads nowhere."""
    return bool(files.kind(path)) or files.real(path) != path


class _Reader:
    """Reads one document; every mistake is reported where it stands."""

    def __init__(self, document: Document, found: Diagnostics) -> None:
        self._document = document
        self._found = found

    def settings(self, path: Keys, values: Mapping[str, object]) -> Settings:
        self.known(path, values, _KEYS)
        choices = [("*", self._choice(path, values))]
        for pattern in self._tables((*path, "paths"), values):
            inner = (*path, "paths", pattern)
            table = self.table(inner)
            self.known(inner, table, _CHOICE)
            choices.append((pattern, self._choice(inner, table)))
        return Settings(
            choices=tuple(choices),
            mandatory=self._selectors((*path, "mandatory"), values) or (),
            options={
                rule.code: self._options((*path, "options", code), rule)
                for code in self._tables((*path, "options"), values)
                if (rule := self._rule((*path, "options", code), code)) is not None
            },
        )

    def known(self, path: Keys, values: Mapping[str, object], keys: tuple[str, ...]) -> None:
        """Reports keys that are not among `keys`."""
        for key in values:
            if key not in keys:
                help = nearest(key, keys) or f"the keys here are {', '.join(keys)}"
                self._error("E0802", f"there is no key {quoted(key)} here", (*path, key), help)

    def table(self, path: Keys) -> Mapping[str, object]:
        """The table with a path; empty if there is none."""
        value: object = self._document.data
        for n, key in enumerate(path):
            assert isinstance(value, dict)
            value = value.get(key, {})
            if not isinstance(value, dict):
                self._error("E0804", f"{quoted(key)} is a table", path[: n + 1], "write a table")
                return {}
        assert isinstance(value, dict)
        return value

    def _tables(self, path: Keys, values: Mapping[str, object]) -> list[str]:
        """The keys of a table of tables, such as `paths`."""
        return list(self.table(path)) if path[-1] in values else []

    def _choice(self, path: Keys, values: Mapping[str, object]) -> Choice:
        return Choice(
            select=self._selectors((*path, "select"), values),
            extend=self._selectors((*path, "extend"), values) or (),
            ignore=self._ignored((*path, "ignore"), values),
            severity=self._severities((*path, "severity"), values),
        )

    def _selectors(self, path: Keys, values: Mapping[str, object]) -> tuple[str, ...] | None:
        words = self._words(path, values)
        return words and tuple(word for word in words if self._is_selector(path, word))

    def _words(self, path: Keys, values: Mapping[str, object]) -> tuple[str, ...] | None:
        value = values.get(path[-1])
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            help = f'write {path[-1]} = ["...", "..."]'
            self._error("E0804", f"{quoted(path[-1])} is a list of strings", path, help)
            return None
        return tuple(value)

    def _is_selector(self, path: Keys, word: str) -> bool:
        if is_selector(word):
            return True
        help = nearest(word, selectors()) or "`cellc rule` lists the codes"
        self._error("E0803", f"{quoted(word)} selects no rule", path, help, word)
        return False

    def _ignored(self, path: Keys, values: Mapping[str, object]) -> tuple[str, ...]:
        words = self._selectors(path, values) or ()
        for word in words:
            rule = all_rules().get(word)
            if rule is not None and not rule.ignorable:
                message = f"`{word}` cannot be ignored"
                self._error("E0805", message, path, "take it out of the list", word)
        return words

    def _severities(self, path: Keys, values: Mapping[str, object]) -> Mapping[str, Severity]:
        chosen: dict[str, Severity] = {}
        for selector in self._tables(path, values):
            word = self.table(path)[selector]
            severity = next((s for s in SEVERITIES if s == word), None)
            inner = (*path, selector)
            if severity is None:
                help = f"the severities are {', '.join(SEVERITIES)}"
                self._error("E0804", f"{quoted(str(word))} is no severity", inner, help, word)
            elif self._is_selector(inner, selector):
                chosen[selector] = severity
        return chosen

    def _rule(self, path: Keys, code: str) -> Rule | None:
        rule = all_rules().get(code)
        if rule is None:
            help = nearest(code, all_rules()) or "`cellc rule` lists the codes"
            self._error("E0803", f"no rule has the code {quoted(code)}", path, help)
        return rule

    def _options(self, path: Keys, rule: Rule) -> Mapping[str, OptionValue]:
        values = self.table(path)
        options = {option.name: option for option in rule.options}
        self.known(path, values, tuple(options))
        read = {
            name: self._option((*path, name), options[name], values)
            for name in values
            if name in options
        }
        return {name: value for name, value in read.items() if value is not None}

    def _option(
        self, path: Keys, option: Option, values: Mapping[str, object]
    ) -> OptionValue | None:
        if isinstance(option.default, tuple):
            return self._words(path, values)
        value = values[option.name]
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        self._error("E0804", f"{quoted(option.name)} is a number from 0 on", path, "write digits")
        return None

    def _error(self, code: str, message: str, path: Keys, help: str, word: object = None) -> None:
        self._found.error(code, message, self._document.place(path, word), help)
