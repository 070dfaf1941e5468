"""Host settings: what sysctl(8) and rc(8) make of the files, and what the drift check says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.artifact import Artifact
from backends.sysctl import BACKEND
from compiler.catalogue.actions import RELEASES
from compiler.catalogue.sysctl import Node, check_value, load
from compiler.ir.ir import IR, HostSettings, SysctlSetting
from tests.backends import sysctl_model
from tests.backends.texts import TEXTS

CURTAIN = "security.models.extensions.curtain"
RESERVE = "net.inet.ip.anonportalgo.reserve"
LOW, HIGH = "net.inet.ip.anonportmin", "net.inet.ip.anonportmax"


def emit(
    values: dict[str, str], *, level: int | None = None, policy: str = "webfarm"
) -> dict[str, Artifact]:
    nodes = tuple(SysctlSetting(name, value) for name, value in values.items())
    host = HostSettings(level, nodes)
    ir = IR(policy, "10.1", False, (), (), (), (), (), (), (), host)
    return {artifact.path: artifact for artifact in BACKEND.emit(ir)}


def conf(values: dict[str, str]) -> list[sysctl_model.Line]:
    return sysctl_model.parse(emit(values)["sysctl/cellpolicy.conf"].content.decode())


def sample(node: Node) -> str:
    """A value that the node takes."""
    words = ("1", "2000", "31", "0", "/x/%n.core", "80,443", "640", "line", "600", "16777216")
    return next(w for w in (*node.range.words, *words) if check_value(node, w) is None)


# sysctl.conf


def test_settings_are_lines_of_sysctl_conf() -> None:
    assert conf({CURTAIN: "0x1", "kern.defcorename": "/var/%n's.core"}) == [
        ("kern.defcorename", "/var/%n's.core", False),
        (CURTAIN, "1", False),
    ]


def test_without_settings_nothing_is_set() -> None:
    files = emit({})
    assert files.keys() == {"sysctl/cellpolicy.conf", "sysctl/cellpolicy-drift"}
    assert conf({}) == []


@pytest.mark.parametrize("release", RELEASES)
def test_every_writable_node_can_be_set(release: str) -> None:
    nodes = [
        node for node in load(release).nodes.values() if node.write not in ("never", "key-open")
    ]
    assert len(nodes) > 100
    values = {node.name: sample(node) for node in nodes if node.write != "raise-only"}
    assert {line.name for line in conf(values)} == values.keys()


@pytest.mark.parametrize(
    ("name", "value", "forgiving"),
    [
        ("kern.ipc.semmni", "1", True),  # SYSVSEM may be missing, and nothing depends on it
        ("security.pax.mprotect.global", "1", False),  # a host without PaX is not as hardened
        ("security.pax.mprotect.ptrace", "0", False),
        ("emul.linux.enabled", "0", True),  # what is not there is as good as turned off
        ("emul.linux.enabled", "1", False),
        (CURTAIN, "1", False),
        ("net.inet.tcp.ecn.enable", "1", False),
    ],
)
def test_only_harmless_absence_is_forgiven(name: str, value: str, forgiving: bool) -> None:
    assert conf({name: value}) == [(name, value, forgiving)]


def test_ports_come_last_and_in_the_one_form_that_cannot_fail() -> None:
    lines = conf({RESERVE: "5432,080,80", CURTAIN: "1"})
    assert [line.name for line in lines] == [CURTAIN, RESERVE]
    assert lines[1].value == "80,5432"
    assert conf({RESERVE: ""})[0].value == ""


def ranges(low: int, high: int) -> st.SearchStrategy[tuple[int, int]]:
    pairs = st.tuples(st.integers(low, high), st.integers(low, high))
    return pairs.filter(lambda pair: pair[0] < pair[1])


@given(ranges(1024, 65535), ranges(1024, 65535))
def test_a_range_of_ports_is_reached_from_any_other(
    before: tuple[int, int], wanted: tuple[int, int]
) -> None:
    """The kernel refuses a lowest port that is not below the highest (ip_input.c)."""
    low, high = before
    for line in conf({LOW: str(wanted[0]), HIGH: str(wanted[1])}):
        match line.name:
            case "net.inet.ip.anonportmin":
                low = int(line.value)
            case _:
                high = int(line.value)
        assert 1024 <= low < high <= 65535
    assert (low, high) == wanted


def test_one_end_of_a_range_stands_alone() -> None:
    assert [line.name for line in conf({LOW: "50000"})] == [LOW]


@given(TEXTS)
@settings(max_examples=30)
def test_a_string_is_carried_or_refused(text: str) -> None:
    try:
        lines = conf({"ddb.commandonenter": text})
    except ValueError:
        return
    assert lines == [("ddb.commandonenter", text, True)]


@given(TEXTS)
@settings(max_examples=30)
def test_the_name_of_the_policy_stays_in_its_comment(text: str) -> None:
    files = emit({CURTAIN: "1"}, level=1, policy=text)
    content = files["sysctl/cellpolicy.conf"].content.decode()
    assert sysctl_model.parse(content) == [(CURTAIN, "1", False)]
    for path in ("sysctl/cellpolicy-drift", "rc.conf.d/securelevel"):
        subprocess.run(["dash", "-n"], input=files[path].content, check=True)
        assert files[path].content.isascii()


# rc.conf.d


def raised(path: str, files: dict[str, Artifact], before: str, variable: str) -> str:
    script = before + files[path].content.decode() + f'\nprintf %s "${variable}"\n'
    return subprocess.run(
        ["dash", "-eu"], input=script, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize(
    ("before", "after"),
    [("", "1"), ("securelevel=\n", "1"), ("securelevel=0\n", "1"), ("securelevel=2\n", "2")],
)
def test_the_securelevel_is_raised_and_never_lowered(before: str, after: str) -> None:
    files = emit({}, level=1)
    assert raised("rc.conf.d/securelevel", files, before, "securelevel") == after


def test_the_lowest_securelevel_asks_for_nothing() -> None:
    assert emit({}, level=-1).keys() == emit({}).keys()
    assert "rc.conf.d/securelevel" in emit({}, level=0)


def test_veriexec_is_made_strict_after_its_fingerprints_are_loaded() -> None:
    files = emit({"kern.veriexec.strict": "2"})
    assert b"kern.veriexec.strict" not in files["sysctl/cellpolicy.conf"].content
    path = "rc.conf.d/veriexec"
    assert raised(path, files, "", "veriexec$veriexec_strict") == "YES2"
    assert raised(path, files, "veriexec_strict=3\n", "veriexec_strict") == "3"


# cellpolicy-drift


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A folder with a file for each node, and a sysctl(8) that prints them."""
    stub = tmp_path / "sysctl"
    stub.write_text('#!/bin/sh\n[ "$1" = -n ] && exec cat "${0%/*}/nodes/$2"\nexit 2\n')
    stub.chmod(0o755)
    (tmp_path / "nodes").mkdir()
    return tmp_path


