"""The IR as JSON text and back; the text is what the policy's hash is made of.

docs/ir.schema.json describes it.  A condition that does not narrow is left out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from compiler.ir.ir import IR, VERSION, Cell, CellClass, Layer, RequestSet, Rule, Verdict
from compiler.ir.references import check_references
from compiler.record import NOTHING, NamedTuple, field_names
from compiler.runs import joined, runs_of

FORMAT = "cellc-ir"

_BETWEEN_MEMBERS = ",\n"
_BETWEEN_ROWS = ",\n  "

_line = json.JSONEncoder(ensure_ascii=True, separators=(", ", ": ")).encode


def to_json(ir: IR, known: Mapping[int, str] = NOTHING) -> str:
    """The IR as JSON, one row a line so that differences can be read.

    `known` are the rows of rules, classes and cells that were written before, by identity.
    """
    return _written(ir, known).decode()


def _written(ir: IR, known: Mapping[int, str]) -> bytes:
    return joined("", _parts(ir, known), "", "\n}\n")


def _parts(ir: IR, known: Mapping[int, str]) -> Iterator[bytes]:
    """The text of an IR up to its end, some rows at a time."""
    head = {
        "format": FORMAT,
        "version": ir.version,
        "policy": ir.policy,
        "target": ir.target,
        "permissive": ir.permissive,
        "host": ir.host,
    }
    write = _Writer()
    row = known.get
    lists: dict[str, Iterable[str]] = {
        "action_sets": map(_words, ir.action_sets),
        "rules": [row(id(rule)) or write.rule(rule) for rule in ir.rules],
        "layers": map(_layer, ir.layers),
        "classes": (row(id(class_)) or write.class_(class_) for class_ in ir.classes),
        "cells": (row(id(cell)) or write.cell(cell) for cell in ir.cells),
        "reservations": map(_data, ir.reservations),
        "retired": map(_line, ir.retired),
    }
    members = [f" {_line(key)}: {_data(value)}" for key, value in head.items()]
    yield f"{{\n{_BETWEEN_MEMBERS.join(members)}".encode()
    for key, rows in lists.items():
        yield f'{_BETWEEN_MEMBERS} "{key}": ['.encode()
        before, after = b"\n  ", b""
        for run in runs_of(rows, _BETWEEN_ROWS):
            yield before + run
            before, after = _BETWEEN_ROWS.encode(), b"\n "
        yield after + b"]"


class Serialised(NamedTuple):
    """An IR as it is written to `policy.ir.json`."""

    ir: IR
    content: bytes
    digest: str
    """SHA-256 of the content, in hex."""


_last: list[Serialised] = []


def serialised(ir: IR, known: Mapping[int, str] = NOTHING) -> Serialised:
    """The written form of an IR; that of the last one is kept, as every backend asks for it.

    `known` is as for `to_json`.
    """
    if not _last or _last[0].ir is not ir:
        content = _written(ir, known)
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


_REQUEST_FIELDS = field_names(RequestSet)


def _row(row: dict[str, Any]) -> dict[str, Any]:
    """An object, with the request set of a row in an object of its own."""
    if "actions" not in row:
        return row
    requests = {key: row.pop(key) for key in _REQUEST_FIELDS if key in row}
    return {**row, "requests": requests}


class _Writer:
    """Writes the rows of one IR; request sets, which many rows share, are written once."""

    def __init__(self) -> None:
        self._written: dict[int, str] = {}
        """By identity: the IR keeps them alive."""

    def rule(self, rule: Rule) -> str:
        flags = f'"final": {_bool(rule.final)}, "listen": {_bool(rule.listen)}'
        requests = self._requests(rule.requests)
        return f'{{"id": {rule.id}, "effect": "{rule.effect}", {flags}, {requests}}}'

    def class_(self, class_: CellClass) -> str:
        return f'{{"verdicts": [{self._verdicts(class_.verdicts)}]}}'

    def cell(self, cell: Cell) -> str:
        fields = [f"{head}{_data(getattr(cell, name))}" for name, head in _CELL]
        return f'{{{", ".join(fields)}, "owned": [{self._verdicts(cell.owned)}]}}'

    def _verdicts(self, verdicts: Iterable[Verdict]) -> str:
        requests = self._requests
        return ", ".join(
            [
                f'{{"effect": "{v.effect}", "rule": {v.rule}, {requests(v.requests)}}}'
                for v in verdicts
            ]
        )

    def _requests(self, r: RequestSet) -> str:
        known = self._written.get(id(r))
        if known is None:
            known = self._written[id(r)] = _requests(r)
        return known


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


def _layer(layer: Layer) -> str:
    rules = ", ".join(map(str, layer.rules))
    return f'{{"kind": "{layer.kind}", "name": {_quote(layer.name)}, "rules": [{rules}]}}'


def _members(kind: type[Any]) -> tuple[tuple[str, str], ...]:
    """The fields of a record, each with its name as JSON writes it."""
    return tuple((name, f'"{name}": ') for name in field_names(kind))


_CELL = tuple(member for member in _members(Cell) if member[0] != "owned")
_quote = json.encoder.encode_basestring_ascii
_MEMBERS: dict[type[Any], tuple[tuple[str, str], ...]] = {}


def _data(value: Any) -> str:
    """Records, tuples and plain values as `_line` writes them."""
    if value is None:
        return "null"
    kind = type(value)
    if kind is str:
        return _quote(value)
    if kind is tuple:
        return f"[{', '.join(map(_data, value))}]" if value else "[]"
    if kind is bool:
        return _bool(value)
    if kind is int:
        return str(value)
    members = _MEMBERS.get(kind)
    if members is None:
        members = _MEMBERS[kind] = _members(kind)
    return f"{{{', '.join([head + _data(getattr(value, name)) for name, head in members])}}}"
