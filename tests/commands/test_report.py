"""`cellc report` and `cellc graph` on the command line."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from compiler.report import build
from tests.commands.conftest import WEB, Run

TODAY = ("--today", "2026-11-24")


def test_a_report_is_one_page_and_its_manifest(cellc: Run, folder: Path) -> None:
    result = cellc("report", "web.cell", "-o", "out", *TODAY)
    assert (result.exit_code, result.output) == (0, "")
    names = sorted(path.name for path in (folder / "out").iterdir())
    assert names == ["SHA256", "index.html", "manifest.json"]


def test_the_same_policy_gives_the_same_bytes(cellc: Run, folder: Path) -> None:
    page = folder / "out" / "index.html"
    cellc("report", "web.cell", "-o", "out", *TODAY)
    first = page.read_bytes()
    cellc("report", "web.cell", "-o", "out", "--today", "2026-11-25")
    assert page.read_bytes() == first


def test_nothing_is_written_of_a_policy_with_errors(cellc: Run, folder: Path) -> None:
    (folder / "web.cell").write_text(WEB.replace("signal", "signall"))
    result = cellc("report", "web.cell", "-o", "out", *TODAY)
    assert result.exit_code == 1
    assert "E0406" in result.output
    assert not (folder / "out").exists()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("never worker process.* to web", "never web process.* to worker", "is allowed"),
        ("deny worker network.bind", "allow worker network.bind", "is denied"),
    ],
)
def test_what_fails_is_on_the_page(
    cellc: Run, folder: Path, old: str, new: str, words: str
) -> None:
    (folder / "web.cell").write_text(WEB.replace(old, new))
    result = cellc("report", "web.cell", "-o", "out", *TODAY)
    page = (folder / "out" / "index.html").read_text()
    assert result.exit_code == 1
    assert page.count('<span class="tag bad">fails</span>') == 1
    assert words in page
    assert "1 of 2</b>" in page


def test_a_report_does_not_replace_a_build(cellc: Run, folder: Path) -> None:
    assert cellc("build", "web.cell", "-o", "out", *TODAY).exit_code == 0
    result = cellc("report", "web.cell", "-o", "out", *TODAY)
    assert result.exit_code == 2
    assert "`out` holds a build; name another directory for the report" in result.output
    assert (folder / "out" / "policy.ir.json").exists()


def test_a_build_does_not_replace_a_report(cellc: Run, folder: Path) -> None:
    assert cellc("report", "web.cell", "-o", "page", *TODAY).exit_code == 0
    result = cellc("build", "web.cell", "-o", "page", *TODAY)
    assert result.exit_code == 2
    assert "`page` holds a report; name another directory for the build" in result.output
    assert [path.name for path in (folder / "page").glob("*.html")] == ["index.html"]


def test_what_a_page_tells(cellc: Run, folder: Path) -> None:
    """Facts of every section, as the policy has them."""
    (folder / "web.cell").write_text(
        WEB
        + """
host { securelevel 1; sysctl security.pax.aslr.enabled = 0; }
cell disk {
    profile confined;
    root "/cells/disk";
    mount rw "/srv/data" at "/data";
    limits { as 64M; processes 4; }
    hook pre-start "/bin/prepare" "it";
    service { command "/bin/disk"; require NETWORKING; restart always backoff 1s..2s; }
}
cell copy { profile confined; root "/cells/copy"; mount ro "/srv/data" at "/data"; }
"""
    )
    cellc("report", "web.cell", "-o", "out", *TODAY)
    page = (folder / "out" / "index.html").read_text()
    for fact in (
        "binds its own port",
        "tcp 80",
        "weakens",
        "securelevel <strong>1</strong>",
        "files below /srv/data",
        "as <strong>64M</strong>",
        "processes <strong>4</strong>",
        "pre-start: <code>/bin/prepare it</code>",
        "always, 1s to 2s",
        "SEC012",
        "never worker process.* to web;",
        "NETWORKING",
        "&lt;cellc&gt;/confined.cell",
    ):
        assert fact in page, fact


def test_what_is_left_out_is_counted(
    cellc: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> tuple[int, str]:
        assert cellc("report", "web.cell", "-o", "out", *TODAY).exit_code == 0
        page = (folder / "out" / "index.html").read_text()
        words = page.partition("The same in words")[2].partition("</details>")[0]
        return words.count('<th scope="row">'), words

    whole, words = told()
    assert whole > 1
    assert "more relations" not in words
    monkeypatch.setattr(build, "MOST_REACHES", 1)
    rows, words = told()
    assert rows == 1
    assert f"And {whole - 1} more relations: " in words
    assert "cellc graph --format dot" in words


@pytest.mark.parametrize("what", ["influence", "rights", "order"])
def test_graphs(cellc: Run, what: str) -> None:
    drawn = cellc("graph", "web.cell", "--what", what, *TODAY)
    assert drawn.exit_code == 0
    assert ElementTree.fromstring(drawn.stdout).tag == "{http://www.w3.org/2000/svg}svg"
    dot = cellc("graph", "web.cell", "--what", what, "--format", "dot", *TODAY).stdout
    assert dot.startswith("digraph cells {\n")
    assert ('label="signal"' in dot) == (what != "order")
    mermaid = cellc("graph", "web.cell", "--what", what, "--format", "mermaid", *TODAY).stdout
    assert mermaid.startswith("flowchart LR\n")
    assert ('|"signal' in mermaid) == (what != "order")


def test_no_graph_of_a_policy_with_errors(cellc: Run, folder: Path) -> None:
    (folder / "web.cell").write_text(WEB.replace("signal", "signall"))
    result = cellc("graph", "web.cell", *TODAY)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "E0406" in result.stderr
