from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from compiler.cli.main import main

Run = Callable[..., Result]

WEB = """\
policy web;
target netbsd 10.1;

cell web {
    profile confined;
    user "www";
    listen tcp 80;
    @reason "binds its own port" @until 2027-06-30
    grant network.bind.privport tcp port 80;
    allow process.signal to worker;
}
cell worker { profile confined; user "1001"; }

assert never worker process.* to web;

test "ports" {
    grant web network.bind tcp port 80 works;
    deny worker network.bind tcp port 80 refused by cellpolicy;
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory with the policy web.cell."""
    (tmp_path / "web.cell").write_text(WEB)
    return tmp_path


@pytest.fixture
def cellc(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs the command line in that directory."""
    monkeypatch.chdir(folder)

    def run(*arguments: str, input: str | None = None) -> Result:
        result = CliRunner().invoke(main, arguments, input=input)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    yield run
    gc.enable()  # the command turns it off for its process
