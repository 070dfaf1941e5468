"""Findings that are known and to be dealt with later: a file that only shrinks."""

from __future__ import annotations

from collections.abc import Iterable

from compiler.pattern import pattern
from compiler.record import NamedTuple, record

_HEAD = """\
# Findings that `cellc check --baseline` does not report.  Made by --baseline-mode create;
# --baseline-mode shrink removes those that are gone.  One FINGERPRINT CODE FILE a line.
"""
_LINE = pattern(r"(?P<fingerprint>[0-9a-f]{32}) (?P<code>[A-Z]{3}[0-9]{3}) (?P<file>\S.*)")


class BaselineError(Exception):
    """A file that is no baseline, with the line at fault."""


class Entry(NamedTuple):
    """One finding: where the file lies below the repository, its code, its fingerprint."""

    file: str
    code: str
    fingerprint: str


@record
class Baseline:
    """The known findings, each once."""

    entries: frozenset[Entry]

    def gone(self, found: Iterable[Entry], checked: Iterable[str]) -> frozenset[Entry]:
        """Entries about files that were checked which are found no longer."""
        files = set(checked)
        return frozenset(e for e in self.entries if e.file in files) - frozenset(found)


def read(text: str) -> Baseline:
    """Raises BaselineError for text that `written` would not have made."""
    entries = set()
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#") or not line:
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            raise BaselineError(f"line {number} is not FINGERPRINT CODE FILE")
        entries.add(Entry(found["file"], found["code"], found["fingerprint"]))
    return Baseline(frozenset(entries))


def written(entries: Iterable[Entry]) -> str:
    """The file: sorted, so that version control shows what changed."""
    return _HEAD + "".join(f"{e.fingerprint} {e.code} {e.file}\n" for e in sorted(entries))
