"""The command line of `cellc check`."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.cli.declare import Range, UnfitError, UsageError, parameter, takes
from compiler.cli.options import paths, today
from compiler.render.formats import FORMATS

if TYPE_CHECKING:
    from compiler.cache import Cache
    from compiler.commands.baseline import BaselineMode
    from compiler.commands.check import FailOn
    from compiler.replay import Replay


def _selectors(given: tuple[str, ...]) -> list[str]:
    """Words between commas, each of which must select something."""
    words = [word.strip() for text in given for word in text.split(",") if word.strip()]
    for word in words:
        from compiler.commands.rule import unknown_selector

        if problem := unknown_selector(word):
            raise UnfitError(problem)
    return words


@takes(
    paths,
    parameter(
        "--format",
        type=("text", *FORMATS),
        default="text",
        help="text on standard error, or one for programs on standard output.",
    ),
    parameter(
        "--select",
        read=_selectors,
        many=True,
        metavar="RULES",
        help="Run only these rules: codes, beginnings of codes, categories, or ALL;"
        " several with commas.",
    ),
    parameter(
        "--ignore", read=_selectors, many=True, metavar="RULES", help="Do not run these rules."
    ),
    parameter("--fix", flag=True, help="Repair what can be repaired, each fix verified."),
    parameter(
        "--diff",
        flag=True,
        help="Show what --fix would write, and write nothing; the exit status is 1"
        " if that is anything.",
    ),
    parameter(
        "--config",
        "configuration",
        type=Path,
        metavar="FILE",
        help="Read the configuration from FILE, written like cellc.toml.",
    ),
    parameter(
        "--fail-on",
        type=("error", "warning", "note", "never"),
        default="error",
        help="The least severity that makes the exit status 1 (default: error).",
    ),
    parameter(
        "--max-findings",
        type=Range(int, 0),
        metavar="N",
        help="Show N findings at most; the exit status counts all.",
    ),
    parameter(
        "--statistics",
        flag=True,
        help="Print how often each rule was violated instead of findings.",
    ),
    parameter(
        "--baseline", type=Path, metavar="FILE", help="Do not report the findings that FILE lists."
    ),
    parameter(
        "--baseline-mode",
        type=("check", "create", "shrink"),
        default="check",
        help="create writes FILE, shrink removes from it what is gone.",
    ),
    parameter("--no-cache", flag=True, help="Neither use nor keep results of earlier checks."),
    parameter(
        "--cache-dir",
        metavar="DIR",
        help="Keep results in DIR (default: cellc in $XDG_CACHE_HOME).",
    ),
    parameter("--watch", flag=True, help="Check again whenever a file changes, until interrupted."),
    today,
    replay=True,
)
def command(
    replay: Replay | None,
    paths: tuple[Path, ...],
    format: str,
    select: list[str],
    ignore: list[str],
    fix: bool,
    diff: bool,
    configuration: Path | None,
    fail_on: FailOn,
    max_findings: int | None,
    statistics: bool,
    baseline: Path | None,
    baseline_mode: BaselineMode,
    no_cache: bool,
    cache_dir: str | None,
    watch: bool,
    today: datetime.date,
) -> None:
    """Find mistakes in policies; nothing is written, but by --fix.

    PATHS are policy files, or directories in which every file with a `policy`
    line is checked.  Rules are described by `cellc rule`, configured in cellc.toml,
    and ignored in a line by `# cellc: ignore CODE -- reason`.  Results are kept, so
    that only what has changed is checked again.
    """
    from compiler.commands.check import Options, check
    from compiler.commands.results import Results

    if baseline is None and baseline_mode != "check":
        raise UsageError(f"--baseline-mode {baseline_mode} needs --baseline FILE")
    options = Options(
        format=format,
        select=tuple(select),
        ignore=tuple(ignore),
        fix=fix,
        diff=diff,
        configuration=configuration,
        fail_on=fail_on,
        max_findings=max_findings,
        statistics=statistics,
        baseline=baseline,
        baseline_mode=baseline_mode,
    )
    writes = fix or diff or baseline_mode != "check"
    if watch and writes:
        raise UsageError("--watch writes nothing: it takes no --fix, --diff, --baseline-mode")
    kept = None if no_cache else _cache(cache_dir)
    results = Results(kept, today)
    if watch:
        from compiler.commands.watch import watch as check_again

        sys.exit(check_again(lambda: check(paths, today, options, results)))
    if kept is None or replay is None or writes:
        sys.exit(check(paths, today, options, results))
    from compiler.replay import Recording

    with Recording() as recording:
        status = check(paths, today, options, results)
    recording.keep(kept, replay.name, status)
    kept.prune()
    sys.exit(status)


def _cache(folder: str | None) -> Cache | None:
    """The cache in a directory, or at its usual place; whoever names one is told if it is none."""
    from compiler import cache

    if not folder:
        return cache.usual()
    try:
        return cache.made(folder)
    except cache.UnusableCacheError as problem:
        sys.stderr.write(f"cellc: {problem}\n")
        return None
