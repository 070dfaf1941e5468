"""The table of commands: finds one, and imports no other."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from compiler.cli.declare import Command, Group

#: Every command and what it does, in the order of `--help`.
#: `command` of `compiler.cli.NAME` says what it takes.
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


def declared(name: str) -> Command | Group | None:
    """What a command takes, by its name."""
    if name not in COMMANDS:
        return None
    return cast("Command | Group", import_module(f"compiler.cli.{name}").command)
