"""Builds with their ledgers, for tests."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backends.registry import load
from compiler.driver import Compilation, Program, compile_policy
from compiler.ledger.finding import Entry
from compiler.ledger.ledger import make_ledger
from compiler.ledger.output import ledger_json
from compiler.ledger.statements import kind
from tests.semantics.support import TODAY, compile_text, must, root_files

USUAL = ("kmod", "rc", "sysctl")
POLICIES = {path.stem: path for path in root_files()}

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Build:
    """What a build makes of a policy."""

    program: Program
    entries: Sequence[Entry]
    ledger: Row
    files: Mapping[str, bytes]

    @property
    def rows(self) -> list[Row]:
        rows: list[Row] = self.ledger["statements"]
        return rows

    def one(self, text: str) -> Row:
        """The row of the only statement of the policy's own that begins with `text`."""
        own = [row for row in self.rows if not row["file"].startswith("<")]
        found = [row for row in own if row["text"].startswith(text)]
        assert len(found) == 1, [row["text"] for row in self.rows]
        return found[0]

    def nodes(self, word: str) -> list[Entry]:
        """The entries of one kind of statement."""
        return [entry for entry in self.entries if kind(entry.statement) == word]

    def cells_of(self, row: Row) -> list[str]:
        """The cells in which a statement counts."""
        every = [cell.name for cell in self.program.ir.cells]
        names = every if row["cells"] == ["*"] else row["cells"]
        other = row.get("overridden", {"cells": []})["cells"]
        gone = every if other == ["*"] else other
        return [name for name in names if name not in gone]


def made(compilation: Compilation, backends: Sequence[str] = USUAL) -> Build:
    """A build of a policy that must compile."""
    program = must(compilation)
    entries = make_ledger(program, backends)
    text = ledger_json(program, compilation.sources, backends, entries)
    files = {
        artifact.path: artifact.content
        for backend in load(backends)
        for artifact in backend.emit(program.ir)
    }
    return Build(program, entries, json.loads(text), files)


@functools.cache
def shipped(name: str) -> Build:
    """A build of a policy of this repository."""
    return made(compile_policy(POLICIES[name], TODAY))


def build(text: str, backends: Sequence[str] = USUAL, target: str = "10.1") -> Build:
    """A build of a policy; its header is added."""
    return made(compile_text(f"policy test;\ntarget netbsd {target};\n{text}"), backends)


#: Every kind of statement that can stand in one file, and every setting and limit.
WHOLE = """
let web-ports = {80, 443};
permissive;
profile base extends confined {
    final deny system.reboot;
    exec readonly;
    limits { nofile 256; processes 32; }
    user "nobody" group "nobody";
    mount ro "/usr/share/misc" at "/share";
    devices { null random }
}
profile unused { deny system.module; mount ro "/a" at "/b"; limits { core 0; } }
template spare(port) { listen tcp port; }
template tenant(port, owner = "www") extends base {
    user owner;
    listen tcp port;
    limits { as 1G; core 0; cpu 60; data 512M; fsize 1G; memlock 8M; nproc 20; nthr 40;
             rss 64M; sbsize 1M; stack 8M; }
}
cell shop {
    use tenant(8080);
    root "/var/cells/shop" base "/var/cells/base";
    mount rw "/srv/shop" at "/data";
    exec sha256 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff" "/usr/bin/shop";
    hook pre-start "/bin/a";
    hook post-start "/bin/b" "x y";
    hook pre-stop "/bin/c";
    hook post-stop "/bin/d";
    service {
        command "/usr/bin/shop" "-f";
        require NETWORKING;
        require cell plain;
        before LOGIN;
        env MODE "it's fast";
        log facility daemon tag "shop" stdout info stderr err;
        restart on-failure backoff 1s..10s;
        healthcheck "/usr/bin/true";
    }
    @reason "low ports" grant network.bind.privport tcp port 81;
    deny process.signal to plain;
    deny network.socket.open type raw;
    deny vnode.retain_suid;
}
cell plain {
    profile base;
    permissive;
    root "/var/cells/plain";
    listen tcp web-ports;
    listen udp 53;
    user "plain";
}
group both = { shop, plain };
host {
    securelevel 1;
    sysctl security.models.extensions.curtain = 1;
    sysctl kern.veriexec.strict = 1;
    sysctl emul.linux.enabled = 0;
}
when target >= 11.0 { cell later { profile low; } }
when target >= 10.1 { cell extra { profile low; } }
assert never shop system.reboot;
test "t" { deny shop system.reboot; }
"""
