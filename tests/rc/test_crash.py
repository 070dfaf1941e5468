"""Whatever fails or is killed, at any step of any verb: nothing leaks, and the next start works.

A step is an effect that the script or a program run by it has: see `effects.c`.  By default a
few steps of each verb are tried; `--exhaustive` tries all of them.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.rc.effects import Step
from tests.rc.farm import Farm, rich_farm
from tests.rc.shipped import shapes, shipped_farm
from tests.rc.support import Host, eventually
from tests.rc.trial import VERBS, WAYS, Trial

SHELLS = ("dash", "bash --posix", "busybox ash", "mksh", "yash")
Steps = Callable[[list[Step]], list[Step]]
"""Of all steps, those to be tried."""


@pytest.fixture(scope="module")
def farms() -> Iterator[dict[str, Farm]]:
    """Those that tests have left as they found them."""
    made: dict[str, Farm] = {}
    yield made
    for farm in made.values():
        farm.host.close()


@pytest.fixture(params=SHELLS, ids=[shell.split()[0] for shell in SHELLS])
def farm(
    request: pytest.FixtureRequest, tmp_path: Path, stubs: Path, farms: dict[str, Farm]
) -> Iterator[Farm]:
    shell = request.param
    if shutil.which(shell.split()[0]) is None:
        pytest.skip(f"{shell} is not installed")
    if not (request.config.getoption("--exhaustive") or _by_default(request)):
        pytest.skip("tried with --exhaustive")
    if shell != "dash" and request.node.callspec.params.get("way") == "kill, stop":
        pytest.skip("another shell would leave the same to stop")
    farm = farms.pop(shell, None)
    if farm is None:
        farm = rich_farm(Host(tmp_path.resolve() / "host", stubs, shell))
        farm.begin()
    yield farm
    if farm.run("stop").status == 0 and farm.looks_down():
        farms[shell] = farm
    else:
        farm.host.close()


def _by_default(request: pytest.FixtureRequest) -> bool:
    """In dash; but the other shells go through a restart, which is a stop and a start, and TERM."""
    what = request.node.callspec.params
    if request.param == "dash":
        return not {"restart", "upgrade", "kill, stop"} & {*map(str, what.values())}
    return signal.SIGTERM in what.values() or (what.get("verb"), what.get("way")) == (
        "restart",
        "kill",
    )


@pytest.fixture
def chosen(request: pytest.FixtureRequest) -> Steps:
    if request.config.getoption("--exhaustive"):
        return lambda steps: steps
    # Two of them, other ones for each test.
    seed = sum(map(ord, request.node.name))
    return lambda steps: steps[seed % (len(steps) // 2) :: len(steps) // 2]


def _try(trial: Trial, chosen: Steps) -> None:
    steps = trial.steps()
    tried = chosen(steps)
    for step in tried:
        # An upgrade goes the other way the second time.
        assert trial.run(step) or trial.run(step) or trial.may_miss(step), step
    print(f"{len(tried)} cases of {len(steps)}")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("verb", VERBS)
def test_disturbed_at_any_step(farm: Farm, verb: str, way: str, chosen: Steps) -> None:
    _try(Trial(farm, verb, way), chosen)


@pytest.mark.parametrize("way", ["fail", "kill"])
@pytest.mark.parametrize("verb", ["start", "stop"])
def test_cells_of_shipped_policies_are_disturbed_at_any_step(
    verb: str, way: str, tmp_path: Path, stubs: Path, request: pytest.FixtureRequest, chosen: Steps
) -> None:
    if not request.config.getoption("--exhaustive"):
        pytest.skip("tried with --exhaustive")
    for number, cell in enumerate(shapes(tmp_path.resolve() / "site").values()):
        farm = shipped_farm(Host(tmp_path.resolve() / str(number), stubs), cell)
        farm.begin()
        print(cell.name, verb, way, end=": ")
        _try(Trial(farm, verb, way), chosen)
        farm.host.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_start_is_undone_at_once(farm: Farm, number: signal.Signals) -> None:
    host = farm.host
    hook = host.root / "hooks/note"
    whole = hook.read_text()
    hook.write_text(
        f'{whole}[ "$1" != pre-start ] || kill -{number.value} "$(cat {host.state}/script)"\n'
    )
    result = farm.run("start")
    hook.write_text(whole)
    assert result.status == 1
    assert "the start was interrupted" in result.stderr
    farm.is_down()
    farm.must("start")
    farm.is_up()


def test_a_killed_supervisor_leaves_what_stop_ends(farm: Farm) -> None:
    farm.must("start")
    farm.is_up()
    os.kill(int((farm.host.run_dir / "web/pid").read_text()), signal.SIGKILL)
    assert eventually(lambda: farm.run("status").status == 1)
    farm.must("stop")
    farm.is_down()


def test_a_sysctl_that_fails_is_no_proof_that_nothing_runs(farm: Farm) -> None:
    host = farm.host
    farm.must("start")
    farm.is_up()
    os.kill(int((farm.host.run_dir / "web/pid").read_text()), signal.SIGKILL)
    host.replace_stub("sysctl", "exit 1")
    (host.state / "hopeless").touch()
    before = host.mounts()
    result = farm.run("stop")
    host.restore_stub("sysctl")
    (host.state / "hopeless").unlink()
    assert result.status == 1
    assert "unknown processes do not end" in result.stderr
    assert host.mounts() == before
    farm.must("stop")
    farm.is_down()
