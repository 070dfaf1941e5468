"""Rules that decide nothing or change nothing: compared with what happens without them."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.driver import Program, compile_policy
from compiler.lint.apply import edited
from compiler.lint.context import Context
from compiler.lint.edits import removal
from compiler.lint.settings import Settings
from compiler.lint.shadows import redundant, shadowed
from compiler.lint.verify import objection
from compiler.syntax import tree as t
from tests.lint.support import TODAY
from tests.semantics.generated import programs, text


def _program(path: Path, policy: str) -> Program | None:
    path.write_text(policy)
    compilation = compile_policy(path, TODAY)
    return None if compilation.failed else compilation.program


@pytest.mark.parametrize("seed", [seed for seed, _ in programs(25)])
def test_without_them_everything_is_decided_alike(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "policy.cell"
    program = _program(path, text(seed))
    assert program is not None
    context = Context(program, Settings(), TODAY)
    source = context.main.source
    for placed in [*(s.placed for s in shadowed(context)), *redundant(context)]:
        without = edited(source, removal(context, placed))
        assert without is not None
        after = compile_policy(path, TODAY, texts={source.name: without})
        assert objection(program, after, "decisions") == ""


def test_others_are_needed(tmp_path: Path) -> None:
    """Rules of cells that are not reported change something, but for those next to `listen`."""
    needed = idle = 0
    for seed, program in programs(10):
        (tmp_path / "policy.cell").write_text(text(seed))
        context = Context(program, Settings(), TODAY)
        said = {s.placed.span for s in shadowed(context)} | {p.span for p in redundant(context)}
        used = {r.span for c in program.policy.cells for b in c.bodies for r in b.rules}
        for placed in context.own(t.Rule):
            rule = context.rules.get(placed.span)
            if rule is None or placed.span not in used - said or rule.meaning.ports is not None:
                continue
            without = edited(context.main.source, removal(context, placed)) or ""
            texts = {"policy.cell": without}
            after = compile_policy(tmp_path / "policy.cell", TODAY, texts=texts)
            needed += objection(program, after, "decisions") != ""
            idle += objection(program, after, "decisions") == ""
    assert (idle, needed > 30) == (0, True)


def test_the_cover_is_minimal(tmp_path: Path) -> None:
    policy = """policy p;
target netbsd 10.1;
profile base extends low {
    deny network.bind.port tcp port 2000..2999;
}
cell a {
    profile base;
    allow network.bind.port tcp port 2200..2800;
    allow network.bind.port tcp port 1900..2500;
    allow network.bind.port tcp port 2501..3100;
    deny network.bind.port udp port 2000..2999;
}
"""
    program = _program(tmp_path / "policy.cell", policy)
    assert program is not None
    (dead,) = shadowed(Context(program, Settings(), TODAY))
    by = [policy[span.start : span.end] for span in dead.by]
    assert by == [
        "allow network.bind.port tcp port 1900..2500;",
        "allow network.bind.port tcp port 2501..3100;",
    ]


def _said(path: Path, policy: str) -> tuple[list[str], list[str]]:
    """The text of what is shadowed and of what is redundant."""
    policy = f"policy p;\ntarget netbsd 10.1;\n{policy}"
    program = _program(path / "policy.cell", policy)
    assert program is not None
    context = Context(program, Settings(), TODAY)
    found = [s.placed for s in shadowed(context)], [*redundant(context)]
    dead, idle = ([policy[p.span.start : p.span.end] for p in some] for some in found)
    return dead, idle


def test_what_decides_in_one_cell_is_not_shadowed(tmp_path: Path) -> None:
    """Whatever else decides nothing in the other cells."""
    policy = """
profile p extends confined {
    allow system.chroot;
    allow system.mount.new;
}
cell a { profile p; }
cell b { profile p; deny system.*; deny system.mount.new; }
cell c { profile p; deny system.mount.new; }
cell d { profile p; deny system.mount.new; allow system.reboot; deny system.*; }
template t() extends p { allow system.module; }
cell e { use t(); deny system.*; }
"""
    dead, _ = _said(tmp_path, policy)
    assert "allow system.chroot;" not in dead
    assert "allow system.module;" in dead


def test_listen_decides_what_a_rule_beside_it_does_not(tmp_path: Path) -> None:
    policy = """
profile p extends low {
    @reason "r" grant network.bind;
    deny network.bind udp port 1024..2000;
}
cell a { profile p; listen tcp 8080; @reason "r" grant network.bind tcp; }
cell b { profile p; listen udp 1500; allow network.bind udp port 1500; }
"""
    assert _said(tmp_path, policy) == ([], ["allow network.bind udp port 1500;"])


def test_an_exception_of_a_final_rule_lets_later_layers_decide(tmp_path: Path) -> None:
    """Without it, these would be at odds with the final rule."""
    policy = """
profile p extends low {
    @reason "r" final grant process.corename;
    @reason "r" grant process.corename to self;
    final deny system.*;
    deny system.reboot;
    deny system.module;
}
cell a { profile p; deny process.corename to self; allow system.reboot; }
cell b { profile p; }
"""
    assert _said(tmp_path, policy) == ([], ["deny system.module;"])
