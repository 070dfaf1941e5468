"""A vote of the policy among all voters of the host: what becomes of a request."""

from __future__ import annotations

from compiler.catalogue.voters import Outcome, Socket, VoterSettings, outcome
from compiler.ir.ir import HOST_ROOT, IR, Effect, Request
from compiler.ir.requests import catalogue

_ROOT = ("0", "root", "toor")


class Stack:
    """Answers what becomes of requests under the settings of a policy's host."""

    def __init__(self, ir: IR) -> None:
        self._catalogue = catalogue(ir)
        level = ir.host.securelevel
        sysctls = {s.name: s.value for s in ir.host.sysctls}
        self.host = (
            VoterSettings(sysctls=sysctls)
            if level is None
            else VoterSettings(securelevel=level, sysctls=sysctls)
        )
        self._root = {c.name: c.user is None or c.user in _ROOT for c in ir.cells}
        self._root[HOST_ROOT] = True

    def outcome(self, request: Request, vote: Effect, is_root: bool | None = None) -> Outcome:
        """What becomes of a request that the policy decides by `vote`.

        `is_root` says whether the caller is root; None is the user the subject runs as.
        """
        leaf = self._catalogue.by_name[request.action]
        if is_root is None:
            is_root = self._root.get(request.subject, False)
        return outcome(leaf, vote, is_root, self.host, Socket(request.domain, request.type))
