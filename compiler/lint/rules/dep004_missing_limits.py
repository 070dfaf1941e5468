"""DEP004: services that listen and have no ceiling for what they take."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from compiler.ir.ir import Cell
from compiler.lint.context import CellPair, Context
from compiler.lint.exposed import exposed_services
from compiler.lint.rule import Finding, Option, Rule


def find(context: Context) -> Iterator[Finding]:
    wanted = context.option(RULE, "limits")
    assert isinstance(wanted, tuple)
    lacking: dict[tuple[str, ...], set[str]] = {}
    for cell in context.exposed:
        if missing := _missing(cell.enforced, wanted):
            lacking.setdefault(missing, set()).add(cell.name)
    for missing, cells in lacking.items():
        names = " and ".join(f"`{name}`" for name in missing)
        for exposed in exposed_services(context, partial(_is_among, cells)):
            yield Finding(exposed.span, f"{exposed.who} no limit for {names}")


def _is_among(names: set[str], cell: CellPair) -> bool:
    return cell.name in names


def _missing(cell: Cell, wanted: tuple[str, ...]) -> tuple[str, ...]:
    given = {limit.name for limit in cell.limits}
    given |= {"processes", "nproc"} if cell.processes is not None else set()
    return tuple(name for name in wanted if name not in given)


RULE = Rule(
    code="DEP004",
    name="missing-limits",
    title="exposed service without limits",
    severity="note",
    why="""\
A service that strangers talk to can be made to fork and to open files without end. Cells
share the kernel's tables, so every other cell feels it.""",
    bad="""\
cell web {
    profile confined;
    root "/var/cells/web";
    user "www";
    listen tcp 8080;
    service {
        command "/usr/libexec/httpd";
        require NETWORKING;
        restart on-failure;
        healthcheck "/usr/bin/true";
    }
}
assert only web network.bind tcp port 8080;
test "the port" { allow web network.bind tcp port 8080; }
""",
    good="""\
cell web {
    profile confined;
    root "/var/cells/web";
    user "www";
    listen tcp 8080;
    limits { nofile 1024; processes 64; }
    service {
        command "/usr/libexec/httpd";
        require NETWORKING;
        restart on-failure;
        healthcheck "/usr/bin/true";
    }
}
assert only web network.bind tcp port 8080;
test "the port" { allow web network.bind tcp port 8080; }
""",
    remedy="""\
set them with `limits`; numbers to start from are twice what the service takes when it is
busy""",
    find=find,
    options=(Option("limits", ("nofile", "processes"), "the limits that it needs"),),
)
