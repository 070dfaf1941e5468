"""What a build directory holds: `manifest.json` and `SHA256`, written and checked."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any

from compiler.record import record

MANIFEST = "manifest.json"
IR_FILE = "policy.ir.json"
MAP = "policy.map.json"
LEDGER = "ledger.json"
#: The page that a report consists of; no build has such a file.
REPORT = "index.html"
CERTIFICATE = "policy.cert.json"
CHECKSUMS = "SHA256"
SIGNATURE = "manifest.json.sig"
FORMAT = 1
#: Numbers that grow from build to build, as far as test(1) compares them on every host.
_SERIALS = range(1, 2**31)

#: What the manifest cannot list: itself and what is made from it.
UNLISTED = frozenset({MANIFEST, CHECKSUMS, SIGNATURE})


@record
class Origin:
    """What a build was made from and by."""

    policy: str
    """SHA-256 of the policy as enforced, in hex: also sysctl's `.hash` on the host."""
    version: str
    """Version of cellc."""
    tool: str
    """SHA-256 of cellc's own files, in hex (`tool_digest`)."""
    serial: int | None = None
    """Grows from build to build if it is given: install.sh goes back to no lower one unasked."""


@record
class Problem:
    """One way in which a build directory differs from its manifest."""

    path: str
    """Relative to the build directory, with `/`."""
    message: str


@record
class Manifest:
    origin: Origin
    files: Mapping[str, str]
    """SHA-256 in hex by path, of all files but those in UNLISTED."""

    def render(self) -> bytes:
        """The file: sorted, and without clock, host or absolute path."""
        tool = {"name": "cellc", "sha256": self.origin.tool, "version": self.origin.version}
        document: dict[str, object] = {
            "files": dict(self.files),
            "format": FORMAT,
            "policy": self.origin.policy,
            "tool": tool,
        }
        if self.origin.serial is not None:
            document["serial"] = self.origin.serial
        return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()


def parse_manifest(content: bytes) -> Manifest | None:
    """The manifest, if `content` is one to the byte as `Manifest.render` writes it."""
    document = _loads(content)
    try:
        tool, files = document["tool"], document["files"]
        serial = document.get("serial")
        origin = Origin(document["policy"], tool["version"], tool["sha256"], serial)
        manifest = Manifest(origin, dict(files))
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    texts = (origin.policy, origin.version, origin.tool, *manifest.files.values())
    plain = all(isinstance(text, str) for text in texts) and _is_serial(serial)
    return manifest if plain and manifest.render() == content else None


def made_by_cellc(directory: str) -> bool:
    """Whether a directory holds the manifest of a build, by any version of cellc."""
    document = _loads(read(directory, MANIFEST) or b"")
    try:
        return bool(document["tool"]["name"] == "cellc")
    except (KeyError, TypeError):
        return False


def checksums(files: Mapping[str, str]) -> bytes:
    """The file `SHA256` as cksum(1) of the BSDs writes and checks it (`cksum -c SHA256`)."""
    lines = "".join(f"SHA256 ({path}) = {files[path]}\n" for path in sorted(files))
    return lines.encode(errors="backslashreplace")


def digest(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def verify_build(directory: str | os.PathLike[str]) -> list[Problem]:
    """How the files below `directory` differ from its manifest, by path; nothing when all is well.

    Reads nothing outside the directory, whatever the manifest says, and nothing
    but regular files.
    """
    root = os.fspath(directory)
    manifest = parse_manifest(read(root, MANIFEST) or b"")
    if manifest is None:
        there = os.path.lexists(os.path.join(root, MANIFEST))
        return [Problem(MANIFEST, "is not as cellc writes it" if there else "is missing")]
    found = dict(sorted(_walk(root)))
    problems: list[Problem] = []
    known = dict(manifest.files)
    for name in (MANIFEST, SIGNATURE):
        content = read(root, name)
        if content is not None:
            known[name] = digest(content)
    expected = {**known, CHECKSUMS: digest(checksums(known))}
    for path in sorted(found.keys() | expected.keys()):
        problem = _compare(root, path, found.get(path), expected.get(path))
        if problem:
            problems.append(Problem(path, problem))
    return problems


@functools.cache
def tool_digest() -> str:
    """SHA-256 over the names and contents of cellc's own files, wherever it is installed."""
    total = hashlib.sha256()
    for package in ("backends", "checker", "compiler", "grammar"):
        spec = find_spec(package)
        for folder in (spec and spec.submodule_search_locations) or ():
            for path, _ in sorted(_walk(folder)):
                if "__pycache__" not in path:
                    content = read(folder, path) or b""
                    total.update(f"{package}/{path} {digest(content)}\n".encode())
    return total.hexdigest()


def _compare(root: str, path: str, found: int | None, expected: str | None) -> str:
    """What is wrong with one file, or nothing; `found` is its st_mode."""
    if found is None:
        return "is missing"
    if expected is None:
        return "is not in the manifest"
    if not stat.S_ISREG(found):
        return "is not a regular file"
    content = read(root, path)
    if content is None:
        return "cannot be read"
    return "" if digest(content) == expected else "was changed"


def _walk(root: str) -> Iterator[tuple[str, int]]:
    """Relative path and st_mode of everything below `root` that is not a directory."""
    folders = [""]
    for folder in folders:
        try:
            with os.scandir(os.path.join(root, folder)) as entries:
                listed = list(entries)
        except OSError:
            continue
        for entry in listed:
            path = folder + entry.name
            if entry.is_dir(follow_symlinks=False):
                folders.append(path + "/")
                continue
            with contextlib.suppress(FileNotFoundError):  # it is gone since
                yield path, entry.stat(follow_symlinks=False).st_mode


def _is_serial(value: object) -> bool:
    """Whether a manifest may hold it: one of _SERIALS, or None."""
    return value is None or (type(value) is int and value in _SERIALS)


def _loads(content: bytes) -> Any:
    """The JSON value in `content`, or None."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def read(root: str, path: str) -> bytes | None:
    """The content of a regular file below `root`, or None."""
    full = os.path.join(root, path)
    try:
        if not stat.S_ISREG(os.lstat(full).st_mode):
            return None
        with open(full, "rb") as file:
            return file.read()
    except OSError:
        return None
