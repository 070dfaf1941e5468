"""The answers of `cellc query` as a table for people, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from compiler.analysis.exposure import Exposure
from compiler.analysis.frame import Frame
from compiler.analysis.query import Chain, Row
from compiler.analysis.wording import parts, span
from compiler.driver import Program
from compiler.ir.ir import HOST_ROOT
from compiler.record import NamedTuple
from compiler.source import Source
from compiler.sourcemap import hex_id, place

TableFormat = Literal["text", "json", "csv"]

#: A column of a table is no wider than this; what is longer runs over.
_WIDEST = 60
_NAMED = 6


class Record(NamedTuple):
    """One answer: the columns for people, and all of it for programs, made when it is asked for."""

    columns: tuple[str, ...]
    said: Callable[[], Mapping[str, Any]]

    @property
    def fields(self) -> Mapping[str, Any]:
        return self.said()


def row_record(row: Row, frame: Frame, program: Program, sources: Mapping[str, Source]) -> Record:
    """Requests that are decided alike."""
    index = row.decision.rule
    where = None if index is None else place(program.spans[index], sources)
    rule = None if index is None else {"id": hex_id(program.ir.rules[index].id), **(where or {})}
    by = f" by {row.by}" if row.result == "refused" else ""
    by += f"; {row.remark}" if row.remark else ""
    line = f"{where['file']}:{where['line']}" if where else "by default"

    def fields() -> Mapping[str, Any]:
        return {
            "request": row.text,
            "decision": row.decision.effect,
            "outcome": row.result,
            "by": row.by,
            "remark": row.remark or None,
            "rule": rule,
            **parts(frame, row.box)._asdict(),
        }

    return Record((row.decision.effect, row.text, f"[{row.result}{by}]", line), fields)


def chain_record(chain: Chain, program: Program, sources: Mapping[str, Source]) -> Record:
    """One subject influences another one."""
    steps = [
        {
            "source": step.source,
            "target": step.target,
            "by": step.by,
            "rule": None
            if step.rule is None
            else {
                "id": hex_id(program.ir.rules[step.rule].id),
                **place(program.spans[step.rule], sources),
            },
        }
        for step in chain.steps
    ]
    text = ", ".join(step.text for step in chain.steps)
    fields = {"source": chain.source, "target": chain.target, "steps": steps}
    return Record((f"{chain.source} ~> {chain.target}", text), lambda: fields)


def exposure_record(rank: int, e: Exposure) -> Record:
    """What is lost with one cell."""
    others = [name for name in e.reaches if name != HOST_ROOT]
    reach = "everything, by root on the host" if e.host_root else _some(others) or "nobody"
    columns = (
        f"{rank}.",
        e.cell,
        f"reaches {reach}",
        f"powers: {_some(e.powers) or 'none'}",
        f"{e.works} actions work{' as root' if e.as_root else ''}",
        f"listens: {_some(e.ports) or 'nowhere'}",
    )
    return Record(columns, lambda: {"rank": rank, **e._asdict()})


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def table(records: Sequence[Record], format: TableFormat) -> str:
    """All answers in one format; nothing when there are none."""
    if format == "json":
        return "".join(json.dumps(record.fields) + "\n" for record in records)
    if format == "csv":
        return _csv(records)
    return "".join(f"{line}\n" for line in _aligned([record.columns for record in records]))


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterable[str]:
    widths = [min(_WIDEST, max(map(len, column))) for column in zip(*rows, strict=True)]
    for row in rows:
        words = (word.ljust(width) for word, width in zip(row, widths, strict=True))
        yield "  ".join(words).rstrip()


def _csv(records: Sequence[Record]) -> str:
    """One header; sets as words between blanks, a rule as its id and place."""
    out = io.StringIO()
    for number, record in enumerate(records):
        flat = {
            key: text for name, value in record.fields.items() for key, text in _cell(name, value)
        }
        writer = csv.writer(out, lineterminator="\n")
        if number == 0:
            writer.writerow(flat)
        writer.writerow(flat.values())
    return out.getvalue()


def _cell(name: str, value: Any) -> list[tuple[str, str]]:
    if name == "rule":
        rule = value or {}
        place = f"{rule['file']}:{rule['line']}:{rule['column']}" if value else ""
        return [("rule", rule.get("id", "")), ("place", place)]
    if name == "steps":
        return [("steps", "; ".join(f"{s['source']} ~> {s['target']} ({s['by']})" for s in value))]
    if name == "ports" and value and not isinstance(value[0], str):
        return [(name, " ".join(span(low, high) for low, high in value))]
    if isinstance(value, tuple | list):
        return [(name, " ".join(word.replace(" ", ":") for word in value))]
    if isinstance(value, bool):
        return [(name, "yes" if value else "no")]
    return [(name, "" if value is None else str(value))]
