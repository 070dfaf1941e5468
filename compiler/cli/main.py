"""`cellc` itself: finds the command, and imports no other."""

from __future__ import annotations

import gc
from importlib import import_module

import click

from compiler.version import VERSION

#: Every command and what it does, in the order of `--help`.
#: `command` of `compiler.cli.NAME` reads its options.
COMMANDS = {
    "build": "Compile FILE to a directory of artifacts.",
    "check": "Find mistakes in policies; nothing is written, but by --fix.",
    "fmt": "Bring policies into the one canonical format.",
    "test": "Run the `test` and `assert` statements of policies.",
    "rule": "Explain a rule of lint, or list them all.",
    "explain": "Say what FILE decides on REQUESTS, by which rule, and what becomes of it.",
    "query": "List what FILE decides on every request that PATTERN matches.",
    "diff": "Compare all that two policies decide and set; widened requests first.",
    "upgrade": "Tell what another release of NetBSD changes for FILE.",
    "learn": "Propose the smallest opening that lets pass what LOG says was denied.",
    "narrow": "Propose tightenings that still admit everything in LOG.",
    "report": "Make a page with the cells of FILE, their powers and their relations.",
    "graph": "Draw how the cells of FILE are related.",
    "verify": "Check that DIR is a whole build, and that its tables say what its IR does.",
    "import": "Translate files of another format to a policy.",
}


class _Commands(click.Group):
    """A group that imports a command when it is called, not for its name in `--help`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"compiler.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


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
    Exit status: 0 fine, 1 the policy has errors, 2 wrong use, 3 `diff` found a
    widening without a reason.
    """
    # Compiling makes many objects that live to the end; collecting them over and
    # over would be most of the work.
    gc.disable()
