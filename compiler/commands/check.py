"""`cellc check`: everything up to the IR, and lint; nothing is written."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from compiler import files
from compiler.commands.named import named
from compiler.commands.output import Findings, files_of, print_findings, print_report, seen_from
from compiler.commands.results import Results
from compiler.diagnostics import Diagnostic, Diagnostics, Severity
from compiler.lint.configuration import read_settings
from compiler.lint.settings import Choice, Settings
from compiler.names.project import policy_root
from compiler.record import NamedTuple, changed, record
from compiler.source import Source

if TYPE_CHECKING:
    from compiler.commands.baseline import BaselineMode

FailOn = Literal["error", "warning", "note", "never"]
_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@record
class Options:
    """What the command line says about findings."""

    format: str = "text"
    """`text`, or one of compiler.render.formats."""
    select: tuple[str, ...] = ()
    """With `ignore` this has the last word over the configuration; empty leaves it."""
    ignore: tuple[str, ...] = ()
    configuration: Path | None = None
    fail_on: FailOn = "error"
    max_findings: int | None = None
    statistics: bool = False
    baseline: Path | None = None
    baseline_mode: BaselineMode = "check"
    fix: bool = False
    diff: bool = False
    """Shows what `fix` would write, and writes nothing."""


def check(
    paths: Iterable[Path], today: datetime.date, options: Options, results: Results | None = None
) -> int:
    """Checks files and the policies below directories; the exit status.

    `results` of earlier checks are taken while they hold.
    """
    chosen = _chosen(paths, options)
    if chosen is None:
        return 2
    if options.fix or options.diff:
        from compiler.commands.fixing import fix

        policies = [(p.path, p.settings) for p in chosen if not p.part]
        status = fix(policies, today, options.diff)
        if status and not options.diff:
            return status
    found = _found(chosen, results or Results(None, today))
    if options.diff:
        return _broken(found) or status
    if options.baseline is not None:
        from compiler.commands.baseline import UnusableBaselineError, without_known

        try:
            found = without_known(found, options.baseline, options.baseline_mode)
        except UnusableBaselineError as problem:
            sys.stderr.write(f"cellc: {problem}\n")
            return 2
    every = [diagnostic for some in found for diagnostic in some.diagnostics]
    if options.statistics:
        sys.stdout.write(_statistics(every))
    else:
        _print(_first(found, options.max_findings), options.format)
    if options.max_findings is not None and (left := len(every) - options.max_findings) > 0:
        sys.stderr.write(f"cellc: {left} more finding{'s' * (left > 1)} not shown\n")
    return int(any(_fails(diagnostic.severity, options.fail_on) for diagnostic in every))


def _broken(found: Sequence[Findings]) -> int:
    """Prints the errors of policies that do not compile; 1 if there are any."""
    from compiler.lint.registry import is_rule

    errors = [
        changed(
            some,
            diagnostics=[
                d for d in some.diagnostics if d.severity == "error" and not is_rule(d.code)
            ],
        )
        for some in found
    ]
    _print(errors, "text")
    return int(any(some.diagnostics for some in errors))


class _Chosen(NamedTuple):
    """A policy to check, and how."""

    path: Path
    root: Path
    settings: Settings
    part: bool
    """Whether it is a part of policies, to be checked by itself if none of them is here."""


def _chosen(paths: Iterable[Path], options: Options) -> list[_Chosen] | None:
    """The policies to check, then parts; None after printing that there are no policies
    somewhere, or that their settings are wrong."""
    these = named(paths)
    if these is None:
        return None
    settings = _Configured(options)
    chosen = [settings.chosen(path) for path in these.policies]
    chosen += [settings.chosen(path, part=True) for path in these.parts]
    if settings.found.failed:
        print_findings(settings.found.sorted(), settings.sources, settings.root)
        return None
    return chosen


def _found(chosen: Iterable[_Chosen], results: Results) -> list[Findings]:
    """What is found below each policy root."""
    found: dict[Path, dict[Diagnostic, str]] = {}
    sources: dict[Path, dict[str, Source]] = {}
    checked: dict[Path, dict[str, None]] = {}
    read: set[Path] = set()
    for policy in chosen:
        if policy.part and Path(files.real(str(policy.path))) in read:
            continue
        root = policy.root
        name = seen_from(root, policy.path)
        result = results.of(policy.path, root, policy.settings, policy.part)
        read.update(files_of(result.sources, root))
        here = found.setdefault(root, {})
        for diagnostic in result.diagnostics:
            here.setdefault(diagnostic, name)
        sources.setdefault(root, {}).update(result.sources)
        checked.setdefault(root, {})[name] = None
    return [
        Findings(root, tuple(found[root]), sources[root], tuple(checked[root]), found[root])
        for root in found
    ]


def _first(found: Sequence[Findings], most: int | None) -> list[Findings]:
    """As many findings as are to be shown."""
    if most is None:
        return list(found)
    shown = []
    for some in found:
        shown.append(changed(some, diagnostics=some.diagnostics[:most]))
        most -= len(shown[-1].diagnostics)
    return shown


class _Configured:
    """The settings of each policy root, read once."""

    def __init__(self, options: Options) -> None:
        self.found = Diagnostics()
        self.sources: dict[str, Source] = {}
        self.root = Path()
        """The policy root whose settings were read last."""
        self._options = options
        self._choice = Choice(options.select or None, ignore=options.ignore)
        self._known: dict[Path, Settings] = {}

    def chosen(self, path: Path, part: bool = False) -> _Chosen:
        root = policy_root(path)
        if not self.found.failed:
            self.root = root
        return _Chosen(path, root, self._of(root), part)

    def _of(self, root: Path) -> Settings:
        known = self._known.get(root)
        if known is None:
            given = self._options.configuration
            read = read_settings(root, self.found, self.sources, given)
            known = self._known[root] = read.then(self._choice)
        return known


def _print(found: Sequence[Findings], format: str) -> None:
    """Findings of one policy root after those of another; programs get them all at once."""
    if format != "text":
        print_report(found, format)
        return
    for some in found:
        print_findings(some.diagnostics, some.sources, some.root)


def _statistics(found: Sequence[Diagnostic]) -> str:
    """How often each code was found, the most frequent first."""
    from compiler.commands.output import titles

    words = titles()
    counts: dict[tuple[str, Severity], int] = {}
    for diagnostic in found:
        key = diagnostic.code, diagnostic.severity
        counts[key] = counts.get(key, 0) + 1
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    return "".join(
        f"{count:6} {code:7} {severity:8} {words[code]}\n" for (code, severity), count in rows
    )


def _fails(severity: Severity, fail_on: FailOn) -> bool:
    """Whether a finding of a severity makes the exit status 1; errors always do."""
    if fail_on == "never":
        return False
    return _SEVERITIES.index(severity) <= _SEVERITIES.index(fail_on)
