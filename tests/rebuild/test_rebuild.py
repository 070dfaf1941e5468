"""What is taken over from the build before is what building everything makes."""

from __future__ import annotations

import re

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from compiler.lowering import rule_ids
from tests.rebuild.support import ROOT, Built, Folder
from tests.strategies.policies import semantic_policies

#: No finding keeps a build from being taken over.
QUIET = '[lint]\nignore = ["ALL"]\n'

_LINES = (
    "",
    "# a comment",
    "deny system.reboot;",
    "deny system.time.*;",
    "allow process.signal to any;",
    "deny network.bind udp port 29999;",
    "deny network.socket.open domain local;",
    "deny network.socket.open domain {inet, inet6} type stream;",
    "allow vnode.execute;",
    "listen tcp 9000;",
    "use tenant(9001);",
    "limits { nofile 128; processes 7; }",
    'user "other";',
    'mount ro "/srv/more" at "/more";',
    "permissive;",
    'service { command "/usr/bin/true"; before LOGIN; }',
    "when target >= 10.0 { deny system.swapctl; }",
    "}",
    "{",
)


@st.composite
def _edited(draw: DrawFn, text: str) -> str:
    """A policy with a few lines changed inside of one cell."""
    lines = text.split("\n")
    first = draw(st.sampled_from([n for n, line in enumerate(lines) if line.startswith("cell ")]))
    last = next(n for n in range(first, len(lines)) if lines[n] == "}")
    block = lines[first + 1 : last]
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(block)))
        match draw(st.sampled_from(("insert", "insert", "remove", "number", "double"))):
            case "insert":
                block.insert(place, draw(st.sampled_from(_LINES)))
            case "remove":
                del block[place : place + 1]
            case "double":
                block[place : place + 1] *= 2
            case _:
                block[place : place + 1] = [
                    re.sub(r"\b\d+\b", lambda match: str(int(match[0]) + 1), line)
                    for line in block[place : place + 1]
                ]
    return "\n".join([*lines[: first + 1], *block, *lines[last:]])


@given(st.data())
def test_it_is_as_if_everything_were_compiled(data: st.DataObject) -> None:
    text = data.draw(semantic_policies())
    texts = [text]
    for _ in range(2):
        texts.append(data.draw(_edited(texts[-1])))
    with Folder({ROOT: text}, data.draw(st.sampled_from(("", QUIET)))) as folder:
        before = folder.full({ROOT: text})
        if before is None:
            return
        for changed in texts[1:]:
            made, all_of_it = folder.rebuilt(before, {ROOT: changed}), folder.full({ROOT: changed})
            event(f"taken over: {made is not None}, good: {all_of_it is not None}")
            if made is None:
                return
            assert made == all_of_it
            before = made


MAIN = """\
policy farm;
target netbsd 10.1;
import "more.cell";
profile base extends low { deny system.reboot; limits { core 0; } }
template web(port) extends base { listen tcp port; user "www"; deny network.bind tcp port 4000; }
@owner "one" cell a {  # the first
    use web(1080);
    root "/var/cells/a";
    deny system.time.*;
    service { command "/usr/bin/true"; require NETWORKING; }
}
cell b { use web(1081); root "/var/cells/b"; deny system.time.*; limits { core 1; } }
when target >= 10.0 {
    @owner "two"
    cell c {
        profile base;
        user "www";
        deny process.signal to {self, host};
        deny network.bind udp port 5000..5010;
        allow network.socket.open domain inet6;
    }
}
group everyone = { * };
assert never everyone system.reboot;
cell d { use web(1082); user "x"; } cell e { profile base; user "www"; }
test "t" { deny a system.reboot; }
"""
MORE = """\
cell imported {
    profile medium;
    user "www";
    listen tcp 9000;
    deny system.swapctl;
}
let last = 1;
"""
TEXTS = {ROOT: MAIN, "more.cell": MORE}


def built_both_ways(
    old: str, new: str, file: str = ROOT, texts: dict[str, str] = TEXTS
) -> tuple[Built | None, Built | None]:
    """The policy with a part of a text replaced: taken over, and built as a whole."""
    assert old in texts[file]
    changed = texts | {file: texts[file].replace(old, new, 1)}
    with Folder(texts) as folder:
        before = folder.full(texts)
        assert before is not None
        return folder.rebuilt(before, changed), folder.full(changed)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("deny system.time.*;\n", "deny system.time.adjtime;\n"),
        ("deny system.time.*;\n", ""),
        ("deny system.time.*;\n", "deny system.time.*;\n    # why\n    deny system.acct*;\n"),
        ("    deny system.time.*;\n", "deny system.swapctl;\n\n\ndeny device.rnd_adddata;\n"),
        ('root "/var/cells/a"', 'root "/var/cells/other"'),
        ("use web(1080)", "use web(1090)"),
        ("use web(1080)", "use web(1080 )"),
        ("core 1", "core 2"),
        ("core 1;", ""),
        ("deny process.signal to {self, host}", "deny process.signal to {self, b}"),
        ("5000..5010", "5000..5011"),
        ("profile base;\n", "profile base;\n        listen tcp 1070;\n"),
        ('command "/usr/bin/true"', 'command "/usr/bin/false"'),
        ("deny system.time.*;\n", "\n"),  # in c, what the profile says is overridden
    ],
)
def test_what_is_inside_of_a_cell_is_taken_over(old: str, new: str) -> None:
    new = new.replace("system.acct*", "system.accounting")
    made, whole = built_both_ways(old, new)
    assert made is not None
    assert made == whole


