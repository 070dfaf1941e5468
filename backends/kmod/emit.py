"""Writes the kernel module: its engine as it is, and the tables as C text."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

from backends.artifact import Artifact
from backends.escape import c_comment, c_string
from backends.kmod.actions import (
    SCOPES,
    actions,
    asked_rights,
    names,
    right_columns,
    special_columns,
)
from backends.kmod.build import build
from backends.kmod.columns import width
from backends.kmod.comments import comments
from backends.kmod.image import encode
from backends.kmod.layout import Section, counts, sections, strings
from backends.kmod.positions import process_columns, row_columns
from backends.kmod.size import size
from backends.kmod.tables import Tables
from backends.template import render
from compiler.catalogue.words import IP_PROTOCOLS, PROTOCOL_FAMILIES, RLIMITS, TYPES
from compiler.ir.ir import IR
from compiler.record import NamedTuple

DIRECTORY = "kmod/secmodel_cellpolicy"
IMAGE = "kmod/cellpolicy.img"
PACKAGE = "backends.kmod"


class Array(NamedTuple):
    """One array of the tables as C text."""

    name: str
    type: str
    body: str


def emit(ir: IR) -> list[Artifact]:
    """All files of the kernel module for a policy."""
    tables = build(ir)
    return [
        *_engine(),
        *_actions(ir.target),
        Artifact(f"{DIRECTORY}/cellpolicy_tables.c", tables_c(tables)),
        Artifact(IMAGE, encode(tables)),
    ]


def tables_c(tables: Tables) -> bytes:
    """The tables as a C file."""
    beside = comments(tables)
    arrays = [_array(tables, section, beside.get(section.name, {})) for section in sections(tables)]
    return render(
        PACKAGE,
        "cellpolicy_tables.c",
        tables=tables,
        arrays=arrays,
        counts=counts(tables),
        size=size(tables),
    )


@functools.cache
def _engine() -> tuple[Artifact, ...]:
    """The files that are the same for every policy and release."""
    folder = Path(__file__).parent / "engine"
    found = sorted(file.name for file in folder.iterdir())
    return tuple(
        Artifact(f"{DIRECTORY}/{name}", (folder / name).read_bytes())
        for name in found
        if name.endswith((".c", ".h"))
    )


@functools.cache
def _actions(release: str) -> tuple[Artifact, ...]:
    """The files that depend on the release only."""
    constants = (*PROTOCOL_FAMILIES.values(), *TYPES.values(), *IP_PROTOCOLS.values())
    limits = sorted(RLIMITS.values(), key=lambda limit: limit.value)
    values = {
        "release": release,
        "columns": width(),
        "scopes": SCOPES,
        "by_scope": [(scope, actions(release, scope)) for scope in SCOPES],
        "actions": names(),
        "columns_by_position": [width(), *row_columns()],
        "process_columns": [width(), *process_columns()],
        "special": special_columns(),
        "vnode_columns": right_columns("vnode"),
        "vnode_rights": asked_rights(release, "vnode"),
        "passthru_columns": right_columns("device"),
        "passthru_rights": asked_rights(release, "device"),
        "limits": limits,
        "constants": [
            *((constant.c, constant.value) for constant in constants),
            *((limit.c, limit.value) for limit in limits),
        ],
        "sources": _sources(),
    }
    files = ("cellpolicy_actions.h", "cellpolicy_actions.c", "Makefile")
    return tuple(Artifact(f"{DIRECTORY}/{name}", render(PACKAGE, name, **values)) for name in files)


def _sources() -> list[str]:
    engine = [artifact.path.rpartition("/")[2] for artifact in _engine()]
    fixed = [name for name in engine if name.endswith(".c")]
    return sorted([*fixed, "cellpolicy_actions.c", "cellpolicy_tables.c"])


def _array(tables: Tables, section: Section, beside: Mapping[int, str]) -> Array:
    if section.name == "strings":
        return Array("strings", "char", "\n".join(c_string(x + "\0") for x in strings(tables)))
    return Array(section.name, section.type, written(section, beside))


def written(section: Section, beside: Mapping[int, str]) -> str:
    """The numbers of a section as C text; `beside` are comments by row."""
    values = tuple(section.values) or (0,)  # C has no empty arrays
    shape = section.line + "\n"
    whole, rest = divmod(len(values), shape.count("%"))
    lines = [shape] * whole
    for row, comment in beside.items():
        if row < whole:
            shown = c_comment(comment).replace("%", "%%")
            lines[row] = f"{section.line}\t/* {shown} */\n"
    return (("".join(lines) + "%d," * rest) % values).rstrip()
