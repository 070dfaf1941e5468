"""Builds for tests of the certificate, and how somebody would forge one."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from backends.kmod import BACKEND
from backends.kmod.emit import written
from backends.kmod.layout import Section
from checker.checker import check
from compiler.commands.artifacts import certify
from compiler.driver import compile_policy
from compiler.ir.ir import IR
from compiler.ir.serialise import to_json
from compiler.manifest import CERTIFICATE, IR_FILE
from tests.kmod.house import street
from tests.kmod.images import BODY, numbers_at, places, sealed
from tests.semantics.support import TODAY, must, root_files

IMAGE, _, TABLES_C = BACKEND.certified
POLICIES = {path.stem: path for path in root_files()}

Files = dict[str, bytes]


@functools.cache
def policy(name: str) -> IR:
    """The IR of a shipped policy, or of the one with maps."""
    return street() if name == "street" else must(compile_policy(POLICIES[name], TODAY)).ir


def build(ir: IR) -> Files:
    """What is certified of a build, and the certificate, whether it holds or not."""
    content = {artifact.path: artifact.content for artifact in BACKEND.emit(ir)}
    content[IR_FILE] = to_json(ir).encode()
    files = {path: content[path] for path in (IR_FILE, *BACKEND.certified)}
    made, _ = certify(ir, BACKEND, files, {"tool": {}})
    return {**files, CERTIFICATE: made}


@functools.cache
def shipped(name: str) -> Mapping[str, bytes]:
    """A build of one of these policies."""
    return build(policy(name))


def fault(files: Mapping[str, bytes]) -> str:
    """What the checker finds wrong, or ""."""
    return check(files.__getitem__)


def certified(files: Mapping[str, bytes], other: Mapping[str, bytes]) -> Files:
    """A build with some other files, and their hashes in its certificate."""
    made = {**files, **other}
    certificate = json.loads(made[CERTIFICATE])
    hashes = {path: hashlib.sha256(made[path]).hexdigest() for path in certificate["files"]}
    made[CERTIFICATE] = json.dumps({**certificate, "files": hashes}).encode()
    return made


def forged(files: Mapping[str, bytes], **other: Any) -> Files:
    """A build with other content: an `image`, an `ir` or a `certificate` (JSON values).

    Whatever repeats the content, or tells its hash, is made to agree with it.
    """
    ir = json.dumps(other["ir"]).encode() if "ir" in other else files[IR_FILE]
    digest = hashlib.sha256(ir).hexdigest().encode()
    image = other.get("image", files[IMAGE])
    start = BODY - 68
    image = sealed(image[:start] + digest + image[start + len(digest) :])
    made = {IR_FILE: ir, IMAGE: image}
    if "certificate" in other:
        made[CERTIFICATE] = json.dumps(other["certificate"]).encode()
    with contextlib.suppress(struct.error):  # counts that go beyond the image
        made[TABLES_C] = c_text(files[TABLES_C].decode(), files[IMAGE], image).encode()
    return certified(files, made)


def c_text(text: str, before: bytes, image: bytes) -> str:
    """The C text with the numbers of an image, written as the compiler writes them.

    `before` is the image with the numbers that it has.
    """
    had = {name: numbers_at(before, code, at, count) for name, code, at, count in places(before)}
    made, end = list[str](), 0
    for name, code, position, count in places(image):
        values = numbers_at(image, code, position, count)
        if name == "numbers":
            numbers = iter(values)
        elif values != had[name]:
            start = text.index(" = {\n", text.index(f" {name}[]")) + 5
            made += [text[end:start], _body(name, values)]
            end = text.index("\n};", start)
    rest = re.sub(r"(\t\t\.\w+ = )\d+", lambda m: f"{m[1]}{next(numbers)}", text[end:])
    digest = image[BODY - 68 : BODY - 4].decode()
    return "".join(made) + re.sub(r'\.hash = ".*"', f'.hash = "{digest}"', rest)


def _body(name: str, values: Sequence[int]) -> str:
    if name == "strings":
        parts = bytes(values).decode("latin-1").split("\0")[:-1]
        return "\n".join(f'"{part}\\000"' for part in parts)
    return written(Section(name, values), {})


def records(image: bytes, lengths: Mapping[str, int]) -> Iterator[tuple[str, int, int, int]]:
    """Every row of every table: its table, its place there, position and size in bytes.

    `lengths` says how many numbers are a row where those of a record are not.
    """
    for name, record, position, count in places(image):
        rows = count // lengths.get(name, 1)
        size = struct.calcsize("<" + record) * lengths.get(name, 1)
        for row in range(rows):
            yield name, row, position + row * size, size
