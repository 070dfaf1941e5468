"""What is fuzzed: functions of bytes that raise only where cellc has a bug."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from backends.celladm.manifest import manifest as manifest_of
from backends.registry import load
from compiler.analysis.explain import Explainer
from compiler.analysis.query import Query
from compiler.checks.tests import run_tests
from compiler.commands.explain_text import explanation_text
from compiler.diagnostics import Diagnostic, Diagnostics
from compiler.driver import Compilation, compile_policy
from compiler.foreign.celladm import translate
from compiler.foreign.text import policy_text
from compiler.ir.serialise import from_json, to_json
from compiler.lock import assign, read, render
from compiler.names.project import decode
from compiler.render.formats import FORMATS, rendered
from compiler.render.report import Report, fingerprints
from compiler.render.text import render_text
from compiler.source import Source
from compiler.sourcemap import source_map
from compiler.syntax.format import format_source
from tests.semantics.support import TODAY, compile_text, must

Target = Callable[[bytes], None]

#: What `explain` and `query` are asked about.
ASKED = """policy asked;
target netbsd 10.1;
let web-ports = {80, 8000..8099};
cell web { profile confined; listen tcp 80; user "www"; allow process.signal to worker;
    @reason "x" grant network.bind.privport tcp port 80; deny network.socket.open domain inet6; }
cell worker { profile low; deny system.module; }
group all = { w* };
"""


@functools.cache
def _folder() -> Path:
    """A directory in memory where there is one; removed at exit."""
    shared = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = tempfile.TemporaryDirectory(prefix="cellc-fuzz-", dir=shared)
    _folders.append(folder)
    path = Path(folder.name)
    (path / "cellc.toml").touch()
    (path / "profiles.cell").write_text("profile common extends low { deny system.module; }\n")
    return path


_folders: list[tempfile.TemporaryDirectory[str]] = []


def _compiled(data: bytes) -> Compilation:
    path = _folder() / "policy.cell"
    path.write_bytes(data)
    return compile_policy(path, TODAY)


def _printed(found: Iterable[Diagnostic], sources: Mapping[str, Source]) -> None:
    """All formats of findings; each place lies in its source."""
    found = list(found)
    for diagnostic in found:
        for span in (diagnostic.span, *(r.span for r in diagnostic.related)):
            if span is not None:
                assert 0 <= span.start <= span.end <= len(sources[span.file].text), diagnostic
    assert all(line.isprintable() for line in render_text(found, sources).split("\n"))
    report = Report(found, sources, fingerprints(found, sources))
    for format in FORMATS:
        rendered(format, report)


def policy(data: bytes) -> None:
    """A policy file, up to the IR, its tests and what is printed."""
    compilation = _compiled(data)
    _printed(compilation.diagnostics, compilation.sources)
    made = compilation.program
    if compilation.failed or made is None:
        assert compilation.failed
        return
    found = Diagnostics()
    run_tests(made.policy, made.lowered, compilation.sources, found)
    _printed(found.sorted(), compilation.sources)
    text = to_json(made.ir)
    assert from_json(text) == made.ir
    source_map(made, compilation.sources)


def build(data: bytes) -> None:
    """A policy file, up to all artifacts."""
    compilation = _compiled(data)
    if compilation.failed or compilation.program is None:
        return
    for backend in load(("kmod", "rc", "sysctl")):
        assert backend.emit(compilation.program.ir)


def lock(data: bytes) -> None:
    """A lock file: what is read without errors is what is written again."""
    source = decode(data, "policy.cells.lock", Diagnostics(), None)
    if source is None:
        return
    ids, found = read(source)
    _printed(found, {source.name: source})
    more, _ = assign(["new-a", "new-b"], ids)
    assert len(set(more.by_name.values())) == len(more.by_name)
    again, found = read(Source("again", render(more)))
    assert not found
    assert again == more


def ir(data: bytes) -> None:
    """An IR as JSON: read as it is written, or refused."""
    with contextlib.suppress(ValueError):
        text = data.decode()
        assert to_json(from_json(text)) == text


@functools.cache
def _asked() -> tuple[Explainer, Query]:
    compilation = compile_text(ASKED)
    made = must(compilation)
    return Explainer(made, compilation.sources), Query(made)


def request(data: bytes) -> None:
    """A request as `explain` and `query` take it."""
    text = data.decode(errors="surrogateescape")
    explainer, query = _asked()
    source = explainer.source(text)
    found = Diagnostics()
    explanation = explainer.explain(source, found)
    if explanation is not None:
        explanation_text(explanation)
    _printed(found.sorted(), {source.name: source})
    source, found = query.source(text), Diagnostics()
    for answer in query.ask(source, found) or ():
        assert answer
    _printed(found.sorted(), {source.name: source})


def fmt(data: bytes) -> None:
    """The text of a policy: formatting the format changes nothing."""
    source = decode(data, "policy.cell", Diagnostics(), None)
    if source is None:
        return
    found = Diagnostics()
    formatted = format_source(source, found)
    _printed(found.sorted(), {source.name: source})
    if formatted is None:
        assert found.failed
        return
    assert format_source(Source("policy.cell", formatted), Diagnostics()) == formatted


def celladm(data: bytes) -> None:
    """A manifest of celladm: refused, or a policy that compiles and says the same again."""
    source = decode(data, "cells.d/web.cell", Diagnostics(), None)
    if source is None:
        return
    found = Diagnostics()
    translate([], source, found)
    _printed(found.sorted(), {source.name: source})
    found = Diagnostics()
    cells = translate([source], None, found)
    _printed(found.sorted(), {source.name: source})
    if found.failed:
        return
    policy = policy_text("p", "current", ["web.cell"], cells)
    compilation = compile_text(policy)
    if compilation.failed:  # what only the whole policy has, such as a path that is too long
        assert {d.code for d in compilation.diagnostics if d.severity == "error"} <= {"E0511"}
        return
    ir = must(compilation).ir
    manifest = manifest_of(ir, ir.cells[0], "high")
    again = translate([Source("web.cell", manifest)], None, Diagnostics())
    text = policy_text("p", "current", ["web.cell"], again)
    assert _but_profile(text) == _but_profile(policy)


def _but_profile(policy: str) -> str:
    return re.sub(r"profile \w+;", "", policy)


TARGETS: Mapping[str, Target] = {
    "celladm": celladm,
    "policy": policy,
    "build": build,
    "lock": lock,
    "ir": ir,
    "request": request,
    "fmt": fmt,
}
