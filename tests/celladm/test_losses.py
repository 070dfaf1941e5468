"""Every loss, with a policy that has it and one that does not; and what nothing accepts."""

from __future__ import annotations

import pytest

from backends.celladm.losses import NAMES, STRICTER, WEAKER
from tests.celladm.support import SERVICE, cell, losses, refusals
from tests.semantics.support import program

_ALWAYS = "restart always backoff 1s..10s;"

#: By loss: what the cell says, its service, and nearly the same without the loss.
CASES: dict[str, tuple[str, str, str, str]] = {
    **{
        f"deny-{scope}": (f"deny {action};", SERVICE, "", SERVICE)
        for scope, action in {
            "generic": "generic.issuser",
            "system": "system.fs_quota.get",
            "process": "process.fork",
            "network": "network.bind port 81",
            "vnode": "vnode.execute",
        }.items()
    },
    "exec-readonly": ("exec readonly;", SERVICE, "", SERVICE),
    "exec-sha256": (f'exec sha256 "{"0" * 64}" "/bin/x";', SERVICE, "", SERVICE),
    "mount-flags": ('mount ro "/srv" at "/srv";', SERVICE, "", SERVICE),
    "limits": ("limits { nproc 5; }", SERVICE, "limits { nofile 5; as 1G; core 0; }", SERVICE),
    "processes": ("limits { processes 5; }", SERVICE, "limits { core 0; }", SERVICE),
    "allow-process": ("allow process.signal to host;", SERVICE, "", SERVICE),
    "grant": ('@reason "x" grant system.time.*;', SERVICE, "allow system.time.*;", SERVICE),
    "permissive": ("permissive;", SERVICE, "", SERVICE),
    "reserved-protocols": (
        "listen tcp 80..82; listen udp 81..90;",
        SERVICE,
        "listen tcp 80..82; listen udp 80; listen udp 81..82;",
        SERVICE,
    ),
    "devices": (
        "devices { null }",
        SERVICE,
        "devices { crypto fd full null ptm ptmx pts random stderr stdin stdout tty urandom zero }",
        SERVICE,
    ),
    "healthcheck": (
        "",
        f'service {{ command "/bin/x"; healthcheck "/bin/y"; {_ALWAYS} }}',
        'hook post-start "/bin/y";',
        SERVICE,
    ),
    "restart": ("", 'service { command "/bin/x"; }', "", SERVICE),
}


@pytest.mark.parametrize("name", CASES)
def test_the_loss(name: str) -> None:
    body, service, other_body, other_service = CASES[name]
    assert losses(cell(body, service)) == {name}
    assert losses(cell(other_body, other_service)) == set()


def test_losses_of_profiles() -> None:
    for scope, action in (
        ("system", "system.time.*"),
        ("device", "device.rawio_spec"),
        ("machdep", "machdep.iopl"),
        ("network", "network.firewall.*"),
    ):
        ir = program(f"cell web {{ profile high; allow {action}; }}").ir
        assert f"allow-{scope}" in losses(ir), scope
    # Only the profiles that refuse all the rest of these scopes deny them.
    for scope, action in (("device", "device.tty_sti"), ("machdep", "machdep.iopl")):
        refused = {"allow-system", "allow-network", "allow-device", "allow-machdep"}
        assert losses(cell(f"deny {action};")) == refused
        assert losses(cell(f"deny {action};"), [f"deny-{scope}"]) == {f"deny-{scope}"}


def test_the_place_of_the_root() -> None:
    ir = program(f'cell web {{ profile low; root "/web" base "/base"; {SERVICE} }}').ir
    assert losses(ir) == {"root-place"}


def test_a_dash_in_the_name() -> None:
    assert losses(cell(name="my-app")) == {"dash-in-name"}


def test_cells_that_are_ordered_by_each_other() -> None:
    service = SERVICE.replace("service {", "service { require cell other;")
    ir = program(f"cell web {{ profile low; {service} }} cell other {{ profile low; }}").ir
    assert losses(ir) == {"cell-order"}
    assert "cell-order" not in losses(
        cell("", SERVICE.replace("service {", "service { require x;"))
    )


@pytest.mark.parametrize("what", ["securelevel 1;", "sysctl kern.logsigexit = 1;"])
def test_settings_of_the_host(what: str) -> None:
    assert losses(program(f"host {{ {what} }}").ir) == {"host-settings"}
    assert losses(program("host { securelevel -1; }").ir) == set()


def test_every_loss_is_tested() -> None:
    others = {"allow-system", "allow-device", "allow-machdep", "allow-network", "deny-device"}
    others |= {"deny-machdep", "root-place", "dash-in-name", "cell-order", "host-settings"}
    assert CASES.keys() | others == NAMES.keys()
    assert not WEAKER.keys() & STRICTER.keys()


_PORTS = "listen tcp 8000..{0}; listen udp 8000..{0};"


@pytest.mark.parametrize(
    ("bad", "good", "message"),
    [
        ('user "www" group "www";', 'user "80" group "80";', "as numbers only"),
        ('user "80";', 'user "80" group "80";', "as numbers only"),
        (_PORTS.format(8032), _PORTS.format(8031), "listens on 33 ports"),
        ('mount ro "/a b" at "/x";', 'mount ro "/ab" at "/x";', "cannot mount `/a b`"),
        ('mount ro "/a" at "/x*";', 'mount ro "/a" at "/x";', "cannot mount `/x*`"),
        ('mount ro "/a" at "/.overlay/x";', 'mount ro "/a" at "/.overlayx";', "`/.overlay/x`"),
    ],
)
def test_what_a_manifest_cannot_say(bad: str, good: str, message: str) -> None:
    [refusal] = refusals(cell(bad))
    assert message in refusal
    assert refusals(cell(good)) == []


@pytest.mark.parametrize(
    ("service", "message"),
    [
        ("", "no service"),
        ('service { command "/x" "a\\nb"; }', "a line break"),
        ('service { command "/x"; env A "a\\nb"; }', "a line break"),
        ('service { command "/x"; healthcheck "/y" "\\n"; }', "a line break"),
    ],
)
def test_services_that_a_manifest_cannot_say(service: str, message: str) -> None:
    [refusal] = refusals(cell("", service))
    assert message in refusal


@pytest.mark.parametrize("root", ["", 'root "/var/cells/web";'])
def test_a_cell_without_a_base(root: str) -> None:
    ir = program(f"cell web {{ profile low; {root} {SERVICE} }}").ir
    assert refusals(ir) == ["celladm needs a base for the root of `web`"]
