"""Where single rules must find something, and where they must not."""

from __future__ import annotations

import pytest

from compiler.lint.settings import Choice, Settings
from tests.lint.support import checked, codes

ALL = Settings((("*", Choice(extend=("ALL",))),))

SAID = "cell web { profile confined; deny system.reboot; }\n"

GRANT = '@reason "r" grant network.bind.privport'

TUNED = """
host {
    securelevel 1;
    sysctl net.inet.ip.anonportmin = 50000;
    sysctl net.inet.ip.anonportmax = 50099;
}
"""
OVERLAID = 'cell db { profile confined; root "/db" base "/base"; }'
USING = 'service { command "/bin/x" a; restart always backoff b..1m; }'
WRITER = 'cell db { profile confined; root "/db"; mount rw "/srv/x" at "/x"; }'
TWO = """
profile p extends sealed { deny vnode.*; user "u"; }
cell a { profile p; root "/a"; }
cell b { profile p; root "/b"; }
"""


def _template(parameters: str, body: str, arguments: str = "") -> str:
    head = f"template t({parameters}) extends low {{ {body} }}"
    return f'{head} cell web {{ use t({arguments}); root "/w"; }}'


def _web(rules: str) -> str:
    return f'cell web {{ profile confined; user "www"; {rules} }}'


#: The code of a rule, a policy, and how often the rule is violated.
CASES = [
    (
        "TST004",
        SAID
        + 'test "t" { deny web system.reboot by "deny system.reboot"; deny web system.reboot; }',
        0,
    ),
    ("TST004", SAID + 'test "t" { deny web system.reboot; deny web system.reboot; }', 1),
    (
        "STY019",
        "cell shop-a { profile confined; } cell web { profile confined; }"
        "group shop-all = { web }; group some = { shop-all, shop-* };"
        "assert never some process.ptrace to host;",
        0,
    ),
    (
        "STY019",
        "cell shop-a { profile confined; } cell web { profile confined; }"
        "group shop-all = { web }; group some = { shop-all, web, shop-all };"
        "assert never some process.ptrace to host;",
        1,
    ),
    ("STY018", "cell web { profile confined; limits { nofile 1048576; cpu 1048576; } }", 0),
    ("STY018", "cell web { profile confined; limits { as 1048576; core 1048576; } }", 2),
    (
        "STY011",
        'template a() extends confined { user "a"; } template b() extends confined { user "b"; }'
        'cell web { use a(); use b(); user "b"; }',
        0,
    ),
    (
        "STY011",
        'template a() extends confined { user "b"; } template b() extends confined { user "b"; }'
        'cell web { use a(); use b(); user "b"; }',
        0,
    ),
    (
        "STY011",
        "template a() extends confined { limits { nofile 9; core 1; } }"
        "template b() extends confined { limits { nofile 9; core 0; } }"
        "cell web { use a(); use b(); limits { nofile 9; core 0; } }",
        1,
    ),
    ("SEC016", _web(f"listen tcp 80; listen tcp 81; {GRANT} tcp port 80..81;"), 0),
    ("SEC016", _web(f"listen tcp 80; {GRANT} tcp port {{auto, 80}};"), 0),
    ("SEC016", _web(f"listen tcp 80; {GRANT} udp port 80;"), 1),
    ("SEC016", _web(f"listen tcp 80; {GRANT} port 80;"), 1),
    ("SEC016", _web(f"listen tcp 53; listen udp 53; {GRANT} port 53;"), 0),
    ("SEC016", _web(f"listen tcp 8080; {GRANT} tcp port 80;"), 1),
    ("COR004", _web(f"listen tcp {{80, 443}}; {GRANT} tcp port 80;"), 1),
    ("COR004", _web(f"listen tcp {{80, 443}}; {GRANT} tcp port {{80, 443}};"), 0),
    ("COR001", _web("deny network.bind port {49152, 65535};"), 0),
    ("COR001", _web("deny network.bind port {49152..60000, 60001..65535};"), 1),
    (
        "COR001",
        _web("deny network.bind port 49152..60000; deny network.bind port 60001..65535;"),
        1,
    ),
    ("COR001", _web("deny network.bind udp; deny network.socket.open type dgram;"), 0),
    ("COR001", _web("deny network.bind udp; deny network.socket.open type stream;"), 1),
    ("COR001", _web("deny network.bind tcp; deny network.socket.open domain inet;"), 1),
    ("COR001", _web("deny network.bind tcp; deny network.socket.open domain {inet, inet6};"), 0),
    ("TST005", _web("") + 'test "t" { allow web system.reboot; }', 0),
    ("TST005", _web("allow system.reboot;") + 'test "t" { allow web system.reboot; }', 1),
    ("SEC013", _web("allow process.ptrace to web;"), 0),
    ("SEC013", _web("allow process.ptrace to {self, web};"), 0),
    ("SEC013", _web("allow process.ptrace to host;"), 1),
    ("SEC013", "profile web extends low { allow process.ptrace to web; }" + _web(""), 1),
    ("STY021", "template port() extends low { deny network.bind tcp port 80; }" + _web(""), 0),
    ("STY021", "template one() extends low { } cell web { use one(); }", 1),
    ("SEC015", _web("listen tcp 2000..5000; listen tcp 6000..9000;"), 1),
    ("SEC015", _web("listen tcp 2000..5000; listen udp 2000..3000;"), 0),
    ("COR017", _web("listen tcp 50000..50049; listen tcp 50050..50099;") + TUNED, 1),
    ("COR017", _web("listen tcp 50000..50049; listen udp 50050..50099;") + TUNED, 0),
    ("COR002", _web("listen tcp 50000..50049; listen tcp 50050..50099;") + TUNED, 0),
    ("COR002", _web("listen tcp 50000..50049; listen udp 50050..50099;") + TUNED, 2),
    ("SEC018", "profile p extends low { } cell web { profile p; listen tcp 8080; }", 1),
    (
        "SEC018",
        "profile p extends low { deny system.module; } cell web { profile p; listen tcp 8080; }",
        0,
    ),
    ("SEC018", "cell web { profile high; listen tcp 8080; }", 0),
    ("SEC009", OVERLAID + _web('root "/w"; mount rw "/db.overlay/etc" at "/x";'), 1),
    ("SEC009", OVERLAID + _web('root "/w"; mount rw "/db.other" at "/x";'), 0),
    ("STY009", _template("port", "deny network.bind tcp port 80;", "1"), 1),
    ("STY009", _template("port", "deny network.bind tcp port {80, port};", "81"), 0),
    ("STY009", _template('user = "x)x"', "deny system.reboot;"), 1),
    ("STY009", _template('who = "x"', "when target < 10.1 { user who; }"), 0),
    ("STY009", _template('a = "/x", b = 1s', USING), 0),
    ("TST008", TWO + "assert never {a, b} system.module; assert never {b, a} system.module;", 1),
    ("TST008", TWO + "assert never {a, b} system.module; assert never a system.module;", 0),
    ("TST008", TWO + "assert never a ~> b; assert never b ~> a;", 0),
    ("TST004", TWO + 'test "t" { deny {a, b} system.module; deny {b, a} system.module; }', 1),
    ("SEC014", WRITER + _web('hook pre-start "/bin/sh" "/srv/x/run";'), 1),
    ("SEC014", WRITER + _web('hook pre-start "/bin/sh" "-c" "/srv/y/../x/run";'), 1),
    ("SEC014", WRITER + _web('hook pre-start "/bin/echo" "/srv/x/run";'), 0),
]


