"""Everything that cellc prints for programs, of policies that leave no key unused."""

from __future__ import annotations

import contextlib
import gc
import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from compiler.cli.main import main
from tests.catalogue.support import earlier_default

DAY = ("--today", "2026-11-24")

POLICY = """\
policy site;
target netbsd 10.1;
import "common.cell";

profile service extends confined {
    deny network.bind port 1..1023;
    final deny system.reboot;
    deny process.corename.get to self;
    when target >= 11.0 { deny process.nice; }
    limits { core 0; }
    user "1000";
}
template tenant(port) extends service { listen tcp port; }

cell web {
    profile service;
    user "www";
    root "/var/cells/web" base "/var/cells/base";
    mount rw "/srv/www" at "/var/www";
    mount ro "/srv/data" at "/srv/data";
    listen tcp 8080;
    @reason "its own port"
    grant network.bind.privport tcp port 80;
    deny network.smb;
    allow process.signal to db;
    deny network.socket.open domain inet type raw;
    exec sha256 "0000000000000000000000000000000000000000000000000000000000000000" "/bin/sh";
    limits { nofile 64; nproc 10; }
    permissive;
    service { command "/bin/httpd"; require npfd; }
}
cell db {
    profile service;
    user "pgsql";
    limits { core 1M; }
    allow network.bind.privport tcp port 81;
}
cell root { profile low; listen tcp 5000; }
cell far { profile common; }
cell one { use tenant(8081); }
cell two { use tenant(8082); allow process.corename.get to self; deny device.rawio_spec; }

host { securelevel 1; sysctl net.inet.ip.mtudisctimeout = 600; sysctl kern.sooptions = 0; }

assert always db network.bind tcp port 81;
assert never db process.signal to web;

test "ports" { deny db network.bind tcp port 8080; allow web network.bind tcp port 8080; }
test "wrong" { allow db process.signal to web; }
"""

AUDIT = "x /netbsd: cellpolicy: {} cell={} action={} rule=00000000 pid=1 uid=80\n"
LOG = "".join(
    (
        *(AUDIT.format("deny", c, "process.signal to=host") for c in ("one", "two", "db")),
        AUDIT.format("deny", "db", "process.signal to=web"),
        AUDIT.format("deny", "web", "network.bind.port proto=other port=1000"),
        AUDIT.format("permissive", "one", "system.reboot"),
        AUDIT.format("deny", "one", "process.rlimit.set to=one limit=nofile"),
        AUDIT.format("deny", "host", "process.signal to=web").rstrip() + " suppressed=3\n",
    )
)
REQUESTS = (
    "web network.bind tcp port 80",
    "any network.bind tcp",
    "web process.signal to db",
    "db process.cansee.env to db",
    "host-root system.reboot",
)
CHANGES = (
    ("allow process.signal to db;", "allow process.* to db;"),
    ("mount rw", "mount ro"),
    ("nofile 64; ", ""),
    ("limits { core 1M; }", '@reason "more room" limits { core 1M; as 1G; }'),
    ("allow network.bind.privport tcp port 81;",
     'allow network.bind.privport tcp port 81; @reason "b" allow process.signal to one;'),
    ("cell far", "cell new { profile low; }\ncell far"),
)  # fmt: skip
OBSERVED = "web process.signal to db\nweb network.bind tcp port 80\n"
BROKEN = """\
policy broken;
target netbsd 10.1;
import "gone.cell";
cell a { profile no; }
cell a { profile low; }
"""


def lines(folder: Path, *arguments: str, input: str | None = None) -> list[Any]:
    """What a command prints as JSON: an object a line."""
    with contextlib.chdir(folder):
        result = CliRunner().invoke(main, (*arguments, *DAY), input=input)
    gc.enable()  # the command turns it off for its process
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return [json.loads(line) for line in result.stdout.splitlines()]


def _write(folder: Path) -> None:
    passing = POLICY.replace('test "wrong" { allow db process.signal to web; }', "")
    changed = passing
    for old, new in CHANGES:
        assert old in changed, old
        changed = changed.replace(old, new)
    texts = {
        "site.cell": passing,
        "failing.cell": POLICY,
        "broken.cell": BROKEN,
        "untidy.cell": passing.replace("nofile 64", "nofile 64; as 1M"),
        "next.cell": changed,
        "common.cell": "profile common extends confined { deny process.nice; }\n",
        "log": LOG,
        "observed": OBSERVED + AUDIT.format("deny", "gone", "process.fork to=gone"),
    }
    for name, text in texts.items():
        (folder / name).write_text(text)


def outputs(folder: Path) -> dict[str, list[Any]]:
    """Documents of each schema."""
    _write(folder)

    def run(*arguments: str) -> list[Any]:
        return lines(folder, *arguments, "--format", "json")

    found = {"query": run("query", "site.cell", "any *")}
    rules = sorted({row["rule"]["id"] for row in found["query"] if row["rule"]})
    found["query"] += run("query", "site.cell", "any ~> any")
    found["query"] += run("query", "site.cell", "--exposure")
    found["explain"] = run("explain", "site.cell", *REQUESTS, *LOG.splitlines(), *rules)
    found["diff"] = run("diff", "site.cell", "next.cell") + run("diff", "next.cell", "site.cell")
    with earlier_default("net.inet.ip.mtudisctimeout", "300"):
        found["upgrade"] = run("upgrade", "site.cell", "--to", "11.0")
    with earlier_default("security.models.extensions.curtain", "1"):
        found["upgrade"] += run("upgrade", "site.cell", "--to", "11.0")
    found["upgrade"] += run("upgrade", "site.cell", "--from", "9.4", "--to", "10.1")
    found["test"] = run("test", "failing.cell") + run("test", "broken.cell")
    found["test"] += run("test", "site.cell", "--coverage", "--mutate")
    found["learn"] = run("learn", "site.cell", "log")
    found["narrow"] = run("narrow", "site.cell", "observed")
    found["findings"] = [
        row for name in ("broken", "untidy", "gone") for row in run("check", f"{name}.cell")
    ]
    lines(folder, "build", "site.cell", "-o", "out", "--serial", "7")
    for name, file in (("ledger", "ledger"), ("map", "policy.map"), ("manifest", "manifest")):
        found[name] = [json.loads((folder / f"out/{file}.json").read_bytes())]
    return found
