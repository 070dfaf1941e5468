"""cellc in CI: hooks for pre-commit, an action for GitHub, a job for GitLab."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.commands.conftest import WEB
from tests.policies.site import REPOSITORY

BIN = Path(sys.executable).parent
HOOKS = REPOSITORY / ".pre-commit-hooks.yaml"
ACTION = REPOSITORY / "action.yml"
GITLAB = REPOSITORY / "ci" / "gitlab.yml"

GOOD = WEB.replace(" @until 2027-06-30", "")
BAD = GOOD.replace("profile confined;", "profile confind;", 1)


def run(
    command: list[str], cwd: Path, status: int | None = 0, **environment: str
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command,
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", **environment},
    )
    assert status is None or done.returncode == status, done.stdout + done.stderr
    return done


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Somebody's repository with one policy."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "web.cell").write_text(GOOD)
    run(["git", "init", "-q", "."], folder)
    return folder


@pytest.mark.parametrize(
    ("schema", "path"),
    [("github-actions", ACTION), ("gitlab-ci", GITLAB)],
    ids=["github", "gitlab"],
)
def test_schemas(schema: str, path: Path) -> None:
    run(["check-jsonschema", "--builtin-schema", f"vendor.{schema}", str(path)], REPOSITORY)


def test_the_manifest_of_hooks_is_valid() -> None:
    run(["pre-commit", "validate-manifest", str(HOOKS)], REPOSITORY)


def test_pre_commit_runs_the_hooks_from_a_clone(repository: Path, tmp_path: Path) -> None:
    run(["git", "clone", "-q", str(REPOSITORY), str(tmp_path / "cellc")], tmp_path)
    revision = run(["git", "rev-parse", "HEAD"], tmp_path / "cellc").stdout.strip()
    hooks = [{"id": hook["id"]} for hook in yaml.safe_load(HOOKS.read_text())]
    repos = [{"repo": str(tmp_path / "cellc"), "rev": revision, "hooks": hooks}]
    (repository / ".pre-commit-config.yaml").write_text(json.dumps({"repos": repos}))
    (repository / "web.cell").write_text(GOOD.replace("user ", "user    "))
    home = str(tmp_path / "home")
    run(["git", "add", "."], repository)
    first = run(["pre-commit", "run", "--all-files"], repository, None, PRE_COMMIT_HOME=home).stdout
    assert "files were modified by this hook" in first  # cellc fmt
    run(["pre-commit", "run", "--all-files"], repository, PRE_COMMIT_HOME=home)
    (repository / "web.cell").write_text(BAD)
    check = ["pre-commit", "run", "cellc-check", "--all-files"]
    assert "did you mean `confined`?" in run(check, repository, 1, PRE_COMMIT_HOME=home).stdout


class Action:
    """The steps of action.yml that are scripts, run as GitHub's runner would."""

    def __init__(self, folder: Path, runner: Path, **inputs: str) -> None:
        self.folder = folder
        self.runner = runner
        document = yaml.safe_load(ACTION.read_text())
        self.inputs = {n: i.get("default", "") for n, i in document["inputs"].items()} | inputs
        self.steps = {step.get("name"): step for step in document["runs"]["steps"]}
        (runner / "cellc/bin").mkdir(parents=True)
        program = runner / "cellc/bin/cellc"
        program.write_text(
            f"#!/bin/sh\nexec {sys.executable} -c"
            " 'from compiler.cli.main import main; main()' \"$@\"\n"
        )
        program.chmod(0o755)

    def step(self, name: str, **outputs: str) -> tuple[int, str]:
        step: dict[str, Any] = self.steps[name]
        known = {f"${{{{ inputs.{n} }}}}": value for n, value in self.inputs.items()}
        known |= {f"${{{{ steps.check.outputs.{n} }}}}": value for n, value in outputs.items()}
        environment = {name: known[value] for name, value in step["env"].items()}
        (self.runner / "output").touch()
        environment |= {
            "RUNNER_TEMP": str(self.runner),
            "GITHUB_OUTPUT": str(self.runner / "output"),
            "PYTHONPATH": str(REPOSITORY),
        }
        # https://docs.github.com: `shell: bash` is bash --noprofile --norc -eo pipefail
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        done = run(shell, self.folder, None, **environment)
        return done.returncode, done.stdout + done.stderr

    def outputs(self) -> dict[str, str]:
        lines = (self.runner / "output").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)


def test_the_action_annotates_and_writes_sarif_and_fails_at_the_end(
    repository: Path, tmp_path: Path
) -> None:
    (repository / "web.cell").write_text(BAD)
    action = Action(repository, tmp_path / "runner", options="--max-findings 5")
    status, out = action.step("Check")
    assert status == 0
    assert out.startswith("::error file=web.cell,line=5,")
    outputs = action.outputs()
    assert outputs["status"] == "1"
    results = json.loads(Path(outputs["sarif"]).read_text())["runs"][0]["results"]
    assert results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "web.cell"
    assert action.step("Fail on findings", **outputs)[0] == 1


def test_the_action_runs_tests_of_good_policies(repository: Path, tmp_path: Path) -> None:
    action = Action(repository, tmp_path / "runner", paths="web.cell .")
    assert action.step("Check")[0] == 0
    assert action.outputs()["status"] == "0"
    status, out = action.step("Test")
    assert (status, "ok     ports" in out) == (0, True)


def test_the_action_ends_where_nothing_can_be_checked(repository: Path, tmp_path: Path) -> None:
    action = Action(repository, tmp_path / "runner", paths="nowhere.cell", options="--no-such")
    status, out = action.step("Check")
    assert (status, "No such option" in out) == (2, True)
    assert "status" not in action.outputs()  # so that nothing is uploaded


def test_what_the_user_gives_never_becomes_a_script() -> None:
    for step in yaml.safe_load(ACTION.read_text())["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


@pytest.mark.parametrize("text", [GOOD, BAD], ids=["good", "bad"])
def test_the_job_for_gitlab(repository: Path, text: str) -> None:
    (repository / "web.cell").write_text(text)
    document = yaml.safe_load(GITLAB.read_text())
    job = document["cellc"]
    (repository / ".cellc").symlink_to(BIN.parent)
    script = "set -e\n" + "\n".join(job["script"])
    status = 0 if text == GOOD else 1
    environment = {**document["variables"], "PYTHONPATH": str(REPOSITORY)}
    done = run(["sh", "-c", script], repository, status, **environment)
    issues = json.loads((repository / "gl-code-quality-report.json").read_text())
    assert any(issue["severity"] == "major" for issue in issues) == (text == BAD)
    assert ("web.cell:5:" in done.stdout) == (text == BAD)


def test_who_includes_the_job_for_gitlab_has_the_last_word() -> None:
    """A job's own variables win over those of the including file, the included file's do not."""
    job = yaml.safe_load(GITLAB.read_text())["cellc"]
    assert "variables" not in job
    unset = run(["sh", "-c", job["before_script"][1]], REPOSITORY, None)
    assert "CELLC_PACKAGE: set it to what pip installs" in unset.stderr
    assert unset.returncode != 0
