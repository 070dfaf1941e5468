"""docs/ir.schema.json says what `to_json` writes: every field of the IR, and nothing else."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from compiler.catalogue.actions import RELEASES
from compiler.catalogue.words import DEVICES, FACILITIES, LEVELS, RLIMITS
from compiler.ir import ir
from compiler.ir.serialise import FORMAT
from compiler.model.settings import HOOKS, MAX_PROCESSES, MOUNT_MODES, RESTARTS
from compiler.model.types import MAX_LIMIT, MAX_PATH, MAX_USER
from tests.ir.support import NAMES, document
from tests.schemas import places
from tests.strategies.tokens import RESERVED

SCHEMA: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "docs/ir.schema.json").read_text("utf-8")
)
DEFS: dict[str, Any] = SCHEMA["$defs"]
VALIDATOR = Draft202012Validator(SCHEMA)


def fields(name: str) -> set[str]:
    return {field.name for field in dataclasses.fields(getattr(ir, name))}


#: The fields of each object that is written; the request set of a row is written into the row.
OBJECTS = {
    name: fields(name)
    for name, kind in inspect.getmembers(ir, inspect.isclass)
    if dataclasses.is_dataclass(kind) and name != "IR"
}
OBJECTS["Rule"] -= {"requests"}
OBJECTS["Verdict"] -= {"requests"}


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def test_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", sorted(OBJECTS))
def test_describes_every_field(name: str) -> None:
    described = DEFS[snake(name)]
    assert set(described["properties"]) == OBJECTS[name]
    if name != "RequestSet":
        assert set(described["required"]) == OBJECTS[name]


def test_describes_the_whole() -> None:
    assert set(SCHEMA["properties"]) == fields("IR") | {"format"} == set(SCHEMA["required"])


def properties() -> Iterator[tuple[str, Any]]:
    for where, schema in (("IR", SCHEMA), *DEFS.items()):
        for name, described in schema.get("properties", {}).items():
            if not isinstance(described, bool):
                yield f"{where}.{name}", described


@pytest.mark.parametrize(("where", "described"), list(properties()))
def test_says_what_each_field_is(where: str, described: dict[str, Any]) -> None:
    if "description" not in described:
        described = DEFS[described["$ref"].removeprefix("#/$defs/")]
    assert described["description"].endswith(".")


def test_holds_no_definition_in_vain() -> None:
    whole = json.dumps(SCHEMA)
    assert [name for name in DEFS if f'"#/$defs/{name}"' not in whole] == []


def test_lists_are_those_of_the_compiler() -> None:
    def enum(where: str, field: str) -> set[str]:
        return set(DEFS[where]["properties"][field]["enum"])

    assert SCHEMA["properties"]["format"]["const"] == FORMAT
    assert SCHEMA["properties"]["version"]["const"] == ir.VERSION
    assert SCHEMA["properties"]["target"]["enum"] == list(RELEASES)
    assert set(DEFS["cell"]["properties"]["devices"]["items"]["enum"]) == set(DEVICES)
    assert set(DEFS["request_set"]["properties"]["protocols"]["items"]["enum"]) == set(ir.PROTOCOLS)
    assert enum("limit", "name") == set(RLIMITS)
    assert enum("log", "facility") == set(FACILITIES)
    assert set(DEFS["log_level"]["enum"]) == set(LEVELS)
    assert enum("hook", "when") == set(HOOKS)
    assert enum("mount", "mode") == set(MOUNT_MODES)
    assert enum("restart", "mode") == set(RESTARTS)
    assert set(DEFS["name"]["not"]["enum"]) == set(RESERVED)


def test_bounds_are_those_of_the_compiler() -> None:
    assert DEFS["path"]["maxLength"] == MAX_PATH
    assert DEFS["user"]["maxLength"] == MAX_USER
    assert DEFS["limit"]["properties"]["value"]["maximum"] == MAX_LIMIT
    assert DEFS["cell"]["properties"]["processes"]["maximum"] == MAX_PROCESSES


@pytest.mark.parametrize("name", NAMES)
def test_every_ir_is_valid(name: str) -> None:
    errors = VALIDATOR.iter_errors(document(name))
    assert [f"{e.json_path}: {e.message[:200]}" for e in errors] == []


EVERY_PLACE = places.fewest_places(document())


def changed(path: tuple[str | int, ...], value: object) -> Any:
    """The IR that sets everything, with another value at one place; None takes it out."""
    return places.changed(document(), path, value)


@pytest.mark.parametrize("kind", EVERY_PLACE, ids=lambda kind: ".".join(map(str, kind)))
def test_refuses_other_types_everywhere(kind: tuple[str | int, ...]) -> None:
    values: tuple[object, ...] = (3.5, {"other": 1}, [[[]]])
    for value in values:
        assert not VALIDATOR.is_valid(changed(EVERY_PLACE[kind], value))


REQUEST_FIELDS = fields("RequestSet") - {"actions"}


@pytest.mark.parametrize(
    "kind",
    [k for k in EVERY_PLACE if k[-1] != "[]" and k[-1] not in REQUEST_FIELDS],
    ids=lambda kind: ".".join(map(str, kind)),
)
def test_refuses_missing_and_unknown_fields(kind: tuple[str | int, ...]) -> None:
    path = EVERY_PLACE[kind]
    assert not VALIDATOR.is_valid(changed(path, None))
    assert not VALIDATOR.is_valid(changed((*path[:-1], "unknown"), 1))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("cells", 0, "id"), 0),
        (("cells", 0, "id"), 65536),
        (("rules", 0, "id"), 0),
        (("rules", 0, "id"), 2**32),
        (("rules", 0, "effect"), "permit"),
        (("cells", 1, "root"), "relative"),
        (("cells", 1, "root"), "/not//normal"),
        (("cells", 1, "root"), "/a/../b"),
        (("cells", 1, "root"), "/line\nbreak"),
        (("cells", 1, "mounts", 0, "target"), "/dev"),
        (("cells", 1, "mounts", 0, "target"), "/"),
        (("cells", 1, "user"), "-x"),
        (("cells", 1, "service", "command"), []),
        (("cells", 1, "service", "command"), ["relative"]),
        (("cells", 1, "limits", 0, "value"), -1),
        (("cells", 0, "base"), "/base/of/a/cell/without/root"),
        (("cells", 0, "name"), "host"),
        (("reservations", 0, "ports"), [[80, 65536]]),
        (("retired",), [["gone"]]),
        (("version",), 2),
        (("target",), "9.3"),
    ],
)
def test_refuses_values_out_of_bounds(path: tuple[str | int, ...], value: object) -> None:
    assert not VALIDATOR.is_valid(changed(path, value))
