"""Records do what dataclasses do."""

from __future__ import annotations

import typing
from dataclasses import asdict, dataclass, fields, is_dataclass, replace

import pytest
from pydantic import TypeAdapter, ValidationError

from compiler.record import NamedTuple, changed, field_names, record


class _Plain:
    """A doc."""

    first: int
    second: tuple[str, ...] = ()

    def total(self) -> int:
        return self.first + len(self.second)


def _classes() -> tuple[type, type]:
    body = {name: value for name, value in vars(_Plain).items() if name[:2] != "__"}
    body |= {"__annotations__": _Plain.__annotations__, "__doc__": "A doc."}
    return (
        record(type("Kind", (), dict(body))),
        dataclass(slots=True, unsafe_hash=True)(type("Kind", (), dict(body))),
    )


@pytest.mark.parametrize("given", [(1,), (1, ("a",)), (2, ("a", "b"))])
def test_records_are_like_dataclasses(given: tuple[object, ...]) -> None:
    ours, theirs = (kind(*given) for kind in _classes())
    assert repr(ours) == repr(theirs)
    assert hash(ours) == hash(theirs)
    assert ours.total() == theirs.total()
    assert not hasattr(ours, "__dict__")
    assert type(ours).__doc__ == "A doc."
    again = type(ours)(**{name: getattr(ours, name) for name in field_names(type(ours))})
    assert again == ours
    assert again is not ours
    assert ours != theirs
    assert changed(ours, first=7) == type(ours)(7, *given[1:])
    assert changed(ours, first=7) != ours


@pytest.mark.parametrize("given", [(), (1, (), 2)])
def test_wrong_use_is_refused_each_time(given: tuple[object, ...]) -> None:
    kind, _ = _classes()
    for _ in range(2):
        with pytest.raises(TypeError):
            kind(*given)
        with pytest.raises(TypeError):
            kind(1, third=3)


def test_one_field_is_compared_by_its_value() -> None:
    one: type = record(type("One", (), {"__annotations__": {"only": "int"}}))
    assert one(1) == one(1) != one(2)
    assert hash(one(1)) == hash((1,))
    assert field_names(int) == ()


@record
class _Base:
    span: str


@record
class _Extended(_Base):
    rest: tuple[int, ...] = ()


def test_a_record_that_extends_another_has_its_fields_first() -> None:
    one = _Extended("here", (1,))
    assert field_names(_Extended) == ("span", "rest")
    assert (one.span, one.rest) == ("here", (1,))
    assert not hasattr(one, "__dict__")
    assert one == _Extended(span="here", rest=(1,)) != _Extended("here")
    assert repr(one) == "_Extended(span='here', rest=(1,))"


def test_records_are_dataclasses_to_whoever_asks() -> None:
    one = _Extended("here")
    assert is_dataclass(one)
    assert [(f.name, f.type) for f in fields(one)] == [("span", "str"), ("rest", "tuple[int, ...]")]
    assert asdict(one) == {"span": "here", "rest": ()}
    assert replace(one, rest=(2,)) == _Extended("here", (2,))
    assert TypeAdapter(_Extended).validate_python({"span": "here"}) == one
    with pytest.raises(ValidationError):
        TypeAdapter(_Extended).validate_python({"span": 1})


class _Named(NamedTuple):
    """A doc."""

    first: int
    second: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return self.first + len(self.second)

    def next(self) -> _Named:
        return self._replace(first=self.first + 1)


class _Theirs(typing.NamedTuple):
    """A doc."""

    first: int
    second: tuple[str, ...] = ()


def test_named_tuples_are_those_of_typing() -> None:
    ours, theirs = _Named(1, ("a",)), _Theirs(1, ("a",))
    assert tuple(ours) == tuple(theirs)
    assert hash(ours) == hash(theirs)
    assert repr(ours) == repr(theirs).replace("Theirs", "Named")
    assert ours.total == 2
    assert tuple(ours.next()) == tuple(theirs._replace(first=2))
    assert tuple(_Named(first=1)) == tuple(_Theirs(1))
    assert _Named._fields == _Theirs._fields
    assert _Named.__doc__ == "A doc."
    assert (_Named.__module__, _Named.__qualname__) == (__name__, "_Named")
    assert typing.get_type_hints(_Named) == typing.get_type_hints(_Theirs)
    with pytest.raises(TypeError):
        _Named()  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        ours.first = 2  # type: ignore[misc]
    assert tuple(TypeAdapter(_Named).validate_python({"first": "1"})) == (1, ())
