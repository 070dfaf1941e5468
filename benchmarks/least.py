"""The least that a Python program does which makes a build's rows: run by its path, not imported.

Each statement is found by one regular expression and has a line of the ledger; each rule has a
digest, and a line of the IR and of the source map.  No statement is understood: nothing is
checked, nothing resolved, nothing decided, and there are no tables.
"""

from __future__ import annotations

import gc
import hashlib
import os
import re
import sys

_STATEMENT = re.compile(r'[ \t\n]*+((?:[^;{}"]|"[^"\n]*+")++[;{])')
_RULES = frozenset({"allow", "deny"})


def main(policy: str, directory: str) -> None:
    """Writes three files like those of a build of `policy`, as `benchmarks.generate` makes it."""
    gc.disable()
    with open(policy) as file:
        text = file.read()
    name = os.path.basename(policy)
    ledger: list[str] = []
    ir: list[str] = []
    places: list[str] = []
    actions: dict[str, int] = {}
    line, last, scope = 1, 0, ""
    for found in _STATEMENT.finditer(text):
        words = found[1]
        start = found.start(1)
        line += text.count("\n", last, start)
        column = start - text.rfind("\n", 0, start)
        last = start
        word = words.split(None, 1)[0]
        place = f'"file": "{name}", "line": {line}, "column": {column}'
        if word in _RULES:
            id = hashlib.sha256(f"{scope}\0{words}".encode()).hexdigest()[:8]
            number = actions.setdefault(words, len(actions))
            ir.append(
                f'{{"id": {int(id, 16)}, "effect": "{word}", "final": false, "listen": false, '
                f'"actions": {number}}}'
            )
            places.append(f'"{id}": {{{place}, "text": "{words}", "scope": "{scope}"}}')
            means = f'"rule": "{id}", "status": "enforced", "by": ["tables"]'
        else:
            means = '"status": "nothing to enforce", "by": []'
            if words.endswith("{") and word in ("cell", "template"):
                scope = words
        ledger.append(f'{{{place}, "kind": "{word}", "text": "{words}", {means}}}')
    for path, rows in (("ledger", ledger), ("ir", ir), ("map", places)):
        content = ",\n".join(rows).encode()
        hashlib.sha256(content)
        with open(os.path.join(directory, path), "wb") as made:
            made.write(content)
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
