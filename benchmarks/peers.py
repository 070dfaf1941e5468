"""The compilers that cellc is measured beside: what they read, and the command that compiles it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import aerleon, apparmor, cedar, nftables, selinux
from benchmarks.measure import Command

Prepare = Callable[[str, int, Path, Path], Command]
"""Writes the policy of a shape and a size to a folder; the command, given the programs' folder."""

#: Without it apparmor_parser drops network, mount and signal rules in silence.
_FEATURES = "/usr/share/apparmor-features/features"
_VALIDATE = (
    "import sys, cedarpy; policies, schema = (open(path).read() for path in sys.argv[1:]);"
    " result = cedarpy.validate_policies(policies, schema);"
    " sys.exit(0 if result.validation_passed else str(result))"
)


@dataclass(frozen=True)
class Peer:
    """One compiler."""

    name: str
    prepare: Prepare
    debian: str = ""
    """The Debian package that has it."""
    program: str = ""
    """What that package installs."""
    pypi: str = ""
    """The package of PyPI that has it."""
    most: int = 10_000
    """More domains take longer than is of use."""


def _checkpolicy(shape: str, domains: int, folder: Path, programs: Path) -> Command:
    path = folder / f"{shape}-{domains}.conf"
    path.write_text(selinux.checkpolicy(shape, domains))
    return Command(("checkpolicy", "-o", str(folder / "out"), str(path)))


def _secilc(shape: str, domains: int, folder: Path, programs: Path) -> Command:
    path = folder / f"{shape}-{domains}.cil"
    path.write_text(selinux.cil(shape, domains))
    return Command(("secilc", "-o", str(folder / "out"), "-f", "/dev/null", str(path)))


def _apparmor(shape: str, domains: int, folder: Path, programs: Path) -> Command:
    path = folder / f"{shape}-{domains}.apparmor"
    path.write_text(apparmor.profiles(shape, domains))
    options = ("-Q", "-K", "-j1", "-M", _FEATURES, "-o", str(folder / "out"))
    return Command(("apparmor_parser", *options, str(path)))


def _nft(shape: str, domains: int, folder: Path, programs: Path) -> Command:
    path = folder / f"{shape}-{domains}.nft"
    path.write_text(nftables.ruleset(shape, domains))
    return Command(("nft", "-c", "-f", str(path)))


def _cedar(shape: str, domains: int, folder: Path, programs: Path) -> Command:
    path, schema = folder / f"{shape}-{domains}.cedar", folder / "cedarschema.json"
    path.write_text(cedar.policies(shape, domains))
    schema.write_text(cedar.schema())
    return Command((str(programs / "python"), "-c", _VALIDATE, str(path), str(schema)))


def _aerleon(shape: str, domains: int, folder: Path, programs: Path) -> Command:
    base = folder / f"{shape}-{domains}.aerleon"
    aerleon.write(shape, domains, base)
    places = ("policies", "def", "out")
    options = zip(
        ("--base_directory", "--definitions_directory", "--output_directory"), places, strict=True
    )
    words = [word for option, place in options for word in (option, str(base / place))]
    return Command((str(programs / "aclgen"), "--max_renderers", "1", *words))


PEERS = (
    Peer("checkpolicy", _checkpolicy, "checkpolicy", "checkpolicy"),
    Peer("secilc", _secilc, "secilc", "secilc"),
    Peer("apparmor_parser", _apparmor, "apparmor", "apparmor_parser", most=5000),
    Peer("nft", _nft, "nftables", "nft", most=1000),
    Peer("cedar", _cedar, pypi="cedarpy", most=5000),
    Peer("aerleon", _aerleon, pypi="aerleon", most=1000),
)


def install(peers: Iterable[Peer], folder: Path) -> tuple[list[Peer], Path]:
    """Installs what is missing; the peers that are there then, and where Python programs lie.

    Debian packages need root; those of PyPI go into a virtual environment in `folder`.
    """
    os.environ["PATH"] += os.pathsep + "/usr/sbin"
    wanted = list(peers)
    missing = [p.debian for p in wanted if p.debian and not shutil.which(p.program)]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        _run("apt-get", "-qq", "install", "--yes", "--no-install-recommends", *missing)
    programs = folder / "venv" / "bin"
    if packages := [p.pypi for p in wanted if p.pypi]:
        venv.create(folder / "venv", with_pip=True)
        _run(str(programs / "python"), "-m", "pip", "install", "-q", *packages)
    found = [p for p in wanted if p.pypi or shutil.which(p.program)]
    for peer in wanted:
        if peer not in found:
            sys.stderr.write(f"benchmarks: no {peer.name} here; it is left out\n")
    return found, programs


def commands(
    peers: Iterable[Peer], shape: str, domains: int, folder: Path, programs: Path
) -> Mapping[str, Command]:
    """The command of each peer that can take so many domains."""
    return {
        peer.name: peer.prepare(shape, domains, folder, programs)
        for peer in peers
        if domains <= peer.most
    }


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
