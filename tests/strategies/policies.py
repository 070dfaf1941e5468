"""Policies as text, for tests of every stage."""

from __future__ import annotations

from hypothesis.strategies import SearchStrategy

from tests.strategies import tokens
from tests.strategies.layout import laid_out


def syntactic_policies() -> SearchStrategy[str]:
    """Any text that the grammar accepts; few of them mean anything."""
    return laid_out(tokens.policy)
