"""Starts and stops that hooks or others spoil; test_crash.py spoils every step."""

from __future__ import annotations

import os

import pytest

from tests.rc.cells import full_cell, policy
from tests.rc.support import Host, eventually

FOREIGN = "/dev/wd0g on /cells/web type ffs (local)"


@pytest.fixture
def web(host: Host) -> Host:
    cell = full_cell(host.root, ("/bin/sleep", "1000"))
    host.install(policy(cell))
    (host.state / "mounts").write_text(FOREIGN.replace("/cells", f"{host.root}/cells") + "\n")
    return host


def _clean(web: Host) -> None:
    assert web.mounts() == [FOREIGN.replace("/cells", f"{web.root}/cells")]
    assert eventually(lambda: not web.processes())
    assert not web.running()
    assert web.leftovers() == []


@pytest.mark.parametrize("next_verb", ["stop", "start"])
def test_start_killed_with_the_service_running_is_undone(web: Host, next_verb: str) -> None:
    hook = web.root / "hooks/note"
    whole = hook.read_text()
    hook.write_text(f'{whole}[ "$1" != post-start ] || kill -9 "$(cat {web.state}/script)"\n')
    assert web.run("cell_web", "start").status == -9
    assert eventually(web.processes)
    before = web.processes()
    hook.write_text(whole)
    assert web.run("cell_web", next_verb).status == 0
    assert not set(before) & set(web.processes())
    web.run("cell_web", "stop")
    _clean(web)


def test_a_failing_post_start_hook_undoes_the_start(web: Host) -> None:
    hook = web.root / "hooks/note"
    hook.write_text(hook.read_text() + '[ "$1" != post-start ]\n')
    result = web.run("cell_web", "start")
    assert result.status == 1
    assert "hook" in result.stderr
    assert "failed" in result.stderr
    _clean(web)
    assert (web.state / "hooks").read_text().splitlines()[-1] == "web post-stop two words"


def test_a_failing_pre_stop_hook_is_reported_but_stops_nothing(web: Host) -> None:
    assert web.run("cell_web", "start").status == 0
    hook = web.root / "hooks/note"
    hook.write_text(hook.read_text() + '[ "$1" != pre-stop ]\n')
    assert web.run("cell_web", "stop").status == 1
    _clean(web)


def test_start_does_not_touch_a_cell_that_somebody_else_uses(web: Host) -> None:
    mine = web.state / f"processes/{os.getpid()}"
    mine.parent.mkdir()
    mine.touch()
    result = web.run("cell_web", "start")
    mine.unlink()
    assert result.status == 1
    assert "1 processes run in it already" in result.stderr
    _clean(web)
