"""Formatting files, directories and standard input."""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from compiler import durable
from compiler.fmt import Result, run

UGLY = b"policy  p;\n"
NEAT = b"policy p;\n"
DIFF = "--- {0}\n+++ {0}\n@@ -1 +1 @@\n-policy  p;\n+policy p;\n"


def _run(*paths: Path | str, stdin: bytes = b"", check: bool = False, diff: bool = False) -> Result:
    return run([str(path) for path in paths], lambda: io.BytesIO(stdin), check=check, diff=diff)


def _codes(result: Result) -> list[str]:
    return [finding.code for finding in result.found.sorted()]


@pytest.fixture
def ugly(tmp_path: Path) -> Path:
    path = tmp_path / "ugly.cell"
    path.write_bytes(UGLY)
    return path


def test_a_file_is_replaced_and_keeps_its_mode(ugly: Path) -> None:
    ugly.chmod(0o640)
    before = ugly.stat()
    result = _run(ugly)
    assert (result.text, result.status) == (f"{ugly}\n", 0)
    assert ugly.read_bytes() == NEAT
    assert stat.S_IMODE(ugly.stat().st_mode) == 0o640
    assert ugly.stat().st_ino != before.st_ino
    assert os.listdir(ugly.parent) == [ugly.name]


def test_a_formatted_file_is_not_touched(ugly: Path) -> None:
    _run(ugly)
    before = ugly.stat()
    result = _run(ugly)
    assert (result.text, result.status) == ("", 0)
    assert ugly.stat() == before


@pytest.mark.parametrize(
    ("check", "diff", "text", "status"),
    [(True, False, "{0}\n", 1), (False, True, DIFF, 0), (True, True, DIFF, 1)],
)
def test_check_and_diff_write_nothing(
    ugly: Path, check: bool, diff: bool, text: str, status: int
) -> None:
    result = _run(ugly, check=check, diff=diff)
    assert (result.text, result.status) == (text.format(ugly), status)
    assert ugly.read_bytes() == UGLY


def test_check_of_formatted_files(ugly: Path) -> None:
    ugly.write_bytes(NEAT)
    assert _run(ugly, check=True).status == 0


def test_diff_tells_of_byte_order_marks_line_ends_and_a_missing_last_one(ugly: Path) -> None:
    ugly.write_bytes(b"\xef\xbb\xbfpolicy p;\r\npermissive;")
    assert _run(ugly, diff=True).text == (
        f"--- {ugly}\n+++ {ugly}\n@@ -1,2 +1,2 @@\n-\ufeffpolicy p;\r\n-permissive;\n"
        "\\ No newline at end of file\n+policy p;\n+permissive;\n"
    )
    _run(ugly)
    assert ugly.read_bytes() == b"policy p;\npermissive;\n"


def test_syntax_errors(ugly: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.cell"
    broken.write_bytes(b"policy  p\n")
    result = _run(broken, ugly)
    assert (result.text, result.status) == (f"{ugly}\n", 1)
    assert broken.read_bytes() == b"policy  p\n"
    (finding,) = result.found.sorted()
    assert finding.code == "E0103"
    assert finding.span is not None
    assert result.sources[finding.span.file].text == "policy  p\n"


def test_not_text(ugly: Path) -> None:
    ugly.write_bytes(b"policy \xff;\n")
    result = _run(ugly)
    assert (result.text, result.status, _codes(result)) == ("", 1, ["E0206"])


def test_directories(ugly: Path, tmp_path: Path) -> None:
    for name in ("sub/b.cell", "sub/.hidden/c.cell", "a.cell", "a.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(UGLY)
    (tmp_path / "link.cell").symlink_to(ugly)
    (tmp_path / "loop").symlink_to(tmp_path)
    result = _run(tmp_path, ugly)
    expected = [tmp_path / name for name in ("a.cell", "sub/b.cell", "ugly.cell")]
    assert (result.text, result.status) == ("".join(f"{path}\n" for path in expected), 0)
    assert (tmp_path / "sub/.hidden/c.cell").read_bytes() == UGLY
    assert (tmp_path / "a.txt").read_bytes() == UGLY
    assert (tmp_path / "link.cell").is_symlink()


def test_what_cannot_be_formatted(ugly: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.cell"
    link.symlink_to(ugly)
    pipe = tmp_path / "pipe.cell"
    os.mkfifo(pipe)
    result = _run(link, pipe, tmp_path / "nothing.cell", "/dev/null")
    assert result.status == 2
    assert [f.message.partition(": ")[2] for f in result.found.sorted()] == [
        "it is not a regular file",
        "it is a symbolic link; name the file that it points to",
        "no such file or directory",
        "it is not a regular file",
    ]
    assert ugly.read_bytes() == UGLY


def test_a_directory_without_policies(ugly: Path, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "readme.txt").write_text("no policy")
    result = _run(tmp_path / "more", ugly)
    assert (result.text, result.status) == (f"{ugly}\n", 2)
    (finding,) = result.found.sorted()
    assert finding.code == "E0208"
    assert finding.message.endswith("more`: no file below it ends in `.cell`")


def test_a_directory_that_cannot_be_read(
    ugly: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shut = tmp_path / "shut"
    shut.mkdir()

    def refusing(real: Callable[..., object]) -> Callable[..., object]:
        def look(path: str, *more: object) -> object:
            if path == str(shut):
                raise PermissionError(errno.EACCES, "Permission denied", path)
            return real(path, *more)

        return look

    monkeypatch.setattr(os, "scandir", refusing(os.scandir))
    monkeypatch.setattr(os, "open", refusing(os.open))
    result = _run(tmp_path)
    assert (result.text, result.status) == (f"{ugly}\n", 2)
    (finding,) = result.found.sorted()
    assert finding.message == f"cannot format `{shut}`: permission denied"
    assert finding.help == "check its permissions, and those of the directories above it"


def test_a_file_that_another_process_writes_is_left_alone(ugly: Path) -> None:
    with durable.locked(str(ugly)):
        result = _run(ugly)
    assert (result.text, result.status, _codes(result)) == ("", 2, ["E0209"])
    assert ugly.read_bytes() == UGLY


def test_standard_input() -> None:
    assert _run("-", stdin=UGLY).text == NEAT.decode()
    assert _run("-", stdin=NEAT, check=True).status == 0
    result = _run("-", stdin=UGLY, check=True, diff=True)
    assert (result.text, result.status) == (DIFF.format("<stdin>"), 1)
    result = _run("-", stdin=b"policy")
    assert (result.text, result.status, _codes(result)) == ("", 1, ["E0103"])


def test_names_that_would_upset_a_terminal_are_escaped(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[31m.cell"
    path.write_bytes(UGLY)
    assert "\x1b" not in _run(path).text
