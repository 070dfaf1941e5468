"""rc.d/cellpolicy: loading, verifying and unloading the policy."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backends.sysctl import BACKEND as SYSCTL
from compiler.ir.ir import IR, ExecHash, HostSettings, SysctlSetting
from compiler.ir.serialise import policy_hash
from tests.rc.cells import minimal, policy
from tests.rc.support import NODES, Host, Result


@pytest.fixture
def ir() -> IR:
    return policy(minimal(root="/cells/web", exec_hashes=(ExecHash("/bin/x", "0" * 64),)))


def test_start_loads_the_module_that_is_not_there(host: Host, ir: IR) -> None:
    host.install(ir, loaded=False)
    result = host.run("cellpolicy", "start")
    assert (result.status, result.stdout) == (0, "Loading cell policy.\n"), result.stderr
    assert host.log("modload", "cellexec") == ["modload [secmodel_cellpolicy]"]


def test_start_with_the_right_policy_loads_nothing(host: Host, ir: IR) -> None:
    host.install(ir)
    assert host.run("cellpolicy", "start").status == 0
    assert host.log("modload", "cellexec") == []


def test_start_loads_the_image_over_another_policy(host: Host, ir: IR) -> None:
    host.install(ir)
    (host.state / f"sysctl/{NODES}hash").write_text("0" * 64 + "\n")
    assert host.run("cellpolicy", "reload").status == 0
    image = "[-f] [/etc/cellpolicy/cellpolicy.img]"
    assert host.log("modload", "cellexec") == [f"cellexec {image} [-H] [{policy_hash(ir)}]"]


def want_exits_logged(host: Host, ir: IR) -> None:
    """Gives the host the check of a policy that sets a node."""
    wanted = replace(ir, host=HostSettings(sysctls=(SysctlSetting("kern.logsigexit", "1"),)))
    [drift] = [a for a in SYSCTL.emit(wanted) if a.path == "sysctl/cellpolicy-drift"]
    text = drift.content.decode().replace("/sbin/", f"{host.root}/stubs/")
    (host.root / "libexec/cellpolicy/cellpolicy-drift").write_text(text)


def test_reload_is_silent_about_frozen_settings_that_are_as_wanted(host: Host, ir: IR) -> None:
    host.install(ir)
    (host.root / "etc/cellpolicy").mkdir()
    (host.root / "etc/cellpolicy/sysctl.conf").touch()
    (host.state / "frozen").touch()
    want_exits_logged(host, ir)
    (host.state / "sysctl/kern.logsigexit").write_text("1\n")
    assert host.run("cellpolicy", "reload") == Result(0, "Loading cell policy.\n", "")
    (host.state / "sysctl/kern.logsigexit").write_text("0\n")
    result = host.run("cellpolicy", "reload")
    assert result.status == 0
    assert "kern.logsigexit: Operation not permitted" in result.stderr
    (host.root / "libexec/cellpolicy/cellpolicy-drift").unlink()
    assert "Operation not permitted" in host.run("cellpolicy", "reload").stderr


def test_check_says_what_has_drifted(host: Host, ir: IR) -> None:
    host.install(ir)
    assert host.run("cellpolicy", "check") == Result(0, "", "")
    want_exits_logged(host, ir)
    (host.state / "sysctl/kern.logsigexit").write_text("0\n")
    line = 'kern.logsigexit: is "0", the policy wants "1"\n'
    assert host.run("cellpolicy", "check") == Result(1, line, "")
    (host.state / "sysctl/kern.logsigexit").write_text("1\n")
    assert host.run("cellpolicy", "check") == Result(0, "", "")


@pytest.mark.parametrize("program", ["modload", "cellexec"])
def test_start_fails_when_loading_fails(host: Host, ir: IR, program: str) -> None:
    host.install(ir, loaded=program == "cellexec")
    if program == "cellexec":
        (host.state / f"sysctl/{NODES}hash").write_text("0" * 64 + "\n")
    host.replace_stub(program, "exit 75")
    assert host.run("cellpolicy", "start").status == 1


def test_start_fails_when_the_kernel_says_another_hash(host: Host, ir: IR) -> None:
    host.install(ir)
    (host.state / f"sysctl/{NODES}hash").write_text("0" * 64 + "\n")
    host.replace_stub("cellexec", "exit 0")
    result = host.run("cellpolicy", "start")
    assert result.status == 1
    assert f"the policy installed is {policy_hash(ir)}" in result.stderr


def test_start_applies_settings_and_signatures(host: Host, ir: IR) -> None:
    host.install(ir)
    (host.root / "etc/cellpolicy").mkdir()
    (host.root / "etc/cellpolicy/sysctl.conf").touch()
    assert host.run("cellpolicy", "start").status == 0
    log = host.log("sysctl", "veriexecctl")
    assert "sysctl [-f] [/etc/cellpolicy/sysctl.conf]" in log
    assert "veriexecctl [load] [/libexec/cellpolicy/signatures/web]" in log


def test_status_lists_the_cells(host: Host, ir: IR) -> None:
    host.install(ir)
    result = host.run("cellpolicy", "status")
    assert result.status == 0
    assert result.stdout.splitlines() == [
        f"Cell policy {policy_hash(ir)} is in force, enforcing, generation 1.",
        "1 web enforcing 0 0",
    ]


def test_restart_leaves_no_moment_without_a_policy(host: Host, ir: IR) -> None:
    host.install(ir)
    assert host.run("cellpolicy", "restart").status == 0
    assert host.log("modunload") == []


def test_status_without_the_module(host: Host, ir: IR) -> None:
    host.install(ir, loaded=False)
    result = host.run("cellpolicy", "status")
    assert (result.status, result.stdout) == (1, "No cell policy is loaded.\n")


def test_stop_unloads_or_says_that_the_kernel_refuses(host: Host, ir: IR) -> None:
    host.install(ir)
    (host.state / "busy").touch()
    refused = host.run("cellpolicy", "stop")
    assert (refused.status, refused.stdout) == (1, "The cell policy stays in force.\n")
    (host.state / "busy").unlink()
    assert host.run("cellpolicy", "stop").status == 0
    again = host.run("cellpolicy", "stop")
    assert (again.status, again.stdout) == (0, "No cell policy is loaded.\n")
