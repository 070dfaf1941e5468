"""A cell of the IR as the words of its rc.d script."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from compiler.ir.ir import Cell, Log, Provider, Restart
from compiler.pattern import pattern

Words = tuple[str, ...]

#: What rcorder(8) reads as one word, and sh as no more than a comment.
_RC_WORD = pattern(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
_NO_RESTART = Restart("never", 1000, 10_000)


def ordered(providers: Iterable[Provider], script: Callable[[str], str]) -> Words:
    """What to write after REQUIRE or BEFORE; `script` names the script of a cell.

    Raises ValueError for a name that rcorder(8) would not read as one word.
    """
    words = []
    for provider in providers:
        word = script(provider.name) if provider.kind == "cell" else provider.name
        if not _RC_WORD.fullmatch(word):
            raise ValueError(f"`{word}` is not a name that rcorder(8) can read")
        words.append(word)
    return tuple(dict.fromkeys(words))


def options(cell: Cell) -> tuple[Words, ...]:
    """Options of cellexec(8), then the cell's name, one group for each line."""
    groups: list[Words] = []
    if cell.root is not None:
        groups.append(("-c", cell.root))
    if cell.user is not None:
        groups.append(("-u", cell.user))
    if cell.group is not None:
        groups.append(("-g", cell.group))
    groups += [("-G", group) for group in cell.groups]
    for limit in cell.limits:
        value = "unlimited" if limit.value is None else str(limit.value)
        groups.append(("-l", f"{limit.name}={value}"))
    for name, value in cell.service.env if cell.service else ():
        groups.append(("-e", f"{name}={value}"))
    return (*groups, ("--", cell.name))


def carried(cell: Cell) -> list[tuple[str, Words]]:
    """The functions of the script that carry words, and their words."""
    service = cell.service
    if service is None:
        return []
    log = service.log or Log("daemon", cell.name, "notice", "err")
    restart = service.restart or _NO_RESTART
    backoff = (str(restart.backoff_min), str(restart.backoff_max))
    functions = [
        ("cell_command", service.command),
        ("cell_service", (restart.mode, *backoff, log.facility, log.tag, log.stdout, log.stderr)),
    ]
    if service.healthcheck:
        functions.append(("cell_healthcheck", service.healthcheck))
    return functions


def hooks(cell: Cell) -> list[tuple[str, list[Words]]]:
    """Programs by the moment they run at, in the order they were written."""
    by_moment: dict[str, list[Words]] = {}
    for hook in cell.hooks:
        by_moment.setdefault(hook.when, []).append(hook.argv)
    return list(by_moment.items())
