"""Policies for the tests of the engine, and parts of one by name."""

from __future__ import annotations

import functools
from dataclasses import replace

from compiler.catalogue.actions import load
from compiler.ir.ir import IR
from tests.semantics.support import program

#: Cell ids are given in the order of names.
DB, SMALL, TRIAL, WEB = 1, 2, 3, 4

TEXT = """
profile base extends low {
    deny system.module;
    deny network.bind port 1..49151;
}
cell db { profile base; listen tcp 5432; listen udp 5432; }
cell small { profile base; limits { processes 3; } }
cell trial {
    profile base;
    permissive;
    limits { processes 2; nofile 64; }
    allow process.signal to small;
    allow process.nice to web;
    deny network.bind udp port {50000, 50002, 50004, 50006};
}
cell web {
    profile base;
    listen tcp {80, 8080};
    limits { nofile 4096; core 0; }
    allow process.signal to db;
    deny vnode.write_data;
    deny device.rawio_passthru.write;
    deny network.socket.open type raw;
    @reason "test" grant network.bind.privport tcp port 80;
    @reason "test" grant device.rawio_passthru.read;
    @reason "test" grant device.rawio_passthru.readconf;
    @reason "test" grant system.time.system;
}
"""

#: Processes of the host.
ROOT, USER = 0, 1
#: Cells have a process of their tens: 10 for cell 1, 20 for cell 2.
LOWERED = {TRIAL: ((8, 64),), WEB: ((8, 4096), (4, 0))}


@functools.cache
def house() -> IR:
    return program(TEXT).ir


#: Tells more ports and more targets apart than the line of a class holds, and shares ports.
_STREET = """
profile base extends low {
    deny network.bind tcp port {1, 3, 5..7, 1023..1025, 2000, 60000..65535};
    deny network.bind.port udp port {1500, 1502};
}
cell bakery {
    profile base;
    listen tcp {53, 853};
    listen udp 53;
    allow process.signal to clock;
    allow process.nice to {dairy, host};
}
cell clock {
    profile base;
    listen tcp {80, 82, 84, 5432};
    @reason "test" grant network.bind.privport tcp port {80, 82};
}
cell dairy {
    profile base;
    listen udp 5432;
    deny network.bind port auto;
    allow process.signal to bakery;
    allow process.ktrace to {clock, empty};
    deny process.nice to {dairy, bakery};
}
cell empty { profile low; allow process.signal to bakery; allow process.nice to any; }
"""


@functools.cache
def street() -> IR:
    """A policy whose classes have maps, whose ports have shared owners, and whose ids have gaps."""
    ir = program(_STREET).ir
    return replace(ir, cells=tuple(replace(cell, id=40 * cell.id) for cell in ir.cells))


def populate(*cells: int) -> list[str]:
    """Commands for a user of the host, and a process in each of some cells."""
    commands = [f"proc {USER} 1000"]
    for cell in cells:
        commands += [f"proc {cell * 10} 0", *lower(cell * 10, cell), f"set {cell * 10} id {cell}"]
    return commands


def lower(process: int, cell: int) -> list[str]:
    """Commands that bring a process below the ceilings of a cell."""
    return [f"rlimit 0 {process} {which} {n} {n} apply" for which, n in LOWERED.get(cell, ())]


def column(name: str) -> int:
    return load(house().target).by_name[name].column
