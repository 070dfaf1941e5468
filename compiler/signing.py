"""Signatures of the manifest of a build, made and checked by ssh-keygen(1)."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence

from compiler.durable import OutputError

#: What a signature is for (PROTOCOL.sshsig of OpenSSH): none made for something else counts.
NAMESPACE = "cellpolicy"
_PROGRAM = "ssh-keygen"


class SignatureError(Exception):
    """A signature that does not count; the message says why."""


def signer(key: str | os.PathLike[str]) -> Callable[[bytes], bytes]:
    """A function that signs with the private key in a file, or with that of ssh-agent(1).

    For the agent the file holds the public key.  The function asks for a
    passphrase on the terminal where the key has one, and raises OutputError
    when it cannot sign.
    """

    def sign(content: bytes) -> bytes:
        path = os.fspath(key)
        if not os.path.isfile(path):
            reason = "there is no such file" if not os.path.lexists(path) else "it is no file"
            raise OutputError(f"cannot sign with `{path}`: {reason}", _HELP)
        done = _run(["-Y", "sign", "-f", path, "-n", NAMESPACE], content)
        if done.returncode != 0 or not done.stdout.startswith(b"-----BEGIN SSH SIGNATURE-----"):
            raise OutputError(f"cannot sign with `{path}`: {_reason(done)}", _HELP)
        return done.stdout

    return sign


def check_signature(
    content: bytes, signature: bytes, allowed_signers: str | os.PathLike[str]
) -> str:
    """Whose signature of `content` it is, a principal of the file of allowed signers.

    The file is one of ssh-keygen(1), "ALLOWED SIGNERS".  Raises SignatureError
    when the signature is not by one of them, for NAMESPACE, or not of `content`.
    """
    allowed = os.fspath(allowed_signers)
    if not os.path.isfile(allowed):
        raise SignatureError(f"there is no file of allowed signers `{allowed}`")
    with tempfile.NamedTemporaryFile(prefix="cellc-") as file:
        file.write(signature)
        file.flush()
        try:
            found = _run(["-Y", "find-principals", "-s", file.name, "-f", allowed], b"")
            names = found.stdout.decode(errors="replace").splitlines()
            if found.returncode != 0 or not names:
                raise SignatureError(f"the signature is by none of the signers in `{allowed}`")
            options = ["-f", allowed, "-I", names[0], "-n", NAMESPACE, "-s", file.name]
            done = _run(["-Y", "verify", *options], content)
        except OutputError as problem:
            raise SignatureError(problem.message) from problem
    if done.returncode != 0:
        raise SignatureError(f"the signature does not hold: {_reason(done)}")
    return names[0]


_HELP = "name a private key of ssh-keygen(1), such as one made by `ssh-keygen -t ed25519 -f KEY`"


def _run(options: Sequence[str], content: bytes) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run([_PROGRAM, *options], input=content, capture_output=True, check=False)
    except OSError as error:
        reason = f"cannot run ssh-keygen(1): {error.strerror}"
        raise OutputError(reason, "it comes with OpenSSH") from error


def _reason(done: subprocess.CompletedProcess[bytes]) -> str:
    """The last line of what ssh-keygen said, printable."""
    said = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
    line = said[-1] if said else f"ssh-keygen(1) ended with {done.returncode}"
    return "".join(c if c.isprintable() else "?" for c in line)
