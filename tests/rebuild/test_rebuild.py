"""What is taken over from the build before is what building everything makes."""

from __future__ import annotations

import re

from hypothesis import event, given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from tests.rebuild.support import ROOT, Folder
from tests.strategies.policies import semantic_policies

#: No finding keeps a build from being taken over.
QUIET = '[lint]\nignore = ["ALL"]\n'

_LINES = (
    "",
    "# a comment",
    "deny system.reboot;",
    "deny system.time.*;",
    "allow process.signal to any;",
    "deny network.bind udp port 29999;",
    "deny network.socket.open domain local;",
    "deny network.socket.open domain {inet, inet6} type stream;",
    "allow vnode.execute;",
    "listen tcp 9000;",
    "use tenant(9001);",
    "limits { nofile 128; processes 7; }",
    'user "other";',
    'mount ro "/srv/more" at "/more";',
    "permissive;",
    'service { command "/usr/bin/true"; before LOGIN; }',
    "when target >= 10.0 { deny system.swapctl; }",
    "}",
    "{",
)


@st.composite
def _edited(draw: DrawFn, text: str) -> str:
    """A policy with a few lines changed inside of one cell."""
    lines = text.split("\n")
    first = draw(st.sampled_from([n for n, line in enumerate(lines) if line.startswith("cell ")]))
    last = next(n for n in range(first, len(lines)) if lines[n] == "}")
    block = lines[first + 1 : last]
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(block)))
        match draw(st.sampled_from(("insert", "insert", "remove", "number", "double"))):
            case "insert":
                block.insert(place, draw(st.sampled_from(_LINES)))
            case "remove":
                del block[place : place + 1]
            case "double":
                block[place : place + 1] *= 2
            case _:
                block[place : place + 1] = [
                    re.sub(r"\b\d+\b", lambda match: str(int(match[0]) + 1), line)
                    for line in block[place : place + 1]
                ]
    return "\n".join([*lines[: first + 1], *block, *lines[last:]])


@given(st.data())
def test_it_is_as_if_everything_were_compiled(data: st.DataObject) -> None:
    text = data.draw(semantic_policies())
    texts = [text]
    for _ in range(2):
        texts.append(data.draw(_edited(texts[-1])))
    with Folder({ROOT: text}, data.draw(st.sampled_from(("", QUIET)))) as folder:
        before = folder.full({ROOT: text})
        if before is None:
            return
        for changed in texts[1:]:
            made, all_of_it = folder.rebuilt(before, {ROOT: changed}), folder.full({ROOT: changed})
            event(f"taken over: {made is not None}, good: {all_of_it is not None}")
            if made is None:
                return
            assert made == all_of_it
            before = made
