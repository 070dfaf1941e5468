"""Builds a policy, changes it, and builds it both ways."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NamedTuple

from compiler.diagnostics import Diagnostics
from compiler.driver import Compilation, compile_policy
from compiler.files import Notes
from compiler.ir.serialise import to_json
from compiler.ledger.ledger import make_ledger
from compiler.ledger.output import ledger_json
from compiler.lint.configuration import read_settings
from compiler.lint.run import lint_build
from compiler.lint.settings import Settings
from compiler.rebuild.keep import keep
from compiler.rebuild.kept import pack, unpack
from compiler.rebuild.rebuild import Build, Files, Rebuilt, rebuild
from compiler.sourcemap import source_map
from tests.semantics.support import TODAY

BACKENDS = ("kmod", "rc", "sysctl")
ROOT = "policy.cell"


class Built(NamedTuple):
    """A policy as `cellc build` makes it, and what is kept of it."""

    files: Files
    kept: list[bytes]


class Folder:
    """A directory with the files of a policy, the root file being ROOT."""

    def __init__(self, texts: dict[str, str], configuration: str = "") -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._path = Path(self._folder.name)
        (self._path / "cellc.toml").write_text(configuration)
        for name, text in texts.items():
            (self._path / name).write_text(text, encoding="utf-8", newline="")
        self.texts = texts
        self.settings: Settings = read_settings(self._path, Diagnostics(), {})

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, *failure: object) -> None:
        self._folder.cleanup()

    def full(self, texts: dict[str, str]) -> Built | None:
        """All of the policy with these texts; None when there is something to say about it."""
        made = compile_policy(self._path / ROOT, TODAY, texts=texts)
        if made.program is None or made.failed or self._findings(made):
            return None
        program = made.program
        entries = make_ledger(program, BACKENDS)
        files = Files(
            to_json(program.ir).encode(),
            ledger_json(program, made.sources, BACKENDS, entries),
            source_map(program, made.sources),
        )
        return Built(files, pack(keep(Notes(), program, made.sources, {})))

    def _findings(self, made: Compilation) -> bool:
        return bool(lint_build(made, self.settings, TODAY))

    def rebuilt(self, before: Built, texts: dict[str, str]) -> Built | None:
        """The policy with these texts, from what was built before."""
        made = self._rebuilt(before, texts)
        if made is None:
            return None
        files = Files(
            to_json(made.program.ir).encode(),
            made.ledger,
            made.source_map,
        )
        last = unpack(before.kept), made.change
        return Built(files, pack(keep(Notes(), made.program, made.sources, {}, last)))

    def _rebuilt(self, before: Built, texts: dict[str, str]) -> Rebuilt | None:
        ir = compile_policy(self._path / ROOT, TODAY, texts=self.texts).program
        assert ir is not None
        ids = {cell.name: cell.id for cell in ir.ir.cells}
        build = Build(self._path / ROOT, TODAY, self.settings, BACKENDS, ids, False)
        return rebuild(build, unpack(before.kept), texts, before.files)
