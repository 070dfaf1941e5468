"""Fuzzing of the kernel module's loader with libFuzzer, AddressSanitizer and UBSan.

    python -m tests.fuzz.loader -max_total_time=1800

starts from images of real policies and from tests/fuzz/images/, which holds what
earlier runs found worth keeping; new inputs go to a directory that is named at the end,
and `--merge DIRECTORY` adds those that reach new code to tests/fuzz/images/.  Inputs that
crash are written to the working directory: copy them into tests/fuzz/crashes/images/, from
where the test suite runs them from then on.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from backends.kmod.build import build
from backends.kmod.image import encode
from compiler.driver import compile_policy
from tests.kmod.build import compile_files, module_files, write_tree
from tests.kmod.house import house, street
from tests.semantics.generated import programs
from tests.semantics.support import TODAY, must, root_files

HERE = Path(__file__).parent
IMAGES = HERE / "images"
CRASHES = HERE / "crashes" / "images"
RELEASE = "10.1"
_FLAGS = (
    *("-O1", "-g", "-fsanitize=fuzzer-no-link,address,undefined"),
    *("-fno-sanitize-recover=all", "-Dlog=shim_log"),  # libFuzzer uses that of libm
)


def build_fuzzer(directory: Path) -> Path:
    """The fuzzer as a program; run with names of files it replays those."""
    files = module_files(house())
    write_tree(directory, files, RELEASE)
    (directory / "loader.c").write_bytes((HERE / "loader.c").read_bytes())
    skipped = ("host.c", "driver.c", "requests.c", "stress.c")
    sources = sorted(x.name for x in directory.glob("*.c") if x.name not in skipped)
    said = compile_files("clang", directory, RELEASE, _FLAGS, sources)
    assert not said, said
    subprocess.run(["clang", "-O1", "-c", "host.c"], cwd=directory, check=True)
    objects = [f"{Path(name).stem}.o" for name in [*sources, "host.c"]]
    link = ["clang", "-fsanitize=fuzzer,address,undefined", "-pthread", "-o", "fuzzer", *objects]
    subprocess.run(link, cwd=directory, check=True)
    return directory / "fuzzer"


def write_seeds(directory: Path, generated: int = 40) -> None:
    """Images of the shipped policies, the tests' own, and some generated ones."""
    irs = [must(compile_policy(path, TODAY)).ir for path in root_files()]
    irs += [house(), street(), *(made.ir for _, made in programs(generated))]
    for i, ir in enumerate(irs):
        if ir.target == RELEASE:
            (directory / f"seed-{i:03}").write_bytes(encode(build(ir)))


def main() -> None:
    """Fuzzes until libFuzzer's options say that it is enough."""
    work = Path(tempfile.mkdtemp(prefix="cellc-loader-"))
    fuzzer = build_fuzzer(work)
    IMAGES.mkdir(exist_ok=True)
    if sys.argv[1:2] == ["--merge"]:
        options, folders = ["-merge=1"], [IMAGES, Path(sys.argv[2])]
    else:
        found, seeds = work / "found", work / "seeds"
        found.mkdir()
        seeds.mkdir()
        write_seeds(seeds)
        options, folders = [*sys.argv[1:], "-max_len=32768", "-timeout=20"], [found, IMAGES, seeds]
        print(f"new inputs: {found}", file=sys.stderr)
    sys.exit(subprocess.run([fuzzer, *options, *map(str, folders)]).returncode)


if __name__ == "__main__":
    main()
