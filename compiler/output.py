"""The build directory: replaced as a whole, or left as it was.

A build is written beside its directory and moved into place.  Two names stand
beside a directory `build` while that happens, and a lock:

    .build.cellc-new    the build being written
    .build.cellc-old    the build being replaced

Killed between the two renames, the process leaves no directory but the old
build under its second name; the next run moves it back.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from compiler import durable
from compiler.durable import OutputError
from compiler.manifest import (
    CHECKSUMS,
    MANIFEST,
    REPORT,
    SIGNATURE,
    UNLISTED,
    Manifest,
    Origin,
    checksums,
    digest,
    made_by_cellc,
    verify_build,
)

_Tree = dict[str, tuple[bytes, int]]
"""Content and permissions by path."""


class File(Protocol):
    """What a backend's artifact looks like from here."""

    @property
    def path(self) -> str: ...
    @property
    def content(self) -> bytes: ...
    @property
    def mode(self) -> int: ...


def write_build(
    directory: str | os.PathLike[str],
    files: Iterable[File],
    origin: Origin,
    sign: Callable[[bytes], bytes] | None = None,
    first: Callable[[], None] | None = None,
    kept: Iterable[str | os.PathLike[str]] = (),
) -> bool:
    """Makes `directory` hold these files, `manifest.json` and `SHA256`, and nothing else.

    `sign` makes `manifest.json.sig` of the manifest.  `first` is called when nothing
    but the disk can fail any more, before the directory changes.  A directory with one of
    the files `kept` in it is not replaced.  Returns False when the directory held exactly
    this build already and was not touched.  Raises OutputError for what the user can mend,
    and then the directory is as it was; ValueError for artifacts that cannot stand in one
    directory.
    """
    tree = _tree(files, origin, sign)
    with _writing(directory) as names:
        _refuse_foreign(names.directory, os.fspath(directory), REPORT in tree)
        _refuse_to_lose(kept, names.directory, os.fspath(directory))
        if first:
            first()
        if _holds(names.directory, tree):
            return False
        _write_tree(names.new, tree)
        names.swap()
    return True


def recover(directory: str | os.PathLike[str]) -> None:
    """Brings back a build that a killed process had moved away, and removes its litter."""
    with _writing(directory):
        pass


class _Names:
    """The directory and the names beside it."""

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        parent, name = os.path.split(os.path.abspath(directory))
        if not name:
            raise OutputError("the root directory cannot hold a build", "name a directory below it")
        self.parent = os.path.realpath(parent)
        self.directory = os.path.join(self.parent, name)
        self.new = durable.beside(self.directory, "new")
        self.old = durable.beside(self.directory, "old")

    def recover(self) -> None:
        if os.path.lexists(self.old) and not os.path.lexists(self.directory):
            os.rename(self.old, self.directory)
            durable.sync([], [self.parent])
        durable.remove(self.new)
        durable.remove(self.old)

    def swap(self) -> None:
        """Moves the new build into place; the old one is gone afterwards."""
        if os.path.lexists(self.directory):
            os.rename(self.directory, self.old)
        os.rename(self.new, self.directory)
        durable.sync([], [self.parent])
        durable.remove(self.old)


@contextlib.contextmanager
def _writing(directory: str | os.PathLike[str]) -> Iterator[_Names]:
    """The names, recovered, while no other build may write there."""
    names = _Names(directory)
    with contextlib.suppress(OSError):  # the lock reports what is wrong with the parent
        os.makedirs(names.parent, exist_ok=True)
    with durable.locked(names.directory):
        names.recover()
        try:
            yield names
        except BaseException:
            # The first error is the one to tell, and the next run recovers again.
            with contextlib.suppress(OSError):
                names.recover()
            raise


def _refuse_foreign(path: str, shown: str, report: bool) -> None:
    """Raises OutputError unless `path` is free, an empty directory, or a former build or report,
    whichever is to be written."""
    if not os.path.lexists(path):
        return
    if os.path.islink(path):
        reason = f"`{shown}` is a symbolic link"
        raise OutputError(reason, "name the directory that it points to instead")
    if not os.path.isdir(path):
        raise OutputError(f"`{shown}` is not a directory", "name another place for the build")
    if not os.listdir(path):
        return
    if not made_by_cellc(path):
        raise OutputError(
            f"`{shown}` is not empty and was not made by cellc",
            "name an empty or new directory, or remove what is in it yourself",
        )
    if os.path.exists(os.path.join(path, REPORT)) != report:
        held, written = ("build", "report") if report else ("report", "build")
        raise OutputError(f"`{shown}` holds a {held}", f"name another directory for the {written}")


def _refuse_to_lose(kept: Iterable[str | os.PathLike[str]], directory: str, shown: str) -> None:
    for path in kept:
        if os.path.realpath(path).startswith(directory + os.sep):
            reason = f"`{shown}` holds `{os.fspath(path)}`, and would be replaced as a whole"
            raise OutputError(reason, "name another directory")


def _holds(path: str, tree: _Tree) -> bool:
    """Whether `path` is exactly this build, permissions included."""
    try:
        with open(os.path.join(path, MANIFEST), "rb") as file:
            if file.read() != tree[MANIFEST][0]:
                return False
        modes = {name: os.lstat(os.path.join(path, name)).st_mode for name in tree}
    except OSError:
        return False
    right = all(stat.S_IMODE(modes[name]) == mode for name, (_, mode) in tree.items())
    return right and not verify_build(path)


def _write_tree(root: str, tree: _Tree) -> None:
    """A new directory with these files, on the disk when this returns."""
    directories = [root, *(os.path.join(root, folder) for folder in sorted(_folders(tree)))]
    for directory in directories:
        os.mkdir(directory)
        os.chmod(directory, 0o755)
    for path, (content, mode) in sorted(tree.items()):
        durable.create_file(os.path.join(root, path), content, mode)
    durable.sync([os.path.join(root, path) for path in sorted(tree)], directories)


def _tree(files: Iterable[File], origin: Origin, sign: Callable[[bytes], bytes] | None) -> _Tree:
    """Everything that the directory will hold."""
    listed = list(files)
    tree = {file.path: (file.content, file.mode) for file in listed}
    _check_paths(tree, len(listed))
    hashes = {path: digest(content) for path, (content, _) in tree.items()}
    made = {MANIFEST: Manifest(origin, hashes).render()}
    if sign:
        made[SIGNATURE] = sign(made[MANIFEST])
    made[CHECKSUMS] = checksums(hashes | {path: digest(made[path]) for path in made})
    return tree | {path: (content, 0o644) for path, content in made.items()}


def _check_paths(tree: _Tree, count: int) -> None:
    """Raises ValueError for a path that is not plain, or taken, or reserved."""
    for path in tree:
        if not path.isprintable() or not {"", ".", ".."}.isdisjoint(path.split("/")):
            raise ValueError(f"not a path inside a build: {path!r}")
    if len(tree) < count or tree.keys() & (_folders(tree) | UNLISTED):
        raise ValueError("two artifacts share a path")


def _folders(tree: _Tree) -> set[str]:
    """The directories below the root that the files need."""
    folders = {path.rpartition("/")[0] for path in tree}
    for folder in list(folders):
        while folder:
            folder = folder.rpartition("/")[0]
            folders.add(folder)
    return folders - {""}
