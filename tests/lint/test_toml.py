"""Places in TOML documents."""

from __future__ import annotations

import pytest

from compiler.lint.toml import NotTomlError, read_toml
from compiler.source import Source

TEXT = """\
# A comment with [brackets] and = signs
[lint]
select = ["SEC",   # with a comment ] here
  'COR', "TST" ]
"quoted.key" = 1
[lint.paths]
"lab/*" = { ignore = ["STY"], severity = { "SEC" = "note" } }
[[many]]
a.b = "x"
when = 2026-11-24 07:32:00
text = \"\"\"
[not.a.table]
key = 1\"\"\"
last = { }
"""


def test_every_key_is_where_it_stands() -> None:
    document = read_toml(Source("cellc.toml", TEXT))
    for path, span in document.keys.items():
        assert TEXT[span.start : span.end].strip("\"'") == path[-1]
    assert set(document.keys) == {
        ("lint",),
        ("lint", "select"),
        ("lint", "quoted.key"),
        ("lint", "paths"),
        ("lint", "paths", "lab/*"),
        ("lint", "paths", "lab/*", "ignore"),
        ("lint", "paths", "lab/*", "severity"),
        ("lint", "paths", "lab/*", "severity", "SEC"),
        ("many",),
        ("many", "a"),
        ("many", "a", "b"),
        ("many", "when"),
        ("many", "text"),
        ("many", "last"),
    }


def test_strings_are_found_under_their_keys() -> None:
    document = read_toml(Source("cellc.toml", TEXT))
    cor = document.place(("lint", "select"), "COR")
    assert TEXT[cor.start : cor.end] == "'COR'"
    note = document.place(("lint", "paths", "lab/*", "severity", "SEC"), "note")
    assert TEXT[note.start : note.end] == '"note"'


def test_what_is_not_there_is_placed_at_the_table_above() -> None:
    document = read_toml(Source("cellc.toml", TEXT))
    span = document.place(("lint", "paths", "none"))
    assert TEXT[span.start : span.end] == "paths"
    assert document.place(("none",)).start == 0


@pytest.mark.parametrize(
    ("text", "offset"),
    [("[lint]\nselect = [\n", 18), ("a = 1\n=\n", 6), ("a = 1\nb = \n", 10), ("[" * 9000, 0)],
)
def test_a_mistake_has_a_place(text: str, offset: int) -> None:
    with pytest.raises(NotTomlError) as caught:
        read_toml(Source("cellc.toml", text))
    assert 0 <= caught.value.offset <= len(text)
    assert text[:100].startswith("[[") or caught.value.offset == offset
