"""The examples of the language reference compile, and draw the findings they are said to.

A fenced block is tagged `cell`, then the code of a finding it must draw, then where it
stands: `in a cell`, `in a profile`, `in host`.  Without a place it stands at the top of a
file; the cells that other blocks mention are defined beside it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from compiler.lint.registry import is_rule
from tests.policies.site import REPOSITORY, TODAY, cellc

REFERENCE = REPOSITORY / "docs" / "language.md"

_BLOCK = re.compile(
    r"^```cell(?: ([A-Z]+\d+))?(?: in (a cell|a profile|host))?\n(.*?)^```$", re.M | re.S
)
_HEADING = re.compile(r"^##+ (.*)$", re.M)

_FRAME = {
    "a cell": 'cell example {\n    profile confined;\n    root "/var/cells/example";\n%s}\n',
    "a profile": "profile example extends confined {\n%s}\n",
    "host": "host {\n%s}\n",
    "": "%s",
}
_HEADER = "policy example;\ntarget netbsd 10.1;\n"
_NEIGHBOURS = ("db", "shop-a", "shop-b", "web", "worker")


class Example(NamedTuple):
    title: str
    code: str
    policy: str


def _examples() -> list[Example]:
    text = REFERENCE.read_text()
    made: list[Example] = []
    for block in _BLOCK.finditer(text):
        code, place, body = block.groups(default="")
        heading = [h[1] for h in _HEADING.finditer(text, 0, block.start())][-1]
        made.append(Example(f"{heading} {len(made)}", code, _policy(place, body)))
    return made


def _policy(place: str, body: str) -> str:
    """A whole policy around an example."""
    if body.startswith("policy ") or "\npolicy " in body:
        return body
    framed = _FRAME[place] % body
    others = [name for name in _NEIGHBOURS if f"cell {name} " not in framed]
    cells = [f'cell {name} {{ profile high; root "/var/cells/{name}"; }}\n' for name in others]
    return _HEADER + framed + "".join(cells)


EXAMPLES = _examples()


def test_every_block_is_an_example() -> None:
    assert len(EXAMPLES) == REFERENCE.read_text().count("```cell")
    assert len(EXAMPLES) > 20


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_example(example: Example, tmp_path: Path) -> None:
    (tmp_path / "example.cell").write_text(example.policy)
    command = ("check", "--select", example.code) if is_rule(example.code) else ("test",)
    result = cellc(*command, "example.cell", *TODAY, cwd=tmp_path)
    codes = set(re.findall(r"^(?:error|warning|note)\[(\w+)\]", result.stderr, re.M))
    assert codes == ({example.code} if example.code else set()), result.stderr
    assert result.returncode == int(example.code.startswith("E")), result.stdout
