"""Text of a policy, made safe for the language it lands in: one function a language.

Every function is pure.  Those that cannot carry a text raise ValueError, whose
message says why in words for the author of the policy.
"""

from __future__ import annotations

from collections.abc import Iterable

from compiler.catalogue.sysctl import conf_problem
from compiler.pattern import pattern

_SH_PLAIN = pattern(r"[A-Za-z0-9_./:=@%+,-]+\Z")
_COMMENT_MARK = pattern(r"(?<=\*)(?=/)|(?<=/)(?=\*)")
_RCORDER_WORD = pattern(r"(?=[A-Z]+:)")
_SURROGATE = pattern("[\ud800-\udfff]")
_IN_DOT = {'"': '\\"', "\\": "\\\\", "&": "&amp;"}
_IN_MERMAID = pattern(r"[A-Za-z0-9 .,/-]")
_BLANKS = " \t\v\f\r"


def c_string(text: str) -> str:
    """A C string literal with its quotes, in ASCII: the bytes of `text` in UTF-8.

    Bytes that are not printable become octal escapes of three digits, which no
    following digit can lengthen.  The second of two question marks is escaped
    too, so that no trigraph arises (C11 5.2.1.1).
    """
    out: list[str] = []
    previous = 0
    for byte in text.encode("utf-8", "surrogatepass"):
        if byte in b'"\\':
            out.append("\\" + chr(byte))
        elif not 0x20 <= byte < 0x7F or (byte == previous == 0x3F):
            out.append(f"\\{byte:03o}")
        else:
            out.append(chr(byte))
        previous = byte
    return '"' + "".join(out) + '"'


def c_comment(text: str) -> str:
    """Printable ASCII on one line that neither closes a C comment nor opens one."""
    return _COMMENT_MARK.sub(" ", _visible(text))


def sh_word(text: str) -> str:
    """One word of sh(1) that expands to `text`: an argument or an assigned value.

    A plain word may hold `=`, so it is no help at the place of a command's name.
    """
    _carried(text, "a shell word")
    if _SH_PLAIN.match(text):
        return text
    return "'" + text.replace("'", "'\\''") + "'"


def sh_words(texts: Iterable[str]) -> str:
    """Words of sh(1) that expand to these texts, with a blank between them."""
    return " ".join([sh_word(text) for text in texts])


def sh_comment(text: str) -> str:
    """Printable ASCII on one line, to stand after `# `.

    What looks like a line for rcorder(8), such as `REQUIRE:`, gets a dash before it.
    A backslash at the end would continue the line in make(1) and sysctl.conf(5).
    """
    shown = _visible(text)
    if shown.endswith("\\"):
        shown = shown[:-1] + _code(ord("\\"))
    return _RCORDER_WORD.sub("- ", shown, count=1) if _RCORDER_WORD.match(shown) else shown


def sysctl_value(text: str) -> str:
    """`text` itself, if a line `name=text` of sysctl.conf(5) gives the node that value."""
    _carried(text, "a sysctl.conf value")
    problem = conf_problem(text)
    if problem is not None:
        raise ValueError(problem)
    return text


def yaml_string(text: str) -> str:
    """A double-quoted scalar of YAML, in ASCII (YAML 1.2.2, 7.3.1).

    Ansible expands `{{` and its like in values; a tag keeps it from that.
    """
    _carried(text, "a YAML string")
    out = "".join(
        "\\" + c if c in '"\\' else c if " " <= c <= "~" else f"\\U{ord(c):08x}" for c in text
    )
    return f'!unsafe "{out}"' if "{" in text else f'"{out}"'


def celladm_value(text: str) -> str:
    """`text` itself, if a line `key=text` of a celladm(8) manifest gives the key that value."""
    _carried(text, "a celladm value")
    if "\n" in text:
        raise ValueError("a celladm value cannot hold a newline")
    if not text or text != text.strip(_BLANKS):
        raise ValueError("a celladm value cannot be empty, start or end with a blank")
    return text


def make_word(text: str) -> str:
    """`text` for the right side of `NAME=` in a BSD makefile.

    make(1) has an escape for `#` and `$` only, and drops blanks at both ends.
    """
    _carried(text, "a make variable")
    if "\n" in text:
        raise ValueError("a make variable cannot hold a newline")
    if text != text.strip(_BLANKS):
        raise ValueError("a make variable cannot start or end with a blank")
    if text.endswith("\\") or "\\#" in text:
        raise ValueError("a make variable cannot hold a backslash at its end or before `#`")
    return text.replace("$", "$$").replace("#", "\\#")


def dot_string(text: str) -> str:
    """A double-quoted string of Graphviz that shows `text`, in ASCII and on one line.

    Graphviz reads escapes such as `\\N` and `\\l` and entities of HTML in what it shows
    (https://graphviz.org/docs/attr-types/escString/).
    """
    return '"' + "".join(_IN_DOT.get(c, c) for c in _visible(text)) + '"'


def mermaid_string(text: str) -> str:
    """A double-quoted label of Mermaid that shows `text`: all but plain characters as entities.

    An entity is `#`, a decimal number and `;` (https://mermaid.js.org/syntax/flowchart.html).
    """
    return '"' + "".join(c if _IN_MERMAID.match(c) else f"#{ord(c)};" for c in text) + '"'


def identifier(name: str) -> str:
    """A cell's name as an identifier of C and sh: `-` becomes `_`."""
    return name.replace("-", "_")


def _carried(text: str, where: str) -> None:
    """Raises ValueError for what no text file of the target can hold."""
    if "\0" in text:
        raise ValueError(f"{where} cannot hold a NUL character")
    if _SURROGATE.search(text):
        raise ValueError(f"{where} cannot hold a surrogate, which UTF-8 has no bytes for")


def _visible(text: str) -> str:
    """`text` in printable ASCII, everything else as the escapes of a policy string."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if " " <= c <= "~" else _code(ord(c)) for c in text)


def _code(point: int) -> str:
    return {0x0A: "\\n", 0x09: "\\t"}.get(point, f"\\u{{{point:x}}}")
