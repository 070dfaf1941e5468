"""Which two policies `cellc diff` compares: files, or what git keeps of them."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from compiler import lock
from compiler.commands.named import policies_at
from compiler.commands.output import print_findings
from compiler.driver import Program, compile_policy
from compiler.names.project import policy_root
from compiler.pattern import pattern
from compiler.record import NamedTuple
from compiler.revisions import Revision, RevisionError
from compiler.source import Source

#: Two revisions; names of them hold no colon (git-check-ref-format(1)).
_RANGE = pattern(r"[^:]*?(?<!\.)\.\.(?!\.)[^:]*")


class UsageProblemError(Exception):
    """The command line names no two policies; the message says why."""


class Place(NamedTuple):
    """Where a policy lies: in a file, or in a file of a revision (a path from the top)."""

    path: str
    revision: Revision | None = None

    @property
    def label(self) -> str:
        return f"{self.revision.name}:{self.path}" if self.revision else self.path


class Side(NamedTuple):
    """A policy that is compared."""

    label: str
    program: Program
    sources: Mapping[str, Source]
    root: Path
    """The policy root, where it would be in the working tree."""
    ids: Mapping[str, int] | None
    """The ids of its lock file, if it has one."""
    broken: bool
    """Whether an assertion does not hold."""


def places(old: str, new: str | None) -> tuple[Place, Place]:
    """The two policies that a command line names.

    Raises UsageProblemError, and RevisionError for a revision that is not there.
    """
    if _RANGE.fullmatch(old) and not os.path.lexists(old):
        first, _, second = old.partition("..")
        file = new if new is not None else str(_only_policy())
        return _at(first or "HEAD", file), _at(second, file) if second else Place(file)
    if new is None:
        raise UsageProblemError(
            f"compare `{old}` with what? give two files, or a revision: `main..`"
        )
    return _place(old), _place(new)


def _at(revision: str, file: str) -> Place:
    folder = os.path.dirname(os.path.abspath(file))
    known = Revision(revision, Path(folder if os.path.isdir(folder) else "."))
    real = os.path.join(os.path.realpath(folder), os.path.basename(file))
    return Place(os.path.relpath(real, known.top).replace(os.sep, "/"), known)


def _place(text: str) -> Place:
    name, colon, path = text.partition(":")
    if not colon or os.path.lexists(text):
        return Place(text)
    revision = Revision(name or "HEAD", Path())
    if path.startswith(("./", "../")):  # as git has it: from here, else from the top
        path = os.path.relpath(os.path.realpath(path), revision.top)
    return Place(path, revision)


def _only_policy() -> Path:
    found = policies_at(Path())
    if len(found) == 1:
        return found[0]
    some = ", ".join(f"`{path}`" for path in found[:4])
    raise UsageProblemError(
        f"which policy? name one of {some}" if found else "there is no policy here"
    )


def read(place: Place, today: datetime.date, past: bool) -> Side | None:
    """A policy after its errors are printed; None if they leave unknown what it decides.

    What is `past` may hold rules that have expired since, and of its assertions nothing is said.
    """
    try:
        with _file(place) as (path, root):
            compilation = compile_policy(path, datetime.date.min if past else today)
            ids = _ids(path)
    except RevisionError as problem:
        raise UsageProblemError(str(problem)) from None
    program = compilation.decided
    if program is None or not past:
        print_findings(compilation.diagnostics, compilation.sources, root, _prefix(place, root))
    if program is None:
        return None
    return Side(place.label, program, compilation.sources, root, ids, compilation.failed)


def _prefix(place: Place, root: Path) -> str | None:
    """What names of files begin with in messages about a revision: `main:policies/`."""
    if place.revision is None:
        return None
    inside = os.path.relpath(root, place.revision.top)
    return f"{place.revision.name}:{'' if inside == '.' else f'{inside}/'}"


@contextmanager
def _file(place: Place) -> Iterator[tuple[Path, Path]]:
    """The file of a policy, and its root in the working tree."""
    if place.revision is None:
        yield Path(place.path), policy_root(Path(place.path))
        return
    with place.revision.policy(place.path) as path:
        folder = path.parents[len(Path(os.path.normpath(place.path)).parts) - 1]
        yield path, place.revision.top / policy_root(path).relative_to(folder)


def _ids(path: Path) -> Mapping[str, int] | None:
    source, _ = lock.load(lock.lock_path(path), "lock")
    return lock.read(source)[0].by_name if source is not None else None
