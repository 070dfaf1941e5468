"""A verb that is disturbed in one way, at one step after the other."""

from __future__ import annotations

import signal

from tests.rc.effects import Step
from tests.rc.farm import Farm

#: `supervise` is a start and a stop, and it is the supervisor that is disturbed.
VERBS = ("start", "stop", "restart", "upgrade", "reboot", "supervise")
#: What happens at a step, and what follows if not a start.  `late`: a program outlives the script.
WAYS = ("fail", "kill", "late", "kill, stop")

_ARGUMENT = {"upgrade": "restart", "reboot": "start"}
#: Steps of loops that wait: another run may get by with fewer of them.
_WAITS = ("[sleep]", "[flock] [-n]", "/supervisor", "[sysctl]", "[ps]", "kill ", "[cellexec] [-k]")


class Trial:
    def __init__(self, farm: Farm, verb: str, way: str) -> None:
        self.farm = farm
        self.verb = verb
        self.how, _, self.then = way.partition(", ")
        farm.disturb_supervisor = verb == "supervise"
        farm.upgrade(0)

    def steps(self) -> list[Step]:
        """Those of a run that is not disturbed, and of one between the other versions."""
        noted: dict[Step, None] = {}
        for _ in self.farm.versions if self.verb == "upgrade" else (0,):
            self._prepare()
            self.farm.host.effects.trace(self.how)
            assert self._run() == 0
            noted |= dict.fromkeys(self.farm.host.effects.noted())
            self.farm.host.effects.disarm()
            self._recover()
        return list(noted)

    def run(self, step: Step) -> bool:
        """Whether the step was reached."""
        self._prepare()
        self.farm.host.effects.arm(step, self.how)
        status = 0
        reached = False
        try:
            status = self._run()
            reached = self.farm.host.effects.disarm()
            self._judge(status, reached)
            self._recover()
        except (AssertionError, TimeoutError) as error:
            error.add_note(f"{self.verb}: {self.how} at {step}, {reached=}, {status=}")
            raise
        return reached

    def may_miss(self, step: Step) -> bool:
        """Whether a run can do without a step that another one had."""
        return any(wait in step.label for wait in _WAITS)

    def _prepare(self) -> None:
        """The state that a verb starts from."""
        farm = self.farm
        farm.bring(up=self.verb not in ("start", "supervise"))
        if self.verb == "start":
            farm.forget_overlay()
        elif self.verb == "upgrade":
            farm.upgrade(1 - farm.installed)
        elif self.verb == "reboot":
            farm.crash()

    def _run(self) -> int:
        """The status of the verb."""
        if self.verb == "supervise":
            status = self.farm.run("start").status
            if status == 0:
                self.farm.must("stop")
            self.farm.is_down()
            return status
        return self.farm.run(_ARGUMENT.get(self.verb, self.verb), disturbed=True).status

    def _judge(self, status: int, disturbed: bool) -> None:
        if self.verb == "supervise":
            return
        if not disturbed:
            assert status == 0
        elif self.how != "fail":
            assert status == -signal.SIGKILL
        elif status == 0:
            if self.verb == "stop":
                self.farm.is_down()
            else:
                self.farm.is_up()
        elif self.verb == "start":
            self.farm.is_down()
        elif self.verb == "reboot":
            self.farm.is_quiet()

    def _recover(self) -> None:
        """A start works now, or a stop."""
        if self.then:
            self.farm.must(self.then)
            self.farm.is_down()
            return
        result = self.farm.run("start")
        if result.status == 0:
            self.farm.is_up()
        else:
            assert "is up already" in result.stderr, result.stderr
            self.farm.is_still_up()
