"""Templates of a package on the path are found, filled in strictly, and quote by filters."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

import backends
from backends import compiled, template
from backends.runtime import Context


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


def _compiled(text: str) -> Callable[[Context], Iterable[str]]:
    scope: dict[str, Mapping[str, Callable[[Context], Iterable[str]]]] = {}
    exec(template.compilation([text]), scope)
    return scope["TEMPLATES"][template.digest(text)]


ALL = """\
{% for word in words %}
{{ word | sh }} {{ word | c_string }}{% if word is not none and word.isascii() %} ascii{% endif %}

{% endfor %}
{{ words[0] | sh_words }}{{ words[1:] | words }} {{ words | length }} {{ number | hex }}
{% for name, value in pairs.items() if value %}
{{- name | upper }} {{ value.real }} {{ "none" if number is none else "some" -}}
{% else %}
nothing
{% endfor %}
"""
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5)


@given(st.lists(TEXT, min_size=1), st.integers(), st.dictionaries(TEXT, st.integers(-1, 1)))
def test_compiled_templates_say_what_jinja_says(
    words: list[str], number: int, pairs: dict[str, int]
) -> None:
    values = {"words": words, "number": number, "pairs": pairs}
    by_jinja = template._environment().from_string(ALL).render(values)
    assert "".join(_compiled(ALL)(Context(values))) == by_jinja


def test_the_templates_of_backends_are_compiled(request: pytest.FixtureRequest) -> None:
    folder = Path(*backends.__path__)
    texts = [path.read_text("utf-8") for path in sorted(folder.glob("*/templates/*"))]
    if request.config.getoption("--bless"):
        Path(compiled.__file__).write_text(template.compilation(texts))
    else:
        assert {*compiled.TEMPLATES} == {template.digest(text) for text in texts}


def test_compiled_templates_need_no_jinja() -> None:
    code = (
        "import sys; from backends.template import render;"
        "render('backends.rc', 'rc_conf.j2', script='cell_a', manual=True);"
        "sys.exit('jinja2' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_missing_value_of_a_compiled_template_is_jinjas_error() -> None:
    with pytest.raises(UndefinedError, match="manual"):
        template.render("backends.rc", "rc_conf.j2", script="cell_a")
