"""Manifests and hooks as they are emitted, and what sh(1) makes of their lines."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from backends.celladm import BACKEND
from compiler.ir.ir import IR, Hook
from tests.celladm.support import SERVICE, cell, emitted, manifest
from tests.semantics.support import program

_ECHO = "import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ)]))"
_TEXTS = (
    "x",
    "",
    "two words",
    "it's",
    'a "quote"',
    "$HOME `id`",
    "é",
    "*",
    "\\",
    "a\tb",
    "-n",
    "#",
)


def test_every_key() -> None:
    ir = cell(
        'user "80" group "81" groups 6 "8"; listen tcp {443, 80}; mount rw "/srv" at "/data";'
        "limits { nofile 5; as 1G; core unlimited; } devices { null }"
        'hook post-start "/bin/sh" "-c" "check it";',
        'service { command "/bin/sh" "-c" "serve | tee"; require NETWORKING named; before LOGIN;'
        'manual; log facility local1 tag "t" stdout debug stderr crit; }',
    )
    assert list(manifest(ir).items()) == [
        ("name", "web"),
        ("autostart", "no"),
        ("root_base", "/var/cells/base"),
        ("local_dev", "yes"),
        ("profile", "low"),
        ("reserved_ports", "80,443"),
        ("rlimit_nofile", "5"),
        ("rlimit_as", "1073741824"),
        ("rlimit_core", "unlimited"),
        ("run_uid", "80"),
        ("run_gid", "81"),
        ("run_groups", "6,8"),
        ("mount", "/srv /data rw"),
        ("command", "serve | tee"),
        ("healthcheck", "check it"),
        ("require", "NETWORKING named"),
        ("before", "LOGIN"),
        ("log_facility", "local1"),
        ("log_tag", "t"),
        ("log_stdout_level", "debug"),
        ("log_stderr_level", "crit"),
    ]


def test_what_is_not_said_takes_the_defaults_of_the_language() -> None:
    made = manifest(cell())
    assert made["local_dev"] == "no"
    assert (made["log_tag"], made["log_stdout_level"]) == ("web", "notice")
    assert not made.keys() & {"reserved_ports", "run_uid", "healthcheck", "require", "rlimit_as"}


def _with_command(argv: tuple[str, ...], env: tuple[tuple[str, str], ...] = ()) -> IR:
    ir = cell()
    service = ir.cells[0].service
    assert service is not None
    service = replace(service, command=argv, env=env)
    return replace(ir, cells=(replace(ir.cells[0], service=service),))


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_words_arrive_as_they_were_written(shell: str) -> None:
    words = (sys.executable, "-c", _ECHO, *_TEXTS)
    line = manifest(_with_command(words, (("A", "it's $x"), ("B", ""))))["command"]
    done = subprocess.run([shell, "-c", line], capture_output=True, text=True, check=True)
    argv, environment = json.loads(done.stdout)
    assert argv == list(_TEXTS)
    assert (environment["A"], environment["B"]) == ("it's $x", "")


@pytest.mark.parametrize("line", ["exec httpd -f", "a; b # c", "x='1' y", "a\rb", "é\u0085"])
def test_a_line_for_sh_stays_that_line(line: str) -> None:
    assert manifest(_with_command(("/bin/sh", "-c", line)))["command"] == line


@pytest.mark.parametrize("line", [" x", "x ", "", "x\v"])
def test_a_line_that_would_be_trimmed_is_quoted(line: str) -> None:
    made = manifest(_with_command(("/bin/sh", "-c", line)))["command"]
    assert made.startswith("exec /bin/sh -c ")
    assert (
        subprocess.run(
            ["sh", "-c", made.replace("/bin/sh -c", "printf %s")], capture_output=True, check=True
        ).stdout.decode()
        == line
    )


def test_a_line_break_is_refused_and_never_emitted() -> None:
    with pytest.raises(ValueError, match="line break"):
        BACKEND.emit(_with_command(("/bin/x", "a\nprofile=low")))


def test_hooks_are_scripts(tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = tmp_path / "hook"
    script.write_text(f'#!/bin/sh\necho "$CELL $CELL_ROOT $*" >>{log}\n[ "$1" != stop ]\n')
    script.chmod(0o755)
    ir = cell()
    argvs = [(str(script), "it's one"), (str(script), "stop"), (str(script), "never")]
    hooks = tuple(Hook("pre-start", argv) for argv in argvs)
    ir = replace(ir, cells=(replace(ir.cells[0], hooks=hooks),))
    [artifact] = [a for a in BACKEND.emit(ir) if "hooks" in a.path]
    assert (artifact.path, artifact.mode) == ("celladm/hooks/web/pre-start", 0o755)
    path = tmp_path / "pre-start"
    path.write_bytes(artifact.content)
    assert subprocess.run(["sh", str(path)], check=False).returncode == 1
    root = "/var/cells/cells/web/root"
    assert log.read_text() == f"web {root} it's one\nweb {root} stop\n"


def test_the_only_check_after_the_start_is_the_health_check() -> None:
    hook = 'hook post-start "/bin/sh" "-c" "check";'
    assert manifest(cell(hook))["healthcheck"] == "check"
    assert not [path for path in emitted(cell(hook)) if "hooks" in path]
    for more in (
        hook + hook,
        'hook post-start "/bin/check";',
        'hook post-start "/bin/sh" "-c" "$CELL";',
    ):
        files = emitted(cell(more))
        assert "healthcheck=" not in files["celladm/cells.d/web.cell"]
        assert "celladm/hooks/web/post-start" in files


def test_a_health_check_runs_in_the_cell() -> None:
    service = SERVICE.replace("restart", 'healthcheck "/bin/y" "a b"; restart')
    made = manifest(cell("", service))
    assert made["healthcheck"] == "/usr/sbin/cellctl exec web /bin/y 'a b'"


def test_a_hook_where_celladm_finds_it_is_not_written_again() -> None:
    files = emitted(cell('hook pre-stop "/etc/cells/hooks/web/pre-stop";'))
    assert not [path for path in files if "hooks" in path]


def test_the_report_names_every_loss() -> None:
    ir = program(
        "cell web { profile low; deny vnode.execute; permissive; }host { securelevel 1; }"
    ).ir
    losses, _ = BACKEND.shortfall(ir)
    assert {loss.name for loss in losses} == {"deny-vnode", "permissive", "host-settings"}
    lines = emitted(cell("deny vnode.execute; permissive;"))["celladm/losses.txt"].splitlines()
    rule = cell("deny vnode.execute; permissive;").rules[-1].id
    assert "cell web low" in lines
    assert any(line.startswith(f"weaker deny-vnode {rule:08x} ") for line in lines)
    assert any(line.startswith("other permissive web ") for line in lines)
