"""Where `cellc` begins: answers at once what needs nothing of the compiler.

That is --version, --help, and a check of what has not changed since the last one.  Other
command lines that leave nothing to say are read by `compiler.cli.plain`, and everything
else is `compiler.cli.main`'s.  A linter is started thousands of times a day, and importing
click alone takes three times as long as starting Python.
"""

from __future__ import annotations

import io
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from compiler.replay import Replay

#: Help as click formats it for terminals of some widths; it formats for all others itself.
WIDTHS = (80, 100)
_HELP = ("-h", "--help")


def main() -> None:
    """Runs the command line in sys.argv; does not return."""
    _open_closed()
    _write_utf8()
    try:
        _main()
    except KeyboardInterrupt:  # while something was imported; commands are ended by click
        sys.stderr.write("\nAborted!\n")
        os._exit(1)
    except OSError as problem:
        if problem.filename is not None:
            raise
        # What has no name is standard output: a full disk, most likely.
        what = "cannot write the output" if _somewhere() else "the working directory is gone"
        sys.stderr.write(f"cellc: {what}: {problem.strerror}\n")
        os._exit(2)


def _somewhere() -> bool:
    """Whether this runs in a directory that still exists."""
    try:
        os.getcwd()
    except OSError:
        return False
    return True


def _open_closed() -> None:
    """Makes standard output and error of a process that was started without them.

    What is written to the one fails, as on a full disk; nobody reads the other.
    """
    # Python has None for a stream that is closed, whatever its type says.
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")


def _write_utf8() -> None:
    """Makes standard output UTF-8, as policies are, whatever the locale; terminals stay theirs."""
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.encoding != "utf-8":
        if sys.stdout.isatty():
            sys.stdout.reconfigure(errors="backslashreplace")
        else:
            sys.stdout.reconfigure(encoding="utf-8")


def _main() -> None:
    replay = _replay(sys.argv)
    status = _at_once(sys.argv, replay)
    if status is not None:
        # There is nothing to tidy up, and tidying up takes a while.
        os._exit(status)
    if sys.argv[1:2] and "_CELLC_COMPLETE" not in os.environ:
        from compiler.cli.plain import run

        run(sys.argv[1:], replay)
    from compiler.cli.main import main as command

    command(obj=replay)


def _replay(argv: list[str]) -> Replay | None:
    """What a check like this one printed before."""
    if argv[1:2] != ["check"]:
        return None
    from compiler.replay import Replay

    try:
        return Replay(argv[1:])
    except OSError:  # nobody can tell where this runs
        return None


def _at_once(argv: list[str], replay: Replay | None) -> int | None:
    """The exit status, or None after doing nothing at all."""
    words = argv[1:]
    # click calls itself by other names in its help, and answers shells that complete words.
    if os.path.basename(argv[0]) != "cellc" or "_CELLC_COMPLETE" in os.environ:
        return None
    try:
        if words == ["--version"]:
            return _version()
        if not words or (len(words) == 1 and words[0] in _HELP):
            return _help(asked=bool(words))
        if replay is not None:
            return replay.printed()
    except BrokenPipeError:
        return 1  # as click has it
    return None


def _version() -> int:
    from compiler.version import VERSION

    sys.stdout.write(f"cellc {VERSION}\n")
    sys.stdout.flush()
    return 0


def _help(asked: bool) -> int | None:
    """Prints the help: to standard error, as an error, if nobody asked for it."""
    width = min(_columns(), WIDTHS[-1])
    if width not in WIDTHS:
        return None
    path = os.path.join(os.path.dirname(__file__), "help", f"{width}.txt")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    stream = sys.stdout if asked else sys.stderr
    stream.write(text)
    stream.flush()
    return 0 if asked else 2


def _columns() -> int:
    """The width of the terminal, found as shutil.get_terminal_size() finds it."""
    try:
        columns = int(os.environ["COLUMNS"])
    except (KeyError, ValueError):
        columns = 0
    if columns > 0:
        return columns
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 80  # type: ignore[union-attr]  # None is caught
    except (AttributeError, ValueError, OSError):
        return 80