@pytest.mark.parametrize(("code", "text", "count"), CASES)
def test_how_often_a_rule_is_violated(code: str, text: str, count: int) -> None:
    found = codes(checked(text, ALL))
    assert not [other for other in found if other.startswith("E")]
    assert found.count(code) == count


def test_cells_that_lack_different_limits_are_told_apart() -> None:
    template = 'template t() extends confined { service { command "/bin/x"; } } '
    limits = ("processes 5;", "nofile 5;", "nofile 9;", "processes 5; nofile 5;")
    cells = (
        f"cell c{n} {{ use t(); listen tcp {8080 + n}; limits {{ {limit} }} }}"
        for n, limit in enumerate(limits)
    )
    found = checked(template + "".join(cells), ALL).diagnostics
    assert [d.message for d in found if d.code == "DEP004"] == [
        "`c0` has no limit for `nofile`",
        "`c1` and 1 other have no limit for `processes`",
    ]


@pytest.mark.parametrize(
    ("host", "end"),
    [
        (TUNED, "a connection over IPv4"),
        (TUNED + TUNED.replace("net.inet.ip.", "net.inet6.ip6.").replace("securelevel 1;", ""),
         "a connection"),
    ],
)  # fmt: skip
def test_over_what_nobody_can_open_a_connection(host: str, end: str) -> None:
    found = checked(_web("listen tcp 50000..50099;") + host, ALL).diagnostics
    (message,) = [d.message for d in found if d.code == "COR017"]
    assert message.endswith(f"nobody else can open {end}")
