"""docs/schemas says what programs get: what cellc prints is valid, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.schemas.outputs import outputs
from tests.schemas.places import Path as Place
from tests.schemas.places import changed, fewest_places, thinned

FOLDER = Path(__file__).parents[2] / "docs/schemas"
SCHEMAS: dict[str, dict[str, Any]] = {
    path.name.removesuffix(".schema.json"): json.loads(path.read_text("utf-8"))
    for path in sorted(FOLDER.glob("*.schema.json"))
}
NAMES = list(SCHEMAS)


@cache
def documents() -> dict[str, list[Any]]:
    with TemporaryDirectory() as folder:
        return outputs(Path(folder))


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(SCHEMAS[name])


def subschemas(value: Any) -> Iterator[dict[str, Any]]:
    """Every object of a schema that describes one."""
    if isinstance(value, dict):
        if value.get("type") == "object":
            yield value
        for inner in value.values():
            yield from subschemas(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from subschemas(inner)


def test_each_output_has_a_schema_and_each_schema_an_output() -> None:
    assert list(documents()) != []
    assert sorted(documents()) == NAMES
    assert [name for name, some in documents().items() if not some] == []


@pytest.mark.parametrize("name", NAMES)
def test_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["$id"] == f"urn:cellc:{name}:1"
    for part in subschemas(SCHEMAS[name]):
        assert part["additionalProperties"] is False
        assert part["description"].endswith(".")


def test_what_has_one_name_is_the_same_everywhere() -> None:
    known: dict[str, Any] = {}
    for schema in SCHEMAS.values():
        for name, described in schema.get("$defs", {}).items():
            assert known.setdefault(name, described) == described, name


@pytest.mark.parametrize("name", NAMES)
def test_what_is_printed_is_valid(name: str) -> None:
    check = validator(name)
    errors = [e for document in documents()[name] for e in check.iter_errors(document)]
    assert [f"{e.json_path}: {e.message[:300]}" for e in errors[:3]] == []


def used(schema: Any, defs: dict[str, Any], value: Any, found: set[str]) -> None:
    """Notes which keys of which definitions have a value other than null in a valid document."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        schema = {**defs[name], "name": name}
    for option in (*schema.get("oneOf", ()), *schema.get("anyOf", ())):
        if Draft202012Validator({**option, "$defs": defs}).is_valid(value):
            used(option, defs, value, found)
    for key, described in schema.get("properties", {}).items():
        if isinstance(value, dict) and value.get(key) not in (None, [], ""):
            found.add(f"{schema.get('name', '')}.{key}")
            used(described, defs, value[key], found)
    inner = [schema["items"]] if isinstance(schema.get("items"), dict) else []
    inner += schema.get("patternProperties", {}).values()
    for described in inner:
        for item in value.values() if isinstance(value, dict) else value:
            used(described, defs, item, found)


@pytest.mark.parametrize("name", NAMES)
def test_every_key_is_printed_by_something(name: str) -> None:
    schema, found = SCHEMAS[name], set[str]()
    for document in thinned(documents()[name]):
        used(schema, schema.get("$defs", {}), document, found)
    described = {
        f"{part}.{key}"
        for part, body in (("", schema), *schema.get("$defs", {}).items())
        for key in body.get("properties", {})
    }
    assert described - found == set()


def kinds(name: str) -> dict[Place, tuple[Any, Place]]:
    """One document and place for each kind of place."""
    found: dict[Place, tuple[Any, Place]] = {}
    for document in thinned(documents()[name]):
        form = (document.get("kind"), *sorted(document)) if isinstance(document, dict) else ()
        for kind, path in fewest_places(document).items():
            found.setdefault((*map(str, form), *kind), (document, path))
    return found


WRONG: tuple[object, ...] = (3.5, {"other": 1}, [[[]]])


@pytest.mark.parametrize("name", NAMES)
def test_other_types_are_refused_everywhere(name: str) -> None:
    check, let_through = validator(name), []
    for document, path in kinds(name).values():
        for value in WRONG:
            if path[-1] == "percent" and value == 3.5:
                continue
            if check.is_valid(changed(document, path, value)):
                let_through.append((path, value))
    assert let_through == []


def is_map(path: Place) -> bool:
    """Whether a place is below an object whose keys are data."""
    return len(path) > 1 and path[-2] in ("files", "rules", "count", "actions")


@pytest.mark.parametrize("name", NAMES)
def test_missing_and_unknown_keys_are_refused(name: str) -> None:
    check, let_through = validator(name), []
    for document, path in kinds(name).values():
        if isinstance(path[-1], int) or is_map(path):
            continue
        if check.is_valid(changed(document, (*path[:-1], "unknown"), 1)):
            let_through.append(("unknown", path))
        if path[-1] not in OPTIONAL and check.is_valid(changed(document, path, None)):
            let_through.append(("missing", path))
    assert let_through == []


#: Keys that only some statements of the ledger have, the parts of a mixed answer, and what a
#: build is given only if somebody wants it.
OPTIONAL = {"why", "direction", "remedy", "notes", "overridden", "parts", "rule", "serial"}


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("query", ("decision",), "permit"),
        ("query", ("rule", "id"), "12345"),
        ("explain", ("outcome",), "maybe"),
        ("explain", ("voters", 0, "vote"), "abstain"),
        ("diff", ("direction",), "sideways"),
        ("upgrade", ("kind",), "novelty"),
        ("test", ("cases",), -1),
        ("learn", ("beyond",), -1),
        ("findings", ("code",), "X1"),
        ("findings", ("severity",), "fatal"),
        ("ledger", ("statements", 0, "status"), "hoped for"),
        ("manifest", ("policy",), "0" * 63),
        ("map", ("version",), 2),
    ],
)
def test_values_out_of_bounds_are_refused(name: str, path: Place, value: object) -> None:
    check, tried = validator(name), 0
    for document in documents()[name]:
        try:
            wrong = changed(document, path, value)
        except (KeyError, IndexError, TypeError):
            continue
        tried += 1
        assert not check.is_valid(wrong)
    assert tried
