"""Command lines are read without click as click reads them, or not at all."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from compiler.cli.commands import COMMANDS, declared
from compiler.cli.declare import Command, Parameter, Range
from compiler.cli.main import main
from compiler.cli.plain import read

NAMES = [name for name in COMMANDS if isinstance(declared(name), Command)]
Line = tuple[str, list[str]]


def _command(name: str) -> Command:
    command = declared(name)
    assert isinstance(command, Command)
    return command


def by_click(name: str, words: list[str]) -> dict[str, Any] | None:
    """What click gives to the function of a command, or None for an error or the help."""
    assert isinstance(main, click.Group)
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            command = main.get_command(click.Context(main), name)
            assert command is not None
            return command.make_context(name, list(words)).params
        except (click.ClickException, click.exceptions.Exit):
            return None


def _values(parameter: Parameter) -> st.SearchStrategy[str]:
    kind = parameter.type
    if isinstance(kind, tuple):
        return st.sampled_from(kind)
    if isinstance(kind, Range):
        return st.sampled_from(["0", "1", "99", "101", "7.5", "1_0", "٣", "1e1"])
    return st.sampled_from(
        ["2026-11-24", "20261124", "SEC,COR001", "web.cell", "x y", "", "imported"]
    )


def _words(parameter: Parameter) -> st.SearchStrategy[list[str]]:
    """A parameter as it is meant to be written, nearly."""
    if not parameter.is_option:
        return st.lists(
            st.sampled_from(["web.cell", "-", "", "a b"]), min_size=parameter.required, max_size=2
        )
    names = st.sampled_from([name for name in parameter.names if name.startswith("-")])
    if parameter.flag:
        return names.map(lambda name: [name])
    apart = st.tuples(names, _values(parameter)).map(list)
    return apart | apart.map(lambda words: ["=".join(words)])


#: What no command takes, or click alone knows of.
STRAY = st.sampled_from(["--", "-o", "-ox", "--help", "-h", "--form", "-x", "--today", "--no"])


@st.composite
def lines(draw: st.DrawFn) -> Line:
    """A command and its words, most of them right."""
    name = draw(st.sampled_from(NAMES))
    parameters = _command(name).parameters
    parts = [draw(_words(p)) for p in parameters if p.required or draw(st.booleans())]
    if draw(st.integers(0, 3)) == 0:
        parts.append([draw(STRAY)])
    return name, [word for part in draw(st.permutations(parts)) for word in part]


@given(lines())
@example(("build", ["web.cell", "-o", "-x"]))
@example(("build", ["-o=x", "web.cell"]))
@example(("check", ["--no-cache=1", "web.cell"]))
@example(("check", ["--format", "text", "--format=json", "a", "b", "--today", "2026-11-24"]))
def test_lines_are_read_as_by_click(line: Line) -> None:
    name, words = line
    ours = read(_command(name), words)
    if ours is not None:
        assert repr(sorted(ours.items())) == repr(sorted((by_click(name, words) or {}).items()))


@pytest.mark.parametrize("name", NAMES)
def test_plain_lines_need_no_click(name: str) -> None:
    words = []
    for parameter in _command(name).parameters:
        kind = parameter.type
        value = kind[0] if isinstance(kind, tuple) else "1" if isinstance(kind, Range) else "a"
        if parameter.is_option:
            words += [parameter.names[0]]
        if not parameter.flag:
            words += ["2026-11-24" if parameter.name == "today" else value]
    words = [word for word in words if word not in ("--select", "--ignore")]
    assert read(_command(name), words) is not None
    assert by_click(name, words) == read(_command(name), words)


def test_files_that_cannot_be_read_are_left_to_click(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "web.cell").write_text("")
    monkeypatch.setattr("os.access", lambda path, mode: False)
    for path in ("web.cell", "missing.cell"):
        words = [str(tmp_path / path)]
        assert read(_command("check"), words) == by_click("check", words)
