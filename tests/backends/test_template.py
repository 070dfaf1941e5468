"""Templates of a package on the path are found, filled in strictly, and quote by filters."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from backends import template


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package outside the tree, named after its folder so that no cache serves two tests."""
    name = f"pack_{tmp_path.name}".replace("-", "_").replace("[", "_").replace("]", "_")
    templates = tmp_path / name / "templates"
    templates.mkdir(parents=True)
    (templates.parent / "__init__.py").touch()
    (templates / "script").write_text(
        "# {{ why | sh_comment }}\n"
        "{% for word in words %}\n"
        "echo {{ word | sh }}\n"
        "{% endfor %}\n"
        "{{ words[0] | c_string }} {{ why | c_comment }} {{ words[0] | make_word }}\n"
        "{{ words[0] | sysctl }} {{ name | identifier }}\n\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def test_a_template_is_filled_in(package: str) -> None:
    out = template.render(package, "script", why="a */ é", words=["$x", "<b>"], name="a-b")
    assert out == (
        b"# a */ \\u{e9}\necho '$x'\necho '<b>'\n"
        b'"$x" a * / \\u{e9} $$x\n$x a_b\n\n'
    )  # fmt: skip


def test_a_missing_value_is_an_error(package: str) -> None:
    with pytest.raises(UndefinedError):
        template.render(package, "script", why="", words=["x"])


def test_a_text_that_a_filter_refuses_is_an_error(package: str) -> None:
    with pytest.raises(ValueError, match="newline"):
        template.render(package, "script", why="", words=["a\nb"], name="n")
