"""STY014: files that `cellc fmt` would change."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.diagnostics import Diagnostics
from compiler.lint.context import Context
from compiler.lint.rule import Edit, Finding, Rule
from compiler.source import Span
from compiler.syntax.format import format_source


def find(context: Context) -> Iterator[Finding]:
    for file in context.definitions.files:
        source = file.source
        text = format_source(source, Diagnostics())
        if text is not None and text != source.text:
            start = _first_difference(source.text, text)
            everything = Span(source.name, 0, len(source.text))
            span = Span(source.name, start, min(start + 1, len(source.text)))
            message = f"`{source.name}` is not in the canonical format"
            yield Finding(span, message, edits=(Edit(everything, text),))


def _first_difference(text: str, other: str) -> int:
    pairs = zip(text, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(text), len(other)))


RULE = Rule(
    code="STY014",
    name="not-formatted",
    title="file that is not in the canonical format",
    severity="note",
    why="One format keeps differences between versions down to what changed.",
    bad="""\
cell web {
  profile confined;
    deny   system.sysvipc;
}
""",
    good="""\
cell web {
    profile confined;
    deny system.sysvipc;
}
""",
    remedy="run `cellc fmt`",
    find=find,
    fix="everything",
    off="""\
some policies are laid out by hand, in columns, and `cellc fmt --check` does the same for
all files""",
)
