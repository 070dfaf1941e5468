"""Rules that read alike share their meaning, and only where they mean the same."""

from __future__ import annotations

from compiler.driver import Program
from tests.semantics.support import compile_text, program


def _ports(made: Program) -> list[object]:
    return [rule.requests.ports for rule in made.ir.rules if rule.requests.ports]


def test_a_parameter_means_something_else_at_each_use() -> None:
    made = program(
        "let p = 90;\n"
        "template t(p, who: cell) {\n"
        "    deny network.bind tcp port p;\n    allow process.signal to who;\n"
        "    deny system.*;\n}\n"
        "profile q { deny network.bind tcp port p; }\n"
        "cell a { profile q; use t(80, b); }\ncell b { profile q; use t(443, a); }\n"
    )
    assert sorted(_ports(made), key=str) == [((443, 443),), ((80, 80),), ((90, 90),)]
    peers = {r.requests.to.members for r in made.ir.rules if r.requests.to is not None}
    assert peers == {("a",), ("b",)}
    assert len(made.ir.rules) == 6


def test_every_place_of_a_wrong_rule_is_reported() -> None:
    cells = "".join(f"cell c{n} {{ profile low; deny system.modul; }}\n" for n in range(3))
    compilation = compile_text(f"policy test;\ntarget netbsd 10.1;\n{cells}")
    places = [
        compilation.sources[d.span.file].position(d.span.start)
        for d in compilation.diagnostics
        if d.code == "E0406" and d.span is not None
    ]
    assert places == [(3, 29), (4, 29), (5, 29)]


def test_every_place_has_its_own_rule() -> None:
    cells = "".join(f"cell c{n} {{ profile low; deny system.module; }}\n" for n in range(3))
    made = program(cells)
    rules = [
        (made.ir.rules[i].id, span.start)
        for i, span in enumerate(made.spans)
        if not span.file.startswith("<")
    ]
    assert len({number for number, _ in rules}) == 3
    assert [start for _, start in rules] == sorted({start for _, start in rules})


def test_the_order_of_uses_does_not_matter() -> None:
    made = program(
        "template t(p: ports, who: cell) {\n"
        "    deny network.bind tcp port p;\n    allow process.signal to who;\n}\n"
        "cell a { profile low; use t(80, c); use t(443, d); }\n"
        "cell b { profile low; use t(443, d); use t(80, c); }\n"
        "cell c { profile low; }\ncell d { profile low; }\n"
    )
    a, b, *_ = made.ir.cells
    assert a.layers[1] == b.layers[1]
    assert a.class_ == b.class_
