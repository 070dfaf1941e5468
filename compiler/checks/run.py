"""All checks of a policy that compiled without errors."""

from __future__ import annotations

from compiler.checks.order import circular_order
from compiler.diagnostics import Diagnostics
from compiler.lowering.lower import Lowered
from compiler.model.policy import Policy


def check(policy: Policy, lowered: Lowered, found: Diagnostics) -> None:
    """The order of services, and assertions; adds findings, never changes anything."""
    circular_order(policy, lowered, found)
    if policy.assertions:
        from compiler.checks.assertions import check_assertions

        check_assertions(policy, lowered, found)
