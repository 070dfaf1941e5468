"""Records: frozen data of which a compilation makes hundreds of thousands."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping
from functools import cache
from operator import attrgetter
from types import CodeType, FunctionType, MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, cast, dataclass_transform

if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
else:

    class _Named(type):
        def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
            if not bases:
                return super().__new__(cls, name, bases, body)
            types = body["__annotations__"]
            defaults = [body.pop(field) for field in types if field in body]
            made = namedtuple(name, types, defaults=defaults, module=body["__module__"])
            for key in body.keys() - _OWN:
                setattr(made, key, body[key])
            return made

    #: What the standard library says of a class itself.
    _OWN = {"__module__", "__qualname__", "__classcell__"}

    class NamedTuple(metaclass=_Named):
        """typing.NamedTuple, but that nobody compiles the types of fields, which are texts."""


_Class = TypeVar("_Class")
_Record = TypeVar("_Record")

#: The default of a field that holds a mapping.
NOTHING: Mapping[Any, Any] = MappingProxyType({})


@dataclass_transform(frozen_default=True)
def record(cls: type[_Class]) -> type[_Class]:
    """A class with slots for its fields, and for those of the record it extends: equal by them,
    hashable.

    That nobody assigns to its fields is held by the type checker alone.  A check at run time
    would make each construction three times as dear.  Does what dataclass(slots=True,
    unsafe_hash=True) does, but makes `__init__` when the first record is made: of the many
    kinds of statements a policy has few, and a command that has none need not wait for them.
    """
    own = tuple(cls.__annotations__)
    names = *getattr(cls, "__match_args__", ()), *own
    defaults = getattr(cls, "__defaults__", {}) | {n: vars(cls)[n] for n in own if n in vars(cls)}
    gone = {*own, "__dict__", "__weakref__"}
    body = {name: value for name, value in vars(cls).items() if name not in gone}
    values = attrgetter(*names) if len(names) > 1 else lambda self: (getattr(self, names[0]),)

    def __init__(self: Any, *given: Any, **named: Any) -> None:  # noqa: N807
        initialize = _initializer(names, defaults)
        setattr(made, "__init__", initialize)  # noqa: B010  # no type checker lets it be assigned
        initialize(self, *given, **named)

    def __eq__(self: Any, other: object) -> bool:  # noqa: N807
        return values(self) == values(other) if type(other) is type(self) else NotImplemented

    def __hash__(self: Any) -> int:  # noqa: N807
        return hash(values(self))

    def __repr__(self: Any) -> str:  # noqa: N807
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__qualname__}({shown})"

    body |= {"__slots__": own, "__match_args__": names, "__defaults__": defaults}
    body |= {"__init__": __init__, "__eq__": __eq__, "__hash__": __hash__, "__repr__": __repr__}
    body["__dataclass_fields__"] = _Fields()
    metaclass: Any = type(cls)
    made: type[_Class] = metaclass(cls.__name__, cls.__bases__, body)
    return made


def changed(one: _Record, **fields: Any) -> _Record:
    """A record with other values for some fields."""
    kind: Any = type(one)
    return cast(_Record, kind(**{name: getattr(one, name) for name in field_names(kind)} | fields))


def field_names(kind: type) -> tuple[str, ...]:
    """The fields of a kind of record, in order; none for what is no record."""
    names: tuple[str, ...] = getattr(kind, "__match_args__", ())
    return names


class _Fields:
    """`__dataclass_fields__` of a record: what makes it one of the standard library's dataclasses.

    They are made when somebody asks, as `dataclasses` takes longer to import than most commands
    have to wait for anything else.
    """

    def __get__(self, one: object, kind: Any) -> Mapping[str, Any]:
        from dataclasses import dataclass

        annotations: dict[str, Any] = {}
        for base in reversed(kind.__mro__):
            annotations |= vars(base).get("__annotations__", {})
        body = {"__annotations__": annotations, "__module__": kind.__module__, **kind.__defaults__}
        alike: Any = dataclass(type(kind.__name__, (), body))
        kind.__dataclass_fields__ = alike.__dataclass_fields__
        return kind.__dataclass_fields__  # type: ignore[no-any-return]


def _initializer(names: tuple[str, ...], defaults: dict[str, Any]) -> Any:
    """What assigns each field, by its place or its name."""
    assert names[len(names) - len(defaults) :] == tuple(defaults), "fields without defaults first"
    code = _assigning(len(names)).replace(co_varnames=("self", *names), co_names=names)
    return FunctionType(code, {}, "__init__", tuple(defaults.values()))


@cache
def _assigning(count: int) -> CodeType:
    """Code that assigns so many fields: compiled once, it only needs their names."""
    names = [f"x{i}" for i in range(count)]
    lines = [f"    self.{name} = {name}" for name in names]
    scope: dict[str, FunctionType] = {}
    exec(f"def __init__(self, {', '.join(names)}):\n" + "\n".join(lines), scope)
    return scope["__init__"].__code__
