"""The IR as JSON text and back; the text is what the policy's hash is made of.

docs/ir.schema.json describes it.  A condition that does not narrow is left out.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable
from typing import Any

from compiler.ir.ir import IR, VERSION, CellClass, Layer, Peers, RequestSet, Rule, Verdict

FORMAT = "cellc-ir"

_line = json.JSONEncoder(ensure_ascii=True, separators=(", ", ": ")).encode


def to_json(ir: IR) -> str:
    """The IR as JSON, one row a line so that differences can be read."""
    head = {
        "format": FORMAT,
        "version": ir.version,
        "policy": ir.policy,
        "target": ir.target,
        "permissive": ir.permissive,
        "host": dataclasses.asdict(ir.host),
    }
    lists: dict[str, Iterable[Any]] = {
        "action_sets": ir.action_sets,
        "rules": map(_rule, ir.rules),
        "layers": map(_layer, ir.layers),
        "classes": map(_class, ir.classes),
        "cells": map(_cell, ir.cells),
        "reservations": map(dataclasses.asdict, ir.reservations),
        "retired": ir.retired,
    }
    parts = [f" {_line(key)}: {_line(value)}" for key, value in head.items()]
    for key, rows in lists.items():
        body = ",\n".join("  " + _line(row) for row in rows)
        parts.append(f" {_line(key)}: [\n{body}\n ]" if body else f" {_line(key)}: []")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def policy_hash(ir: IR) -> str:
    """SHA-256 of the IR's text, in hex."""
    return hashlib.sha256(to_json(ir).encode()).hexdigest()


def from_json(text: str) -> IR:
    """The IR that `to_json` wrote.

    Raises ValueError when the text is not such an IR, or of another version.
    """
    from pydantic import TypeAdapter

    document = json.loads(text)
    if not isinstance(document, dict) or document.pop("format", None) != FORMAT:
        raise ValueError("this is not an IR of cellc")
    if document.get("version") != VERSION:
        raise ValueError(f"this IR has version {document.get('version')}, not {VERSION}")
    for class_ in document.get("classes", []):
        class_["verdicts"] = [_flat(row) for row in class_["verdicts"]]
    document["rules"] = [_flat(row) for row in document.get("rules", [])]
    for cell in document.get("cells", []):
        cell["owned"] = [_flat(row) for row in cell["owned"]]
    return TypeAdapter(IR).validate_python(document)


_REQUEST_FIELDS = ("actions", "to", "protocols", "ports", "domains", "types", "socket_protocols")


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """The request set of a row back into an object of its own."""
    requests = {key: row.pop(key) for key in _REQUEST_FIELDS if key in row}
    return {**row, "requests": requests}


def _requests(r: RequestSet) -> dict[str, Any]:
    row: dict[str, Any] = {"actions": r.actions}
    if r.to is not None:
        row["to"] = _peers(r.to)
    if r.protocols is not None:
        row["protocols"] = r.protocols
    if r.ports is not None:
        row["ports"] = r.ports
    if r.domains is not None:
        row["domains"] = r.domains
    if r.types is not None:
        row["types"] = r.types
    if r.socket_protocols is not None:
        row["socket_protocols"] = r.socket_protocols
    return row


def _peers(peers: Peers) -> dict[str, Any]:
    return {"exclude": peers.exclude, "members": peers.members}


def _rule(rule: Rule) -> dict[str, Any]:
    row: dict[str, Any] = {"id": rule.id, "effect": rule.effect}
    row |= {"final": rule.final, "listen": rule.listen}
    return row | _requests(rule.requests)


def _layer(layer: Layer) -> dict[str, Any]:
    return {"kind": layer.kind, "name": layer.name, "rules": layer.rules}


def _class(class_: CellClass) -> dict[str, Any]:
    return {"verdicts": [_verdict(v) for v in class_.verdicts]}


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {"effect": verdict.effect, "rule": verdict.rule} | _requests(verdict.requests)


def _cell(cell: Any) -> dict[str, Any]:
    fields = {f.name: getattr(cell, f.name) for f in dataclasses.fields(cell)}
    row: dict[str, Any] = {}
    for name, value in fields.items():
        if name == "owned":
            row[name] = [_verdict(v) for v in value]
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            row[name] = dataclasses.asdict(value)
        elif isinstance(value, tuple) and value and dataclasses.is_dataclass(value[0]):
            row[name] = [dataclasses.asdict(item) for item in value]
        else:
            row[name] = value
    return row
