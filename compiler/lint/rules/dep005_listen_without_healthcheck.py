"""DEP005: services that listen and have no `healthcheck`."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import CellPair, Context
from compiler.lint.exposed import exposed_services
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    for exposed in exposed_services(context, _unchecked):
        yield Finding(exposed.span, f"{exposed.who} ports, and nothing to check that it answers")


def _unchecked(cell: CellPair) -> bool:
    service = cell.enforced.service
    return service is not None and not service.healthcheck


RULE = Rule(
    code="DEP005",
    name="listen-without-healthcheck",
    title="service that listens without a health check",
    severity="note",
    why="""\
A process that runs is not a service that answers. Without a health check nobody notices but
its users.""",
    bad="""\
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
    remedy="add a `healthcheck` that asks the service something",
    find=find,
)
