"""Regular expressions that are compiled when they are first used: most runs use few of them."""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


def pattern(text: AnyStr, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[AnyStr]:
    """What `re.compile` makes of a text, later."""
    return cast("re.Pattern[AnyStr]", _Later(text, flags))


class _Later:
    """A pattern whose methods and attributes are looked up once each."""

    def __init__(self, text: Any, flags: re.RegexFlag) -> None:
        self._source = text, flags

    def __getattr__(self, name: str) -> Any:
        value = getattr(re.compile(*self._source), name)  # compiled once: `re` remembers it
        setattr(self, name, value)
        return value
