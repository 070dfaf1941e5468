"""A policy with a broken assertion answers as it does without it, and is built by nobody."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from compiler.cli.main import main
from compiler.ir.ir import HOST
from tests.semantics.generated import programs, text

POLICIES = 6
FILE = "generated.cell"
DAY = ("--today", "2026-11-24")


def ran(folder: Path, *words: str, input: str | None = None) -> Result:
    """What a command says about the policy of a folder."""
    with contextlib.chdir(folder):
        result = CliRunner().invoke(main, (*words, *DAY), input=input)
    gc.enable()  # the command turns it off for its process
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def broken(seed: int) -> str:
    """An assertion that no policy keeps: some requests are denied, and some are not."""
    word = ("never", "always")[seed % 2]
    return f"assert {word} any {{generic, system, process, network, vnode}}.*;\n"


@pytest.fixture(params=range(POLICIES), ids="policy {}".format)
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path]:
    """The folders of a generated policy, without and with a broken assertion at its end."""
    ((seed, _),) = programs(1, first=7000 + 100 * request.param)
    policy = (
        text(seed) + 'test "self" { allow c0 process.fork; deny any process.signal to host; }\n'
    )
    folders = tmp_path / "kept", tmp_path / "broken"
    for folder, more in zip(folders, ("", broken(seed)), strict=True):
        folder.mkdir()
        (folder / FILE).write_text(policy + more)
    return folders


ASKED: dict[str, tuple[str, ...]] = {
    "query": ("query", FILE, f"{{any, {HOST}}} *", "--format", "json"),
    "influence": ("query", FILE, "any ~> any", "--format", "json"),
    "exposure": ("query", FILE, "--exposure", "--format", "json"),
    "explain": ("explain", FILE, "any network.bind", "c0 process.*", "--format", "json"),
    "graph": ("graph", FILE, "--what", "rights", "--format", "dot"),
    "test": ("test", FILE, "--format", "json"),
    "coverage": ("test", FILE, "--mutate", "--format", "json"),
    "upgrade": ("upgrade", FILE, "--to", "current", "--format", "json"),
}


@pytest.mark.parametrize("words", ASKED.values(), ids=ASKED)
def test_answers_are_the_same(pair: tuple[Path, Path], words: tuple[str, ...]) -> None:
    kept, asked = (ran(folder, *words) for folder in pair)
    assert "error[E0607]" in asked.stderr
    assert asked.exit_code == 1
    lines = asked.stdout.splitlines(keepends=True)
    answers = "".join(line for line in lines if '"errors": [' not in line)
    assert answers.replace('"compiles": false', '"compiles": true') == kept.stdout
    assert kept.stdout


def test_differences_are_the_same(pair: tuple[Path, Path]) -> None:
    """`diff` tells the same of either and a policy without all that their cells may do."""
    none = "policy generated;\ntarget netbsd 10.1;\ncell c0 { profile sealed; }\n"
    said = []
    for folder in pair:
        (folder / "none.cell").write_text(none)
        result = ran(folder, "diff", "none.cell", FILE, "--format", "json")
        said.append(result.stdout)
        assert ("error[E0607]" in result.stderr) == (folder is pair[1])
    assert result.exit_code == 1
    assert said[0] == said[1] != ""


def test_reports_show_the_same(pair: tuple[Path, Path]) -> None:
    """All but what stands of assertions, sources and hashes: from exposure to relations."""
    shown = []
    for folder in pair:
        result = ran(folder, "report", FILE, "-o", "page")
        page = (folder / "page" / "index.html").read_text()
        shown.append(page[page.index('<section id="exposure"') : page.index('<section id="cells"')])
    assert result.exit_code == 1
    assert shown[0] == shown[1] != ""


def _log(folder: Path) -> str:
    (folder / "log").write_text("c0 process.fork\n")
    return "log"


REFUSED: dict[str, Callable[[Path], tuple[str, ...]]] = {
    "build": lambda folder: ("build", FILE, "-o", "out"),
    "incremental": lambda folder: ("build", FILE, "-o", "out", "--incremental"),
    "learn": lambda folder: ("learn", FILE, _log(folder), "--write"),
    "narrow": lambda folder: ("narrow", FILE, _log(folder), "--write"),
}


@pytest.mark.parametrize("words", REFUSED.values(), ids=REFUSED)
def test_what_changes_something_is_refused(
    pair: tuple[Path, Path], words: Callable[[Path], tuple[str, ...]]
) -> None:
    folder = pair[1]
    before = (folder / FILE).read_text()
    result = ran(folder, *words(folder))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "error[E0607]" in result.stderr
    assert (folder / FILE).read_text() == before
    assert not (folder / "out").exists()
    assert not (folder / "generated.cells.lock").exists()


def test_an_incremental_build_refuses_an_assertion_that_comes_later(
    pair: tuple[Path, Path],
) -> None:
    kept, asked = pair
    build = ("build", FILE, "-o", "out", "--incremental")
    assert ran(kept, *build).exit_code == 0
    before = (kept / "out" / "SHA256").read_bytes()
    (kept / FILE).write_text((asked / FILE).read_text())
    result = ran(kept, *build)
    assert result.exit_code == 1
    assert "error[E0607]" in result.stderr
    assert (kept / "out" / "SHA256").read_bytes() == before
