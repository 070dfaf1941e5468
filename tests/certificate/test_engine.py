"""What the checker knows of the engine is what the engine's C files say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.certificate.engine import actions, c_files, columns, engine, places

KNOWN = Path(__file__).parents[2] / "checker" / "engine.json"

#: Actions that are no verdict of a row: tables of their own are about them.
SPECIAL = {
    *("network.bind.port", "network.bind.privport"),
    *("network.socket.open", "network.socket.rawsock"),
}


def test_it_is_what_the_c_files_say(request: pytest.FixtureRequest) -> None:
    found = engine()
    if request.config.getoption("--bless"):
        KNOWN.write_text(json.dumps(found) + "\n")
    assert json.loads(KNOWN.read_text()) == found


def test_actions_have_the_place_of_their_kauth_identifier() -> None:
    for release, text in c_files().items():
        asked, names = places(text), columns(text)
        listed = actions(release)
        assert {x.replace(".", "_") for x, place, _ in listed if place} == {*asked}, release
        assert {x for x, place, _ in listed if not place} == SPECIAL
        for name, place, kind in listed:
            assert asked.get(name.replace(".", "_"), 0) == place
            assert names[place] == (name if place else "unknown")
            process = kind in ("self", "target")
            assert process == name.startswith("process.") == (0 < place < 28), name