def test_so_is_what_is_in_another_file() -> None:
    made, whole = built_both_ways("swapctl", "accounting", "more.cell")
    assert made is not None
    assert made == whole


def test_one_cell_in_each_file() -> None:
    changed = {
        ROOT: MAIN.replace("use web(1081);", "use web(1079);\n", 1),
        "more.cell": MORE.replace("swapctl", "accounting"),
    }
    with Folder(TEXTS) as folder:
        before = folder.full(TEXTS)
        assert before is not None
        made = folder.rebuilt(before, changed)
        assert made is not None
        assert made == folder.full(changed)
        again = folder.rebuilt(made, TEXTS)
        assert again == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("deny system.reboot;", "deny system.accounting;"),  # a profile
        ("everyone = { * }", "everyone = { a, b }"),
        ("cell b {", "cell f {"),
        ("cell b {", "cell f { profile low; } cell b {"),
        ('@owner "one"', '@owner "three"'),
        ("# the first\n    use web(1080);", "# the first\n    profile base;"),  # other users
        ("deny system.time.*;\n", "permissive;\n"),
        ("domain inet6", "domain local"),  # a word that no other rule has
        ("service {", "service { before LOGIN;"),  # the order of scripts
        ("deny system.time.*;\n", "allow system.reboot;\n"),  # breaks the assertion
        ("deny system.time.*;\n", "listen tcp 1081;\n"),  # belongs to b
        ("deny system.time.*;\n", "listen tcp 80;\n"),  # a warning
        ("deny system.time.*;\n", "deny system.nothing;\n"),
        ("deny system.time.*;\n", "deny system.time.*\n"),
        ("deny system.time.*;\n", "} cell f {\n"),
        ('user "x"', 'user "longer"'),  # e stands behind it on the line
        ('cell e { profile base; user "www"; }', "cell e { profile base; }"),  # may pick b's port
    ],
)
def test_all_is_compiled_where_others_may_be_concerned(old: str, new: str) -> None:
    assert built_both_ways(old, new)[0] is None


def test_nothing_is_taken_over_where_the_first_to_use_a_rule_is_another() -> None:
    """The order of rules would be that in which the next cell has them."""
    text = """\
policy two;
target netbsd 10.1;
template one(n: port) extends low { deny network.bind tcp port n; }
template two(n: port) extends low { deny network.bind udp port n; }
cell a { use one(4000); use two(4000); user "x"; }
cell b { use one(4000); use two(4000); user "x"; }
"""
    made, whole = built_both_ways("one(4000)", "one(4001)", texts={ROOT: text})
    assert whole is not None
    assert made is None
    made, whole = built_both_ways('user "x"', 'user "y"', texts={ROOT: text})
    assert made is not None
    assert made == whole


def test_rules_of_templates_are_in_the_order_in_which_they_stand() -> None:
    """Of two that agree on a request the first decides it, whoever used the templates before."""
    text = """\
policy two;
target netbsd 10.1;
template one(n: port) extends low { deny network.bind tcp port {n, 5000}; }
template two(n: port) extends low { deny network.bind tcp port {n, 5000}; }
cell a { use one(4002); use two(4001); user "x"; }
cell b { use one(4000); use two(4003); user "x"; }
cell c { use two(4001); use one(4000); user "x"; }
"""
    for after in ("one(4000)", "one(4004)"):
        made, whole = built_both_ways("one(4002)", after, texts={ROOT: text})
        assert made is not None
        assert made == whole


def test_so_are_the_ports_that_templates_listen_on() -> None:
    text = """\
policy two;
target netbsd 10.1;
template one(n: port) extends low { listen tcp n; }
template two(n: port) extends low { listen udp n; }
cell a { use two(4001); use one(4000); user "x"; }
cell b { profile low; deny system.reboot; user "x"; }
"""
    made, whole = built_both_ways("system.reboot", "system.swapctl", texts={ROOT: text})
    assert made is not None
    assert made == whole


@pytest.mark.parametrize("before", ["one(4000)", "one(4001)"])
def test_what_all_uses_share_stands_after_what_they_do_not(before: str) -> None:
    text = """\
policy two;
target netbsd 10.1;
template one(n: port) extends low { deny network.bind tcp port n; deny system.reboot; }
cell a { use one(4000); user "x"; }
cell b { use one(4001); user "x"; }
"""
    made, whole = built_both_ways(before, "one(4002)", texts={ROOT: text})
    assert made is not None
    assert made == whole


def test_ids_that_several_rules_would_have(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has one of them, and whoever comes to have one, is given it among all rules."""
    number = rule_ids._number

    def few(words: bytes, ordinal: int, salt: int = 0) -> int:
        found = number(words, ordinal, salt)
        return found % 4 + 1 if salt == 0 and b"system.time." in words else found

    monkeypatch.setattr(rule_ids, "_number", few)
    for new in ("deny system.time.adjtime;\n", "deny system.swapctl;\n"):
        made, whole = built_both_ways("deny system.time.*;\n", new)
        assert made is None
        assert whole is not None
    made, whole = built_both_ways("5000..5010", "5000..5020")
    assert made is not None
    assert made == whole
