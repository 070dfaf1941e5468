from __future__ import annotations

import json
from pathlib import Path

from tests.commands.conftest import WEB, Run

DAY = ("--today", "2026-11-24")
QUICK = ("--backend", "sysctl", *DAY)


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_builds_every_kind_of_artifact(cellc: Run, folder: Path) -> None:
    result = cellc("build", "web.cell", "-o", "out", *DAY)
    assert (result.exit_code, result.output) == (0, "")
    built = tree(folder / "out")
    assert {"manifest.json", "SHA256", "policy.ir.json", "policy.map.json"} <= built.keys()
    assert "kmod/secmodel_cellpolicy/Makefile" in built
    assert "kmod/secmodel_cellpolicy/cellpolicy_tables.c" in built
    assert "rc.d/cellpolicy" in built
    assert "rc.d/cell_web" in built
    assert "sysctl/cellpolicy.conf" in built
    assert "cellexec/cellexec.c" in built
    assert "install.sh" in built


def test_one_backend(cellc: Run, folder: Path) -> None:
    assert cellc("build", "web.cell", "-o", "out", *QUICK).exit_code == 0
    assert not (folder / "out" / "kmod").exists()


def test_ids_are_given_once(cellc: Run, folder: Path) -> None:
    cellc("build", "web.cell", "-o", "out", *QUICK)
    lock = (folder / "web.cells.lock").read_text()
    assert "web 1\n" in lock
    assert "worker 2\n" in lock
    text = WEB.replace("cell worker", "cell aaa { profile low; }\ncell worker")
    (folder / "web.cell").write_text(text)
    cellc("build", "web.cell", "-o", "out", *QUICK)
    assert "aaa 3\n" in (folder / "web.cells.lock").read_text()
    ir = json.loads((folder / "out" / "policy.ir.json").read_text())
    assert {cell["name"]: cell["id"] for cell in ir["cells"]} == {"web": 1, "worker": 2, "aaa": 3}


def test_removed_names_stay_retired(cellc: Run, folder: Path) -> None:
    text = WEB.replace("cell worker", "cell spare { profile low; }\ncell worker")
    (folder / "web.cell").write_text(text)
    cellc("build", "web.cell", "-o", "out", *QUICK)
    (folder / "web.cell").write_text(WEB)
    cellc("build", "web.cell", "-o", "out", *QUICK)
    ir = json.loads((folder / "out" / "policy.ir.json").read_text())
    assert ir["retired"] == [["spare", 1]]


def test_locked_gives_no_ids(cellc: Run, folder: Path) -> None:
    refused = cellc("build", "web.cell", "-o", "out", "--locked", *QUICK)
    assert refused.exit_code == 1
    assert "--locked" in refused.stderr
    assert not (folder / "out").exists()
    assert not (folder / "web.cells.lock").exists()
    cellc("build", "web.cell", "-o", "out", *QUICK)
    assert cellc("build", "web.cell", "-o", "out", "--locked", *QUICK).exit_code == 0


def test_errors_leave_the_old_build(cellc: Run, folder: Path) -> None:
    cellc("build", "web.cell", "-o", "out", *QUICK)
    before = tree(folder / "out")
    (folder / "web.cell").write_text(WEB.replace("profile confined", "profile confind", 1))
    assert cellc("build", "web.cell", "-o", "out", *QUICK).exit_code == 1
    assert tree(folder / "out") == before


def test_a_foreign_directory_is_not_replaced(cellc: Run, folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out" / "thesis.tex").write_text("precious")
    result = cellc("build", "web.cell", "-o", "out", *QUICK)
    assert result.exit_code == 2
    assert "out" in result.stderr
    assert (folder / "out" / "thesis.tex").read_text() == "precious"


def test_the_map_leads_from_rule_ids_to_source(cellc: Run, folder: Path) -> None:
    cellc("build", "web.cell", "-o", "out", *QUICK)
    rules = json.loads((folder / "out" / "policy.map.json").read_text())["rules"]
    ir = json.loads((folder / "out" / "policy.ir.json").read_text())
    assert {f"{rule['id']:08x}" for rule in ir["rules"]} == set(rules)
    (grant,) = [r for r in rules.values() if r["text"].startswith("grant")]
    assert (grant["file"], grant["line"], grant["scope"]) == ("web.cell", 9, "cell web")


def test_a_policy_has_the_same_ids_by_whatever_link_it_is_named(cellc: Run, folder: Path) -> None:
    (folder / "real").mkdir()
    (folder / "web.cell").rename(folder / "real" / "web.cell")
    (folder / "now.cell").symlink_to("real/web.cell")
    assert cellc("build", "now.cell", "-o", "out", *QUICK).exit_code == 0
    assert "web 1\n" in (folder / "real" / "web.cells.lock").read_text()
    assert sorted(path.name for path in folder.iterdir()) == ["now.cell", "out", "real"]
    (folder / "real" / "web.cells.lock").write_text("web 7\nworker 3\n")
    for path in ("now.cell", "real/web.cell"):
        assert cellc("build", path, "-o", "out", "--locked", *QUICK).exit_code == 0
        ir = json.loads((folder / "out" / "policy.ir.json").read_text())
        assert [cell["id"] for cell in ir["cells"]] == [7, 3]
    (folder / "real" / "web.cells.lock").write_text("web\n")
    result = cellc("build", "now.cell", "-o", "out", *QUICK)
    assert result.exit_code == 1
    assert "--> real/web.cells.lock:1:1" in result.stderr


def test_what_a_build_is_made_from_is_not_replaced_by_it(cellc: Run, folder: Path) -> None:
    cellc("build", "web.cell", "-o", "out", *QUICK)
    (folder / "out" / "web.cell").write_text(WEB)
    refused = cellc("build", "out/web.cell", "-o", "out", *QUICK)
    assert refused.exit_code == 2
    assert "`out` holds `out/web.cell`" in refused.stderr
    (folder / "web.cell").write_text('import "out/web.cell";\n' + WEB)
    (folder / "out" / "web.cell").write_text("let unused = 1;")
    refused = cellc("build", "web.cell", "-o", "out", *QUICK)
    assert refused.exit_code == 2
    assert (folder / "out" / "web.cell").exists()
