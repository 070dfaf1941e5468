"""Policies for tests of every stage: as text, and compiled."""

from __future__ import annotations

from hypothesis.strategies import SearchStrategy

from compiler.driver import Program
from compiler.ir.ir import IR
from tests.semantics.support import compile_text, must
from tests.strategies import tokens
from tests.strategies.layout import laid_out
from tests.strategies.semantic import semantic_texts


def syntactic_policies() -> SearchStrategy[str]:
    """Any text that the grammar accepts; few of them mean anything."""
    return laid_out(tokens.policy)


def semantic_policies(target: str | None = None) -> SearchStrategy[str]:
    """Policies for a target (or any) of which nine in ten compile."""
    return semantic_texts(target)


def compiled_policies(target: str | None = None) -> SearchStrategy[Program]:
    """Policies without errors, compiled."""
    compilations = semantic_policies(target).map(compile_text)
    return compilations.filter(lambda c: not c.failed).map(must)


def ir_policies(target: str | None = None) -> SearchStrategy[IR]:
    """What policies without errors mean."""
    return compiled_policies(target).map(lambda program: program.ir)
