"""Whatever a policy holds reaches programs unchanged and runs nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from compiler.ir.ir import Hook, Log, Mount, Service
from tests.rc.cells import minimal, policy
from tests.rc.support import Host, directories, eventually, program

NASTY = (
    "",
    "'",
    '"',
    "\\",
    "a'b'c",
    "$(touch /tmp/pwned)",
    "`touch /tmp/pwned`",
    "${IFS}$HOME$$",
    "; touch /tmp/pwned #",
    "line one\nline two\n",
    "\ttab ",
    "*/ /* %s %n * ? [a-z] ~ !",
    "-rf",
    "--",
    "# REQUIRE: nothing",
    "\\'\\\"\\n",
    "größe 漢字 \U0001f512",
    "\x01\x1b[31m\x7f",
    "nginx|with n's",
    "x" * 10_000,
)

words = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40),
)


paths = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\t\n/"),
    min_size=1,
    max_size=20,
).filter(lambda name: name not in (".", "..") and len(name.encode()) < 200)


@settings(max_examples=10, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    args=st.lists(words, min_size=1, max_size=20),
    value=words,
    user=words,
    tag=words,
    names=st.lists(paths, max_size=3),
)
def test_whatever_a_policy_says_arrives_unchanged(
    stubs: Path, args: list[str], value: str, user: str, tag: str, names: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        host = Host(Path(directory).resolve() / "host", stubs)
        noted = host.state / "noted"
        hook = program(host.root / "hook", f"printf '%s\\0' \"$@\" >{noted}")
        below = "/".join(["srv", *names])
        directories(host.root, (below, f"root/{below}"))
        cell = minimal(
            root=f"{host.root}/root/{below}",
            user=user,
            group=value,
            mounts=(Mount("ro", f"{host.root}/{below}", f"/at/{below}"),),
            hooks=(Hook("pre-start", (hook, *args)),),
            service=Service(
                ("/bin/true", *args),
                env=(("NAME", value),),
                log=Log("local0", tag, "info", "err"),
                healthcheck=("/bin/true", *args[::-1]),
            ),
        )
        host.install(policy(cell))
        try:
            result = host.run("cell_web", "start")
            assert result.status == 0, result.stderr
            assert eventually(lambda: not host.running())
            entry = ["-c", str(cell.root), "-u", user, "-g", value, "-e", f"NAME={value}"]
            assert host.words("noted") == args
            assert host.words("argv-service") == ["-s", *entry, "--", "web", "/bin/true", *args]
            assert host.words("argv") == [*entry, "--", "web", "/bin/true", *args[::-1]]
            assert host.words("logger-info") == ["-p", "local0.info", "-t", tag]
            assert host.mounts() == [
                f"{host.root}/{below} on {cell.root}/at/{below} type null"
                " (ro, nosuid, nodev, local)"
            ]
            assert host.run("cell_web", "stop").status == 0
            assert host.mounts() == []
        finally:
            host.close()


def test_every_nasty_word_at_once(host: Host) -> None:
    service = Service(("/bin/true", *NASTY), healthcheck=("/bin/true", *NASTY))
    command = program(host.root / "wait", "exec sleep 1000")
    cell = minimal(service=Service((command, *NASTY), healthcheck=service.healthcheck))
    host.install(policy(cell))
    assert host.run("cell_web", "start").status == 0
    assert eventually(host.processes)
    assert host.words("command") == [command, *NASTY]
    assert host.run("cell_web", "health").status == 0
    assert host.words() == ["--", "web", "/bin/true", *NASTY]
    assert not Path("/tmp/pwned").exists()


PATHS = (
    "/plain",
    "/with blank and  two",
    '/it\'s "quoted"',
    "/$(touch pwned) `x` $HOME",
    "/glob * ? [a-z]",
    "/back\\slash",
    "/nginx|n",
    "/on /etc type null (local)",
    "/größe/漢字",
    "/-o",
)


@pytest.mark.parametrize("name", PATHS)
def test_paths_are_taken_as_they_are(host: Host, name: str) -> None:
    root = f"{host.root}/cells{name}"
    source = f"{host.root}/srv{name}"
    directories(host.root, (f"cells{name}", f"cells{name}.bak", f"srv{name}"))
    foreign = f"/dev/wd0e on {root}.bak type ffs (local)"
    (host.state / "mounts").write_text(f"{foreign}\n")
    cell = minimal(root=root, exec_readonly=True, mounts=(Mount("rw", source, f"/x{name}"),))
    host.install(policy(cell))
    result = host.run("cell_web", "start")
    assert result.status == 0, result.stderr
    assert host.mounts()[1:] == [
        f"{root} on {host.run_dir}/web/root type null (ro, local)",
        f"{host.run_dir}/web/root on {root} type null (ro, local)",
        f"{source} on {root}/x{name} type null (noexec, nosuid, nodev, local)",
    ]
    assert host.run("cell_web", "stop").status == 0
    assert host.mounts() == [foreign]


@pytest.mark.parametrize("name", ["a-b", "n", "root", "run", "warn", "name", "start", "x" * 60])
def test_names_are_safe_in_variables_and_functions(host: Host, name: str) -> None:
    host.install(policy(minimal(name)))
    script = f"cell_{name.replace('-', '_')}"
    assert host.run(script, "start").status == 0
    status = host.run(script, "status")
    assert (status.status, status.stdout) == (0, f"Cell {name} is up; processes: 0.\n")
    assert host.run(script, "stop").status == 0
    assert host.run(script, "status").status == 1
