"""Rule ids back to the source: file, line, column, text, and how the rule came there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from compiler.driver import Program
from compiler.lowering.rule_ids import on_one_line
from compiler.source import Source, Span

FORMAT = "cellc-map"
VERSION = 1


def hex_id(rule: int) -> str:
    """A rule id as the kernel prints it."""
    return f"{rule:08x}"


def place(span: Span, sources: Mapping[str, Source]) -> dict[str, Any]:
    """File, line, column (from 1) and text of a rule."""
    source = sources[span.file]
    line, column = source.position(span.start)
    text = on_one_line(source.text[span.start : span.end])
    return {"file": span.file, "line": line, "column": column, "text": text}


def source_map(program: Program, sources: Mapping[str, Source]) -> str:
    """`policy.map.json`: every rule id of the IR with its place, scope and imports."""
    rules = {}
    for rule, span, scope in zip(program.ir.rules, program.spans, program.scopes, strict=True):
        if scope:
            entry = place(span, sources)
            entry |= {"scope": scope, "imports": program.imports.get(span.file, ())}
            rules[hex_id(rule.id)] = entry
    rows = ",\n".join(f"  {json.dumps(k)}: {json.dumps(rules[k])}" for k in sorted(rules))
    head = f' "format": "{FORMAT}",\n "version": {VERSION},\n "policy": "{program.ir.policy}",\n'
    return "{\n" + head + (f' "rules": {{\n{rows}\n }}\n' if rows else ' "rules": {}\n') + "}\n"
