"""Manifests to policies and back: nothing is lost, and nothing bad is taken."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from backends.celladm import BACKEND
from backends.celladm.losses import NAMES
from compiler.catalogue.upstream import KEYS
from compiler.diagnostics import Diagnostics
from compiler.foreign.celladm import translate
from compiler.foreign.text import policy_text
from compiler.render.text import render_text
from compiler.source import Source
from compiler.syntax.hidden import hidden
from tests.celladm.upstream import read
from tests.commands.conftest import Run, cellc, folder
from tests.semantics.support import compile_text, must

__all__ = ["cellc", "folder"]  # fixtures

MINIMAL = {"name": "web", "autostart": "yes", "root_base": "/base", "command": "httpd"}


def text_of(keys: dict[str, str]) -> str:
    return "".join(f"{key}={value}\n" for key, value in keys.items())


def policy_of(*texts: str, defaults: str | None = None) -> str:
    """The policy that some manifests become, each named by its own `name`."""
    found = Diagnostics()
    sources = [Source(f"cells.d/{_name(text)}.cell", text) for text in texts]
    inherited = Source("defaults.conf", defaults) if defaults is not None else None
    cells = translate(sources, inherited, found)
    every = {s.name: s for s in (*sources, inherited) if s is not None}
    assert not found.failed, render_text(found.sorted(), every)
    return policy_text("imported", "current", [source.name for source in sources], cells)


def _name(text: str) -> str:
    return str(read(text)["name"])


def again(policy: str) -> dict[str, str]:
    """The manifests that a policy becomes, by the name of their cell."""
    ir = must(compile_text(policy)).ir
    backend = BACKEND.accepting(NAMES)
    accepted = {loss.name for loss in BACKEND.shortfall(ir)[0]}
    assert accepted <= {"mount-flags", "dash-in-name"}
    files = {a.path: a.content.decode() for a in backend.emit(ir)}
    assert not [path for path in files if "hooks" in path]
    prefix = "celladm/cells.d/"
    return {
        path.removeprefix(prefix).removesuffix(".cell"): content
        for path, content in files.items()
        if path.startswith(prefix)
    }


#: Values of each key that celladm takes and a policy can say.
VALUES: dict[str, tuple[str, ...]] = {
    "name": ("web", "my-app", "Web_2"),
    "autostart": ("yes", "no"),
    "root_base": ("/var/cells/base/10.1-amd64", "/b a s e", "//a/./b/"),
    "local_dev": ("yes", "no"),
    "profile": ("low", "medium", "high", ""),
    "reserved_ports": ("80", "443,80", ",".join(map(str, range(1000, 1032))), "65535", ""),
    "rlimit_nofile": ("0", "1024", "unlimited", ""),
    "rlimit_as": ("536870912", "unlimited"),
    "rlimit_core": ("0", "unlimited"),
    "run_uid": ("24", "0"),
    "run_gid": ("24", "0"),
    "run_groups": ("6", "6,8,30"),
    "mount": ("/srv/www /var/www ro", "/srv/nginx\t /opt/nginx   rw", "/x /y/.overlay ro"),
    "command": (
        "/usr/libexec/httpd -f",
        "exec x | y && \"z\" 'q' $HOME # `w` \\\\ é",
        "a\tb",
        "x = y",
        "a\vb\x7f",
    ),
    "healthcheck": ("/usr/bin/true", 'fetch -q http://localhost/ "it\'s" $X', ""),
    "require": ("NETWORKING", "named, syslogd  ntpd", "", ","),
    "after": ("SERVERS,mountd", ""),
    "before": ("LOGIN", "cron inetd", ""),
    "log_facility": ("daemon", "local7", ""),
    "log_tag": ("web", "a.b/c:%"),
    "log_stdout_level": ("emerg", "debug"),
    "log_stderr_level": ("warning", "info"),
}


def _whole(key: str, value: str) -> dict[str, str]:
    keys = {**MINIMAL, key: value}
    if key in ("run_uid", "run_gid"):
        keys = {**MINIMAL, "run_uid": value, "run_gid": value}
    if key == "run_groups":
        keys = {**MINIMAL, "run_uid": "24", "run_gid": "24", key: value}
    return keys


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in VALUES.items() for value in values]
)
def test_every_key_makes_the_round_trip(key: str, value: str) -> None:
    text = text_of(_whole(key, value))
    if key == "root_base":
        expected = {**read(text), "root_base": value.replace("//a/./b/", "/a/b")}
    else:
        expected = read(text)
    made = again(policy_of(text))
    assert read(made[expected["name"]]) == expected
    assert policy_of(made[expected["name"]]) == policy_of(text)


def test_every_key_is_tried() -> None:
    assert VALUES.keys() == set(KEYS)


@st.composite
def _manifests(draw: DrawFn) -> str:
    """A manifest with any keys, its lines in any order, with remarks and blanks."""
    keys = {
        **MINIMAL,
        **{k: draw(st.sampled_from(v)) for k, v in VALUES.items() if draw(st.booleans())},
    }
    keys["run_gid"] = keys.setdefault("run_uid", "")
    if not keys["run_uid"]:
        del keys["run_uid"], keys["run_gid"]
        keys.pop("run_groups", None)
    mounts = [f"mount=/m/{i} /n/{i} {draw(st.sampled_from(['ro', 'rw']))}"
              for i in range(draw(st.integers(0, 3)))]  # fmt: skip
    lines = [f"{k}={v}" for k, v in keys.items() if k != "mount"] + mounts
    lines = draw(st.permutations(lines))
    blanks = st.sampled_from(["", " ", "\t ", "\r"])
    odd = st.sampled_from(["# remark=x", "", "  ", " #"])
    out = []
    for line in lines:
        out += [draw(odd)] if draw(st.booleans()) else []
        key, _, value = line.partition("=")
        out.append(f"{draw(blanks)}{key}{draw(blanks)}={draw(blanks)}{value}{draw(blanks)}")
    return "\n".join(out) + draw(st.sampled_from(["", "\n"]))


@given(_manifests(), st.sampled_from(["", "local_dev=no", "root_base=/default\nlocal_dev=yes\n"]))
@settings(max_examples=40, deadline=None)
def test_whole_manifests_make_the_round_trip(text: str, defaults: str) -> None:
    expected = read(text, defaults)
    if expected["root_base"] == "//a/./b/":
        expected["root_base"] = "/a/b"
    assert read(again(policy_of(text, defaults=defaults))[expected["name"]]) == expected


def test_defaults_are_inherited() -> None:
    text = text_of({k: v for k, v in MINIMAL.items() if k != "root_base"})
    defaults = "root_base = /d\nlocal_dev=no\nrelease=10.1\nmachine_arch=amd64\nnetbsd_mirror=x\n"
    made = read(again(policy_of(text, defaults=defaults))["web"])
    assert (made["root_base"], made["local_dev"]) == ("/d", "no")
    own = policy_of(text_of({**MINIMAL, "local_dev": "yes"}), defaults=defaults)
    assert 'base "/base"' in own
    assert "devices {" in own


def test_several_manifests_become_one_policy() -> None:
    texts = [text_of({**MINIMAL, "name": name, "reserved_ports": port})
             for name, port in (("a", "80"), ("b", "81"))]  # fmt: skip
    assert again(policy_of(*texts)).keys() == {"a", "b"}


BAD: dict[str, str] = {
    "name=web.x": "E1005",
    "name=1web": "E1005",
    "name=self": "E1005",
    "name=a b": "E1005",
    "name=other": "E1005",
    "name=": "E1006",
    "autostart=maybe": "E1005",
    "autostart=": "E1006",
    "command=": "E1006",
    "command=" + "x" * 40000: "E0523",
    "root_base=relative": "E0501",
    "root_base=/a/../b": "E0504",
    "root_base=/var/cells/cells": "E0506",
    "local_dev=": "E1005",
    "local_dev=1": "E1005",
    "profile=maximum": "E1005",
    "reserved_ports=0": "E1005",
    "reserved_ports=80,": "E1005",
    "reserved_ports=80 81": "E1005",
    "reserved_ports=" + ",".join(map(str, range(1, 34))): "E1005",
    "rlimit_nofile=1k": "E1005",
    "rlimit_as=99999999999999999999": "E0517",
    "run_uid=5": "E1007",
    "run_groups=5": "E1007",
    "run_uid=www\nrun_gid=5": "E1005",
    "run_uid=99999999999\nrun_gid=5": "E0513",
    "run_uid=5\nrun_gid=5\nrun_groups=6,mail": "E1005",
    "mount=/a /b": "E1005",
    "mount=": "E1005",
    "mount=/a /b rx": "E0509",
    "mount=a /b ro": "E0501",
    "mount=/a / ro": "E0507",
    "mount=/a /dev/x ro": "E0508",
    "mount=/a /.overlay ro": "E1005",
    "mount=/a|b /c ro": "E1005",
    "mount=/a /b ro\nmount=/c /b/d ro": "E0510",
    "healthcheck=test ${CELL}": "E1005",
    "require=bootconf.sh": "E1005",
    "require=cell db": "E1005",
    "log_facility=kern": "E0535",
    "log_tag=a b": "E0537",
    "log_stdout_level=loud": "E0536",
    "nonsense=1": "E1004",
    "nonsense": "E1003",
    "com\0mand=x": "E1003",
}


@pytest.mark.parametrize("line", BAD, ids=lambda line: line[:20].encode("unicode_escape").decode())
def test_bad_lines_are_found_where_they_are(line: str) -> None:
    key = line.partition("=")[0]
    kept = {k: v for k, v in MINIMAL.items() if k != key}
    source = Source("web.cell", f"{text_of(kept)}{line}\n")
    found = Diagnostics()
    translate([source], None, found)
    [problem] = [d for d in found.sorted() if d.severity == "error"]
    assert problem.code == BAD[line]
    assert problem.span is not None
    assert source.position(problem.span.start)[0] > len(kept)
    assert problem.help


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"name": "host"}, "the word means something else there"),
        ({"require": "any"}, "the word means something else there"),
        ({"name": "1web"}, "cells are called by letters"),
        ({"name": "w" * 64}, "63 at most"),
        ({"require": "web.x"}, "providers are called by letters"),
    ],
)
def test_the_help_says_what_is_wrong_with_a_name(keys: dict[str, str], why: str) -> None:
    manifest = {**MINIMAL, **keys}
    found = Diagnostics()
    translate([Source(f"{manifest['name']}.cell", text_of(manifest))], None, found)
    [problem] = found.sorted()
    assert why in (problem.help or "")


@pytest.mark.parametrize("line", ["local_dev=2", "bootstrap_include_xbase=", "rootbase=/x", "x"])
def test_bad_defaults_are_found(line: str) -> None:
    found = Diagnostics()
    translate([Source("web.cell", text_of(MINIMAL))], Source("defaults.conf", line), found)
    assert [d.span and d.span.file for d in found.sorted()] == ["defaults.conf"]


def _write(folder: Path, name: str, **keys: str) -> str:
    (folder / f"{name}.cell").write_text(text_of({**MINIMAL, "name": name, **keys}))
    return f"{name}.cell"


def test_the_command(cellc: Run, folder: Path) -> None:
    (folder / "defaults.conf").write_text("root_base=/d\n")
    files = [_write(folder, "a", root_base=""), _write(folder, "b", reserved_ports="80")]
    result = cellc("import", "celladm", "--defaults", "defaults.conf", "--policy", "farm",
                   "--target", "10.1", *files)  # fmt: skip
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[:3] == [
        "# Translated by `cellc import celladm` from a.cell, b.cell.",
        "policy farm;",
        "target netbsd 10.1;",
    ]
    assert 'base "/d"' in result.stdout


def test_hidden_characters_become_escapes(cellc: Run, folder: Path) -> None:
    (folder / "x\u200b").mkdir()
    file = _write(folder / "x\u200b", "a", command="echo \u202e\x1b\xad")
    result = cellc("import", "celladm", f"x\u200b/{file}")
    assert (result.exit_code, list(hidden(result.stdout))) == (0, [])
    assert r"echo \u{202e}\u{1b}\u{ad}" in result.stdout


def test_nothing_is_printed_when_one_file_is_bad(cellc: Run, folder: Path) -> None:
    files = [_write(folder, "a"), _write(folder, "b", profile="x")]
    result = cellc("import", "celladm", *files)
    assert (result.exit_code, result.stdout) == (1, "")
    assert " --> b.cell:" in result.stderr


def test_what_only_the_whole_policy_has_is_found(cellc: Run, folder: Path) -> None:
    target = "/x" * 505
    result = cellc("import", "celladm", _write(folder, "a", mount=f"/m {target} ro"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "E0511" in result.stderr


@pytest.mark.parametrize(
    "arguments", [("celladm",), ("jail", "x"), ("celladm", "--policy", "1", "x"), ()]
)
def test_wrong_use(cellc: Run, arguments: tuple[str, ...]) -> None:
    assert cellc("import", *arguments).exit_code == 2


def test_files_that_cannot_be_read(cellc: Run, folder: Path) -> None:
    (folder / "binary.cell").write_bytes(b"\xff\xfe")
    result = cellc("import", "celladm", "none.cell", "binary.cell", ".")
    assert result.exit_code == 1
    assert {"E0204", "E0206"} <= set(re.findall(r"E\d{4}", result.stderr))


def test_a_manifest_that_is_named_twice_counts_once(cellc: Run, folder: Path) -> None:
    path = _write(folder, "a")
    once, twice = cellc("import", "celladm", path), cellc("import", "celladm", path, path)
    assert (once.exit_code, twice.exit_code) == (0, 0)
    assert once.stdout == twice.stdout
