"""TOML with places: what tomllib reads, and where each key and string of it stands."""

from __future__ import annotations

import re
from collections.abc import Mapping

from compiler.pattern import pattern
from compiler.record import record
from compiler.source import Source, Span

Path = tuple[str, ...]

_TOKEN = pattern(
    r"(?P<skip>[ \t]+|\#[^\n]*)|(?P<newline>\r?\n)"
    r'|(?P<string>"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\')'
    r"|(?P<mark>[=,.{}\[\]])|(?P<word>[^\s=,.{}\[\]\"'#]+)",
    re.DOTALL,
)
_PLACE = pattern(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


class NotTomlError(Exception):
    """A text that is not TOML: what is wrong, and the offset."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


@record
class Document:
    """A TOML document; `keys` and `strings` map paths of keys to places."""

    data: Mapping[str, object]
    source: Source
    keys: Mapping[Path, Span]
    strings: Mapping[tuple[Path, str], Span]
    """Strings by the path of the key that they are, or are listed, under."""

    def place(self, path: Path, word: object = None) -> Span:
        """Where a string under a key stands, else the key, else the nearest table above."""
        if isinstance(word, str) and (path, word) in self.strings:
            return self.strings[path, word]
        while path and path not in self.keys:
            path = path[:-1]
        return self.keys.get(path) or Span(self.source.name, 0, 0)


def read_toml(source: Source) -> Document:
    """The document of a text; raises NotTomlError."""
    import tomllib  # most policies have no configuration

    try:
        data = tomllib.loads(source.text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as problem:
        raise _not_toml(source, str(problem)) from None
    except RecursionError:
        raise NotTomlError("this nests too deep", 0) from None
    places = _Places(source)
    places.read()
    return Document(data, source, places.keys, places.strings)


def _not_toml(source: Source, message: str) -> NotTomlError:
    place = _PLACE.search(message)
    offset = len(source.text)
    if place and place[1]:
        lines = source.text.split("\n")
        offset = sum(len(line) + 1 for line in lines[: int(place[1]) - 1]) + int(place[2]) - 1
    words = message[: place.start()] if place else message
    return NotTomlError(words[:1].lower() + words[1:], min(offset, len(source.text)))


class _Places:
    """Walks the tokens of a valid document."""

    def __init__(self, source: Source) -> None:
        self.keys: dict[Path, Span] = {}
        self.strings: dict[tuple[Path, str], Span] = {}
        self._file = source.name
        found = _TOKEN.finditer(source.text)
        self._tokens = [token for token in found if token.lastgroup != "skip"]
        self._next = 0

    def read(self) -> None:
        table: Path = ()
        while self._next < len(self._tokens):
            token = self._tokens[self._next]
            if token.lastgroup == "newline":
                self._next += 1
            elif token[0] == "[":
                while self._peek() == "[":
                    self._next += 1
                table = self._key(())
                while self._peek() == "]":
                    self._next += 1
            else:
                self._pair(table)

    def _peek(self) -> str:
        return self._tokens[self._next][0] if self._next < len(self._tokens) else ""

    def _pair(self, table: Path) -> None:
        path = self._key(table)
        self._next += 1  # the =
        self._value(path)

    def _key(self, path: Path) -> Path:
        while True:
            token = self._tokens[self._next]
            self._next += 1
            path = (*path, _text(token))
            self.keys.setdefault(path, Span(self._file, *token.span()))
            if self._peek() != ".":
                return path
            self._next += 1

    def _value(self, path: Path) -> None:
        """One value, up to what follows it; the insides of tables are pairs again."""
        depth = 0
        while self._next < len(self._tokens):
            token = self._tokens[self._next]
            if token.lastgroup == "string":
                self.strings.setdefault((path, _text(token)), Span(self._file, *token.span()))
            elif token[0] == "{":
                self._table(path)
                continue
            elif token[0] == "[":
                depth += 1
            elif token[0] == "]" and depth:
                depth -= 1
            elif not depth and (token[0] in ",}]" or token.lastgroup == "newline"):
                return
            self._next += 1

    def _table(self, path: Path) -> None:
        self._next += 1
        while self._peek() != "}":
            if self._peek() == "," or self._tokens[self._next].lastgroup == "newline":
                self._next += 1
            else:
                self._pair(path)
        self._next += 1


def _text(token: re.Match[str]) -> str:
    """A word, or what a string stands for."""
    if token.lastgroup != "string":
        return token[0]
    import tomllib

    text = tomllib.loads(f"key = {token[0]}")["key"]
    assert isinstance(text, str)
    return text
