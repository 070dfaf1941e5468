"""`cellc verify`: whether a directory is a build as it was written, and decides as it says."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from backends.artifact import Backend, Deciding
from compiler.manifest import CERTIFICATE, IR_FILE, MANIFEST, parse_manifest, verify_build


def verify(directory: Path, backends: Iterable[Backend]) -> int:
    """Prints what is wrong with a build; the exit status."""
    if not directory.is_dir():
        sys.stderr.write(f"cellc: `{directory}` is not a directory\n")
        return 2
    problems = [f"{problem.path} {problem.message}" for problem in verify_build(directory)]
    problems = problems or list(_decisions(directory, backends))
    for problem in problems:
        sys.stderr.write(f"cellc: {directory}: {problem}\n")
    return 1 if problems else 0


def _decisions(directory: Path, backends: Iterable[Backend]) -> Iterator[str]:
    """What is wrong with files that decide, each of which is the one in the manifest."""
    manifest = parse_manifest((directory / MANIFEST).read_bytes())
    assert manifest is not None  # or verify_build had said so
    if IR_FILE not in manifest.files:
        yield f"{MANIFEST} names no {IR_FILE}: this is a report or the like, not a build"
        return
    if manifest.files[IR_FILE] != manifest.origin.policy:
        yield f"{MANIFEST} gives another hash of the policy than {IR_FILE} has"
    for backend in backends:
        if isinstance(backend, Deciding) and manifest.files.keys() & {*backend.certified}:
            wanted = (IR_FILE, *backend.certified)
            lacking = sorted(set(wanted) - manifest.files.keys())
            if lacking:
                yield f"{lacking[0]} is missing"
            else:
                files = {path: (directory / path).read_bytes() for path in wanted}
                yield from _checked(files, directory, backend, manifest.origin.tool)


def _checked(
    files: dict[str, bytes], directory: Path, backend: Deciding, tool: str
) -> Iterator[str]:
    from checker.checker import check

    place = directory / CERTIFICATE
    if not place.exists():
        yield from _uncertified(files, backend)
        return
    files[CERTIFICATE] = place.read_bytes()
    fault = check(files.__getitem__)
    if fault:
        yield fault
    elif json.loads(files[CERTIFICATE])["tool"]["sha256"] != tool:
        yield f"{CERTIFICATE} was made by another cellc than {MANIFEST}"


def _uncertified(files: dict[str, bytes], backend: Deciding) -> Iterator[str]:
    """Checks tables that were built with `--no-cert`: the certificate is made now."""
    from compiler.commands.artifacts import certify
    from compiler.ir.serialise import from_json

    try:
        ir = from_json(files[IR_FILE].decode())
        _, fault = certify(ir, backend, files, {"tool": {}})
    except (ValueError, LookupError) as error:
        fault = f"the files are not what cellc writes: {error}"
    if fault:
        yield fault
