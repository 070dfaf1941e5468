"""Cell ids stay where they are, through any history of a policy and of its lock file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler import lock
from compiler.diagnostics import Diagnostic
from compiler.durable import OutputError
from compiler.lock import CellIds
from compiler.source import Source, Span
from tests.output.support import dies_at

NAMES = st.sampled_from([f"cell-{letter}" for letter in "abcdefghij"])


def read(text: str) -> tuple[CellIds, list[tuple[str, str]]]:
    """Ids, and code and marked text of each finding."""
    source = Source("p.cells.lock", text)
    ids, found = lock.read(source)
    return ids, [(d.code, text[d.span.start : d.span.end] if d.span else "") for d in found]


def assign(names: list[str], previous: CellIds) -> CellIds:
    ids, found = lock.assign(names, previous)
    assert not found
    return ids


def test_the_first_build_counts_in_name_order() -> None:
    ids = assign(["web", "db", "shop-b", "shop-a"], CellIds())
    assert ids.by_name == {"db": 1, "shop-a": 2, "shop-b": 3, "web": 4}
    assert lock.render(ids).splitlines()[2:] == ["db 1", "shop-a 2", "shop-b 3", "web 4"]


def test_removed_names_are_retired_and_regain_their_id() -> None:
    first = assign(["a", "b", "c"], CellIds())
    second = assign(["a", "aa"], first)
    assert second.by_name == {"a": 1, "b": 2, "c": 3, "aa": 4}
    assert second.retired(["a", "aa"]) == (("b", 2), ("c", 3))
    assert assign(["b"], second) == second


def test_a_gap_is_not_filled() -> None:
    assert assign(["x"], CellIds({"a": 7})).by_name == {"a": 7, "x": 8}


@given(st.lists(st.lists(NAMES, max_size=10), max_size=8))
def test_an_id_never_moves(history: list[list[str]]) -> None:
    ids, seen = CellIds(), dict[int, str]()
    for names in history:
        text = lock.render(assign(names, ids))
        ids, found = read(text)
        assert not found
        assert lock.render(ids) == text
        assert ids.by_name.keys() >= set(names)
        for name, number in ids.by_name.items():
            assert seen.setdefault(number, name) == name
        assert len(set(ids.by_name.values())) == len(ids.by_name)


def test_the_last_ids_are_given_and_then_there_is_an_error() -> None:
    almost = CellIds({"a": 65533})
    assert assign(["y", "z"], almost).by_name == {"a": 65533, "y": 65534, "z": 65535}
    ids, (error,) = lock.assign(["x", "y", "z", "zz"], almost)
    assert ids.by_name == {"a": 65533, "x": 65534, "y": 65535}
    assert error.code == "E0706"
    assert "`z`, `zz`" in error.message
    _, (error,) = lock.assign(["b"], CellIds({"a": 65535}))
    assert "`b`" in error.message
    assert not lock.assign(["a"], CellIds({"a": 65535}))[1]


def test_blank_lines_comments_and_carriage_returns_are_no_matter() -> None:
    ids, found = read("# x\r\n\r\n  \nweb 2\r\ndb\t1 \n")
    assert not found
    assert ids.by_name == {"web": 2, "db": 1}


@pytest.mark.parametrize(
    ("line", "code", "marked"),
    [
        ("web", "E0701", "web"),
        ("web x", "E0701", "web x"),
        ("web 1 2", "E0701", "web 1 2"),
        ("web -1", "E0701", "web -1"),
        ("1 web", "E0701", "1 web"),
        ("web \u0663", "E0701", "web \u0663"),
        ("\ufeffweb 1", "E0701", "\ufeffweb 1"),
        ("db 2", "E0702", "db 2"),
        ("web 1", "E0703", "web 1"),
        ("web 0", "E0704", "0"),
        ("web 65536", "E0704", "65536"),
        ("web " + "9" * 5000, "E0704", "9" * 5000),
        ("<<<<<<< HEAD", "E0705", "<<<<<<< HEAD"),
        ("=======", "E0705", "======="),
        ("||||||| base", "E0705", "||||||| base"),
        (">>>>>>> topic", "E0705", ">>>>>>> topic"),
    ],
)
def test_a_damaged_line_is_an_error_at_its_place(line: str, code: str, marked: str) -> None:
    ids, found = read(f"db 1\n{line}\nzoo 9\n")
    assert found == [(code, marked)]
    assert ids.by_name == {"db": 1, "zoo": 9}


def test_every_damaged_line_is_reported() -> None:
    text = "<<<<<<< ours\na 1\nb 2\n=======\nc 2\n>>>>>>> theirs\n"
    assert [code for code, _ in read(text)[1]] == ["E0705", "E0705", "E0703", "E0705"]


@given(st.text(st.sampled_from("ab1029 \t\r\n#<=>é\0\x1f-_"), max_size=60))
def test_any_text_is_read_or_reported(text: str) -> None:
    ids, found = read(text)
    assert all(1 <= number <= 65535 for number in ids.by_name.values())
    meaningful = [line for line in text.split("\n") if line.strip() and line[0] != "#"]
    assert len(ids.by_name) + len(found) == len(meaningful)


def refused(cells: dict[str, Span | None], ids: CellIds) -> Diagnostic:
    (error,) = lock.refuse_new(cells, ids)
    assert (error.code, error.severity) == ("E0707", "error")
    return error


def test_locked_names_the_cells_without_an_id() -> None:
    ids = CellIds({"a": 1, "gone": 2})
    assert lock.refuse_new({"a": None}, ids) == ()
    spans = {name: Span("p.cell", n, n + 1) for n, name in enumerate("abc")}
    error = refused(dict(spans), ids)
    assert "`b`, `c`" in error.message
    assert error.span == spans["b"]
    assert [related.span for related in error.related] == [spans["c"]]


def test_a_long_list_of_names_is_cut() -> None:
    error = refused({f"c{n:03}": None for n in range(100)}, CellIds())
    assert "`c007` and 92 more" in error.message
    assert "c008" not in error.message


def test_the_file_is_named_after_the_policy() -> None:
    assert lock.lock_path(Path("/x/webfarm.cell")) == Path("/x/webfarm.cells.lock")


def test_a_policy_has_one_file_whatever_links_lead_to_it(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/v2.cell").touch()
    (tmp_path / "now.cell").symlink_to("site/v2.cell")
    (tmp_path / "here").symlink_to("site")
    for path in ("site/v2.cell", "now.cell", "here/v2.cell"):
        assert lock.lock_path(tmp_path / path) == tmp_path.resolve() / "site/v2.cells.lock"


def saved(path: Path, ids: CellIds) -> bool:
    source, found = lock.load(path, path.name)
    assert not found
    return lock.save(path, ids, source)


def test_a_saved_file_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "p.cells.lock"
    ids = assign(["b", "a"], CellIds())
    assert saved(path, ids)
    source, _ = lock.load(path, "p.cells.lock")
    assert source is not None
    assert lock.read(source) == (ids, ())
    assert os.listdir(tmp_path) == ["p.cells.lock"]


def test_an_unchanged_file_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "p.cells.lock"
    assert saved(path, CellIds({"a": 1}))
    before = path.stat()
    assert not saved(path, CellIds({"a": 1}))
    assert path.stat() == before


def test_permissions_stay_and_links_are_followed(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "p.cells.lock"
    real.write_text("a 1\n")
    real.chmod(0o640)
    link.symlink_to("real")
    assert saved(link, CellIds({"a": 1, "b": 2}))
    assert link.is_symlink()
    assert "b 2" in real.read_text()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_nobody_waits_for_a_lock_file_that_is_no_file(tmp_path: Path) -> None:
    path = tmp_path / "p.cells.lock"
    os.mkfifo(path)
    source, (problem,) = lock.load(path, path.name)
    assert source is None
    assert problem.code == "E0708"
    assert "Not a regular file" in problem.message


def test_two_builds_may_give_the_same_ids_at_once(tmp_path: Path) -> None:
    path = tmp_path / "p.cells.lock"
    assert lock.save(path, CellIds({"a": 1}), None)
    assert not lock.save(path, CellIds({"a": 1}), None)


def test_a_file_that_changed_since_it_was_read_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "p.cells.lock"
    source, _ = lock.load(path, path.name)
    path.write_text("other 1\n")
    with pytest.raises(OutputError, match="has changed"):
        lock.save(path, CellIds({"a": 1}), source)
    assert path.read_text() == "other 1\n"


def test_killed_at_any_call_the_file_says_the_old_or_the_new(tmp_path: Path) -> None:
    path = tmp_path / "p.cells.lock"
    old, new = CellIds({"a": 1}), CellIds({"a": 1, "b": 2})
    saved(path, old)
    call = 1
    while dies_at(call, lambda: saved(path, new)):
        assert path.read_text() in (lock.render(old), lock.render(new)), f"after call {call}"
        saved(path, old)
        assert path.read_text() == lock.render(old)
        call += 1
    assert call > 8
    assert path.read_text() == lock.render(new)
    assert os.listdir(tmp_path) == [path.name]


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    binary = tmp_path / "b.cells.lock"
    binary.write_bytes(b"\xff\xfe")
    folder = tmp_path / "f.cells.lock"
    folder.mkdir()
    for path in (binary, folder):
        source, (error,) = lock.load(path, path.name)
        assert source is None
        assert error.code == "E0708"


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot write `.*/missing/p.cells.lock`: No such file"):
        lock.save(tmp_path / "missing" / "p.cells.lock", CellIds({"a": 1}), None)
