"""Runs the rules on a policy, and lets comments and configuration have their say."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator

from compiler.diagnostics import Diagnostic, Diagnostics, nearest, quoted
from compiler.driver import Compilation
from compiler.lint.context import Context, is_shipped
from compiler.lint.guards import is_left_out
from compiler.lint.ignores import Ignore, ignores
from compiler.lint.registry import all_rules
from compiler.lint.rule import CATEGORIES, Edit, Finding, Rule
from compiler.lint.settings import Settings
from compiler.record import record

#: Codes of what comments themselves do wrong.
NO_REASON, STALE, UNKNOWN = "STY001", "STY002", "STY003"
#: What `cellc build` looks at: whether what it makes works, not whether it is wise.
_BUILD = ("COR", "DEP")


@record
class Report:
    """Everything found about a policy, in the order of places, and how to repair it."""

    diagnostics: tuple[Diagnostic, ...]
    fixes: tuple[tuple[Rule, Diagnostic, tuple[Edit, ...]], ...] = ()

    @property
    def failed(self) -> bool:
        """Whether any of it is an error."""
        return any(d.severity == "error" for d in self.diagnostics)


def lint(
    compilation: Compilation,
    settings: Settings,
    today: datetime.date,
    categories: Collection[str] = tuple(CATEGORIES),
    notes: bool = True,
    cells: Collection[str] | None = None,
) -> Report:
    """Errors of the compiler, and what the rules of some categories find.

    Without `notes`, rules that can find no more than notes are left out.  `cells` are those to
    look at where nothing was found about the others and all else is as it was; None is all.

    Rules run on policies without errors only; what the compiler found on its way is
    shown in any case.
    """
    run = _Run(compilation, settings, categories)
    for diagnostic in compilation.remarks:
        run.take(all_rules()[diagnostic.code], diagnostic)
    program = compilation.program
    if program is not None and not compilation.failed:
        context = Context(program, settings, today, cells)
        for code in all_rules():
            if code[:3] not in categories:
                continue
            rule = all_rules()[code]
            if not settings.runs(rule):
                continue
            if rule.find is not None and (notes or settings.can_weigh(rule)):
                for finding in rule.find(context):
                    run.take(rule, _diagnostic(rule, finding), finding.edits)
        run.judge_ignores(context, complete=len(categories) == len(CATEGORIES))
    run.found.extend(compilation.diagnostics)
    return Report(run.found.sorted(), tuple(run.fixes))


def lint_build(
    compilation: Compilation,
    settings: Settings,
    today: datetime.date,
    cells: Collection[str] | None = None,
) -> list[Diagnostic]:
    """What `cellc build` says about a policy: no notes; `cells` are as for `lint`."""
    report = lint(compilation, settings, today, _BUILD, notes=False, cells=cells)
    return [d for d in report.diagnostics if d.severity != "note"]


def _diagnostic(rule: Rule, finding: Finding) -> Diagnostic:
    help = finding.help or " ".join(rule.remedy.split())
    related = tuple(finding.related)
    return Diagnostic(rule.code, rule.severity, finding.message, finding.span, help, related)


class _Run:
    """Collects what counts, and remembers which comments were of use."""

    def __init__(
        self, compilation: Compilation, settings: Settings, categories: Collection[str]
    ) -> None:
        self.found = Diagnostics()
        self.fixes: list[tuple[Rule, Diagnostic, tuple[Edit, ...]]] = []
        self._compilation = compilation
        self._settings = settings
        self._categories = categories
        self._used: set[tuple[Ignore, str]] = set()
        self._ignores = {
            name: tuple(ignores(source)) for name, source in compilation.sources.items()
        }

    def take(self, rule: Rule, found: Diagnostic, edits: tuple[Edit, ...] = ()) -> None:
        """One finding, unless something speaks against it."""
        span = found.span
        file = span.file if span else ""
        if (span and is_shipped(span)) or rule.code[:3] not in self._categories:
            return
        if not self._settings.enabled(rule, file) or self._is_ignored(rule, found):
            return
        severity = self._settings.severity(rule, file)
        found = Diagnostic(rule.code, severity, found.message, span, found.help, found.related)
        self.found.extend([found])
        if edits:
            self.fixes.append((rule, found, edits))

    def _is_ignored(self, rule: Rule, found: Diagnostic) -> bool:
        span = found.span
        if span is None or self._settings.is_mandatory(rule):
            return False
        here = self._ignores.get(span.file, ())
        if not here:
            return False
        line, _ = self._compilation.sources[span.file].position(span.start)
        matching = [
            ignore
            for ignore in here
            if ignore.first <= line <= ignore.last and _names(ignore, rule)
        ]
        self._used |= {(ignore, rule.code) for ignore in matching}
        return any(ignore.reason and ignore.word == "ignore" for ignore in matching)

    def judge_ignores(self, context: Context, complete: bool) -> None:
        """Comments that ignore nothing, or do not say why, are findings themselves.

        Only those of the root file can be stale, for the target that it has: an imported file
        serves other policies, too.  `complete` says whether all rules had their turn.
        """
        main = context.main.source.name
        for name, here in self._ignores.items():
            for ignore in here:
                stale = complete and name == main and not is_left_out(context, ignore.span)
                for code, finding in self._judged(ignore, stale):
                    rule = all_rules()[code]
                    self.take(rule, _diagnostic(rule, finding), finding.edits)

    def _judged(self, ignore: Ignore, stale: bool) -> Iterator[tuple[str, Finding]]:
        if ignore.word != "ignore":
            yield (
                UNKNOWN,
                Finding(
                    ignore.span, f"{quoted('cellc: ' + ignore.word)} is no instruction to cellc"
                ),
            )
            return
        if not ignore.codes:
            yield UNKNOWN, Finding(ignore.span, "this ignores nothing: no code is named")
        elif not ignore.reason:
            yield NO_REASON, Finding(ignore.span, "this does not say why, and so ignores nothing")
        for named in ignore.codes:
            rule = all_rules().get(named.code)
            if rule is None:
                help = nearest(named.code, all_rules()) or "`cellc rule` lists the codes"
                message = f"no rule has the code {quoted(named.code)}"
                yield UNKNOWN, Finding(named.span, message, help)
            elif self._settings.is_mandatory(rule):
                yield UNKNOWN, Finding(named.span, f"`{rule.code}` cannot be ignored")
            elif stale and self._is_stale(ignore, rule):
                yield STALE, self._stale(ignore, named.code)

    def _is_stale(self, ignore: Ignore, rule: Rule) -> bool:
        """Whether a rule had its turn, and the comment was not of use."""
        enabled = self._settings.enabled(rule, ignore.span.file)
        return enabled and (ignore, rule.code) not in self._used

    def _stale(self, ignore: Ignore, code: str) -> Finding:
        source = self._compilation.sources[ignore.span.file]
        message = f"nothing here violates `{code}`"
        edits = _without(source.text, ignore) if len(ignore.codes) == 1 else ()
        return Finding(ignore.span, message, edits=edits)


def _without(text: str, ignore: Ignore) -> tuple[Edit, ...]:
    """Removes a comment, with the line it fills or the blanks before it."""
    start, end = ignore.span.start, ignore.span.end
    while start and text[start - 1] in " \t":
        start -= 1
    if (start == 0 or text[start - 1] == "\n") and end < len(text):
        end += 1
    return (Edit(ignore.span._replace(start=start, end=end), ""),)


def _names(ignore: Ignore, rule: Rule) -> bool:
    return any(named.code == rule.code for named in ignore.codes)
