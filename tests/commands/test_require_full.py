"""`cellc build --require full`: every hole at once, at its place, with what would close it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.commands.conftest import Run

HOLES = """\
policy holes;
target netbsd 10.1;
profile spare { limits { rss 64M; } deny machdep.svs_disable; }
cell a {
    profile low;
    deny machdep.svs_disable;
    deny network.bind tcp port 50000;
    limits { rss 64M; nproc 20; }
    when target >= 11.0 { limits { sbsize 1M; } }
    allow system.debug;
}
"""
AT = ["6:5", "7:5", "8:14", "8:23"]
WHOLE = HOLES.replace("    deny machdep.svs_disable;\n", "").replace(
    "tcp port 50000", "tcp port 5000"
)
WHOLE = WHOLE.replace("    limits { rss 64M; nproc 20; }\n", "    limits { nofile 64; }\n")


_ERROR = re.compile(
    r"^error\[(?P<code>\w+)\]: (?P<message>.*)\n --> (?P<file>[^:]+):(?P<at>\d+:\d+)\n"
    r"(?:.*\n)*?  = help: (?P<help>.*)$",
    re.MULTILINE,
)


def build(cellc: Run, folder: Path, text: str, *options: str) -> tuple[int, list[dict[str, str]]]:
    """The exit status, and the errors."""
    (folder / "holes.cell").write_text(text)
    result = cellc("build", "holes.cell", "-o", "out", *options)
    found = [match.groupdict() for match in _ERROR.finditer(result.stderr)]
    assert len(found) == result.stderr.count("error[")
    assert all((e["code"], e["file"]) == ("E0612", "holes.cell") for e in found)
    return result.exit_code, found


def test_every_hole_is_an_error_at_its_place(cellc: Run, folder: Path) -> None:
    status, errors = build(cellc, folder, HOLES, "--require", "full")
    assert status == 1
    assert [error["at"] for error in errors] == AT
    messages = [error["message"] for error in errors]
    assert messages[0].startswith("nothing enforces this: no kernel code of NetBSD 10.1")
    assert messages[1].startswith("this is approximated and lets more through: ")
    assert messages[2].startswith("nothing enforces this: RLIMIT_RSS")
    helps = [error["help"] for error in errors]
    assert all(text.endswith(", or do without `--require full`") for text in helps)
    assert len(set(helps)) == len(helps)
    assert not (folder / "out").exists()


def test_the_same_policy_is_built_without_it(cellc: Run, folder: Path) -> None:
    assert build(cellc, folder, HOLES) == (0, [])
    rows = json.loads((folder / "out" / "ledger.json").read_text())["statements"]
    held = [r for r in rows if r["status"] in ("approximated", "not enforceable")]
    assert [f"{r['line']}:{r['column']}" for r in held] == AT
    assert all(r["remedy"] for r in held)


def test_what_asks_for_nothing_is_no_hole(cellc: Run, folder: Path) -> None:
    """Unused profiles, other releases, and permission to do what nobody asks about."""
    assert build(cellc, folder, WHOLE, "--require", "full") == (0, [])
    assert (folder / "out" / "ledger.json").is_file()


def test_a_backend_that_is_left_out_is_a_hole(cellc: Run, folder: Path) -> None:
    text = WHOLE.replace("    limits { nofile 64; }\n", '    user "www";\n')
    status, (error,) = build(cellc, folder, text, "--require", "full", "--backend", "kmod")
    assert status == 1
    assert "build with `--backend rc` too" in error["help"]


UPSTREAM = """
policy up;
target netbsd current;
cell a {
    profile low;
    root "/var/cells/cells/a/root" base "/b";
    service { command "/bin/x"; require NETWORKING; restart MODE backoff 1s..10s; }
}
"""


def test_upstreams_hosts_have_losses_and_no_ledger(cellc: Run, folder: Path) -> None:
    """The ledger knows what kmod, rc and sysctl do, and nothing of celladm(8)."""
    full = ("--backend", "celladm", "--require", "full")
    assert build(cellc, folder, UPSTREAM.replace("MODE", "always"), *full) == (0, [])
    assert (folder / "out" / "celladm" / "losses.txt").is_file()
    assert not (folder / "out" / "ledger.json").exists()
    (folder / "never.cell").write_text(UPSTREAM.replace("MODE", "never"))
    lost = cellc("build", "never.cell", "-o", "never", *full)
    assert (lost.exit_code, "error[E1001]" in lost.stderr) == (1, True)
    accepted = cellc("build", "never.cell", "-o", "never", *full, "--accept", "restart")
    assert (accepted.exit_code, accepted.stderr) == (
        2,
        "cellc: `--require full` accepts no loss: leave out `--accept`\n",
    )
