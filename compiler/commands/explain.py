"""`cellc explain`: the decision on requests, the rule that made it, and what it overrode."""

from __future__ import annotations

import datetime
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from compiler.analysis.audit import audit_line, of_log, of_module
from compiler.analysis.explain import Explainer
from compiler.commands.asked import asked
from compiler.commands.explain_text import explanation_text
from compiler.commands.input import standard_input
from compiler.commands.output import Format, print_findings
from compiler.diagnostics import Diagnostics


def explain(path: Path, requests: Iterable[str], today: datetime.date, format: Format) -> int:
    """Explains every request; the exit status.  A `-` stands for lines of standard input."""
    policy = asked(path, today)
    if policy is None:
        return 1
    explainer = Explainer(policy.program, policy.sources)
    log = Diagnostics()
    wrong = False
    for line in _lines(requests, log):
        found = Diagnostics()
        source = explainer.source(line)
        explanation = explainer.explain(source, found)
        print_findings(found.sorted(), {**policy.sources, source.name: source}, policy.root)
        wrong |= found.failed
        if explanation is None:
            continue
        if format == "json":
            sys.stdout.write(json.dumps(explanation) + "\n")
        else:
            sys.stdout.write(explanation_text(explanation))
    print_findings(log.sorted(), policy.sources, policy.root)
    return 2 if wrong or log.failed else policy.status


def _lines(requests: Iterable[str], found: Diagnostics) -> Iterator[str]:
    """Requests as given; of a log only the lines of the kernel module."""
    for request in requests:
        if request != "-":
            yield request
            continue
        lines = [line.strip() for line in standard_input() if line.strip()]
        if any(map(of_log, lines)):
            if not any(map(of_module, lines)):
                help = "its lines hold `cellpolicy: `; requests stand one a line, and nothing else"
                message = "no line of this log comes from the kernel module"
                found.error("E0419", message, None, help)
            lines = [line for line in lines if audit_line(line) is not None]
        yield from lines
