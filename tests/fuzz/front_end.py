"""Coverage-guided fuzzing with atheris, of one of the targets of tests/fuzz/targets.py.

    python -m tests.fuzz.front_end policy -max_total_time=600 -max_len=4096

New inputs that reach new code are kept in a directory that is named at the beginning
(tests/fuzz/minimise.py makes a corpus of them); inputs that crash are written to the
working directory.  Copy those into tests/fuzz/crashes/ as TARGET-WHAT, where the test
suite runs them from then on.
Needs the `fuzz` extra: `pip install -e '.[fuzz]'`.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["compiler", "grammar", "backends"]):
    from tests.fuzz.targets import TARGETS

from tests.fuzz.seeds import dictionary, seeds

#: Seconds after which one input counts as a hang, and the most memory in MiB.
_LIMITS = ("-timeout=20", "-rss_limit_mb=3072")


def main() -> None:
    """Fuzzes until libFuzzer's options say that it is enough."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"usage: python -m tests.fuzz.front_end {{{','.join(TARGETS)}}} [options]")
    name, options = sys.argv[1], sys.argv[2:]
    folder = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    kept, given = folder / "kept", folder / "given"
    kept.mkdir()
    given.mkdir()
    for data in seeds(name):
        (given / hashlib.sha1(data).hexdigest()).write_bytes(data)
    words = folder / "words.dict"
    words.write_text(dictionary())
    sys.stderr.write(f"keeping new inputs in {kept}\n")
    atheris.Setup([sys.argv[0], *_LIMITS, f"-dict={words}", *options, str(kept), str(given)],
                  TARGETS[name])  # fmt: skip
    atheris.Fuzz()


if __name__ == "__main__":
    main()
