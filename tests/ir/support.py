"""IRs of real and of generated policies, as documents."""

from __future__ import annotations

import functools
import json
from typing import Any

from compiler.driver import compile_policy
from compiler.ir.serialise import to_json
from tests.semantics.generated import programs
from tests.semantics.support import TODAY, must, program, root_files

#: Sets what no generated policy does, so that every field has a value somewhere.
EVERYTHING = """
permissive;
profile p extends low { limits { nofile 64; core unlimited; } exec readonly; }
template t(port) extends p { listen udp port; }
cell full {
    use t(53);
    root "/var/cells/full" base "/var/cells/base";
    user "www" group 100;
    mount ro "/srv/a" at "/srv/a";
    mount rw "/srv/b" at "/srv/b";
    exec sha256 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF" "/bin/sh";
    devices { null zero random tty pts }
    hook pre-start "/usr/bin/true" "it's";
    hook post-stop "/usr/bin/false";
    limits { processes 20; as 1G; }
    allow process.signal to bare;
    deny process.ptrace to { self, host };
    deny network.socket.open domain inet type raw protocol icmp;
    deny network.bind tcp port 1..1023;
    service {
        command "/usr/libexec/httpd" "-f" "/\\u{e9}\\n\\"\\\\'$(x)`y`";
        require NETWORKING cell bare;
        before LOGIN;
        env LANG "C; rm -rf";
        log facility local3 tag "full" stdout debug stderr crit;
        restart always backoff 500ms..1m;
        healthcheck "/usr/bin/true" "x";
    }
}
cell bare { profile low; permissive; listen tcp {80, 8000..8010}; }
host { securelevel 1; sysctl security.pax.mprotect.global = 1; }
"""


_SHIPPED = {path.stem: path for path in root_files()}
_GENERATED = 40

#: What `text` can be asked for.
NAMES = ("everything", *_SHIPPED, *(f"generated {n}" for n in range(_GENERATED)))


@functools.cache
def _generated() -> list[str]:
    return [to_json(made.ir) for _, made in programs(_GENERATED)]


@functools.cache
def text(name: str) -> str:
    """One IR as JSON, by what it is of."""
    if name == "everything":
        return to_json(program(EVERYTHING).ir)
    if name in _SHIPPED:
        return to_json(must(compile_policy(_SHIPPED[name], TODAY)).ir)
    return _generated()[int(name.removeprefix("generated "))]


def document(name: str = "everything") -> Any:
    """The same, parsed anew at each call: tests change it."""
    return json.loads(text(name))
