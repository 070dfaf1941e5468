"""Cell ids: `NAME.cells.lock` beside the root file NAME.cell keeps them for ever.

A process carries its cell's id across a reload of the policy, so an id must
never move to another name.  The file lists every name that ever had an id;
those that the policy no longer has are retired, and regain their id.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from compiler import durable, files
from compiler.diagnostics import Diagnostic, Diagnostics, Related
from compiler.durable import OutputError
from compiler.pattern import pattern
from compiler.record import NOTHING, record
from compiler.source import Source, Span

#: Ids are 16 bits wide in the kernel, and 0 is the host.
GREATEST = 65535

_HEADER = """\
# Cell ids, one `name id` a line, kept by `cellc build`.  Put this file under version
# control and do not edit it: a name keeps its id, even while the policy lacks it.
"""
_ENTRY = pattern(r"([A-Za-z][A-Za-z0-9_-]*)[ \t]+([0-9]+)[ \t]*\Z")
_CONFLICT = pattern(r"(<{7}|\|{7}|={7}|>{7})(\s|\Z)")
#: How many names a message lists before it only counts them.
_SHOWN = 8


@record
class CellIds:
    """The id of every name that has or had one."""

    by_name: Mapping[str, int] = NOTHING

    def retired(self, names: Iterable[str]) -> tuple[tuple[str, int], ...]:
        """Name and id of those not among `names`, in name order."""
        left = self.by_name.keys() - set(names)
        return tuple((name, self.by_name[name]) for name in sorted(left))


def lock_path(policy: Path) -> Path:
    """Where the ids of the policy in the root file `policy` are kept, whatever link names it."""
    return lock_beside(Path(files.real(str(policy))))


def lock_beside(policy: Path) -> Path:
    """The same for a path that is no link."""
    return policy.parent / f"{policy.stem}.cells.lock"


def read(source: Source) -> tuple[CellIds, tuple[Diagnostic, ...]]:
    """The ids in a lock file, and what is wrong with it."""
    diagnostics = Diagnostics()
    ids: dict[str, int] = {}
    spans: dict[str, Span] = {}
    owners: dict[int, str] = {}
    start = 0
    for line in source.text.split("\n"):
        span = Span(source.name, start, start + len(line.rstrip()))
        start += len(line) + 1
        if not line.strip() or line.startswith("#"):
            continue
        entry = _entry(line.rstrip(), span, diagnostics)
        if entry is None:
            continue
        name, number = entry
        other = name if name in ids else owners.get(number)
        if other is not None:
            _report_twice(name, number, span, other, spans[other], diagnostics)
            continue
        ids[name], spans[name], owners[number] = number, span, name
    return CellIds(ids), diagnostics.sorted()


def assign(names: Iterable[str], previous: CellIds) -> tuple[CellIds, tuple[Diagnostic, ...]]:
    """The ids of `previous`, and new ones for names without, in name order.

    A new id is greater than any before: one that a lost line may have held is not given
    again.  Names for which no id is left get none, and an error.
    """
    ids = dict(previous.by_name)
    new = sorted(set(names) - ids.keys())
    first = max(ids.values(), default=0) + 1
    ids.update(zip(new, range(first, GREATEST + 1), strict=False))
    left = new[GREATEST + 1 - first :] if first <= GREATEST else new
    if not left:
        return CellIds(ids), ()
    error = Diagnostic(
        "E0706",
        "error",
        f"no cell id is left for {_list(left)}: {GREATEST} is given",
        None,
        "delete lines from the lock file whose names and ids no running host still uses, "
        "the greatest ids first",
    )
    return CellIds(ids), (error,)


def refuse_new(cells: Mapping[str, Span | None], ids: CellIds) -> tuple[Diagnostic, ...]:
    """For `--locked`: an error if a cell, declared at a span, has no id yet."""
    new = sorted(cells.keys() - ids.by_name.keys())
    if not new:
        return ()
    others = ((name, cells[name]) for name in new[1:_SHOWN])
    error = Diagnostic(
        "E0707",
        "error",
        f"--locked, but the lock file has no id for {_list(new)}",
        cells[new[0]],
        "build once without --locked and commit the lock file",
        tuple(Related(span, f"`{name}` has none either") for name, span in others if span),
    )
    return (error,)


def render(ids: CellIds) -> str:
    """The text of the lock file."""
    lines = (f"{name} {ids.by_name[name]}\n" for name in sorted(ids.by_name))
    return _HEADER + "".join(lines)


def load(path: Path, name: str) -> tuple[Source | None, tuple[Diagnostic, ...]]:
    """The lock file as a source shown as `name`; None if there is none (the first build)."""
    reason = "is not UTF-8"
    try:
        return Source(name, files.read(str(path)).decode()), ()
    except FileNotFoundError:
        return None, ()
    except UnicodeDecodeError:
        pass
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
    message = f"the lock file `{name}` {reason}"
    help = "restore it from version control: it keeps running cells apart"
    return None, (Diagnostic("E0708", "error", message, None, help),)


def save(path: Path, ids: CellIds, read_before: Source | None) -> bool:
    """Writes the lock file unless it says the same already; returns whether it did.

    Raises OutputError when the file is no longer what was read, or cannot be written.
    """
    real = os.path.realpath(path)
    before = read_before.text if read_before else None
    text = render(ids)
    if text == before:
        return False
    with durable.locked(real):
        now, diagnostics = load(Path(real), path.name)
        if now and now.text == text:
            return False  # another build gave the same ids
        if diagnostics or (now.text if now else None) != before:
            raise OutputError(f"`{path}` has changed during the build", "build again")
        durable.replace_file(real, text.encode())
    return True


def _entry(line: str, span: Span, diagnostics: Diagnostics) -> tuple[str, int] | None:
    """Name and id of a line, or None and an error."""
    if _CONFLICT.match(line):
        diagnostics.error(
            "E0705",
            "a merge left its conflict marker in the lock file",
            span,
            "keep the lines of both sides and delete the markers; where two names share an id, "
            "delete the line of the cell that no host runs yet: it gets a new id",
        )
        return None
    match = _ENTRY.match(line)
    if not match:
        diagnostics.error(
            "E0701",
            "this line is not a name and an id",
            span,
            "restore the lock file from version control",
        )
        return None
    name, digits = match.groups()
    if len(digits) > len(str(GREATEST)) or not 1 <= int(digits) <= GREATEST:
        at = Span(span.file, span.start + match.start(2), span.start + match.end(2))
        diagnostics.error(
            "E0704",
            f"a cell id is from 1 to {GREATEST}",
            at,
            "restore the lock file from version control",
        )
        return None
    return name, int(digits)


def _report_twice(
    name: str, number: int, span: Span, other: str, first: Span, diagnostics: Diagnostics
) -> None:
    related = (Related(first, "first here"),)
    if name == other:
        help = "keep the line with the id that running hosts use"
        diagnostics.error("E0702", f"`{name}` has an id already", span, help, related)
    else:
        message = f"the id {number} belongs to `{other}` already"
        help = "delete the line of the cell that no host runs yet: it gets a new id"
        diagnostics.error("E0703", message, span, help, related)


def _list(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:_SHOWN])
    more = len(names) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
