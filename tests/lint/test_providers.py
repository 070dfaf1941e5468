"""What findings about the order of services advise."""

from __future__ import annotations

import pytest

from tests.lint.support import checked

POLICY = """\
cell database {
    profile confined;
    root "/var/cells/database";
    user "db";
}
cell web {
    profile confined;
    root "/var/cells/web";
    user "www";
    service {
        command "/usr/libexec/httpd";
        require WORD;
    }
}
"""


@pytest.mark.parametrize(
    ("word", "help"),
    [
        ("database", "write `cell database` to be ordered against the cell"),
        ("NETWORKNG", "did you mean `NETWORKING`?"),
        ("frobnicator", "if a package provides it, say so at the end of the line"),
    ],
)
def test_what_to_write_for_a_word_that_nothing_provides(word: str, help: str) -> None:
    found = checked(POLICY.replace("WORD", word))
    (diagnostic,) = [d for d in found.diagnostics if d.code == "DEP001"]
    assert diagnostic.help is not None
    assert diagnostic.help.startswith(help)


def test_nothing_is_said_of_a_cell_that_is_named_as_one() -> None:
    found = checked(POLICY.replace("WORD", "cell database"))
    assert "DEP001" not in {d.code for d in found.diagnostics}
