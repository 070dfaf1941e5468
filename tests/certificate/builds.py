"""Builds for tests of the certificate, and how somebody would forge one."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import re
import struct
from collections.abc import Iterator, Mapping
from typing import Any

from backends.kmod import BACKEND
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


def forged(files: Mapping[str, bytes], **changed: Any) -> Files:
    """A build with other content: an `image`, an `ir` or a `certificate` (JSON values).

    Whatever repeats the content, or tells its hash, is made to agree with it.
    """
    made = dict(files)
    ir = json.dumps(changed["ir"]).encode() if "ir" in changed else files[IR_FILE]
    made[IR_FILE] = ir
    digest = hashlib.sha256(ir).hexdigest().encode()
    image = changed.get("image", files[IMAGE])
    start = BODY - 68
    made[IMAGE] = sealed(image[:start] + digest + image[start + len(digest) :])
    with contextlib.suppress(struct.error):  # counts that go beyond the image
        made[TABLES_C] = _c_text(files[TABLES_C].decode(), made[IMAGE]).encode()
    certificate = changed.get("certificate", json.loads(files[CERTIFICATE]))
    hashes = {path: hashlib.sha256(made[path]).hexdigest() for path in certificate["files"]}
    made[CERTIFICATE] = json.dumps({**certificate, "files": hashes}).encode()
    return made


def _c_text(text: str, image: bytes) -> str:
    """The C text with the numbers of an image."""
    for name, record, position, count in places(image):
        values = numbers_at(image, record, position, count)
        if name == "numbers":
            names = re.findall(r"\t\t\.(\w+) = \d+,", text)
            for member, value in zip(names, values, strict=True):
                text = re.sub(rf"\t\t\.{member} = \d+,", f"\t\t.{member} = {value},", text)
            continue
        body = ",".join(map(str, values or (0,))) + ","
        if name == "strings":
            parts = bytes(values).decode("latin-1").split("\0")[:-1]
            body = "\n".join(f'"{part}\\000"' for part in parts)
        start = re.search(rf" {name}\[\].* = {{\n", text)
        assert start is not None
        head, rest = text[: start.end()], text[start.end() :]
        text = head + body + rest[rest.index("\n};") :]
    digest = image[BODY - 68 : BODY - 4].decode()
    return re.sub(r'\.hash = ".*"', f'.hash = "{digest}"', text)


def records(image: bytes, lengths: Mapping[str, int]) -> Iterator[tuple[str, int, int, int]]:
    """Every row of every table: its table, its place there, position and size in bytes.

    `lengths` says how many numbers are a row where those of a record are not.
    """
    for name, record, position, count in places(image):
        rows = count // lengths.get(name, 1)
        size = struct.calcsize("<" + record) * lengths.get(name, 1)
        for row in range(rows):
            yield name, row, position + row * size, size
