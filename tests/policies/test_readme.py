"""The front page: its commands print what it says, and what it links to exists."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.policies.site import REPOSITORY, TODAY, copy_site

README = REPOSITORY / "README.md"

_CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
_SHIM = """\
#!/bin/sh
case $1 in
fmt | import | verify) ;;
*)   set -- "$@" {today} ;;
esac
exec {python} -c 'from compiler.cli.main import main; main()' "$@"
"""


@pytest.fixture
def shell(tmp_path: Path) -> Path:
    """A site, and a directory with the command cellc as on the day of the tests."""
    copy_site(tmp_path)
    command = tmp_path / "bin" / "cellc"
    command.parent.mkdir()
    command.write_text(_SHIM.format(today=" ".join(TODAY), python=sys.executable))
    command.chmod(0o755)
    return tmp_path


def run(line: str, shell: Path) -> str:
    """What a command line prints, errors included."""
    result = subprocess.run(
        ["sh", "-c", line],
        cwd=shell / "policies" / "webfarm",
        env={
            **os.environ,
            "PATH": f"{shell / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(REPOSITORY),
            "LC_ALL": "C",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return result.stdout


def test_sessions(shell: Path, request: pytest.FixtureRequest) -> None:
    def played(session: re.Match[str]) -> str:
        lines = [line for line in session[1].splitlines() if line.startswith("$ ")]
        printed = [f"{line}\n{run(line.removeprefix('$ '), shell)}" for line in lines]
        return "```console\n" + "".join(printed) + "```"

    text = README.read_text()
    now = _CONSOLE.sub(played, text)
    if request.config.getoption("--bless"):
        README.write_text(now)
    assert now == README.read_text()


@pytest.mark.parametrize("page", [README, *sorted((REPOSITORY / "docs").glob("*.md"))])
def test_links(page: Path) -> None:
    targets = _LINK.findall(page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_example_is_part_of_the_policy() -> None:
    policy = (REPOSITORY / "policies" / "webfarm" / "webfarm.cell").read_text()
    start = README.read_text().index("cell web {")
    example = README.read_text()[start:].split("```")[0]
    assert example in policy
