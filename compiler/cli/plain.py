"""Runs the command lines that leave nothing to say, without click.

Importing click takes longer than checking a small policy.  Whatever is not plainly right,
click reads once more, and answers: mistakes, `--help`, and all that only click knows of.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from compiler.cli.commands import declared
from compiler.cli.declare import Command, Parameter, Range, UnfitError, UsageError

if TYPE_CHECKING:
    from compiler.replay import Replay


def run(words: Sequence[str], replay: Replay | None) -> None:
    """Runs a command, which ends the process; or returns after doing nothing at all."""
    command = declared(words[0])
    if not isinstance(command, Command):
        return
    values = read(command, words[1:])
    if values is None:
        return
    if command.replay:
        values["replay"] = replay
    gc.disable()  # as `compiler.cli.main` does
    try:
        command.function(**values)
    except UsageError:
        return
    except SystemExit as end:
        _leave(end)
    except (KeyboardInterrupt, EOFError, OSError) as problem:
        from compiler.cli.main import fail

        fail(problem)


def _leave(end: SystemExit) -> NoReturn:
    """Ends the process at once: to take a policy apart takes nearly as long as to make it."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        raise end from None  # Python tries again, and tells
    if not isinstance(end.code, int):
        raise end
    os._exit(end.code)


def read(command: Command, words: Sequence[str]) -> dict[str, Any] | None:
    """What the function of a command gets of a command line, or None if click has to say."""
    options = {name: p for p in command.parameters if p.is_option for name in p.names}
    given: dict[str, list[str]] = {p.name: [] for p in command.parameters}
    rest: list[str] = []
    left = iter(words)
    for word in left:
        if word[:1] != "-" or word == "-":
            rest.append(word)
            continue
        name, equals, value = word.partition("=")
        option = options.get(name)
        if option is None or (equals and (option.flag or name[:2] != "--")):
            return None
        if not equals and not option.flag:
            value = next(left, "-")
            if value[:1] == "-":  # another option, or nothing
                return None
        given[option.name].append(value)
    for argument in command.parameters:
        if not argument.is_option:
            taken = len(rest) if argument.many else 1
            given[argument.name], rest = rest[:taken], rest[taken:]
    if rest:
        return None
    try:
        return {p.name: _value(p, given[p.name]) for p in command.parameters}
    except UnfitError:
        return None


def _value(parameter: Parameter, given: list[str]) -> Any:
    """What the function gets for the words that were given.  Raises UnfitError."""
    if parameter.required and not given:
        raise UnfitError
    value: Any = parameter.default
    if parameter.flag:
        value = bool(given)
    elif parameter.many:
        value = tuple(_typed(parameter, text) for text in given)
    elif given:
        value = [_typed(parameter, text) for text in given][-1]
    return parameter.read(value) if parameter.read else value


def _typed(parameter: Parameter, text: str) -> Any:
    kind = parameter.type
    if kind is None:
        return text
    if isinstance(kind, tuple):
        if text not in kind:
            raise UnfitError
        return text
    if isinstance(kind, Range):
        # Of the many ways to write a number, the plainest is certain to be click's, too.
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise UnfitError
        number = kind.kind(text)
        if number < kind.least or (kind.most is not None and number > kind.most):
            raise UnfitError
        return number
    if not text or (os.path.exists(text) and not os.access(text, os.R_OK)):
        raise UnfitError
    return kind(text)
