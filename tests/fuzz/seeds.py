"""Where fuzzing starts: every example of the repository, and what fuzzing found worth keeping."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

from compiler.ir.serialise import to_json
from tests.ir.support import EVERYTHING
from tests.semantics.support import program
from tests.strategies.tokens import KEYWORDS

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
CRASHES = HERE / "crashes"

_MANIFESTS = (
    b"name=web\nautostart=yes\ncommand=httpd -f\nroot_base=/base\nlocal_dev=yes\nprofile=low\n"
    b"reserved_ports=80,443\nrlimit_as=1024\nrun_uid=24\nrun_gid=24\nmount=/srv /www ro\n"
    b"healthcheck=true\nrequire=NETWORKING named\nbefore=LOGIN\nlog_facility=daemon\nlog_tag=x\n",
    b"# remark\n name = web\nautostart=no\ncommand=a\ncommand=b\nroot_base=/../x\nmount=/a /b\n",
)
_LOCKS = (
    b"# ids\nweb 1\nworker 2\n",
    b"a 65535\nb 1\n",
    b"a 1\na 2\n<<<<<<< ours\nb 1\n",
    b"a 0\nb 99999\n?\n",
)
_REQUESTS = (
    b"web network.bind tcp port 80",
    b"any process.signal to {worker, host}",
    b"host-root system.module",
    b"all network.socket.open domain inet type raw protocol icmp",
    b"web vnode.{read_data, execute}",
    b"cellpolicy: deny cell=web action=network.bind.port proto=tcp port=8080 rule=00000001"
    b" pid=1 uid=80",
)


@functools.cache
def _texts() -> list[bytes]:
    """Policies, and the pieces of files that hold many examples, between lines of marks."""
    found = [path.read_bytes() for path in sorted(ROOT.rglob("*.cell")) if "/." not in str(path)]
    for path in sorted((ROOT / "tests/syntax").glob("*/*.txt")):
        found += [piece for piece in path.read_bytes().split(b"\n===") if piece.strip()]
    return found


def seeds(target: str) -> Iterator[bytes]:
    """Inputs to begin with, then those that fuzzing kept, then former crashes."""
    if target in ("policy", "build", "fmt"):
        yield from _texts()
    elif target == "celladm":
        yield from _MANIFESTS
    elif target == "lock":
        yield from _LOCKS
    elif target == "request":
        yield from _REQUESTS
    elif target == "ir":
        yield to_json(program("cell c { profile low; }").ir).encode()
        yield to_json(program(EVERYTHING).ir).encode()
    for folder in (CORPUS, CRASHES):
        for path in sorted(folder.glob(f"{target}-*")):
            yield path.read_bytes()


def dictionary() -> str:
    """Words of the language for libFuzzer, in the format of AFL dictionaries."""
    marks = ("{", "}", "..", ".*", ".{", "~>", ">=", "@reason", "@until", "\\\\u{", "network.bind")
    return "".join(f'"{word}"\n' for word in (*KEYWORDS, *marks))