def drift(host: Path, files: dict[str, Artifact], *words: str) -> tuple[int, str]:
    script = host / "cellpolicy-drift"
    script.write_bytes(files["sysctl/cellpolicy-drift"].content)
    run = subprocess.run(
        ["dash", str(script), *words],
        env={"PATH": os.environ["PATH"], "CELLPOLICY_SYSCTL": str(host / "sysctl")},
        capture_output=True,
        text=True,
        check=False,
    )
    return run.returncode, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("name", "wanted", "printed", "same"),
    [
        (CURTAIN, "1", "1", True),
        (CURTAIN, "0x1", "1", True),
        (CURTAIN, "1", "0x1", True),
        (CURTAIN, "1", "0", False),
        (CURTAIN, "1", "", False),
        (CURTAIN, "0", "", False),
        (CURTAIN, "1", "1x", False),
        ("kern.defcorename", "it's %n.core", "it's %n.core", True),
        ("kern.defcorename", "%n.core", "%n.cores", False),
        ("kern.coredump.setid.mode", "600", "0600 (rw------- )", True),
        ("kern.coredump.setid.mode", "0600", "0644 (rw-r--r-- )", False),
        ("kern.coredump.setid.mode", "g=r", "0644 (rw-r--r-- )", True),  # relative: not checked
        ("kern.ipc.shmmax", "1000000", "1003520", True),
        ("kern.ipc.shmmax", "1000000", "999424", False),
        ("kern.veriexec.strict", "1", "2", True),
        ("kern.veriexec.strict", "2", "1", False),
        ("kern.entropy.gather", "1", "0", True),
        (RESERVE, "443,80", "80,443", True),
        (RESERVE, "443,80", "80", False),
        (RESERVE, "", "", True),
    ],
)
def test_drift_compares_with_what_sysctl_prints(
    host: Path, name: str, wanted: str, printed: str, same: bool
) -> None:
    (host / "nodes" / name).write_text(printed + "\n")
    status, output = drift(host, emit({name: wanted}))
    assert (status, output == "") == (0, True) if same else (1, False)
    if not same:
        assert output.startswith(f'{name}: is "{printed}", the policy wants "')


def test_every_difference_is_reported(host: Path) -> None:
    files = emit({CURTAIN: "1", "net.inet.tcp.iss_hash": "1", "kern.ipc.semmni": "5"}, level=1)
    (host / "nodes" / CURTAIN).write_text("0\n")
    (host / "nodes" / "kern.securelevel").write_text("-1\n")
    status, output = drift(host, files)
    assert status == 1
    assert output.splitlines() == [
        'net.inet.tcp.iss_hash: cannot be read, the policy wants "1"',
        f'{CURTAIN}: is "0", the policy wants "1"',
        'kern.securelevel: is "-1", the policy wants "1"',
    ]


def test_a_higher_securelevel_is_no_drift(host: Path) -> None:
    (host / "nodes" / "kern.securelevel").write_text("2\n")
    assert drift(host, emit({}, level=1)) == (0, "")


def test_drift_takes_no_words(host: Path) -> None:
    assert drift(host, emit({}), "-x") == (2, "usage: cellpolicy-drift\n")
    assert drift(host, emit({})) == (0, "")


SHELLCHECK = Path(sys.executable).with_name("shellcheck")
SCRIPTS = [
    emit({}),
    emit({CURTAIN: "1", "kern.entropy.gather": "1", "kern.veriexec.strict": "2"}, level=1),
]


@pytest.mark.parametrize("files", SCRIPTS)
def test_scripts_pass_shellcheck_and_dash(files: dict[str, Artifact], tmp_path: Path) -> None:
    for artifact in files.values():
        if artifact.path != "sysctl/cellpolicy.conf":
            path = tmp_path / Path(artifact.path).name
            path.write_bytes(artifact.content)
            subprocess.run(["dash", "-n", path], check=True)
            subprocess.run([SHELLCHECK, "-s", "sh", path], check=True)
    assert files["sysctl/cellpolicy-drift"].mode == 0o755
