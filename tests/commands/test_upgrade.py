from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from compiler.analysis.boxes import meet, size
from compiler.analysis.compare import Comparison
from compiler.analysis.upgrade import Upgrade, asked_by
from compiler.catalogue import sysctl
from compiler.ir.evaluate import Evaluator
from compiler.ir.requests import all_requests
from tests.catalogue.support import earlier_default
from tests.commands.conftest import WEB, Run
from tests.semantics.generated import text
from tests.semantics.support import compile_text

DAY = ("--today", "2026-11-24")


def records(cellc: Run, *words: str, status: int = 0) -> list[dict[str, Any]]:
    result = cellc("upgrade", "web.cell", *words, "--format", "json", *DAY)
    assert result.exit_code == status, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def of_kind(found: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [record for record in found if record["kind"] == kind]


def test_new_actions_and_what_decides_them(cellc: Run) -> None:
    found = records(cellc, "--to", "11.0")
    (cells, host) = of_kind(found, "new")
    assert cells["request"] == "{web, worker} network.interface_wg"
    assert cells["rule"]["text"] == "deny network.*;"
    assert list(cells["actions"]) == [
        "network.interface_wg.getpriv",
        "network.interface_wg.setpriv",
    ]
    assert (host["decision"], host["rule"]) == ("allow", None)
    assert found[-1] == {"kind": "summary", "from": "10.1", "to": "11.0", "compiles": True}


def test_removed_requests_and_dead_rules(cellc: Run, folder: Path) -> None:
    (folder / "web.cell").write_text(WEB.replace("    listen", "    deny network.smb;\n    listen"))
    found = records(cellc, "--to", "11.0")
    assert {r["action"] for r in of_kind(found, "removed")} >= {"network.smb.vc_create"}
    dead = [r["rule"]["text"] for r in of_kind(found, "rule") if r["dead"]]
    assert dead == ["deny network.smb;"]
    text = cellc("upgrade", "web.cell", "--to", "11.0", *DAY).stdout
    assert "about nothing any more: remove it" in text


def test_rules_that_become_errors(cellc: Run, folder: Path) -> None:
    (folder / "web.cell").write_text(
        WEB.replace("    listen", "    deny vnode.add_link;\n    listen")
    )
    found = records(cellc, "--to", "9.4", status=1)
    assert found[-1]["compiles"] is False
    result = cellc("upgrade", "web.cell", "--to", "9.4", *DAY)
    assert "E0405" in result.stderr or "E0404" in result.stderr
    assert "web.cell:7" in result.stderr
    assert "the policy has errors" in result.stdout


def test_guarded_rules_decide_otherwise(cellc: Run, folder: Path) -> None:
    guarded = "    when target >= 11.0 { deny process.fork; }\n    listen"
    (folder / "web.cell").write_text(WEB.replace("    listen", guarded, 1))
    (row,) = of_kind(records(cellc, "--to", "11.0"), "decision")
    assert (row["direction"], row["witness"]) == ("narrowed", "web process.fork to web")
    assert of_kind(records(cellc, "--from", "11.0", "--to", "current"), "decision") == []


def test_nodes_and_what_they_vote_on(cellc: Run, folder: Path) -> None:
    node = "net.inet6.ip6.accept_rtadv"
    (folder / "web.cell").write_text(
        WEB.replace("10.1", "9.4") + f"host {{ when target < 10.0 {{ sysctl {node} = 0; }} }}\n"
    )
    found = {r["node"]: r for r in of_kind(records(cellc, "--to", "10.1"), "sysctl")}
    assert (found[node]["comes"], found[node]["set"]) == (False, True)
    uid = found["security.models.extensions.hardlink_check_uid"]
    assert (uid["comes"], uid["hardened"], uid["votes_on"]) == (True, "1", ["vnode.add_link"])


NODE = "net.inet.ip.mtudisctimeout"


@pytest.mark.parametrize(
    ("host", "effect", "says"),
    [
        ("", "changes", "the policy leaves it alone, so the host changes"),
        (f"sysctl {NODE} = 300;", "keeps", "the policy sets what was the default, and keeps it"),
        (f"sysctl {NODE} = 0x258;", "same", "the policy sets what is now the default"),
        (f"sysctl {NODE} = 900;", "differs", "the policy sets 900, which stays"),
    ],
)
def test_changed_defaults(cellc: Run, folder: Path, host: str, effect: str, says: str) -> None:
    (folder / "web.cell").write_text(f"{WEB}host {{ {host} }}\n")
    with earlier_default(NODE, "300"):
        found = records(cellc, "--to", "11.0")
        text = cellc("upgrade", "web.cell", "--to", "11.0", *DAY).stdout
        markdown = cellc("upgrade", "web.cell", "--to", "11.0", "--format", "markdown", *DAY).stdout
    (change,) = of_kind(found, "default")
    assert (change["node"], change["before"], change["after"]) == (NODE, "300", "600")
    assert change["effect"] == effect
    assert of_kind(found, "unestablished")[0]["changed"] == 1
    assert "changed defaults of sysctl nodes\n" in text
    assert f"  {NODE}  300 to 600: lifetime of discovered MTU; {says}\n" in text
    assert f"* <code>{NODE}</code>  300 to 600: " in markdown


def test_what_is_not_established_is_counted_and_nothing_is_claimed_of_it(
    cellc: Run, folder: Path
) -> None:
    (folder / "web.cell").write_text(f"{WEB}host {{ sysctl {NODE} = 600; }}\n")
    (known,) = of_kind(records(cellc, "--to", "11.0"), "unestablished")
    assert NODE not in known["unknown"]
    assert known["compared"] == 24
    assert known["set"] == []
    with earlier_default(NODE, None):
        (unknown,) = of_kind(records(cellc, "--to", "11.0"), "unestablished")
        text = cellc("upgrade", "web.cell", "--to", "11.0", *DAY).stdout
    assert unknown["compared"] == 23
    assert set(unknown["unknown"]) - set(known["unknown"]) == {NODE}
    assert unknown["set"] == [NODE]
    assert f"nor are these, whose values the policy sets anyhow: {NODE}\n" in text


def test_defaults_are_told_of_every_node_with_a_value_once(cellc: Run) -> None:
    (found,) = of_kind(records(cellc, "--from", "9.4", "--to", "10.1"), "unestablished")
    both = sysctl.load("9.4").nodes.keys() & sysctl.load("10.1").nodes.keys()
    nodes = sysctl.all_nodes()
    with_value = {n for n in both if nodes[n].default and nodes[n].canonical == n}
    assert found["compared"] + len(found["unknown"]) == len(with_value)
    assert "net.inet.tcp.iss_hash" in found["unknown"]
    assert of_kind(records(cellc, "--from", "11.0", "--to", "current"), "unestablished") == []


def test_providers_that_services_name(cellc: Run, folder: Path) -> None:
    service = ' service { command "/bin/x"; require npfd; } profile confined;'
    (folder / "web.cell").write_text(WEB.replace("profile confined;", service, 1))
    assert of_kind(records(cellc, "--from", "9.4", "--to", "10.1"), "provider") == [
        {"kind": "provider", "provider": "npfd", "comes": True}
    ]


def test_nothing_changes(cellc: Run) -> None:
    result = cellc("upgrade", "web.cell", "--to", "10.1", *DAY)
    assert result.exit_code == 0
    assert result.stdout == "netbsd 10.1 to 10.1\nnothing changes for this policy\n"
    markdown = cellc("upgrade", "web.cell", "--to", "11.0", "--format", "markdown", *DAY).stdout
    assert markdown.startswith("### netbsd 10.1 to 11.0\n")


def test_wrong_use(cellc: Run) -> None:
    assert cellc("upgrade", "web.cell", *DAY).exit_code == 2
    assert cellc("upgrade", "web.cell", "--to", "8.0", *DAY).exit_code == 2


def test_new_requests_are_all_there_is_on_generated_policies() -> None:
    done, seed = 0, 40
    while done < 6:
        seed += 1
        texts = [
            text(seed).replace("target netbsd", "target netbsd 9.4; # ", 1),
            text(seed).replace("target netbsd", "target netbsd 10.1; # ", 1),
        ]
        both = [compile_text(one) for one in texts]
        if any(one.failed or one.program is None for one in both):
            continue
        done += 1
        old, new = (one.program.ir for one in both if one.program)
        comparison = Comparison(old, new)
        rows = list(Upgrade(old, new, comparison).asked())
        evaluator = Evaluator(new)
        fresh = asked_by("10.1").keys() - asked_by("9.4").keys()
        for request in all_requests(new):
            if request.subject == "host-root":
                continue
            point = comparison.frame.point(request)
            found = [(r.decided.effect, r.decided.rule) for r in rows if meet(r.decided.box, point)]
            wanted = [tuple(evaluator.decide(request))] if request.action in fresh else []
            assert found == wanted, request
        assert sum(size(r.decided.box) for r in rows) == len(fresh) * (len(new.cells) + 1)
