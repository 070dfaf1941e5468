"""The table of backends: a new one is a folder and a line here."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from backends.artifact import Backend

_PACKAGES = {
    "kmod": "backends.kmod",
    "rc": "backends.rc",
    "sysctl": "backends.sysctl",
    "ansible": "backends.ansible",
    "celladm": "backends.celladm",
}


def load(names: Iterable[str]) -> list[Backend]:
    """The backends of these names, each once, in the order of the table.

    Raises KeyError for a name that is not in the table.
    """
    wanted = {_PACKAGES[name] for name in names}
    return [import_module(p).BACKEND for p in _PACKAGES.values() if p in wanted]
