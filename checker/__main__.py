"""Checks the build directory that the command line names: `python3 -I checker DIR`."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).resolve().parents[1])]
    from checker.checker import CERTIFICATE, CERTIFIED, check

    if len(sys.argv) != 2:
        sys.exit("usage: python3 -I checker DIR")
    try:
        files = {path: Path(sys.argv[1], path).read_bytes() for path in (CERTIFICATE, *CERTIFIED)}
    except OSError as error:
        sys.exit(f"checker: {error}")
    fault = check(files)
    if fault:
        sys.exit(f"checker: {fault}")
