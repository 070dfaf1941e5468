"""E07xx: the lock file with the ids of cells."""

from __future__ import annotations

from compiler.codes.code import Code

CODES = (
    Code(
        "E0701",
        "damaged lock file",
        "The lock file keeps the id of every cell, one `name id` a line. A process carries its "
        "cell's id across a reload, so ids must never move to other cells.",
    ),
    Code("E0702", "cell with two ids", "A cell has one id for ever."),
    Code(
        "E0703",
        "id of two cells",
        "Two cells with one id would be one cell to the kernel. This happens when two branches add "
        "cells and their lock files are merged.",
    ),
    Code("E0704", "number that is no cell id", "Ids are 1 to 65535; 0 is the host."),
    Code(
        "E0705",
        "merge conflict in the lock file",
        "Both sides of the merge count: keep the lines of both, then give the newer one of two "
        "cells with the same id a new id by deleting its line.",
    ),
    Code(
        "E0706",
        "no id left",
        "Ids are not given twice, not even those of cells that are gone. Free those of cells that "
        "no host runs any more by deleting their lines.",
    ),
    Code(
        "E0707",
        "new cell under --locked",
        "With `--locked` a build gives no new ids, so that what is built in many places agrees.",
    ),
    Code(
        "E0708",
        "lock file that cannot be read",
        "Building without it would give ids anew, and processes that run now would change cells.",
    ),
    Code(
        "E0709",
        "no number left for who listens",
        "The kernel module has 65,535 numbers for owners of ports. Ids of cells are such numbers; "
        "cells that share a port, and those that listen on some ports otherwise than on their "
        "first one, take others.",
    ),
)
