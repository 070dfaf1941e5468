"""Findings and what every format may say of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from compiler.diagnostics import Diagnostic
from compiler.record import NOTHING, record
from compiler.render.place import Place, place
from compiler.source import Source, Span


@record
class Report:
    """The findings of one run, in the order to show them in."""

    findings: Sequence[Diagnostic]
    sources: Mapping[str, Source]
    """By the names that spans have; a file that could not be read is not among them."""
    fingerprints: Sequence[str] = ()
    """One for each finding, as `fingerprints` makes them."""
    titles: Mapping[str, str] = NOTHING
    """A few words for each code."""
    help: Mapping[str, str] = NOTHING
    """A page in Markdown for each code that has one."""
    policies: Sequence[str] = ()
    """The files that were checked."""
    homes: Mapping[Diagnostic, str] = NOTHING
    """Which of them was checked when a finding was made."""
    version: str = "0"
    """Of cellc."""

    def place(self, span: Span | None) -> Place | None:
        """Where a span lies, if its file was read."""
        source = self.sources.get(span.file) if span else None
        return place(span, source) if span and source else None

    def file(self, finding: Diagnostic) -> str:
        """The file that a finding is in, or else about; "" if nobody knows."""
        return finding.span.file if finding.span else self.homes.get(finding, "")

    def rows(self) -> Iterator[tuple[Diagnostic, str]]:
        """Findings with their fingerprints."""
        return zip(self.findings, self.fingerprints, strict=True)


def fingerprints(findings: Sequence[Diagnostic], sources: Mapping[str, Source]) -> list[str]:
    """32 hexadecimal digits for each finding, the same while its line is the same.

    They depend on the code, the file as it is named here, the text of the lines without
    blanks at their ends, and how many such findings came before: neither on where in the
    file the lines stand nor on the words of the message.
    """
    seen: Counter[bytes] = Counter()
    made = []
    for finding in findings:
        key = "\0".join((finding.code, *_where(finding.span, sources)))
        digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16)
        base = digest.digest()
        seen[base] += 1
        if seen[base] > 1:
            digest.update(b"\0%d" % seen[base])
        made.append(digest.hexdigest())
    return made


def _where(span: Span | None, sources: Mapping[str, Source]) -> tuple[str, ...]:
    if span is None:
        return ()
    source = sources.get(span.file)
    if source is None:
        return (span.file,)
    at = place(span, source)
    text = source.text
    first = text.rfind("\n", 0, at.start) + 1
    last = text.find("\n", max(at.start, at.end - 1))
    lines = text[first : None if last < 0 else last].split("\n")
    return (span.file, *(line.strip() for line in lines))
