"""Any input whatsoever ends in a policy or in diagnostics, never in an exception."""

from __future__ import annotations

import datetime
import re
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from compiler.driver import compile_policy
from compiler.ir.serialise import to_json
from compiler.lint.registry import is_rule
from compiler.lint.run import lint
from compiler.lint.settings import Settings
from compiler.render.formats import FORMATS, rendered
from compiler.render.report import Report, fingerprints
from compiler.render.text import render_text
from tests.diagnostics.cases import HERE
from tests.strategies.broken import any_text

TODAY = datetime.date(2026, 11, 24)
#: Larger files only take longer.
_MOST = 3000

_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|#[^\n]*|[\w.*-]+|\s+|.', re.DOTALL)
_TEXTS = [
    text
    for path in sorted(
        [*HERE.glob("*/policy.cell"), *(HERE.parents[1] / "policies").rglob("*.cell")]
    )
    if len(text := path.read_text()) < _MOST
]
_NUMBERS = ("0", "-1", "1", "65535", "65536", "9" * 30, "1G", "9T", "0x10", "1e9", "10.1", "11.0")
_DATES = ("2026-11-24", "2026-02-30", "0000-00-00", "9999-12-31")
_STRINGS: tuple[str, ...] = (
    "",
    "/",
    "//",
    "/a",
    "/a/..",
    ".",
    "..",
    " ",
    "#",
    "-",
    "é",
    "\\n",
    "\\u{0}",
    "\\u{e9}",
)
_STRINGS += ("\\u{d800}", "\\q", "a" * 700, "/" + "a" * 600, "/a\\\\b", "/a b", "'", "$(x)", "%s")
_SIGNS = ("{", "}", "(", ")", ";", ",", "=", "..", ".*", ".{", "*", "~>", ">=", "@until", "@reason")
_NAMES: tuple[str, ...] = (
    "self",
    "host",
    "host-root",
    "any",
    "auto",
    "low",
    "sealed",
    "current",
    "unlimited",
)
_NAMES += ("web", "n" * 64, "N" * 10_000, "a-b", "a_b", "*", "a*", "system.*", "process.signal")

_new: SearchStrategy[str] = st.one_of(
    st.sampled_from(_NUMBERS + _DATES + _SIGNS + _NAMES),
    st.sampled_from([f'"{text}"' for text in _STRINGS]),
    st.sampled_from(sorted({t for text in _TEXTS for t in _TOKEN.findall(text) if t.strip()})),
)


@st.composite
def mutated(draw: DrawFn) -> str:
    """A policy of the repository with some of its tokens replaced, removed, doubled or swapped."""
    tokens = _TOKEN.findall(draw(st.sampled_from(_TEXTS)))
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(tokens) - 1))
        other = draw(st.integers(0, len(tokens) - 1))
        match draw(st.sampled_from(("replace", "replace", "remove", "double", "swap", "move"))):
            case "replace":
                tokens[at] = draw(_new)
            case "remove":
                tokens[at] = " "
            case "double":
                tokens[at] += f" {tokens[at]}"
            case "swap":
                tokens[at], tokens[other] = tokens[other], tokens[at]
            case "move":
                tokens[at:at] = tokens[other : other + 12]
    return "".join(tokens)


def compile_bytes(data: bytes) -> None:
    """Compiles a file and shows what is found in every format."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "policy.cell"
        path.write_bytes(data)
        compilation = compile_policy(path, TODAY)
    every = lint(compilation, Settings(), TODAY).diagnostics
    for found in every:
        assert "\n" not in found.message
        assert is_rule(found.code) or found.severity[0].upper() == found.code[0]
        for span in (found.span, *(related.span for related in found.related)):
            text = compilation.sources[span.file].text if span else ""
            assert span is None or 0 <= span.start <= span.end <= len(text)
    render_text(every, compilation.sources)
    report = Report(every, compilation.sources, fingerprints(every, compilation.sources))
    for format in FORMATS:
        rendered(format, report)
    if compilation.program is not None and not compilation.failed:
        to_json(compilation.program.ir)
    assert compilation.failed or compilation.program is not None


_some = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@_some
@given(st.binary(max_size=200))
def test_bytes(data: bytes) -> None:
    compile_bytes(data)


@_some
@given(any_text)
def test_texts(text: str) -> None:
    compile_bytes(("policy p;\ntarget netbsd 10.1;\n" + text).encode("utf-8", "surrogatepass"))


@_some
@given(mutated())
def test_mutated_policies(text: str) -> None:
    compile_bytes(text.encode("utf-8", "surrogatepass"))


def _policy(text: str) -> bytes:
    return f"policy p;\ntarget netbsd 10.1;\n{text}\n".encode()


def test_deep_nesting() -> None:
    for depth in (60, 70, 5000):
        compile_bytes(_policy("let x = " + "{" * depth + "80" + "}" * depth + ";"))
        compile_bytes(_policy("when target >= 9.0 { " * depth + "}" * depth))
        compile_bytes(_policy("cell a { " * depth))
        compile_bytes(_policy("deny system." + "{" * depth))
        compile_bytes(_policy("use t" + "(" * depth))
        compile_bytes(_policy("cell a { profile low; deny system" + ".a" * depth + "; }"))


def test_long_rows() -> None:
    rows = 3000
    lets = "".join(f"let a{n} = a{n + 1}; " for n in range(rows))
    compile_bytes(_policy(f"{lets} let a{rows} = a0;"))
    compile_bytes(_policy(f"{lets} let a{rows} = 80;"))
    profiles = "".join(f"profile p{n} extends p{n + 1} {{ }} " for n in range(300))
    compile_bytes(_policy(f"{profiles} profile p300 extends p0 {{ }} cell a {{ profile p0; }}"))
    compile_bytes(_policy(f"{profiles} profile p300 {{ }} cell a {{ profile p0; }}"))
    groups = "".join(f"group g{n} = {{ g{n + 1} }}; " for n in range(rows))
    compile_bytes(_policy(f"{groups} group g{rows} = {{ g0 }};"))
    cells = "".join(
        f'cell c{n} {{ profile low; service {{ command "/x"; require cell c{n + 1}; }} }} '
        for n in range(rows)
    )
    compile_bytes(_policy(f"{cells} cell c{rows} {{ profile low; }}"))


def test_large_sets() -> None:
    ports = ", ".join(str(port) for port in range(1, 60_000, 3))
    compile_bytes(_policy(f"cell a {{ profile low; listen tcp {{{ports}}}; }}"))
    compile_bytes(_policy(f"let x = {{{ports}, 70000}};"))
    names = ", ".join(f"n{n}" for n in range(2000))
    compile_bytes(_policy(f"group g = {{{names}}};"))


def test_long_names() -> None:
    name = "n" * 10_000
    compile_bytes(_policy(f"cell {name} {{ profile {name}; use {name}(1); deny {name}.{name}; }}"))
    compile_bytes(_policy(f"cell a {{ profile low; allow process.signal to {name}; }}"))
    compile_bytes(_policy(f'@{name} "{name}" cell a {{ profile low; user "{name}"; }}'))
    compile_bytes(_policy(f"host {{ sysctl {name} = {name}; sysctl kern.{name} = 1; }}"))
    compile_bytes(_policy(f'import "{name}"; import "{"../" * 3000}etc/passwd";'))
    service = f'service {{ command "/{name}"; env {name} "{name}"; require {name} cell {name}; }}'
    compile_bytes(_policy(f"cell a {{ profile low; {service} }}"))
