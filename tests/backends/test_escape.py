"""Escaped text is read back by the tool it is meant for and must come out as it went in."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from ansible.parsing.dataloader import DataLoader
from hypothesis import example, given, settings

from backends import escape
from tests.backends import sysctl_model
from tests.backends.texts import ALL_PAIRS, BATCHES, TEXTS

GCC = ["gcc", "-std=c99", "-trigraphs", "-Wall", "-Wextra", "-Werror", "-x", "c", "-"]

few = settings(max_examples=6, deadline=None)


def run(argv: list[str], text: bytes = b"") -> bytes:
    return subprocess.run(argv, input=text, capture_output=True, check=True).stdout


def carried(texts: list[str], function: Callable[[str], str]) -> dict[str, str]:
    """Those of the texts that the function takes, with what it makes of them."""
    out: dict[str, str] = {}
    for text in texts:
        try:
            out[text] = function(text)
        except ValueError:
            continue
    return out


def run_c(program: str) -> bytes:
    with TemporaryDirectory() as folder:
        binary = f"{folder}/a.out"
        run([*GCC, "-o", binary], program.encode("ascii"))
        return run([binary])


@few
@given(BATCHES)
@example(ALL_PAIRS)
def test_a_c_compiler_reads_back_every_string(texts: list[str]) -> None:
    rows = ",\n".join(f"{{{s}, sizeof({s}) - 1}}" for s in map(escape.c_string, texts))
    out = run_c(
        "#include <stdio.h>\n"
        f"static const struct {{ const char *s; size_t n; }} t[] = {{\n{rows} }};\n"
        "int main(void) { for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {\n"
        'printf("%zu:", t[i].n); fwrite(t[i].s, 1, t[i].n, stdout); } return 0; }\n'
    )
    raw = [text.encode("utf-8", "surrogatepass") for text in texts]
    assert out == b"".join(b"%d:%s" % (len(r), r) for r in raw)


@few
@given(BATCHES)
@example(ALL_PAIRS)
def test_a_comment_hides_its_text_and_nothing_else_from_a_c_compiler(texts: list[str]) -> None:
    sum_ = "\n".join(f"/* {escape.c_comment(text)} */ + 1" for text in texts)
    out = run_c(f'#include <stdio.h>\nint main(void) {{ printf("%d", 0\n{sum_}\n); return 0; }}\n')
    assert int(out) == len(texts)


@given(TEXTS)
def test_comments_are_one_printable_line(text: str) -> None:
    for comment in (escape.c_comment(text), escape.sh_comment(text)):
        assert re.fullmatch(r"[ -~]*", comment)
    assert not re.search(r"\*/|/\*", escape.c_comment(text))
    assert not escape.sh_comment(text).endswith("\\")


@pytest.mark.parametrize("text", ["httpd binds its own ports", "50% of it: (a) / *", "it's 1 * 2"])
def test_a_harmless_comment_stays_as_it_is(text: str) -> None:
    assert escape.c_comment(text) == escape.sh_comment(text) == text


@pytest.mark.parametrize("word", ["PROVIDE", "REQUIRE", "BEFORE", "KEYWORD", "REQUIRES"])
def test_a_comment_is_no_line_for_rcorder(word: str) -> None:
    assert escape.sh_comment(f"{word}: DAEMON") == f"- {word}: DAEMON"


@few
@given(BATCHES)
@example(ALL_PAIRS)
def test_sh_reads_back_every_word(texts: list[str]) -> None:
    words = carried(texts, escape.sh_word)
    lines = [f"printf '%s\\0' {word}\nv={word}\nprintf '%s\\0' \"$v\"\n" for word in words.values()]
    out = run(["dash", "-eu"], "".join(lines).encode())
    assert out == b"".join(2 * (text.encode() + b"\0") for text in words)


def test_a_plain_word_is_not_quoted() -> None:
    assert escape.sh_word("/var/cells/web-1_a.b:c@d+e,f=g%") == "/var/cells/web-1_a.b:c@d+e,f=g%"
    assert escape.sh_word("") == "''"
    assert escape.sh_word("plain\n") == "'plain\n'"
    assert escape.sh_word("~root") == "'~root'"


def test_comments_in_sh_run_to_the_end_of_their_line() -> None:
    lines = "".join(f"# {escape.sh_comment(text)}\necho\n" for text in ALL_PAIRS)
    assert run(["dash", "-eu"], lines.encode()) == b"\n" * len(ALL_PAIRS)


@given(TEXTS)
@example("a\\")
@example("a\\\\")
@example("")
@example("a=b")
@example("a?=b")
def test_sysctl_conf_carries_the_value_or_it_is_refused(text: str) -> None:
    for value in carried([text], escape.sysctl_value).values():
        text.encode()
        lines = sysctl_model.parse(f"a.b={value}\n# {escape.sh_comment(text)}\nc.d?=1\n")
        assert lines == [("a.b", text, False), ("c.d", "1", True)]


@pytest.mark.parametrize(
    "text", ["a\nb", "a#b", "a\\#b", " a", "\ta", " ", "a\\", "a\0b", "\ud800", "\n"]
)
def test_what_sysctl_conf_cannot_carry_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"sysctl\.conf"):
        escape.sysctl_value(text)


@pytest.mark.parametrize("text", ["", "1", "%n.core", "22,80", "'quoted' \"text\"", "a b ", "a\\b"])
def test_ordinary_sysctl_values_pass_unchanged(text: str) -> None:
    assert escape.sysctl_value(text) == text


@few
@given(BATCHES)
@example(ALL_PAIRS)
def test_ansible_reads_back_every_yaml_string_and_expands_none(texts: list[str]) -> None:
    words = carried(texts, escape.yaml_string)
    values = DataLoader().load("---\n" + "".join(f"- {word}\n" for word in words.values())) or []
    assert [*map(str, values)] == list(words)
    for text, word in words.items():
        assert word.startswith("!unsafe ") == ("{" in text)


@pytest.mark.skipif(shutil.which("bmake") is None, reason="bmake is not installed")
@few
@given(BATCHES)
@example(ALL_PAIRS)
def test_make_reads_back_every_value(texts: list[str]) -> None:
    words = carried(["", *texts], escape.make_word)  # without -V, make would look for a target
    makefile = "".join(f"V{n}=\t{word}\n" for n, word in enumerate(words.values()))
    with TemporaryDirectory() as folder:
        path = Path(folder, "Makefile")
        path.write_text(makefile, encoding="utf-8", newline="")
        argv = ["bmake", "-r", "-s", "-f", str(path)]
        argv += [flag for n in range(len(words)) for flag in ("-V", f"${{V{n}}}")]
        out = run(argv)
    assert out == b"".join(text.encode() + b"\n" for text in words)


@pytest.mark.parametrize("text", ["a\nb", "a\\", "a\\#b", " a", "a ", "a\0b", "\udfff"])
def test_what_a_make_variable_cannot_carry_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="make variable"):
        escape.make_word(text)


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "a\udcffb"])
def test_what_a_shell_word_cannot_carry_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="shell word"):
        escape.sh_word(text)


def test_identifiers_have_no_dash() -> None:
    assert escape.identifier("shop-a-1_b") == "shop_a_1_b"
