"""`cellc` as click reads it: any command line, with its mistakes and its help."""

from __future__ import annotations

import gc
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import click

from compiler.cli.commands import COMMANDS, declared
from compiler.cli.declare import Command, Group, Parameter, Range, UnfitError, UsageError
from compiler.version import VERSION


class _Path(click.Path):
    """A path that says something: `Path("")` is the working directory, which nobody named."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        if value == "":
            self.fail("the name is empty", param, ctx)
        return super().convert(value, param, ctx)


class _Commands(click.Group):
    """A group that imports a command when it is called, not for its name in `--help`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = declared(cmd_name)
        return None if command is None else _command(cmd_name, command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS:
            from difflib import get_close_matches  # for mistyped words only

            for close in get_close_matches(args[0], COMMANDS, n=1):
                ctx.fail(f"No such command '{args[0]}': did you mean `{close}`?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _command(name: str, declared: Command | Group) -> click.Command:
    if isinstance(declared, Group):
        members = [_command(word, member) for word, member in declared.commands.items()]
        return click.Group(name, members, help=declared.help)

    def run(**values: Any) -> None:
        if declared.replay:
            values["replay"] = click.get_current_context().obj
        try:
            declared.function(**values)
        except UsageError as problem:
            raise click.UsageError(str(problem)) from None

    parameters = [_parameter(parameter) for parameter in declared.parameters]
    help = inspect.cleandoc(declared.function.__doc__ or "")
    return click.Command(name, params=parameters, callback=run, help=help)


def _parameter(declared: Parameter) -> click.Parameter:
    names = list(declared.names)
    settings: dict[str, Any] = {
        "type": _type(declared.type),
        "required": declared.required,
        "metavar": declared.metavar,
    }
    if declared.read is not None:
        settings["callback"] = _callback(declared.read)
    if not declared.is_option:
        return click.Argument(names, nargs=-1 if declared.many else 1, **settings)
    if declared.flag:
        settings["is_flag"] = True
    if declared.default is not None:
        settings["default"] = declared.default
    settings |= {"multiple": declared.many, "show_default": declared.show_default}
    return click.Option(names, help=declared.help, **settings)


def _type(declared: tuple[str, ...] | Range | type[Path] | None) -> click.ParamType[Any] | None:
    if declared is None:
        return None
    if isinstance(declared, tuple):
        return click.Choice(declared)
    if isinstance(declared, Range):
        kind = click.IntRange if declared.kind is int else click.FloatRange
        return kind(declared.least, declared.most)
    return _Path(path_type=declared)


def _callback(read: Callable[[Any], Any]) -> Callable[..., Any]:
    def callback(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
        try:
            return read(value)
        except UnfitError as problem:
            raise click.BadParameter(str(problem)) from None

    return callback


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(VERSION, message="%(prog)s %(version)s")
def main() -> None:
    """Compile, check and explain policies for NetBSD cells.

    A policy is a .cell file that says what each cell, a group of processes that the
    kernel keeps apart, may do.

    \b
    Start here:
      cellc check webfarm.cell             find mistakes
      cellc test webfarm.cell              run its tests
      cellc build webfarm.cell -o build    make kernel tables, rc scripts, sysctls
      cellc explain webfarm.cell "web network.bind tcp port 80"

    \b
    Exit status: 0 fine, 1 the policy has errors or a test fails, 2 wrong use,
    3 `diff` found a widening without a reason; commands tell what else makes it 1.
    """
    # Compiling makes many objects that live to the end; collecting them over and
    # over would be most of the work.
    gc.disable()


def fail(problem: BaseException) -> NoReturn:
    """Ends the process as click ends it when a command raises this."""

    def command() -> None:
        raise problem

    click.Command(None, callback=command).main([])
    raise AssertionError  # click does not return
