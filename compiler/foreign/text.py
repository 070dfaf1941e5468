"""Settings as the text of a policy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compiler.diagnostics import Diagnostics
from compiler.foreign.celladm_cell import ForeignCell
from compiler.model.settings import Service
from compiler.names.text import quote
from compiler.source import Source
from compiler.syntax.format import format_source


def policy_text(
    name: str, target: str, origins: Sequence[str], cells: Sequence[ForeignCell]
) -> str:
    """A policy with these cells, in the canonical format; `origins` stand in a comment."""
    shown = ", ".join("".join(c if c.isprintable() else "?" for c in origin) for origin in origins)
    lines = [
        f"# Translated by `cellc import celladm` from {shown}.",
        f"policy {name};",
        f"target netbsd {target};",
    ]
    for cell in cells:
        lines += ["", *_cell(cell)]
    found = Diagnostics()
    text = format_source(Source(f"{name}.cell", "\n".join(lines) + "\n"), found)
    assert text is not None, found.sorted()
    return text


def _cell(cell: ForeignCell) -> Iterator[str]:
    yield f"cell {cell.name} {{"
    yield f"profile {cell.profile};"
    assert cell.root.base is not None
    yield f"root {quote(cell.root.path)} base {quote(cell.root.base)};"
    if cell.user is not None:
        assert cell.user.group is not None
        groups = f" groups {_words(cell.user.groups)}" if cell.user.groups else ""
        yield f"user {quote(cell.user.user)} group {quote(cell.user.group)}{groups};"
    for mount in cell.mounts:
        yield f"mount {mount.mode} {quote(mount.source)} at {quote(mount.target)};"
    if cell.ports:
        ports = ", ".join(map(str, cell.ports))
        ports = f"{{{ports}}}" if len(cell.ports) > 1 else ports
        yield "# A reserved port of upstream's has no protocol."
        yield from (f"listen {protocol} {ports};" for protocol in ("tcp", "udp"))
    if cell.limits:
        limits = (f"{x.name} {'unlimited' if x.value is None else x.value};" for x in cell.limits)
        yield f"limits {{ {' '.join(limits)} }}"
    if cell.devices:
        yield f"devices {{ {' '.join(cell.devices)} }}"
    for hook in cell.hooks:
        yield f"hook {hook.when} {_words(hook.argv)};"
    yield from _service(cell.service)
    yield "}"


def _service(service: Service) -> Iterator[str]:
    yield "service {"
    yield f"command {_words(service.command.argv)};"
    for word, providers in (("require", service.require), ("before", service.before)):
        if providers:
            yield f"{word} {' '.join(provider.name for provider in providers)};"
    log, restart = service.log, service.restart
    assert log is not None
    assert log.tag is not None
    assert restart is not None
    levels = f"stdout {log.stdout} stderr {log.stderr}"
    yield f"log facility {log.facility} tag {quote(log.tag)} {levels};"
    seconds = (restart.backoff_min // 1000, restart.backoff_max // 1000)
    yield f"restart {restart.mode} backoff {seconds[0]}s..{seconds[1]}s;"
    if service.manual is not None:
        yield "manual;"
    yield "}"


def _words(argv: Sequence[str]) -> str:
    return " ".join(map(quote, argv))
