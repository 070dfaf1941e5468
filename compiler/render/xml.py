"""XML elements of any text: what XML cannot hold is shown as an escape."""

from __future__ import annotations

from xml.etree import ElementTree

from compiler.pattern import pattern

#: What is not a Char of XML 1.0 (section 2.2), and line ends that readers would fold.
_UNCHAR = pattern("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Element = ElementTree.Element


def element(tag: str, text: str = "", **attributes: object) -> Element:
    """An element with text and attributes, whatever characters they hold."""
    made = Element(tag, {name.rstrip("_"): _held(str(v)) for name, v in attributes.items()})
    if text:
        made.text = _held(text)
    return made


def document(root: Element) -> str:
    """The element as a document in ASCII."""
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="us-ascii")
    return f"{text.decode()}\n"


def _held(text: str) -> str:
    return _UNCHAR.sub(lambda found: f"\\u{{{ord(found[0]):x}}}", text)
