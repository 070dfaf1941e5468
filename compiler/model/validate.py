"""Makes settings of raw values, and diagnostics of what pydantic says about wrong ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from compiler.diagnostics import Diagnostics
from compiler.model.constraint import Read, UnfitError
from compiler.model.settings import Setting
from compiler.record import NamedTuple
from compiler.source import Span

_Setting = TypeVar("_Setting", bound=Setting)


class Raw(NamedTuple):
    """A value before validation and where it stands; for a tuple, where each item does."""

    value: object
    span: Span | Sequence[Span]


def build(
    kind: type[_Setting], span: Span, fields: Mapping[str, Raw], found: Diagnostics
) -> _Setting | None:
    """A setting, or None and a diagnostic for each bad field.

    Types are not looked at: they are right for what the parser makes of any text.
    """
    hashable: Any = kind  # mypy takes the class for one of its objects
    try:
        values = _read(hashable, tuple([(name, raw.value) for name, raw in fields.items()]))
    except UnfitError:
        raws = {name: raw.value for name, raw in fields.items()}
        for location, unfit in _wrong(kind, {"span": span, **raws}):
            place = _place(location, fields) or span
            found.error(unfit.code, unfit.message, place, unfit.help)
        return None
    return kind(span=span, **values)


@lru_cache(4096)
def _read(kind: Any, raws: tuple[tuple[str, Any], ...]) -> Mapping[str, Any]:
    """The values of a setting's fields; raises UnfitError for the first that is bad.

    Cells of one policy are much alike: most of what is set was set before.
    """
    values = dict(raws)
    for name, read in _readers(kind):
        if name in values:
            values[name] = read(values[name], values)
    return values


@cache
def _readers(kind: Any) -> tuple[tuple[str, Read], ...]:
    """What reads each field of a setting that has a constraint, in order."""
    hints = get_type_hints(kind, include_extras=True)
    readers = ((name, _reader(hint)) for name, hint in hints.items())
    return tuple((name, read) for name, read in readers if read is not _same)


def _reader(kind: Any) -> Read:
    """What reads a value of a type: any of those that settings have."""
    origin = get_origin(kind)
    if origin is Annotated:
        read = _reader(kind.__origin__)
        for constraint in kind.__metadata__:
            read = constraint.around(read)
        return read
    if origin is Union:  # with None
        return _unless_none(_reader(get_args(kind)[0]))
    if origin is tuple:
        return _each(_reader(get_args(kind)[0]))
    return _same


def _same(raw: Any, known: Mapping[str, Any]) -> Any:
    return raw


def _unless_none(read: Read) -> Read:
    return _same if read is _same else lambda raw, known: None if raw is None else read(raw, known)


def _each(read: Read) -> Read:
    return _same if read is _same else lambda raw, known: tuple([read(x, known) for x in raw])


def _wrong(
    kind: type[Setting], values: Mapping[str, object]
) -> Iterator[tuple[tuple[int | str, ...], UnfitError]]:
    """All that is wrong with some values, each with its field, and its index in a tuple."""
    # Importing pydantic takes longer than compiling a policy that it has nothing to say about.
    from pydantic import TypeAdapter, ValidationError

    try:
        TypeAdapter(kind).validate_python(values)
    except ValidationError as problem:
        for error in problem.errors(include_url=False, include_input=False):
            unfit = error.get("ctx", {}).get("error")
            if not isinstance(unfit, UnfitError):  # no constraint of ours: a bug, not bad input
                raise
            yield error["loc"], unfit


def _place(location: tuple[int | str, ...], fields: Mapping[str, Raw]) -> Span | None:
    for i, step in enumerate(location):
        if step in fields:
            span = fields[str(step)].span
            if isinstance(span, Span):
                return span
            rest = [x for x in location[i + 1 :] if isinstance(x, int)]
            return span[rest[0]] if rest else span[0]
    return None
