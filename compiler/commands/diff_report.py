"""What `cellc diff` found as text, as JSON lines, and as Markdown for a pull request."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from compiler.analysis.compare import Direction
from compiler.commands.diff_rows import DecisionRow, Rows, SettingRow, Sourced, counted, number
from compiler.render.markdown import code
from compiler.render.markdown import text as plain
from compiler.render.text import visible

_DIRECTIONS: tuple[Direction, ...] = ("widened", "narrowed", "moved")
#: Markdown is cut here: GitHub takes 65536 characters in a comment.
_MOST_IN_MARKDOWN = 50


def report(rows: Rows, format: Literal["text", "json", "markdown"], most: int | None) -> str:
    """All that was found; nothing as text and JSON when both policies are the same."""
    if format == "json":
        return "".join(json.dumps(record) + "\n" for record in _records(rows))
    lines = _markdown(rows) if format == "markdown" else _text(rows, most)
    return "".join(f"{line}\n" for line in lines)


# JSON


def _records(rows: Rows) -> Iterator[dict[str, Any]]:
    for row in rows.decisions:
        yield {
            "kind": "decision",
            "direction": row.direction,
            "request": row.request,
            "witness": row.witness,
            "before": _answer(row.before, row.old),
            "after": _answer(row.after, row.new),
            "reason": row.reason,
            "classes": row.classes,
            "requests": row.requests,
        }
    for setting in rows.settings:
        key, before, after, turned = setting.change
        yield {
            "kind": "setting",
            "direction": turned,
            "cell": key.cell or None,
            "setting": key.text,
            "before": None if before is None else before.value,
            "after": None if after is None else after.value,
            "old": setting.old,
            "new": setting.new,
            "reason": setting.reason,
        }
    summary: dict[str, Any] = {"kind": "summary", "old": rows.old, "new": rows.new}
    for direction in _DIRECTIONS:
        count = rows.total(direction)
        summary[direction] = {"classes": count.classes, "requests": count.requests}
    yield {**summary, "settings": len(rows.settings), "unjustified": rows.unjustified}


def _answer(answer: Any, rule: Sourced | None) -> dict[str, Any]:
    return {
        "decision": answer.effect,
        "outcome": answer.result,
        "rule": None if rule is None else rule.fields,
    }


# Text


def _text(rows: Rows, most: int | None) -> Iterator[str]:
    for direction in _DIRECTIONS:
        count = rows.total(direction)
        if count.rows:
            yield f"{direction}: {counted(count.classes, count.requests)}"
            for row in count.rows[:most]:
                yield from _decision(row)
            yield from _left_out(count.rows, most)
    if rows.settings:
        yield f"settings: {len(rows.settings)}"
        for setting in rows.settings[:most]:
            yield from _setting(setting)
        yield from _left_out(rows.settings, most)
    if rows.unjustified:
        yield f"{number(rows.unjustified, 'widening')} without a @reason"


def _left_out(rows: Sequence[object], most: int | None) -> Iterator[str]:
    if most is not None and len(rows) > most:
        yield f"  ... and {len(rows) - most} more (--all shows them)"


def _decision(row: DecisionRow) -> Iterator[str]:
    outcome = "" if row.direction == "moved" else f"  [{row.outcome}]"
    yield f"  {row.turn}  {row.request}{outcome}"
    yield f"    such as  {row.witness}"
    yield f"    old      {_rule(row.old)}"
    yield f"    new      {_rule(row.new)}"
    yield from _reason(row)


def _rule(rule: Sourced | None) -> str:
    return "by default" if rule is None else visible(rule.text)


def _setting(row: SettingRow) -> Iterator[str]:
    yield f"  {row.change.direction}  {visible(row.text)}  {visible(row.turn)}".rstrip()
    for word, where in (("old", row.old), ("new", row.new)):
        if where is not None:
            yield f"    {word}      {visible(where['file'])}:{where['line']}"
    yield from _reason(row)


def _reason(row: DecisionRow | SettingRow) -> Iterator[str]:
    if row.unjustified:
        yield "    no @reason"
    elif row.reason is not None:
        yield f"    reason   {visible(row.reason)}"


# Markdown


def _markdown(rows: Rows) -> Iterator[str]:
    yield f"### {code(rows.old)} to {code(rows.new)}"
    yield ""
    if not rows.decisions and not rows.settings:
        yield "No request is decided otherwise, and no setting is another."
        return
    if rows.unjustified:
        yield f"**{number(rows.unjustified, 'widening')} without a &#64;reason.**"
        yield ""
    yield "| | classes | requests |"
    yield "| --- | ---: | ---: |"
    for direction in _DIRECTIONS:
        count = rows.total(direction)
        yield f"| {direction} | {count.classes} | {count.requests} |"
    yield f"| settings | {len(rows.settings)} | |"
    for direction in _DIRECTIONS:
        found = rows.total(direction).rows
        if found:
            yield from _folded(direction, [_decision_line(row) for row in found], "old | new")
    if rows.settings:
        yield from _folded("settings", [_setting_line(row) for row in rows.settings], "old | new")


def _folded(title: str, lines: Sequence[str], columns: str) -> Iterator[str]:
    """A table that is open where it matters most."""
    yield ""
    yield f"<details{' open' if title == 'widened' else ''}><summary>{title}</summary>"
    yield ""
    yield f"| | what | {columns} | reason |"
    yield "| --- | --- | --- | --- | --- |"
    yield from lines[:_MOST_IN_MARKDOWN]
    yield ""
    if len(lines) > _MOST_IN_MARKDOWN:
        yield f"... and {len(lines) - _MOST_IN_MARKDOWN} more."
        yield ""
    yield "</details>"


def _decision_line(row: DecisionRow) -> str:
    what = f"{code(row.request)}<br>such as {code(row.witness)}"
    rules = (_rule_cell(rule) for rule in (row.old, row.new))
    turn = row.turn if row.direction == "moved" else f"{row.turn} [{row.outcome}]"
    return f"| {plain(turn)} | {what} | {' | '.join(rules)} | {_reason_cell(row)} |"


def _rule_cell(rule: Sourced | None) -> str:
    if rule is None:
        return "by default"
    place = rule.place
    return f"{plain(place['file'])}:{place['line']}<br>{code(place['text'])}"


def _setting_line(row: SettingRow) -> str:
    places = (
        f"{plain(where['file'])}:{where['line']}" if where is not None else ""
        for where in (row.old, row.new)
    )
    what = f"{code(row.text)}: {code(row.turn)}"
    return f"| {row.change.direction} | {what} | {' | '.join(places)} | {_reason_cell(row)} |"


def _reason_cell(row: DecisionRow | SettingRow) -> str:
    return "**none**" if row.unjustified else plain(row.reason or "")
