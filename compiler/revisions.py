"""Policies as git keeps them: the files of one revision, put into a temporary directory.

Only plumbing is used, so that neither the working tree nor the index is touched, no hook
runs, and no attribute changes what a file holds.  Names go through no shell and are never
options.  gitrevisions(7), git-ls-tree(1), git-cat-file(1).
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compiler.diagnostics import Diagnostics
from compiler.lock import lock_beside
from compiler.names.text import unquote
from compiler.pattern import pattern
from compiler.record import NamedTuple
from compiler.source import Span
from compiler.syntax import tree as t

_IMPORT = pattern(r'\bimport\s+("(?:[^"\\\n]|\\.)*")')
_LINK, _FILE = "120000", ("100644", "100755")
#: As many symbolic links in a row as a path may have (SYMLOOP_MAX of limits.h).
_MOST_LINKS = 32


class RevisionError(Exception):
    """A revision or a file of it that is not there; the message is for people."""


class Entry(NamedTuple):
    """A file of a tree."""

    mode: str
    object: str


class Revision:
    """One commit of the repository that a directory belongs to."""

    def __init__(self, name: str, folder: Path) -> None:
        """Raises RevisionError if there is no such commit, no repository or no git."""
        self.name = name
        self._folder = folder
        self.top = Path(os.fsdecode(self._git("rev-parse", "--show-toplevel").rstrip(b"\n")))
        if name.startswith("-"):
            raise RevisionError(f"`{name}` is no revision: none begins with a dash")
        wanted = f"{name}^{{commit}}"
        self._commit = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", wanted)
        self._tree = self._files()

    def _git(self, *arguments: str) -> bytes:
        """What git prints; RevisionError when it fails."""
        command = ["git", "--no-optional-locks", "--no-replace-objects", *arguments]
        try:
            done = subprocess.run(command, cwd=self._folder, capture_output=True, check=False)
        except OSError as problem:
            raise RevisionError(f"cannot run git: {problem.strerror}") from None
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise RevisionError(said[0] if said else f"git knows no revision `{self.name}`")
        return done.stdout

    def _files(self) -> dict[str, Entry]:
        """Every file of the commit by its path from the top."""
        commit = self._commit.decode("ascii").strip()
        listed = self._git("ls-tree", "-r", "-z", "--full-tree", commit)
        found = {}
        for row in listed.split(b"\0")[:-1]:
            head, _, path = row.partition(b"\t")
            mode, _, object_ = head.decode("ascii").split(" ")
            found[os.fsdecode(path)] = Entry(mode, object_)
        return found

    @contextmanager
    def policy(self, path: str) -> Iterator[Path]:
        """The policy in a file, `path` from the top, with all it imports, while it is needed.

        Beside it lie its lock file and the marks of policy roots.  Raises RevisionError if the
        commit has no such file.
        """
        path = os.path.normpath(path)
        if path.startswith(("/", "..")):
            raise RevisionError(f"`{path}` lies outside the repository")
        if path not in self._tree:
            raise RevisionError(f"`{self.name}` has no file `{path}`")
        with tempfile.TemporaryDirectory(prefix="cellc-") as folder:
            root = Path(os.path.realpath(folder))
            (root / ".git").mkdir()
            self._fill(root, path)
            yield root / path

    def _fill(self, root: Path, path: str) -> None:
        """Writes a policy and everything that it might import."""
        policy = Path(self._follow(root, path) or path)
        marks = [str(folder / "cellc.toml") for folder in policy.parents]
        waiting = [path, str(lock_beside(policy)), *marks]
        done: set[str] = set()
        while waiting:
            wanted = os.path.normpath(waiting.pop())
            if wanted in done:
                continue
            done.add(wanted)
            place = self._follow(root, wanted)
            if place is None or place in done - {wanted}:
                continue
            done.add(place)
            content = self._git("cat-file", "blob", self._tree[place].object)
            target = root / place
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            folder = os.path.dirname(place)
            for written in _IMPORT.findall(content.decode(errors="replace")):
                name = unquote(t.Text(written, Span(place, 0, 0)), Diagnostics())
                if name and not name.startswith("/") and "\0" not in name:
                    waiting.append(os.path.join(folder, name))

    def _follow(self, root: Path, path: str) -> str | None:
        """The file that a path leads to, symbolic links on the way written; None if nowhere."""
        for _ in range(_MOST_LINKS):
            if path.startswith(("/", "..")):
                return None
            parts = path.split("/")
            names = ("/".join(parts[:n]) for n in range(1, len(parts) + 1))
            first = next((name for name in names if name in self._tree), None)
            if first is None:
                return None
            entry = self._tree[first]
            if entry.mode != _LINK:
                return path if first == path and entry.mode in _FILE else None
            target = os.fsdecode(self._git("cat-file", "blob", entry.object))
            rest = path[len(first) :]
            path = os.path.normpath(os.path.join(os.path.dirname(first), target) + rest)
            if path.startswith(("/", "..")):
                return None
            link = root / first
            if not link.is_symlink():
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(target)
        return None
