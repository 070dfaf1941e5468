"""What the policies compile to: expected files, the same bytes wherever they are built."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from compiler.manifest import CERTIFICATE, UNLISTED, digest
from tests.policies.site import (
    NAMES,
    POLICIES,
    REPOSITORY,
    TODAY,
    cellc,
    contents,
    copy_site,
    files,
)

GOLDEN = Path(__file__).parent / "golden"
#: What builds of all policies for one release have in common, a directory a release.
RELEASES = GOLDEN / "releases"

#: Files of a build that say what cellc it was made by.
_BY_TOOL = UNLISTED | {CERTIFICATE}

#: Files that only the release makes what they are.
_OF_RELEASE = re.compile(r"kmod/secmodel_cellpolicy/(Makefile|cellpolicy_actions\.[ch])")

#: What is expected of the policy with many cells: one tenant of fifty, and the tables.
_ONE_TENANT = re.compile(
    r"(rc\.d|rc\.conf\.d)/cell_tenant_07|kmod/.*tables\.c|sysctl/.*|policy\.map\.json"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_site(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module", params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def built(name: str, site: Path) -> Path:
    """A build of the policy by every backend."""
    output = site / "builds" / name
    build(name, site, output, PYTHONHASHSEED="1")
    return output


def build(name: str, site: Path, output: Path, *options: str, **more: str) -> None:
    cwd = Path(more.pop("cwd", str(site)))
    result = cellc(
        "build", site / name / f"{name}.cell", "-o", output, *options, *TODAY,
        cwd=cwd, environment=more,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr


def is_kept(name: str, path: str) -> bool:
    """Whether a file of a build stands among the expected files of its policy in full."""
    if path.endswith(".img") or _OF_RELEASE.fullmatch(path):
        return False
    return name != "hosting" or _ONE_TENANT.fullmatch(path) is not None


def listing(name: str, folder: Path, own: dict[str, str]) -> str:
    """A line for each file: permissions, path, and what it is when it is not kept in full."""
    lines = []
    release = target(folder)
    for path, file in files(folder):
        content = file.read_bytes()
        remark = ""
        if path in _BY_TOOL:
            remark = "  (depends on cellc itself)"
        elif digest(content) in own:
            remark = f"  (a copy of {own[digest(content)]})"
        elif _OF_RELEASE.fullmatch(path):
            remark = f"  (as in releases/{release})"
        elif not is_kept(name, path):
            remark = f"  (SHA256 {digest(content)[:16]})"
        lines.append(f"{file.stat().st_mode & 0o777:04o} {path}{remark}\n")
    return "".join(lines)


def target(folder: Path) -> str:
    """The release that a build is for."""
    return str(json.loads((folder / "policy.ir.json").read_text())["target"])


@pytest.fixture(scope="module")
def own() -> dict[str, str]:
    """The files of the backends by their digests: what of a build no policy changes."""
    folder = REPOSITORY / "backends"
    return {
        digest(path.read_bytes()): f"backends/{name}"
        for name, path in files(folder)
        if "__pycache__" not in name
    }


def expected_files(name: str, folder: Path, own: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    yield "FILES", listing(name, folder, own).encode()
    for path, content in contents(folder).items():
        if path not in _BY_TOOL and digest(content) not in own and is_kept(name, path):
            yield f"build/{path}", content


def test_artifacts(
    name: str, built: Path, own: dict[str, str], request: pytest.FixtureRequest
) -> None:
    made = dict(expected_files(name, built, own))
    golden = GOLDEN / name
    if request.config.getoption("--bless"):
        bless(golden, made)
    kept = {p: c for p, c in contents(golden).items() if p == "FILES" or p.startswith("build/")}
    assert made.keys() == kept.keys()
    for path, content in made.items():
        assert content.decode() == kept[path].decode(), path


def test_what_policies_for_one_release_have_in_common(
    built: Path, request: pytest.FixtureRequest
) -> None:
    made = {path: text for path, text in contents(built).items() if _OF_RELEASE.fullmatch(path)}
    golden = RELEASES / target(built)
    if request.config.getoption("--bless"):
        for path, content in made.items():
            (golden / path).parent.mkdir(parents=True, exist_ok=True)
            (golden / path).write_bytes(content)
    kept = contents(golden)
    assert made.keys() == kept.keys()
    for path, content in made.items():
        assert content.decode() == kept[path].decode(), path


def bless(golden: Path, made: dict[str, bytes]) -> None:
    """Makes the expected files what was made, and no others."""
    for path in [golden / "FILES", *(file for _, file in files(golden / "build"))]:
        path.unlink(missing_ok=True)
    for name, content in made.items():
        (golden / name).parent.mkdir(parents=True, exist_ok=True)
        (golden / name).write_bytes(content)


#: Files that tell where the statements of the sources stand, and files with sums of those.
_OF_PLACES = {"ledger.json", "policy.cert.json", *UNLISTED}


def test_the_same_bytes_wherever_and_however_it_is_built(
    name: str, built: Path, tmp_path: Path
) -> None:
    other = copy_site(tmp_path / "a longer path to the same site")
    build(name, other, tmp_path / "there", PYTHONHASHSEED="20261124", TZ="Asia/Tokyo", cwd="/")
    here, there = contents(built), contents(tmp_path / "there")
    assert here.keys() == there.keys()
    assert [path for path in here if here[path] != there[path]] == []


def test_the_order_of_imports_does_not_matter(name: str, built: Path, tmp_path: Path) -> None:
    other = copy_site(tmp_path / "other")
    reverse_imports(other / name / f"{name}.cell")
    build(name, other, tmp_path / "there")
    here, there = contents(built), contents(tmp_path / "there")
    assert here.keys() == there.keys()
    assert {path for path in here if here[path] != there[path]} <= _OF_PLACES


def reverse_imports(file: Path) -> None:
    """Turns the order of a file's import lines around, each staying on a line of its own."""
    lines = file.read_text().splitlines(keepends=True)
    places = [n for n, line in enumerate(lines) if line.startswith("import ")]
    swapped = [lines[n] for n in reversed(places)]
    for n, line in zip(places, swapped, strict=True):
        lines[n] = line
    file.write_text("".join(lines))


def test_its_lock_file_is_up_to_date(name: str, site: Path, built: Path, tmp_path: Path) -> None:
    committed = POLICIES / name / f"{name}.cells.lock"
    assert (site / name / committed.name).read_bytes() == committed.read_bytes()
    build(name, site, tmp_path / "build", "--locked", "--backend", "sysctl")


def test_a_tenant_that_moves_out_and_comes_back_keeps_its_id(tmp_path: Path) -> None:
    site = copy_site(tmp_path)
    tenants, lock = site / "hosting" / "tenants.cell", site / "hosting" / "hosting.cells.lock"
    text, ids = tenants.read_text(), lock.read_text()
    one = next(line for line in text.splitlines() if line.startswith("cell tenant-20 "))
    new = one.replace("20", "51")
    tenants.write_text(text.replace(one, new).replace("8051", "8020"))
    build("hosting", site, tmp_path / "build", "--backend", "sysctl")
    assert lock.read_text() == ids.replace("tenant-50 51\n", "tenant-50 51\ntenant-51 52\n")
    tenants.write_text(text)
    build("hosting", site, tmp_path / "build", "--locked", "--backend", "sysctl")
    ir = json.loads((tmp_path / "build" / "policy.ir.json").read_text())
    assert {cell["name"]: cell["id"] for cell in ir["cells"]}["tenant-20"] == 21
    assert ir["retired"] == [["tenant-51", 52]]
