"""Settings of several layers: the most derived wins, limits merge, lists add up."""

from __future__ import annotations

from compiler.ir.ir import Cell, ExecHash, Limit, Mount
from tests.semantics.support import program

LAYERS = """
profile base extends confined {
    user "base" group "base";
    limits { nofile 1; core 1; cpu unlimited; }
    devices { null }
    hook pre-start "/usr/bin/first";
    service { command "/bin/base"; env A "1"; }
}
profile derived extends base {
    user "derived";
    limits { nofile 2; stack 2; }
    devices { zero null }
    mount ro "/srv/derived" at "/derived";
    hook pre-start "/usr/bin/second";
    exec readonly;
}
template used(port) extends base {
    limits { nofile 3; as 3; }
    listen tcp port;
    mount rw "/srv/used" at "/used";
    exec sha256 "DIGEST" "/bin/sh";
}
cell plain { profile derived; root "/var/cells/plain"; }
cell full {
    profile derived;
    use used(8080);
    root "/var/cells/full";
    limits { nofile 4; processes 4; }
    listen udp 53;
    mount ro "/srv/own" at "/own";
    devices { random }
    hook post-stop "/usr/bin/third";
    exec sha256 "DIGEST" "/bin/sh";
    service { command "/bin/full"; }
}
""".replace("DIGEST", "ab" * 32)


def cells() -> dict[str, Cell]:
    return {cell.name: cell for cell in program(LAYERS).ir.cells}


def test_the_most_derived_setting_wins_as_a_whole() -> None:
    plain, full = cells()["plain"], cells()["full"]
    assert (plain.user, plain.group) == ("derived", None)
    assert plain.service is not None
    assert plain.service.command == ("/bin/base",)
    assert full.service is not None
    assert (full.service.command, full.service.env) == (("/bin/full",), ())


def test_limits_merge_key_by_key() -> None:
    plain, full = cells()["plain"], cells()["full"]
    assert plain.limits == (
        *(Limit("core", 1), Limit("cpu", None), Limit("nofile", 2), Limit("stack", 2)),
    )
    assert full.limits == (
        *(Limit("as", 3), Limit("core", 1), Limit("cpu", None), Limit("nofile", 4)),
        Limit("stack", 2),
    )
    assert (plain.processes, full.processes) == (None, 4)


def test_lists_add_up_and_hold_nothing_twice() -> None:
    full = cells()["full"]
    assert full.mounts == (
        Mount("ro", "/srv/derived", "/derived"),
        Mount("rw", "/srv/used", "/used"),
        Mount("ro", "/srv/own", "/own"),
    )
    assert full.devices == ("null", "random", "zero")
    assert [hook.argv[0] for hook in full.hooks] == [
        *("/usr/bin/first", "/usr/bin/second", "/usr/bin/third"),
    ]
    assert full.exec_hashes == (ExecHash("/bin/sh", "ab" * 32),)


def test_one_layer_is_enough_for_what_cannot_be_taken_back() -> None:
    assert cells()["plain"].exec_readonly
    assert cells()["full"].exec_readonly
