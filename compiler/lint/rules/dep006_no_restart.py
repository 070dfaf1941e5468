"""DEP006: services that listen and are not restarted."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import CellPair, Context
from compiler.lint.exposed import exposed_services
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    for exposed in exposed_services(context, _stays_down):
        yield Finding(exposed.span, f"{exposed.who} nothing to start it again when it dies")


def _stays_down(cell: CellPair) -> bool:
    service = cell.enforced.service
    return service is not None and service.restart is None


RULE = Rule(
    code="DEP006",
    name="no-restart",
    title="exposed service that stays down",
    severity="note",
    why="Without `restart` a service that dies stays down until somebody starts it.",
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
    remedy="add `restart on-failure`; say `restart never` if it is to stay down",
    find=find,
)
