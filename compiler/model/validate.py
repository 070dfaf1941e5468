"""Makes settings of raw values, and diagnostics of what pydantic says about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

from pydantic import ValidationError

from compiler.diagnostics import Diagnostics
from compiler.model.settings import Setting
from compiler.source import Span

_Setting = TypeVar("_Setting", bound=Setting)


class Raw(NamedTuple):
    """A value before validation and where it stands; for a tuple, where each item does."""

    value: object
    span: Span | Sequence[Span]


def build(
    kind: type[_Setting], span: Span, fields: Mapping[str, Raw], found: Diagnostics
) -> _Setting | None:
    """A validated setting, or None and a diagnostic for each bad field."""
    try:
        return kind(span=span, **{name: raw.value for name, raw in fields.items()})
    except ValidationError as problem:
        for error in problem.errors(include_url=False, include_input=False):
            place = _place(error["loc"], fields) or span
            context = error.get("ctx", {})
            if error["type"][0] != "E":  # not one of our validators: a bug, not bad input
                raise
            found.error(error["type"], context["message"], place, context["help"])
        return None


def _place(location: tuple[int | str, ...], fields: Mapping[str, Raw]) -> Span | None:
    for i, step in enumerate(location):
        if step in fields:
            span = fields[str(step)].span
            if isinstance(span, Span):
                return span
            rest = [x for x in location[i + 1 :] if isinstance(x, int)]
            return span[rest[0]] if rest else span[0]
    return None
