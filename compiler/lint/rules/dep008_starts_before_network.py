"""DEP008: services that listen and may start before the network is up."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.catalogue.rcorder import rc_providers
from compiler.lint.context import Context
from compiler.lint.exposed import exposed_services
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    for exposed in exposed_services(context, lambda cell: not _waits(cell.name, context, set())):
        message = f"{exposed.who} a service that may start before the network is up"
        yield Finding(exposed.span, message)


def _waits(name: str, context: Context, seen: set[str]) -> bool:
    """Whether a cell starts after the network, or after a cell that does."""
    service = context.cell_by_name[name].enforced.service
    if service is None or name in seen:
        return False
    seen.add(name)
    known = rc_providers(context.ir.target)
    first = known.index("NETWORKING")
    return any(
        provider.name not in known or known.index(provider.name) >= first
        if provider.kind == "rc"
        else _waits(provider.name, context, seen)
        for provider in service.require
    )


RULE = Rule(
    code="DEP008",
    name="starts-before-network",
    title="exposed service that does not wait for the network",
    severity="warning",
    why="""\
rcorder(8) may start the service before addresses are configured. Then it does not bind, or
only to some of them. What another cell waits for counts too.""",
    bad="""\
cell web {
    profile confined;
    root "/var/cells/web";
    user "www";
    listen tcp 8080;
    limits { nofile 1024; processes 64; }
    service {
        command "/usr/libexec/httpd";
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
    remedy="add `require NETWORKING`",
    find=find,
)
