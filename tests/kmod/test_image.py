"""Policy images: read back as written, and refused whole when anything is wrong with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from backends.kmod.build import build
from backends.kmod.decode import ImageError, decode
from backends.kmod.image import encode
from tests.kmod.build import Builder
from tests.kmod.house import DB, ROOT, USER, WEB, column, house, populate
from tests.kmod.images import (
    ANY,
    EBADMSG,
    EFTYPE,
    EINVAL,
    EPROGMISMATCH,
    EPROTO,
    faults,
    mutants,
    swapped,
)
from tests.kmod.machine import session
from tests.semantics.generated import programs
from tests.semantics.support import program

EPERM, EBUSY, EFBIG = 1, 16, 27
MODULE = column("system.module")


@pytest.fixture(scope="module")
def driver(builder: Builder) -> Path:
    return builder.driver(house())


def load(driver: Path, folder: Path, image: bytes, *commands: str, by: int = ROOT) -> list[str]:
    """Answers to loading an image in a populated house, and to commands after it."""
    path = folder / "image"
    path.write_bytes(image)
    setup = populate(DB, WEB)
    return session(driver, *setup, f"load {by} {path}", *commands)[len(setup) :]


def test_images_are_read_back() -> None:
    for seed, made in programs(30):
        tables = build(made.ir)
        assert decode(encode(tables)) == tables, f"seed {seed}"


def test_a_loaded_policy_is_in_force_and_processes_keep_their_cells(
    driver: Path, tmp_path: Path
) -> None:
    ir = program("cell db { profile low; permissive; deny system.reboot; }").ir
    reboot = column("system.reboot")
    said = load(
        driver, tmp_path, encode(build(ir)), "get 0 generation", "get 0 hash", "get 0 cells",
        f"ask 10 {MODULE}", f"ask 10 {reboot}", f"ask 40 {reboot}", "ask 40 169", "ids 40", "fini",
        "log",
    )  # fmt: skip
    assert said[0] == "0"
    assert said[1].endswith(" 2")
    assert build(ir).digest in said[2]
    assert said[3].endswith("1 db permissive 1 0|")
    deny = next(r.id for r in ir.rules if ir.action_sets[r.requests.actions] == ("system.reboot",))
    assert said[4:10] == [
        "defer 0", f"defer {deny}", "deny 0", "deny 0", f"{WEB} {WEB}", str(EBUSY),
    ]  # fmt: skip
    assert f"policy test in force, hash {build(ir).digest}" in said[-1]
    assert f"cell=?{WEB} action=system.reboot" in said[-1]


def test_a_living_id_keeps_its_name(driver: Path, tmp_path: Path) -> None:
    """Even across a policy that does not have it; when nothing lives it may be given away."""
    gone = tmp_path / "gone"
    gone.write_bytes(encode(build(program("cell x { profile low; }").ir)))
    stays = tmp_path / "stays"
    stays.write_bytes(encode(build(program("cell db { profile low; }").ir)))
    said = session(
        driver, *populate(DB), f"load 0 {gone}", f"load 0 {stays}", "get 0 generation",
        "exit 10", f"load 0 {gone}", "get 0 cells", f"load 0 {stays}",
    )  # fmt: skip
    assert said[-7:] == [
        str(EBUSY), "0", said[-5], "0", "0", said[-2], "0",
    ]  # fmt: skip
    assert said[-5].endswith(" 2")
    assert said[-2].endswith("1 x enforcing 0 0|")


def test_nobody_may_do_anything_to_a_cell_that_is_gone(driver: Path, tmp_path: Path) -> None:
    """Whoever may do it to any cell, and whether the id is beyond those that are left or not."""
    signal = column("process.signal")
    all_ = "{ profile low; allow process.signal to any; }"
    for text, asking, gone in ((f"cell db {all_}", 10, 40), (f"cell web {all_}", 40, 10)):
        ir = program(text).ir
        (cell,) = ir.cells
        ir = replace(ir, cells=(replace(cell, id=asking // 10),))
        said = load(
            driver, tmp_path, encode(build(ir)), f"ask {asking} {signal} target {gone}",
            f"ask {asking} {signal} target {USER}", f"ask {asking} {signal} target {asking}",
        )  # fmt: skip
        assert said[:2] == ["0", "deny 0"]
        assert [answer.split()[0] for answer in said[2:]] == ["defer", "defer"]


@pytest.mark.parametrize("by", [USER, 10, 40])
def test_only_root_of_the_host_loads(driver: Path, tmp_path: Path, by: int) -> None:
    image = encode(build(house()))
    assert load(driver, tmp_path, image, "get 0 generation", by=by) == [str(EPERM), "0 8 1"]


def test_faulty_images_are_refused_and_the_policy_stays(driver: Path, tmp_path: Path) -> None:
    commands = list(populate(DB, WEB))
    cases = faults()
    for i, (image, _) in enumerate(cases.values()):
        (tmp_path / str(i)).write_bytes(image)
        commands += [f"load 0 {tmp_path / str(i)}", "get 0 generation"]
    said = session(driver, *commands, f"ask 40 {MODULE}", "exit 10", "exit 40", "fini", "leftovers")
    for i, (name, (_, error)) in enumerate(cases.items()):
        got, generation = said[len(populate(DB, WEB)) + 2 * i :][:2]
        assert got != "0", name
        assert error in (ANY, int(got)), name
        assert generation == "0 8 1", name
    assert said[-5].startswith("deny ")
    assert said[-2:] == ["0", "0"]


@pytest.mark.parametrize("name", faults())
def test_the_decoder_takes_no_image_of_another_shape(name: str) -> None:
    image, error = faults()[name]
    if error in (EFTYPE, EPROGMISMATCH, EINVAL, EBADMSG) and name != "release":
        with pytest.raises(ImageError):
            decode(image)


def test_an_image_too_big_is_not_even_read(driver: Path, tmp_path: Path) -> None:
    with (tmp_path / "image").open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)
    assert session(driver, f"load 0 {tmp_path / 'image'}") == [str(EFBIG)]


def test_no_image_makes_the_engine_read_beyond_it(driver: Path, tmp_path: Path) -> None:
    """Whatever was loaded is asked all kinds of questions; the sanitizers watch."""
    port, socket, signal = (
        column(x) for x in ("network.bind.privport", "network.socket.open", "process.signal")
    )
    questions = [
        "get 0 cells",
        f"ask 40 {MODULE}",
        f"ask 40 {signal} target 10",
        f"ask {USER} {port} bind explicit 2 6 80",
        *(f"ask 40 {port} bind explicit 2 {p} {n}" for p in (6, 17) for n in (0, 80, 5432, 65535)),
        *(f"ask 40 {socket} socket {d} {t} {p}" for d, t, p in ((2, 3, 6), (99, 9, 999))),
        "rlimit 40 40 8 9999 9999",
        "fork 40 41 fail",
        "log",
    ]
    commands = list(populate(DB, WEB))
    for i, image in enumerate(mutants(house(), 150)):
        (tmp_path / str(i)).write_bytes(image)
        commands += [f"load 0 {tmp_path / str(i)}", *questions]
    loaded = [
        a for c, a in zip(commands, session(driver, *commands), strict=True) if c[:4] == "load"
    ]
    assert "0" in loaded
    assert str(EPROTO) in loaded


def test_machines_of_the_other_order_of_bytes(builder: Builder, tmp_path: Path) -> None:
    driver = builder.driver(house(), "-DSHIM_BIG_ENDIAN", again=("cellpolicy_image.c",))
    ir = program("cell db { profile low; deny system.reboot; }\ncell web { profile low; }").ir
    good = encode(build(ir))
    commands = ("get 0 cells", "ask 10 20")
    setup = populate(DB)
    for image, error in ((good, EPROGMISMATCH), (swapped(good), 0)):
        (tmp_path / "image").write_bytes(image)
        said = session(driver, *setup, f"load 0 {tmp_path / 'image'}", *commands)[len(setup) :]
        assert said[0] == str(error)
    assert said[1].endswith("1 db enforcing 1 0|2 web enforcing 0 0|")
    assert said[2].startswith("deny ")


def test_owners_beside_ids_that_are_gone(driver: Path, tmp_path: Path) -> None:
    """Numbers of ids that any policy had are not given to owners of ports."""
    good, gone = tmp_path / "good", tmp_path / "gone"
    text = "cell db { profile low; listen tcp {53, 853}; listen udp 53; }"
    good.write_bytes(encode(build(program(text).ir)))
    last = program("cell last { profile low; }").ir
    for id_, error in ((65534, 0), (65535, EFBIG)):
        gone.write_bytes(encode(build(replace(last, cells=(replace(last.cells[0], id=id_),)))))
        said = session(driver, f"load 0 {gone}", f"load 0 {good}", f"load 0 {gone}")
        assert said == ["0", str(error), "0"]
