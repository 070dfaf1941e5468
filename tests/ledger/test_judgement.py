"""Where enforcement falls short, in which direction, and what would close the gap."""

from __future__ import annotations

import pytest

from tests.ledger.support import Row, build

CONFINED = 'cell c {{ profile confined; user "www"; root "/c"; service {{ command "/x"; }} {} }}'
LOW = "cell c {{ profile low; {} }}"
ROOTED = 'cell c {{ profile low; root "/c"; service {{ command "/x"; }} {} }}'
APART = (
    "profile p extends sealed {{ deny vnode.*; }}"
    'cell c {{ profile p; user "u"; root "/c"; mount rw "/s" at "/s"; }}'
    'cell d {{ profile p; user "u"; root "/d"; }}'
    'cell e {{ profile p; user "u"; root "/e"; {} }}'
)
HOST = "host {{ {} }} "


def judged(text: str, statement: str) -> tuple[str, str]:
    row = build(text).one(statement)
    return row["status"], row.get("direction", "")


ENFORCED = "enforced", ""
MORE = "approximated", "lets more through"
LESS = "approximated", "refuses more"
NONE = "not enforceable", ""
NOTHING = "nothing to enforce", ""

CASES = [
    # Rules
    ("a denial", LOW.format("deny system.module;"), "deny", ENFORCED),
    ("never asked", LOW.format("deny machdep.svs_disable;"), "deny", NONE),
    ("a group asked in part", LOW.format("deny machdep.*;"), "deny", ENFORCED),
    ("allowed and never asked", LOW.format("allow machdep.svs_disable;"), "allow", NOTHING),
    ("every device node", LOW.format("deny device.rawio_spec.write;"), "deny", LESS),
    ("every device node, among others", LOW.format("deny device.*;"), "deny", ENFORCED),
    ("raw IPv6 only", LOW.format("deny network.socket.rawsock;"), "deny", MORE),
    (
        "raw sockets of all kinds",
        LOW.format("deny network.socket.rawsock; deny network.socket.open type raw;"),
        "deny network.socket.rawsock",
        ENFORCED,
    ),
    ("a port", LOW.format("deny network.bind tcp port 8080;"), "deny", ENFORCED),
    ("an ephemeral port", LOW.format("deny network.bind tcp port 50000;"), "deny", MORE),
    (
        "an ephemeral port and choosing",
        LOW.format("deny network.bind tcp port {auto, 50000};"),
        "deny",
        ENFORCED,
    ),
    (
        "all ports but choosing",
        "cell c { profile low; deny network.bind; allow network.bind port auto; }",
        "deny",
        MORE,
    ),
    (
        "an ephemeral port that the host reserves",
        "host { sysctl net.inet.ip.anonportalgo.reserve = \"50000\";"
        " sysctl net.inet6.ip6.anonportalgo.reserve = \"50000\"; }"
        + LOW.format("deny network.bind tcp port 50000;"),
        "deny",
        ENFORCED,
    ),
    ("a port that root has picked", LOW.format("deny network.bind port 1..1023;"), "deny", MORE),
    (
        "a port that root has picked, by another transport",
        LOW.format("deny network.bind tcp port {auto, 700}; deny network.bind udp port 80;"),
        "deny network.bind tcp",
        ENFORCED,
    ),
    (
        "a privileged port and choosing",
        LOW.format("deny network.bind port {auto, 1..1023};"),
        "deny",
        ENFORCED,
    ),
    (
        "a port that only root has picked",
        CONFINED.format("deny network.bind port 700;"),
        "deny",
        ENFORCED,
    ),
    (
        "listening on a port that another's root has picked",
        CONFINED.format("listen tcp 700; @reason \"x\" grant network.bind.privport tcp port 700;")
        + " cell d { profile low; }",
        "listen",
        MORE,
    ),
    (
        "of one family only",
        "host { sysctl net.inet.ip.anonportalgo.reserve = \"50000\"; }"
        + LOW.format("deny network.bind tcp port 50000;"),
        "deny",
        MORE,
    ),
    ("permissive", LOW.format("permissive; deny system.module;"), "deny", NONE),
    (
        "permissive in one of two cells",
        "profile p { deny system.module; } cell a { profile p; } cell b { profile p; permissive; }",
        "deny",
        MORE,
    ),
    (
        "a grant the securelevel refuses",
        "host { securelevel 1; } "
        + LOW.format('user "u"; @reason "r" grant system.module;'),
        "grant",
        NONE,
    ),
    (
        "a grant the securelevel refuses in part",
        "host { securelevel 1; } "
        + LOW.format('user "u"; @reason "r" grant system.sysctl.{add, modify};'),
        "grant",
        LESS,
    ),
    ("a grant", LOW.format('user "u"; @reason "r" grant system.module;'), "grant", ENFORCED),
    # listen
    ("listen", CONFINED.format("listen tcp 8080;"), "listen", ENFORCED),
    ("listen inside the ephemeral ports", CONFINED.format("listen tcp 50000;"), "listen", MORE),
    ("listen below 1024", CONFINED.format("listen tcp 80;"), "listen", LESS),
    (
        "listen on what the cell denies itself",
        "template t() extends low { listen tcp 8080; } cell c { use t(); deny network.bind tcp; }",
        "listen",
        LESS,
    ),
    (
        "listen on what the cell denies itself for another protocol",
        "template t() extends low { listen tcp 8080; } cell c { use t(); deny network.bind udp; }",
        "listen",
        ENFORCED,
    ),
    (
        "listen below 1024 with a grant",
        CONFINED.format('listen tcp 80; @reason "r" grant network.bind.privport tcp port 80;'),
        "listen",
        ENFORCED,
    ),
    (
        "listen below 1024 with a grant of some",
        CONFINED.format('listen tcp 80..81; @reason "r" grant network.bind.privport tcp port 80;'),
        "listen",
        LESS,
    ),
    ("listen below 1024 as root", LOW.format("listen tcp 80;"), "listen", ENFORCED),
    (
        "listen beside a permissive cell",
        CONFINED.format("listen tcp 8080;") + "cell d { profile low; permissive; }",
        "listen",
        MORE,
    ),
    ("listen in a permissive policy", "permissive;" + CONFINED.format("listen tcp 81;"),
     "listen", NONE),
    # Limits
    ("nofile", CONFINED.format("limits { nofile 9; }"), "nofile", ENFORCED),
    ("nproc is the user's", CONFINED.format("limits { nproc 9; }"), "nproc", LESS),
    ("nproc of root, who may exceed it", LOW.format("limits { nproc 9; }"), "nproc", MORE),
    ("sbsize is the user's", CONFINED.format("limits { sbsize 9K; }"), "sbsize", LESS),
    ("rss", CONFINED.format("limits { rss 9M; }"), "rss", NONE),
    ("processes", CONFINED.format("limits { processes 9; }"), "processes", ENFORCED),
    ("processes of a permissive cell", LOW.format("permissive; limits { processes 9; }"),
     "processes", NONE),
    ("a limit that permissive root raises", LOW.format("permissive; limits { core 0; }"),
     "core", MORE),
    # Settings
    ("root", CONFINED.format(""), "root", ENFORCED),
    ("root of whom may make nodes", ROOTED.format("deny system.filehandle;"), "root", MORE),
    ("root of whom may open by handle", ROOTED.format("deny system.mknod;"), "root", MORE),
    (
        "root whose mounts are nodev",
        ROOTED.format("deny system.{filehandle, mount, chroot};").replace('"/c"', '"/c" base "/b"'),
        "root",
        ENFORCED,
    ),
    (
        "root of whom may mount what is not nodev",
        ROOTED.format("deny system.filehandle; deny system.mount.{unmount, update};").replace(
            '"/c"', '"/c" base "/b"'
        ),
        "root",
        MORE,
    ),
    (
        "root of whom may not open nodes",
        ROOTED.format("deny system.{filehandle, chroot}; deny device.rawio_spec;"),
        "root",
        ENFORCED,
    ),
    (
        "root of whom may mount kernfs",
        ROOTED.format("deny system.{filehandle, chroot, mknod};"),
        "root",
        MORE,
    ),
    (
        "root of whom may go to an open directory",
        ROOTED.format("deny system.{filehandle, mount, mknod};"),
        "root",
        MORE,
    ),
    (
        "root of whom may only call chroot again",
        ROOTED.format("deny system.{filehandle, mount, mknod}; deny system.chroot.fchroot;"),
        "root",
        ENFORCED,
    ),
    (
        "devices beside which root makes others",
        ROOTED.format("devices { null } deny system.mount;"),
        "devices",
        MORE,
    ),
    ("root without a service", LOW.format('root "/c";'), "root", MORE),
    ("a mount that root may take away", LOW.format('root "/c"; mount ro "/a" at "/b";'),
     "mount", MORE),
    ("a mount", CONFINED.format('mount ro "/a" at "/b";'), "mount", ENFORCED),
    ("exec readonly and interpreters", CONFINED.format("exec readonly;"), "exec", MORE),
    (
        "exec readonly under lockdown",
        "host { sysctl kern.veriexec.strict = 3; }" + CONFINED.format("exec readonly;"),
        "exec",
        ENFORCED,
    ),
    ("exec readonly without a root", "cell c { profile confined; user \"u\"; exec readonly; }",
     "exec", NONE),
    ("devices", CONFINED.format("devices { null }"), "devices", ENFORCED),
    ("devices that cannot be opened",
     "cell c { profile medium; root \"/c\"; user \"u\"; devices { null } }", "devices", LESS),
    ("exec sha256 with nobody to refuse", CONFINED.format(f'exec sha256 "{"0" * 64}" "/x";'),
     "exec sha256", NONE),
    # The host
    ("sysctl that turns off what may be absent", "host { sysctl emul.linux.enabled = 0; }"
     + LOW.format(""), "sysctl", ENFORCED),
    ("sysctl that may be absent", "host { sysctl kern.ipc.semmni = 64; }" + LOW.format(""),
     "sysctl", MORE),
    ("sysctl", "host { sysctl security.models.extensions.curtain = 1; }" + LOW.format(""),
     "sysctl", ENFORCED),
    ("the lowest securelevel", "host { securelevel -1; }" + LOW.format(""), "securelevel", NOTHING),
    # What says nothing by itself
    ("an overridden rule",
     "profile p { deny system.module; } cell c { profile p; allow system.module; }",
     "deny", NOTHING),
    ("an overridden user", 'profile p { user "a"; } cell c { profile p; user "b"; }',
     'user "a"', NOTHING),
    ("below a false condition",
     "when target >= 11.0 { cell d { profile low; deny machdep.svs_disable; } }" + LOW.format(""),
     "deny", NOTHING),
    ("an unused profile", "profile p { limits { rss 9M; } }" + LOW.format(""), "rss", NOTHING),
    ("an unused template", "template x(port) { listen tcp port; }" + LOW.format(""),
     "listen", NOTHING),
    # Assertions
    ("an assertion", LOW.format("deny system.module;") + "assert never c system.module;",
     "assert", ENFORCED),
    ("an assertion about a permissive cell",
     LOW.format("permissive; deny system.module;") + "assert never c system.module;",
     "assert", MORE),
    ("an assertion about processes of the host in a permissive policy",
     "permissive;" + CONFINED.format("listen tcp 8080;")
     + "assert never host network.bind tcp port 8080;",
     "assert", MORE),
    ("an assertion about influence by way of a permissive cell",
     APART.format('mount rw "/s" at "/s"; permissive;') + "assert never c ~> d;", "assert", MORE),
    ("an assertion about influence beside a permissive cell",
     APART.format("permissive;") + "assert never c ~> d;", "assert", ENFORCED),
    ("an assertion about what nobody asks",
     LOW.format("deny machdep.svs_disable;") + "assert never c machdep.svs_disable;",
     "assert", NONE),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "statement", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_status_and_direction(text: str, statement: str, expected: tuple[str, str]) -> None:
    assert judged(text, statement) == expected


def holes() -> list[Row]:
    found = []
    for _, text, statement, expected in CASES:
        row = build(text).one(statement)
        if expected in (MORE, LESS, NONE):
            found.append(row)
    return found


def test_every_hole_says_what_would_close_it() -> None:
    for row in holes():
        assert row["why"], row
        assert row["remedy"], row


def test_nothing_else_has_a_remedy() -> None:
    for _, text, _, _ in CASES:
        for row in build(text).rows:
            if row["status"] in ("enforced", "nothing to enforce"):
                assert "remedy" not in row


def test_cells_that_differ_are_named() -> None:
    cells = "".join(f"cell c{n} {{ profile p; permissive; }}" for n in range(5))
    row = build("profile p { deny system.module; } cell a { profile p; }" + cells).one("deny")
    assert row["why"].startswith("in `c0`, `c1`, `c2` and 2 more: permissive")
    assert row["cells"] == ["*"]


def test_what_takes_the_place_of_an_overridden_statement() -> None:
    made = build(
        "profile p { deny system.*; }"
        "cell a { profile p; } cell b { profile p; allow system.*; }"
        "cell d { profile p; allow system.module; }"
    )
    row = made.one("deny")
    assert (row["status"], row["cells"]) == ("enforced", ["*"])
    assert row["overridden"]["cells"] == ["b"]
    (by,) = row["overridden"]["by"]
    assert (by["line"], by["rule"]) == (3, made.one("allow system.*")["rule"])


def test_a_setting_that_is_overridden_in_some_cells() -> None:
    row = build(
        'profile p { user "x"; } cell a { profile p; } cell b { profile p; user "y"; }'
    ).one('user "x"')
    assert row["overridden"]["cells"] == ["b"]
    assert row["by"][0]["artifact"] == "rc.d/cell_a"


@pytest.mark.parametrize(
    ("backends", "statement", "missing"),
    [
        (("kmod",), "user", "rc"),
        (("rc",), "deny", "kmod"),
        (("rc",), "nofile", "kmod"),
        (("kmod", "rc"), "sysctl", "sysctl"),
        (("kmod", "rc"), "securelevel", "sysctl"),
    ],
)
def test_without_a_backend_nothing_of_it_is_enforced(
    backends: tuple[str, ...], statement: str, missing: str
) -> None:
    text = (
        "host { securelevel 1; sysctl security.models.extensions.curtain = 1; }"
        + CONFINED.format("deny system.module; limits { nofile 9; }")
    )
    row = build(text, backends).one(statement)
    assert row["status"] == "not enforceable"
    assert f"`{missing}` was left out" in row["why"]
    assert f"--backend {missing}" in row["remedy"]


def test_notes_name_what_a_group_is_not_asked_about() -> None:
    row = build(LOW.format("deny machdep.*;")).one("deny")
    assert "never asked by NetBSD 10.1: machdep.svs_disable" in row["notes"]


@pytest.mark.parametrize("logs", ["a", "b"])
def test_a_permissive_cell_is_judged_apart_from_others_of_its_class(logs: str) -> None:
    cells = [
        f"cell {name} {{ profile confined; {'permissive;' if name == logs else ''}"
        f' root "/{name}"; service {{ command "/x"; }} mount ro "/s" at "/t{name}"; }}'
        for name in ("a", "b")
    ]
    found = build(" ".join(cells))
    for name in ("a", "b"):
        status = found.one(f'mount ro "/s" at "/t{name}"')["status"]
        assert status == ("approximated" if name == logs else "enforced"), name


def test_a_start_depends_on_the_health_check() -> None:
    service = 'service { command "/x"; healthcheck "/y"; }'
    row = build(f"cell c {{ profile confined; {service} }}").one("healthcheck")
    assert {means["what"] for means in row["by"]} == {"start and health", "start waits for it"}


def test_other_releases_ask_other_things() -> None:
    text = LOW.format("deny network.smb;")
    assert build(text, target="10.1").one("deny")["status"] == "enforced"
    assert build(text, target="11.0").one("deny")["status"] == "not enforceable"


def test_an_overridden_setting_may_say_the_same() -> None:
    rows = build('profile p { user "a"; } cell c { profile p; user "a"; }').rows
    (row,) = (r for r in rows if r["kind"] == "user" and r["status"] == "nothing to enforce")
    assert row["why"] == "overridden: what another statement sets counts"
