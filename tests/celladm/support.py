"""Policies for upstream's hosts, built."""

from __future__ import annotations

from collections.abc import Iterable

from backends.celladm import BACKEND
from backends.celladm.losses import NAMES
from compiler.ir.ir import IR
from tests.semantics.support import program

ROOT = 'root "/var/cells/cells/web/root" base "/var/cells/base";'
SERVICE = 'service { command "/usr/libexec/httpd"; restart always backoff 1s..10s; }'


def cell(body: str = "", service: str = SERVICE, name: str = "web") -> IR:
    """A policy of one cell that a manifest can say."""
    root = ROOT.replace("/web/", f"/{name}/")
    return program(f"cell {name} {{ profile low; {root} {body} {service} }}").ir


def emitted(ir: IR) -> dict[str, str]:
    """All files by their path, every loss accepted."""
    files = BACKEND.accepting(NAMES).emit(ir)
    return {artifact.path: artifact.content.decode() for artifact in files}


def manifest(ir: IR, name: str = "web") -> dict[str, str]:
    """The keys of a manifest, each once."""
    text = emitted(ir)[f"celladm/cells.d/{name}.cell"]
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    pairs = [line.partition("=") for line in lines]
    assert len({key for key, _, _ in pairs}) == len(pairs)
    return {key: value for key, _, value in pairs}


def losses(ir: IR, names: Iterable[str] = ()) -> set[str]:
    """The names of all losses, with some of them accepted."""
    return {loss.name for loss in BACKEND.accepting(names).shortfall(ir)[0]}


def refusals(ir: IR) -> list[str]:
    """What cannot be said at all."""
    return [refusal.message for refusal in BACKEND.shortfall(ir)[1]]
