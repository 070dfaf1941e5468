"""Images that fuzzing of the loader starts from, kept, or once crashed on."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.fuzz.loader import CRASHES, IMAGES, build_fuzzer, write_seeds


def test_replay(tmp_path: Path) -> None:
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    write_seeds(seeds, generated=8)
    files = [path for folder in (seeds, IMAGES, CRASHES) for path in sorted(folder.glob("*"))]
    done = subprocess.run(
        [build_fuzzer(tmp_path), *files], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stderr.count("\nExecuted ") == len(files) > len(list(seeds.iterdir()))
