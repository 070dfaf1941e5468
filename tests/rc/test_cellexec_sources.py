"""The sources of cellexec(8): what compilers, mandoc(1) and make(1) say of them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.rc.compiling import NETBSD, SHIM, SOURCES, STRICT, sources
from tests.rc.fake_kernel import (
    needs_gcc,
)

pytestmark = needs_gcc


@pytest.mark.parametrize("compiler", [["gcc", "-fanalyzer", "-O1"], ["clang", "-O1"]])
def test_compilers_find_nothing(compiler: list[str], tmp_path: Path) -> None:
    if shutil.which(compiler[0]) is None:
        pytest.skip(f"{compiler[0]} is not installed")
    done = subprocess.run(
        [*compiler, *STRICT, *NETBSD, "-c", *sources()],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_manual_is_clean_and_names_every_option_and_status() -> None:
    text = (SOURCES / "cellexec.8").read_text()
    code = (SOURCES / "cellexec.c").read_text()
    options = code.split('getopt(argc, argv, "')[1].split('"')[0].replace(":", "")
    for option in options:
        assert f".It Fl {option}" in text or f".Fl {option}" in text
    header = (SOURCES / "cellexec.h").read_text()
    statuses = [
        line.split("= ")[1].split(",")[0].split("\t")[0]
        for line in header.splitlines()
        if line.startswith("\tSTATUS_")
    ]
    assert len(set(statuses)) == len(statuses) > 15
    for status in statuses:
        assert f"\n.It {status}\n" in text
    if shutil.which("mandoc") is None:
        pytest.skip("mandoc is not installed")
    done = subprocess.run(
        ["mandoc", "-Tlint", "-W", "warning", str(SOURCES / "cellexec.8")],
        capture_output=True,
        text=True,
    )
    assert done.stdout == ""


def test_the_makefile_names_every_source() -> None:
    if shutil.which("bmake") is None:
        pytest.skip("bmake is not installed")
    done = subprocess.run(
        ["bmake", "-m", str(SHIM / "mk"), "-V", "SRCS", "-V", "MAN"],
        cwd=SOURCES,
        capture_output=True,
        text=True,
    )
    names = [Path(source).name for source in sources()]
    assert done.stdout.split() == [*names, "cellexec.8"], done.stderr
