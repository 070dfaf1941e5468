"""`cellc learn` and `cellc narrow`: changes proposed from what was observed, as a patch."""

from __future__ import annotations

import datetime
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from compiler import rewrite
from compiler.analysis.compare import Difference
from compiler.analysis.frame import Frame
from compiler.analysis.wording import Wording
from compiler.commands.diff_rows import counted, number
from compiler.commands.input import standard_input
from compiler.commands.output import print_findings, repository
from compiler.commands.replacing import replace
from compiler.diagnostics import Diagnostics
from compiler.driver import Compilation, compile_policy
from compiler.lowering.problems import request_text
from compiler.names.project import policy_root
from compiler.propose.trial import Proposal, Refused
from compiler.render.text import visible
from compiler.source import Source

ProposalFormat = Literal["patch", "json"]


def learn(
    path: Path,
    log: str,
    today: datetime.date,
    reason: str | None,
    write: bool,
    format: ProposalFormat,
) -> int:
    """Prints the patch, or writes it; 1 when something that was denied would stay denied."""
    from compiler.propose.learn import beyond
    from compiler.propose.learn import learn as propose

    first, lines = _compiled(path, today), _lines(log)
    if first is None or lines is None:
        return 1 if first is None else 2
    found = propose(path, first, lines, today, reason)
    record = {
        "proposals": [p.text for p in found.proposals],
        "requests": [request_text(w.request) for w in found.wanted],
        "opened": _differences(found.opened, found.frame),
        "beyond": beyond(found),
        "refused": _refused(found.refused),
        "apart": list(found.apart),
        "left": [{"request": left.text, "why": left.why} for left in found.left],
        "unread": found.unread,
    }
    said = [
        *_said(found.proposals, "opens", found.opened, found.frame),
        *(f"not proposed: {r.proposal.text}: {r.why}" for r in found.refused),
        *(f"not proposed: {left.text}: {left.why}" for left in found.left),
    ]
    said += [f"not in {one}" for one in found.apart]
    if more := beyond(found):
        said.append(f"of these, {number(more, 'request')} that the log does not tell of")
    if found.unread:
        said.append(f"{number(found.unread, 'denial')} only counted, not logged")
    status = _finish(path, first, found.texts, record, said, write, format)
    return status or int(bool(found.refused or found.left))


def narrow(path: Path, log: str, today: datetime.date, write: bool, format: ProposalFormat) -> int:
    """Prints the patch, or writes it; 1 when lines of the kernel module were passed over."""
    from compiler.propose.narrow import narrow as propose
    from compiler.propose.observed import OBSERVED, observe

    first, lines = _compiled(path, today), _lines(log)
    if first is None or first.program is None or lines is None:
        return 2 if lines is None and first else 1
    problems = Diagnostics()
    observed = observe(first.program, lines, problems)
    passed = [
        f"passed over: {number(one.lines, 'line')}: {one.why}" for one in observed.passed_over
    ]
    sources = {**first.sources, OBSERVED: Source(OBSERVED, "\n".join(lines))}
    print_findings(problems.sorted(), sources, policy_root(path))
    if problems.failed:
        _tell(passed)
        return 2
    found = propose(path, first, observed.admitted, today)
    record = {
        "proposals": [p.text for p in found.proposals],
        "closed": _differences(found.closed, found.frame),
        "refused": _refused(found.refused),
        "observed": observed.requests,
        "passed_over": [one._asdict() for one in observed.passed_over],
    }
    said = [
        f"{number(observed.requests, 'request')} observed",
        *passed,
        *_said(found.proposals, "closes", found.closed, found.frame),
        *(f"not proposed: {r.proposal.text}: {r.why}" for r in found.refused),
    ]
    status = _finish(path, first, found.texts, record, said, write, format)
    return status or int(bool(observed.passed_over))


def _compiled(path: Path, today: datetime.date) -> Compilation | None:
    """The policy; None after its errors are printed."""
    compilation = compile_policy(path, today)
    if compilation.failed or compilation.program is None:
        print_findings(compilation.diagnostics, compilation.sources, policy_root(path))
        return None
    return compilation


def _lines(log: str) -> list[str] | None:
    """The lines of a file, or of standard input for `-`; None after saying what is wrong."""
    if log == "-":
        return standard_input().read().splitlines()
    try:
        return Path(log).read_text(encoding="utf-8", errors="replace").splitlines()
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "no such name"
        sys.stderr.write(f"cellc: cannot read {log!a}: {reason}\n")
        return None


def _differences(found: Sequence[Difference], frame: Frame) -> list[dict[str, Any]]:
    wording = Wording(frame)
    return [
        {
            "request": text,
            "witness": request_text(frame.witness(box)),
            "before": d.before.effect,
            "after": d.after.effect,
            "outcome": d.after.result,
            "classes": d._replace(box=box).classes,
            "requests": d._replace(box=box).requests,
        }
        for d in found
        for text, box in wording.patterns(d.box)
    ]


def _refused(found: Iterable[Refused]) -> list[dict[str, str]]:
    return [{"proposal": r.proposal.text, "why": r.why} for r in found]


def _said(
    proposals: Sequence[Proposal], verb: str, found: Sequence[Difference], frame: Frame
) -> Iterator[str]:
    """The proposals, and all that they change."""
    if not proposals:
        yield "nothing to propose"
        return
    yield from (p.text for p in proposals)
    classes, requests = (sum(getattr(d, name) for d in found) for name in ("classes", "requests"))
    yield f"{verb} {counted(classes, requests)}"
    for row in _differences(found, frame):
        yield f"  {row['before']} -> {row['after']}  {row['request']}  [{row['outcome']}]"


def _tell(said: Iterable[str]) -> None:
    sys.stderr.write("".join(f"{visible(line)}\n" for line in said))


def _finish(
    path: Path,
    first: Compilation,
    texts: Mapping[str, str],
    record: Mapping[str, Any],
    said: Sequence[str],
    write: bool,
    format: ProposalFormat,
) -> int:
    """The patch on standard output, what it does on standard error; or all of it as JSON."""
    root = policy_root(path)
    top = repository(root)
    patch = "".join(
        rewrite.patch(
            first.sources[name].text, text, os.path.relpath(root / name, top).replace(os.sep, "/")
        )
        for name, text in sorted(texts.items())
    )
    if format == "json":
        sys.stdout.write(json.dumps({**record, "patch": patch}) + "\n")
    else:
        _tell(said)
        if not write:
            sys.stdout.write(patch)
    if not write:
        return 0
    return max(
        (
            replace(os.path.relpath(root / name), first.sources[name].text, text)
            for name, text in texts.items()
        ),
        default=0,
    )
