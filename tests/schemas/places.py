"""Every kind of place in a JSON document, to change one at a time."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every object member and list item below a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in inner:
        yield (*path, key)
        if isinstance(item, dict | list):
            yield from places(item, (*path, key))


def fewest_places(whole: Any) -> dict[Path, Path]:
    """One path for each kind of place; indices in lists do not tell kinds apart."""
    kinds: dict[Path, Path] = {}
    for path in places(whole):
        kinds.setdefault(tuple("[]" if isinstance(p, int) else p for p in path), path)
    return kinds


def thinned(value: Any) -> Any:
    """A document with one object of each shape in its lists, and few where keys are data."""
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return list({_shape(item): thinned(item) for item in reversed(value)}.values())[::-1]
    if isinstance(value, dict):
        keys = value if len(value) < _MOST else {_shape(value[key]): key for key in value}.values()
        return {key: thinned(value[key]) for key in keys}
    return value


#: No object of which the keys are not data has so many.
_MOST = 20


def _shape(value: Any) -> object:
    if isinstance(value, dict):
        return tuple((key, _shape(item)) for key, item in value.items())
    if isinstance(value, list):
        return tuple(dict.fromkeys(map(_shape, value)))
    return type(value).__name__


def changed(document: Any, path: Path, value: object) -> Any:
    """A copy with another value at one place; None takes it out."""
    made = parent = copy.deepcopy(document)
    for step in path[:-1]:
        parent = parent[step]
    if value is None:
        del parent[path[-1]]
    else:
        parent[path[-1]] = copy.deepcopy(value)
    return made
