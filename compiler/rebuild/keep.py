"""What a build keeps of its policy."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from compiler.driver import Program
from compiler.files import Notes
from compiler.ledger.scopes import part_of
from compiler.names.shipped import SHIPPED
from compiler.rebuild.change import Change
from compiler.rebuild.kept import Kept, KeptCell, KeptRule, KeptText, Places
from compiler.source import Source, Span
from compiler.syntax import tree as t


def keep(
    notes: Notes,
    program: Program,
    sources: Mapping[str, Source],
    digests: Mapping[str, str],
    last: tuple[Kept, Change] | None = None,
) -> Kept:
    """What to keep of a build of `program`; `last` is what tells about cells it does not."""
    definitions = program.definitions
    paths = {file.source.name: str(file.path) for file in definitions.files}
    return Kept(
        notes=notes,
        texts={name: KeptText(path, sources[name].text) for name, path in paths.items()},
        digests=digests,
        cells=dict(_cells(program, last)),
        settings=_settings(program) if last is None else moved_settings(*last),
        rules=list(_shared(program)),
        shipped=[name for name in SHIPPED if f"<cellc>/{name}.cell" in sources],
        contested=program.lowered.contested,
    )


def _cells(program: Program, last: tuple[Kept, Change] | None) -> Iterator[tuple[str, KeptCell]]:
    definitions = program.definitions
    enforced = {cell.name: cell for cell in program.ir.cells}
    written = {cell.name: cell for cell in program.policy.cells}
    for name in definitions.cell_names:
        node = definitions.cells.get(name)
        if node is None:
            assert last is not None
            yield name, _later(last[0].cells[name], last[1])
            continue
        file, start, end = node.span
        annotations = definitions.annotated.get(node.span, ())
        rules = program.ir.layers[enforced[name].layers[-1]].rules
        spans = [program.spans[index] for index in rules]
        yield (
            name,
            KeptCell(
                file,
                min([start, *(note.span.start for note in annotations)]),
                start,
                end,
                1 + _count(node.body),
                json.dumps(
                    Places(
                        [(span.start - start, span.end - start) for span in spans],
                        [
                            (setting, span.start - start, span.end - start)
                            for setting, span in part_of(written[name].own).settings
                        ],
                    )
                ),
            ),
        )


def _later(cell: KeptCell, change: Change) -> KeptCell:
    span = change.moved(cell.span)
    by = span.start - cell.start
    return cell._replace(begin=cell.begin + by, start=span.start, end=span.end) if by else cell


def _count(statements: Iterable[t.Statement]) -> int:
    return sum(1 + _count(statement.body) for statement in statements)


def _settings(program: Program) -> Mapping[str, Sequence[tuple[str, Span]]]:
    """What profiles and templates set that cells have."""
    found: dict[str, Sequence[tuple[str, Span]]] = {}
    for cell in program.policy.cells:
        for body in (*cell.profiles, *cell.templates):
            part = part_of(body)
            if part.scope not in found:
                found[part.scope] = list(part.settings)
    return found


def moved_settings(before: Kept, change: Change) -> Mapping[str, Sequence[tuple[str, Span]]]:
    """The same where they stand now."""
    return {
        scope: [(setting, change.moved(span)) for setting, span in settings]
        for scope, settings in before.settings.items()
    }


def _shared(program: Program) -> Iterator[KeptRule]:
    """The rules that stand in no cell."""
    layers = program.ir.layers
    shared = {index for layer in layers if layer.kind != "cell" for index in layer.rules}
    found: dict[tuple[Span, str], list[int]] = {}
    for index in sorted(shared):
        found.setdefault((program.spans[index], program.scopes[index]), []).append(index)
    for (span, scope), numbers in found.items():
        yield KeptRule(span, scope, numbers)
