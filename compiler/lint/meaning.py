"""What statements mean, apart from where and why they stand there."""

from __future__ import annotations

from compiler.model.policy import Meaning, RequestPattern


def unexplained(rule: Meaning) -> tuple[object, ...]:
    """The requests of a rule and what it decides on them, without its annotations."""
    return (rule.effect, rule.final, rule.listen, *requests(rule))


def requests(rule: Meaning) -> tuple[object, ...]:
    """The requests of a rule."""
    conditions = (rule.to, rule.protocols, rule.ports)
    return (rule.actions, *conditions, rule.domains, rule.types, rule.socket_protocols)


def asked(pattern: RequestPattern) -> tuple[object, ...]:
    """The requests of a pattern, and who makes them."""
    return (frozenset(pattern.subjects), *requests(pattern.rule))
