"""The IR as JSON text and back; the text is what the policy's hash is made of.

docs/ir.schema.json describes it.  A condition that does not narrow is left out.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from compiler.ir.ir import IR, VERSION, Cell, CellClass, Layer, RequestSet, Rule, Service, Verdict
from compiler.ir.references import check_references

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
    lists: dict[str, Iterable[str]] = {
        "action_sets": map(_words, ir.action_sets),
        "rules": map(_rule, ir.rules),
        "layers": map(_layer, ir.layers),
        "classes": map(_class, ir.classes),
        "cells": map(_cell, ir.cells),
        "reservations": (_line(dataclasses.asdict(r)) for r in ir.reservations),
        "retired": map(_line, ir.retired),
    }
    parts = [f" {_line(key)}: {_line(value)}" for key, value in head.items()]
    for key, rows in lists.items():
        body = ",\n  ".join(rows)
        parts.append(f' "{key}": [\n  {body}\n ]' if body else f' "{key}": []')
    return "{\n" + ",\n".join(parts) + "\n}\n"


class Serialised(NamedTuple):
    """An IR as it is written to `policy.ir.json`."""

    ir: IR
    content: bytes
    digest: str
    """SHA-256 of the content, in hex."""


_last: list[Serialised] = []


def serialised(ir: IR) -> Serialised:
    """The written form of an IR; that of the last one is kept, as every backend asks for it."""
    if not _last or _last[0].ir is not ir:
        content = to_json(ir).encode()
        _last[:] = [Serialised(ir, content, hashlib.sha256(content).hexdigest())]
    return _last[0]


def policy_hash(ir: IR) -> str:
    """SHA-256 of the IR's text, in hex: `security.models.cellpolicy.hash` of the kernel module."""
    return serialised(ir).digest


def from_json(text: str) -> IR:
    """The IR that `to_json` wrote.

    Raises ValueError when the text is not what `to_json` writes, byte for byte, for
    some IR of this version, or when that IR refers to what is not there.
    """
    from pydantic import TypeAdapter

    try:
        document = json.loads(text, object_hook=_row)
    except RecursionError:
        raise ValueError("this is nested too deeply for an IR of cellc") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError("this is not an IR of cellc")
    if document.get("version") != VERSION:
        raise ValueError(f"this IR has version {document.get('version')}, not {VERSION}")
    ir = TypeAdapter(IR).validate_python(document)
    if to_json(ir) != text:
        raise ValueError("this is not written as cellc writes an IR")
    check_references(ir)
    return ir


_REQUEST_FIELDS = tuple(field.name for field in dataclasses.fields(RequestSet))


def _row(row: dict[str, Any]) -> dict[str, Any]:
    """An object, with the request set of a row in an object of its own."""
    if "actions" not in row:
        return row
    requests = {key: row.pop(key) for key in _REQUEST_FIELDS if key in row}
    return {**row, "requests": requests}


def _requests(r: RequestSet) -> str:
    """The fields of a request set; words and names need no escapes in JSON."""
    text = f'"actions": {r.actions}'
    if r.to is not None:
        text += f', "to": {{"exclude": {_bool(r.to.exclude)}, "members": {_words(r.to.members)}}}'
    if r.protocols is not None:
        text += f', "protocols": {_words(r.protocols)}'
    if r.ports is not None:
        ports = ", ".join([f"[{low}, {high}]" for low, high in r.ports])
        text += f', "ports": [{ports}]'
    if r.domains is not None:
        text += f', "domains": {_words(r.domains)}'
    if r.types is not None:
        text += f', "types": {_words(r.types)}'
    if r.socket_protocols is not None:
        text += f', "socket_protocols": {_words(r.socket_protocols)}'
    return text


def _words(words: tuple[str, ...]) -> str:
    return '["' + '", "'.join(words) + '"]' if words else "[]"


def _bool(value: bool) -> str:
    return "true" if value else "false"


def _rule(rule: Rule) -> str:
    flags = f'"final": {_bool(rule.final)}, "listen": {_bool(rule.listen)}'
    return f'{{"id": {rule.id}, "effect": "{rule.effect}", {flags}, {_requests(rule.requests)}}}'


def _verdict(verdict: Verdict) -> str:
    head = f'{{"effect": "{verdict.effect}", "rule": {verdict.rule}, '
    return f"{head}{_requests(verdict.requests)}}}"


def _class(class_: CellClass) -> str:
    return f'{{"verdicts": [{", ".join(map(_verdict, class_.verdicts))}]}}'


def _layer(layer: Layer) -> str:
    return _line({"kind": layer.kind, "name": layer.name, "rules": layer.rules})


def _cell(cell: Cell) -> str:
    fields = {f.name: getattr(cell, f.name) for f in dataclasses.fields(cell)}
    owned = ", ".join(map(_verdict, fields.pop("owned")))
    row: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, tuple) and value and dataclasses.is_dataclass(value[0]):
            row[name] = [dataclasses.asdict(item) for item in value]
        elif isinstance(value, Service):
            row[name] = dataclasses.asdict(value)
        else:
            row[name] = value
    return f'{_line(row)[:-1]}, "owned": [{owned}]}}'
