"""Policy images: read back as written, and refused whole when anything is wrong with them."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from backends.kmod.build import build
from backends.kmod.decode import ImageError, decode
from backends.kmod.image import ALIGNMENT, CODES, HEADER, PREFIX, encode
from backends.kmod.layout import NUMBERS, lengths
from compiler.ir.ir import IR
from tests.kmod.build import Builder
from tests.kmod.house import DB, ROOT, USER, WEB, column, house, populate
from tests.kmod.machine import session
from tests.semantics.generated import programs
from tests.semantics.support import compile_text, must, program

EPERM, EBUSY, EINVAL, EFBIG, EPROGMISMATCH, EFTYPE, EBADMSG, EPROTO = 1, 16, 22, 27, 75, 79, 88, 96
#: Some error.
ANY = 0
MODULE = column("system.module")
BODY = PREFIX.size + HEADER.size


@pytest.fixture(scope="module")
def driver(builder: Builder) -> Path:
    return builder.driver(house())


def sealed(image: bytes) -> bytes:
    """An image with the size and checksum of what it holds."""
    image = image[: PREFIX.size] + struct.pack("<I", len(image)) + image[PREFIX.size + 4 :]
    checksum = struct.pack("<I", zlib.crc32(image[PREFIX.size :]))
    return image[: PREFIX.size - 4] + checksum + image[PREFIX.size :]


def places(image: bytes) -> Iterator[tuple[str, int, int, int]]:
    """The arrays of an image: name, bits, position and count of the numbers."""
    yield "numbers", 32, BODY, len(NUMBERS)
    numbers = struct.unpack_from(f"<{len(NUMBERS)}I", image, BODY)
    position = BODY + 4 * len(NUMBERS)
    for name, bits, count in lengths(dict(zip(NUMBERS, numbers, strict=True))):
        yield name, bits, position, count
        position += -(-count * bits // 8 // ALIGNMENT) * ALIGNMENT


def changed(image: bytes, array: str, index: int, value: int) -> bytes:
    """The image with one number of one array changed."""
    for name, bits, position, count in places(image):
        if name == array:
            at = position + (index % count) * bits // 8
            number = struct.pack("<" + CODES[bits], value)
            return sealed(image[:at] + number + image[at + len(number) :])
    raise KeyError(array)


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


@pytest.mark.parametrize("by", [USER, 10, 40])
def test_only_root_of_the_host_loads(driver: Path, tmp_path: Path, by: int) -> None:
    image = encode(build(house()))
    assert load(driver, tmp_path, image, "get 0 generation", by=by) == [str(EPERM), "0 8 1"]


def faults() -> dict[str, tuple[bytes, int]]:
    """Images that are wrong in one way, and the error each should give."""
    good = encode(build(house()))
    other = encode(build(must(compile_text("policy other;\ntarget netbsd 11.0;\n")).ir))
    n = dict(zip(NUMBERS, struct.unpack_from(f"<{len(NUMBERS)}I", good, BODY), strict=True))
    version = PREFIX.pack(b"CELLPOL\0", 2, 0) + good[PREFIX.size :]
    made = {
        "empty": (b"", EFTYPE),
        "short": (good[: BODY - 1], EFTYPE),
        "magic": (b"\x7fELF" + good[4:], EFTYPE),
        "version": (sealed(version), EPROGMISMATCH),
        "release": (other, EPROGMISMATCH),
        "cut": (good[:-8], EINVAL),
        "longer": (good + bytes(8), EINVAL),
        "cut and sealed": (sealed(good[:-8]), EINVAL),
        "longer and sealed": (sealed(good + bytes(8)), EINVAL),
        "flipped": (good[:-9] + bytes([good[-9] ^ 1]) + good[-8:], EBADMSG),
        "hash without end": (
            sealed(good[: BODY - 72] + b"a" * 72 + good[BODY:]),
            EPROTO,
        ),
    }
    for name in NUMBERS:
        if name not in ("flags", "policy", "owners_map"):
            index = NUMBERS.index(name)
            made[f"more {name}"] = (changed(good, "numbers", index, 0xFFFFFFFF), ANY)
            if n[name]:
                made[f"no {name}"] = (changed(good, "numbers", index, 0), ANY)
    for array, index, value in (
        ("numbers", NUMBERS.index("policy"), n["strings"]),
        ("numbers", NUMBERS.index("owners_map"), n["maps"]),
        ("numbers", NUMBERS.index("owners_map"), 1),
        ("class_of", 1, n["classes"]),
        ("class_of", 0, 1),
        ("cell_of", 1, n["cells"]),
        ("cell_of", 1, 2),
        ("cell_of", 2, 0),
        ("rows", 14, 3),
        ("crossings", 0, 0xC0000000),
        ("maps", 0, n["maps"]),
        ("maps", 0, 7),
        ("maps", 0, 0xFFFFFFE0),
        ("sockets", 0, 0xFFFFFFFF),
        ("type_of", 3, n["types"]),
        ("classes", 0, n["crossings"]),
        ("classes", 1, n["maps"] - 1),
        ("classes", 2, 0xFFFFFFFF),
        ("classes", 3, n["sockets"]),
        ("owners", 4, 0xFFFFFFFF),
        ("cells", 0, 1),
        ("cells", 9, 60000),
        ("cells", 10, n["strings"]),
        ("cells", 13, n["ceilings"]),
        ("cells", 14, 0xFFFFFFFF),
        ("cells", 15, n["rules"] + 1),
        ("cells", 17, 0xFFFFFFFF),
        ("rules", 1, n["sets"]),
        ("rules", 2, 0xFFFFFFFF),
        ("rules", 4, n["sets"] - 1),
        ("rules", 5, n["sets"] - 2),
        ("sets", 1, 0xFFFFFFFF),
        ("strings", -1, 65),
        ("strings", 2, ord(" ")),
        ("strings", 2, 0),
    ):
        made[f"{array} {index} {value:#x}"] = (changed(good, array, index, value), EPROTO)
    return made


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


def mutants(ir: IR, count: int) -> Iterator[bytes]:
    """Images with a few numbers replaced, sealed so that they are looked at."""
    chance = random.Random(1)
    good = encode(build(ir))
    for _ in range(count):
        image = good
        for _ in range(chance.choice((1, 1, 1, 2, 5))):
            name, bits, _, size = chance.choice([place for place in places(good) if place[3]])
            value = chance.choice(
                (0, 1, 31, 32, 64, (1 << bits) - 1, 1 << (bits - 1), chance.randrange(4096))
            )
            image = changed(image, name, chance.randrange(size), value % (1 << bits))
        yield image


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


def swapped(image: bytes) -> bytes:
    """The image for a machine whose little-endian numbers are of the other order."""
    out = bytearray(image)
    header = "<8sIIIIIIII"
    struct.pack_into(">8sIIIIIIII", out, 0, *struct.unpack_from(header, image))
    for _, bits, position, count in places(image):
        code = f"{count}{CODES[bits]}"
        struct.pack_into(
            ">" + code, out, position, *struct.unpack_from("<" + code, image, position)
        )
    struct.pack_into(">I", out, PREFIX.size - 4, zlib.crc32(out[PREFIX.size :]))
    return bytes(out)


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
