"""What `cellc` answers without click is what click would say; light commands import little."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.measure import instructions, interleaved
from benchmarks.start import CHECK, FLOOR, starts
from compiler.cli.start import WIDTHS
from tests.commands.conftest import WEB

REPOSITORY = Path(__file__).parents[2]
HELP = REPOSITORY / "compiler" / "cli" / "help"
WEBFARM = REPOSITORY / "policies" / "webfarm" / "webfarm.cell"

_START = "import sys; sys.argv[0] = 'cellc'; from compiler.cli.start import main; "
_CLICK = "import sys; sys.argv[0] = 'cellc'; from compiler.cli.main import main; "
_LOADED = "import atexit; atexit.register(lambda: print(*sys.modules, file=sys.__stderr__)); "
#: Ends as other commands do, so that it can be asked what was imported.
_TIDY = "import os; os._exit = sys.exit; "


def run(code: str, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: text for name, text in os.environ.items() if name != "COLUMNS"}
    environment["PYTHONPATH"] = str(REPOSITORY)
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        env=environment | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def imported(*words: str, **variables: str) -> set[str]:
    """The modules that a command line imports, by their first names."""
    result = run(f"{_START}{_LOADED}{_TIDY}main()", *words, **variables)
    return {name.split(".")[0] for name in result.stderr.splitlines()[-1].split()}


@pytest.mark.parametrize("width", WIDTHS)
def test_help_is_clicks(width: int, request: pytest.FixtureRequest) -> None:
    real = run(f"{_CLICK}main()", "--help", COLUMNS=str(width)).stdout
    path = HELP / f"{width}.txt"
    if request.config.getoption("--bless"):
        path.write_text(real)
    assert path.read_text() == real


@pytest.mark.parametrize("words", [(), ("-h",), ("--help",), ("--version",), ("--hlep",)])
@pytest.mark.parametrize("columns", ["", "80", "72", "130"])
def test_answers_are_clicks(words: tuple[str, ...], columns: str) -> None:
    start = run(f"{_START}main()", *words, COLUMNS=columns)
    click = run(f"{_CLICK}main()", *words, COLUMNS=columns)
    assert (start.returncode, start.stdout, start.stderr) == (
        click.returncode,
        click.stdout,
        click.stderr,
    )
    assert start.stdout or start.stderr


def test_shells_that_complete_words_are_answered_by_click() -> None:
    result = run(f"{_START}main()", _CELLC_COMPLETE="bash_source")
    assert "_CELLC_COMPLETE=bash_complete" in result.stdout


@pytest.mark.parametrize("words", [(), ("--help",), ("--version",)])
def test_answers_import_next_to_nothing(words: tuple[str, ...]) -> None:
    heavy = {"click", "re", "enum", "typing", "dataclasses", "json", "pathlib", "importlib"}
    assert not imported(*words) & heavy


def test_an_unchanged_check_imports_next_to_nothing(tmp_path: Path) -> None:
    policy = tmp_path / "web.cell"
    policy.write_text(WEB)
    words = ("check", str(policy), "--cache-dir", str(tmp_path / "cache"))
    heavy = {"re", "enum", "typing", "json", "pathlib", "datetime"}
    assert heavy <= imported(*words)
    assert not imported(*words) & heavy


def test_a_check_without_mistakes_imports_what_it_needs() -> None:
    heavy = {"click", "jinja2", "lark", "pydantic", "dataclasses", "inspect", "difflib", "hashlib"}
    assert not imported("check", str(WEBFARM), "--no-cache") & heavy


def test_a_check_of_a_small_policy_takes_at_most_ten_starts_of_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path / "bytecode"))
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    commands = starts(tmp_path)
    interleaved({CHECK: commands[CHECK]}, 1)  # writes the bytecode
    floor, check = instructions(commands[FLOOR]), instructions(commands[CHECK])
    assert floor is not None
    assert check is not None
    assert check <= 10 * floor


def test_a_build_imports_what_it_needs(tmp_path: Path) -> None:
    heavy = {"click", "jinja2", "lark", "pydantic", "dataclasses", "inspect", "difflib", "tempfile"}
    words = ("build", str(WEBFARM), "-o", str(tmp_path / "build"), "--locked")
    assert not imported(*words, "--today", "2026-11-24") & heavy


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="nothing here is always full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "words",
    [
        ("--version",),
        ("--help",),
        ("build", "--help"),
        ("rule",),
        ("explain", str(WEBFARM), "web system.module"),
    ],
)
def test_a_full_disk_is_told_in_one_line(words: tuple[str, ...], unbuffered: str) -> None:
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [sys.executable, "-c", f"{_START}main()", *words],
            env=os.environ | {"PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": unbuffered},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    message = "cellc: cannot write the output: No space left on device\n"
    assert (result.returncode, result.stderr) == (2, message)


def _without(redirection: str, *words: str) -> tuple[int, str]:
    """Exit status and standard error of a run with a redirection of sh(1)."""
    command = [sys.executable, "-c", f"{_START}main()", *words]
    result = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {redirection}', "sh", *command],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, result.stderr


@pytest.mark.parametrize(
    "words", [("--version",), ("rule",), ("explain", str(WEBFARM), "web system.module")]
)
def test_a_closed_output_is_told_in_one_line(words: tuple[str, ...]) -> None:
    message = "cellc: cannot write the output: Bad file descriptor\n"
    assert _without(">&-", *words) == (2, message)


@pytest.mark.parametrize(
    "words", [("explain", str(WEBFARM), "-"), ("fmt", "-"), ("learn", str(WEBFARM), "-")]
)
def test_a_closed_input_is_told_in_one_line(words: tuple[str, ...]) -> None:
    message = "cellc: standard input is closed: name a file instead of `-`\n"
    assert _without("<&-", *words) == (2, message)


@pytest.mark.parametrize("words", [("check", "p.cell"), ("build", str(WEBFARM), "-o", "out")])
def test_a_directory_that_is_gone_is_told_in_one_line(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    command = [sys.executable, "-c", f"{_START}main()", *words]
    (tmp_path / "gone").mkdir()
    result = subprocess.run(
        ["/bin/sh", "-c", 'rmdir ../gone && exec "$@"', "sh", *command],
        cwd=tmp_path / "gone",
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    message = "cellc: the working directory is gone: No such file or directory\n"
    assert (result.returncode, result.stderr) == (2, message)


@pytest.mark.parametrize("encoding", ["ascii", "iso8859-1", "utf-8:strict"])
def test_texts_are_utf_8_whatever_the_locale(encoding: str) -> None:
    def answer(text: bytes, *words: str) -> bytes:
        result = subprocess.run(
            [sys.executable, "-c", f"{_START}main()", *words],
            env=os.environ | {"PYTHONPATH": str(REPOSITORY), "PYTHONIOENCODING": encoding},
            input=text,
            capture_output=True,
            check=False,
        )
        assert b"Traceback" not in result.stderr
        return result.stdout

    policy = "policy x;  # \u2192 \xe9\n".encode()
    assert answer(policy, "fmt", "-") == policy
    log = b"caf\xe9\ncellpolicy: deny cell=web action=process.signal to=db rule=00000000 uid=0\n"
    assert b"cell=web" in answer(log, "explain", str(WEBFARM), "-")
    assert b"+    allow process.signal to db;" in answer(log, "learn", str(WEBFARM), "-")


def test_an_interrupt_is_told_as_click_tells_it() -> None:
    """Also while modules are imported."""
    stop = "def stop(words, replay): raise KeyboardInterrupt\nimport compiler.cli.plain as plain\n"
    result = run(f"{stop}plain.run = stop\n{_START}main()", "rule")
    assert (result.returncode, result.stderr) == (1, "\nAborted!\n")


def test_who_has_nothing_to_say_needs_no_streams(tmp_path: Path) -> None:
    policy = tmp_path / "p.cell"
    policy.write_text("policy p; target netbsd 10.1; cell a { profile low; }")
    assert _without("<&- >&-", "check", str(policy)) == (0, "")
    policy.write_text("policy p; target netbsd 10.1; cell a { }")
    assert _without("<&- >&- 2>&-", "check", str(policy))[0] == 1
