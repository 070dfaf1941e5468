"""Records: frozen data of which a compilation makes hundreds of thousands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

_Class = TypeVar("_Class")


@dataclass_transform(frozen_default=True)
def record(cls: type[_Class]) -> type[_Class]:
    """A frozen dataclass with slots: equal by its fields, hashable.

    That nobody assigns to its fields is held by the type checker alone.  A check at run time
    would make each construction three times as dear.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)
