"""Hosts in directories, builds for them, and ansible-playbook over all of them at once."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from backends.ansible import BACKEND as ANSIBLE
from backends.rc import BACKEND as RC
from compiler.ir.ir import Cell, Service
from compiler.manifest import Manifest, Origin, checksums
from tests.rc.cells import minimal, policy
from tests.rc.support import program

BIN = Path(sys.executable).parent

#: Calls a script of rc.d(8): notes the call, and knows which programs do badly or have ended, and
#: that rc.subr(8) fails where rc.conf(5) turns a script off and the verb does not begin with `one`.
#: Where there is a file `cut`, the first call is the last that Ansible lives to see.
_RUN = """\
host=${1%/etc/rc.d/*}
echo "${1##*/} $2" >>"$host/log"
if [ -e "$host/cut" ]; then
	rm "$host/cut"
	pid=$PPID
	while [ "$pid" -gt 1 ]; do
		! grep -q ansible-playbook "/proc/$pid/cmdline" || ansible="$pid $ansible"
		pid=$(sed 's/.*) . //; s/ .*//' "/proc/$pid/stat")
	done
	kill -KILL $ansible
fi
case "$2" in
one*)	;;
*)	! grep -qs :=NO "$host/etc/rc.conf.d/${1##*/}" || exit 1 ;;
esac
case "${1##*/} $2" in
cellpolicy*)	! grep -q refused "${1%/*}"/cell_* ;;
*health)	! grep -q sick "$1" ;;
*onestatus)	! grep -q ended "$1" ;;
esac
"""


#: Where install.sh keeps generations; what is active is read by way of links.
_STATE = ("var/db/cellpolicy", "libexec/cellpolicy.d")


@dataclass(frozen=True)
class Recap:
    """What a play came to."""

    status: int
    output: str
    hosts: Mapping[str, Mapping[str, int]]


class Fleet:
    """Builds and hosts below a directory; hosts are named by what befalls them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.hosts: dict[str, dict[str, object]] = {}
        program(root / "bin/make", "echo made >cellexec")
        program(root / "bin/run", _RUN)

    def build(self, name: str, **programs: str) -> Path:
        """A build of cells with the program that each runs."""
        cells = [_cell(cell, n, text) for n, (cell, text) in enumerate(programs.items(), 1)]
        ir = policy(*cells)
        artifacts = {a.path: a for backend in (RC, ANSIBLE) for a in backend.emit(ir)}
        sums = {path: hashlib.sha256(a.content).hexdigest() for path, a in artifacts.items()}
        contents = {path: a.content for path, a in artifacts.items()}
        contents["manifest.json"] = Manifest(Origin("0" * 64, "0", "0" * 64), sums).render()
        sums["manifest.json"] = hashlib.sha256(contents["manifest.json"]).hexdigest()
        contents["SHA256"] = checksums(sums)
        for path, content in contents.items():
            target = self.root / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            target.chmod(artifacts[path].mode if path in artifacts else 0o644)
        return self.root / name

    def host(self, name: str, new: Path, old: Path | None = None, **variables: object) -> None:
        """A host that is to get the build `new`, and has `old`."""
        root = self.root / "hosts" / name
        root.mkdir(parents=True)
        if old is not None:
            install = ["sh", str(old / "install.sh"), "install"]
            subprocess.run(install, check=True, env=self._environment(DESTDIR=str(root)))
        self.hosts[name] = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "cellpolicy_build": str(new),
            "cellpolicy_destdir": str(root),
            "cellpolicy_run": [str(self.root / "bin/run")],
            "cellpolicy_health_retries": 1,
            "cellpolicy_health_delay": 0,
            **variables,
        }

    def play(self, playbook: Path, *options: str, hosts: Sequence[str] = ()) -> Recap:
        inventory = self.root / "inventory.json"
        group = {"hosts": self.hosts, "vars": {"ansible_become": False}}
        inventory.write_text(json.dumps({"cellpolicy": group}))
        command = [str(BIN / "ansible-playbook"), "-i", str(inventory), str(playbook), *options]
        if hosts:
            command += ["--limit", ",".join(hosts)]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=600, env=self._environment()
        )
        return Recap(done.returncode, done.stdout + done.stderr, _recap(done.stdout))

    def calls(self, host: str) -> list[str]:
        """The scripts that were run on a host, with their verbs; forgets them."""
        log = self.root / "hosts" / host / "log"
        if not log.exists():
            return []
        text = log.read_text()
        log.unlink()
        return text.splitlines()

    def tree(self, host: str) -> dict[str, bytes]:
        """The files of a host, the state of install.sh aside."""
        root = self.root / "hosts" / host
        return {
            str(path.relative_to(root)): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file() and not any(path.is_relative_to(root / own) for own in _STATE)
        }

    def _environment(self, **more: str) -> dict[str, str]:
        return {
            "PATH": f"{self.root / 'bin'}:{BIN}:{os.environ['PATH']}",
            "HOME": str(self.root),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_FORKS": "2",
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_HOME": str(self.root / "ansible"),
            **more,
        }


def _cell(name: str, number: int, program: str) -> Cell:
    service = Service((program,), manual=program.startswith("/manual/"))
    return minimal(name, id=number, service=service)


def _recap(output: str) -> dict[str, dict[str, int]]:
    found = {}
    for line in output.partition("PLAY RECAP")[2].splitlines()[1:]:
        if ":" in line:
            host, _, counts = line.partition(":")
            pairs = (pair.split("=") for pair in counts.split())
            found[host.strip()] = {name: int(count) for name, count in pairs}
    return found
