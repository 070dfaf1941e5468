"""Comments that ignore findings."""

from __future__ import annotations

import pytest

from compiler.lint.settings import Choice, Settings
from tests.lint.support import checked, codes

WHY = "-- tried in a test"


def _cell(before: str = "", after: str = "") -> str:
    return f"cell web {{\n    profile confined;\n{before}    permissive;{after}\n}}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f" # cellc: ignore SEC001 {WHY}"),
        ("", f" #cellc:ignore SEC001 {WHY}"),
        (f"    # cellc: ignore SEC001 {WHY}\n", ""),
        (f"    # cellc: ignore SEC001 {WHY}\n    # more to say\n\n", ""),
        (f'    # cellc: ignore SEC001 {WHY}\n    @reason "x"\n    @owner "y"\n', ""),
        (f'    # cellc: ignore SEC001 {WHY}\n    @reason "x"  # and so on\n', ""),
        (f'    # cellc: ignore SEC001 {WHY}\n    @until 2027-12-31 @owner "a \\" b"\n', ""),
    ],
)
def test_a_comment_beside_or_above_ignores(before: str, after: str) -> None:
    assert codes(checked(_cell(before, after))) == []


def test_several_codes() -> None:
    text = _cell(after=f" # cellc: ignore COR001, SEC001 {WHY}")
    assert codes(checked(text)) == ["STY002"]


def test_a_comment_elsewhere_does_not() -> None:
    text = f"# cellc: ignore SEC001 {WHY}\n" + _cell()
    assert codes(checked(text)) == ["STY002", "SEC001"]


def test_a_comment_ends_with_the_statement_below_it() -> None:
    first = f'    # cellc: ignore SEC006 {WHY}\n    @owner "x" grant network.bind tcp port 80;\n'
    text = f"cell web {{\n    profile low;\n{first}    grant network.bind tcp port 81;\n}}\n"
    assert codes(checked(text)).count("SEC006") == 1


def test_text_in_quotes_is_no_comment() -> None:
    text = _cell('    @reason "# cellc: ignore SEC001 -- no"\n')
    assert codes(checked(text)) == ["SEC001"]


def test_without_a_reason_nothing_is_ignored() -> None:
    for comment in (
        "# cellc: ignore SEC001",
        "# cellc: ignore SEC001 --",
        "#cellc: ignore SEC001 -",
    ):
        assert {"SEC001", "STY001"} <= {*codes(checked(_cell(after=comment)))}


@pytest.mark.parametrize(
    "comment",
    [
        "# cellc: ignore NOPE01 -- why",
        "# cellc: ignore -- why",
        "# cellc: disable SEC001 -- why",
        "# cellc:",
        "# cellc: ignore STY002 -- why",
    ],
)
def test_what_cannot_be_followed_is_reported(comment: str) -> None:
    assert set(codes(checked(_cell(after=comment)))) == {"SEC001", "STY003"}


def test_rules_that_are_off_leave_no_stale_comments() -> None:
    off = Settings((("*", Choice(ignore=("SEC",))),))
    assert codes(checked(_cell(after=f" # cellc: ignore SEC001 {WHY}"), off)) == []


def test_what_is_mandatory_cannot_be_ignored() -> None:
    found = checked(_cell(after=f" # cellc: ignore SEC001 {WHY}"), Settings(mandatory=("SEC",)))
    assert set(codes(found)) == {"SEC001", "STY003"}


def test_comments_for_other_targets_are_not_stale() -> None:
    text = "cell web { profile confined; when target %s {\n    deny system.module; %s\n} }\n"
    comment = f"# cellc: ignore SEC001 {WHY}"
    assert "STY002" not in codes(checked(text % (">= 11.0", comment)))
    assert "STY002" in codes(checked(text % ("< 11.0", comment)))


def test_comments_of_imported_files_are_never_stale() -> None:
    shared = {"shared.cell": f"# cellc: ignore SEC001 {WHY}\nlet port = 80;\n"}
    text = 'import "shared.cell";\ncell web { profile confined; listen tcp port; }\n'
    assert "STY002" not in codes(checked(text, files=shared))
