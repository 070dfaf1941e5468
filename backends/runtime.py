"""What the code that jinja makes of templates asks for, as far as the backends' make use of it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from backends import escape

#: What templates may call: `{{ value | sh }}`.
FILTERS: dict[str, Callable[[Any], object]] = {
    "c_string": escape.c_string,
    "c_comment": escape.c_comment,
    "sh": escape.sh_word,
    "sh_words": escape.sh_words,
    "sh_comment": escape.sh_comment,
    "sysctl": escape.sysctl_value,
    "make_word": escape.make_word,
    "yaml": escape.yaml_string,
    "identifier": escape.identifier,
    "words": " ".join,
    "hex": hex,
    "upper": str.upper,
    "length": len,
}
#: What they may ask: `{% if value is none %}`.
TESTS: dict[str, Callable[[Any], bool]] = {"none": lambda value: value is None}

missing = object()
Undefined = None


class UndefinedError(LookupError):
    """A template names a value that nobody gave."""


class _Environment:
    filters = FILTERS
    tests = TESTS
    concat = "".join
    getattr = staticmethod(getattr)
    getitem = staticmethod(operator.getitem)

    @staticmethod
    def undefined(name: str) -> NoReturn:
        raise UndefinedError(name)


environment = _Environment()


class Context:
    """The values that a template is filled in with."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    def resolve_or_missing(self, name: str) -> object:
        return self._values.get(name, missing)

    @staticmethod
    def call(function: Callable[..., object], *arguments: object, **_scope: object) -> object:
        return function(*arguments)
