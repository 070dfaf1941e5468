"""Command lines as data: what each command takes, for click and for `compiler.cli.plain`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from compiler.record import NamedTuple, record


class UsageError(Exception):
    """Options that do not go together; a command raises it before it does anything."""


class UnfitError(ValueError):
    """A value that a parameter does not take."""


@record
class Range:
    """A number, `int` or `float`, from `least` to `most`."""

    kind: type[int] | type[float]
    least: int
    most: int | None = None


@record
class Parameter:
    """An option, or an argument, whose name has no dashes."""

    names: tuple[str, ...]
    """As they are written; the last one is what the function calls it."""
    type: tuple[str, ...] | Range | type[Path] | None = None
    """The words of which it is one; None is any text."""
    flag: bool = False
    """An option without a value."""
    many: bool = False
    """It can stand several times: the function gets a tuple."""
    required: bool = False
    default: str | None = None
    read: Callable[[Any], Any] | None = None
    """Makes what the function gets of a value, or of none.  Raises UnfitError."""
    metavar: str | None = None
    help: str | None = None
    show_default: bool = False

    @property
    def is_option(self) -> bool:
        return self.names[0].startswith("-")

    @property
    def name(self) -> str:
        """What the function calls it."""
        return self.names[-1].lstrip("-").replace("-", "_")


class Command(NamedTuple):
    """A function, and what it gets of a command line; its docstring is the help."""

    function: Callable[..., None]
    parameters: tuple[Parameter, ...]
    replay: bool
    """Whether the function is also told what the same command line printed before."""


class Group(NamedTuple):
    """Commands that go by a word after the name of the group."""

    help: str
    commands: Mapping[str, Command]


def parameter(*names: str, **settings: Any) -> Parameter:
    """An option or an argument by its names."""
    return Parameter(names, **settings)


def takes(*parameters: Parameter, replay: bool = False) -> Callable[..., Command]:
    """Makes a command of a function."""
    return lambda function: Command(function, parameters, replay)
