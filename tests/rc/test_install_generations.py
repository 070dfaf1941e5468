"""install.sh: upgrade, roll back, and the generations that are kept."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.rc.cells import minimal, policy
from tests.rc.install_site import Site, install


def test_installing_again_changes_nothing_but_what_was_harmed(site: Site, old: Path) -> None:
    tree = install(site, old)
    script = site.dest / "etc/rc.d/cell_web"
    script.unlink()
    script.write_text("drifted\n")
    assert install(site, old) == tree
    assert site.generations() == [1]
    copy = site.dest / "libexec/cellpolicy.d/1/files/etc/rc.d/cell_web"
    copy.chmod(0o644)
    copy.write_text("drifted\n")
    assert site.tree() != tree
    assert install(site, old) == tree
    assert site.generations() == [1, 2]


def test_upgrade_removes_what_is_gone_and_rollback_brings_it_back(
    site: Site, old: Path, new: Path
) -> None:
    before = install(site, old)
    after = install(site, new, "upgrade")
    assert "etc/rc.d/cell_gone" not in after
    assert "etc/rc.d/cell_added" in after
    installed = site.dest / "libexec/cellpolicy"
    assert install(site, installed, "rollback") == before
    assert site.names() == sorted(before)
    assert install(site, installed, "rollback", "2") == after
    assert site.names() == sorted(after)


def test_rollback_goes_back_along_what_was_active(site: Site) -> None:
    builds = [site.build(f"b{i}", policy(minimal(f"c{i}")), True) for i in range(4)]
    trees = [install(site, build) for build in builds[:3]]
    installer = builds[0]
    assert install(site, installer, "rollback") == trees[1]
    last = install(site, builds[3])
    # The third one was left: what came before the last one is the second.
    assert install(site, installer, "rollback") == trees[1]
    assert install(site, installer, "rollback") == trees[0]
    assert "no generation before" in site.run(installer, "rollback").stderr
    assert install(site, installer, "rollback", "4") == last


def test_the_last_generations_are_kept_and_listed(site: Site) -> None:
    builds = [site.build(f"b{i}", policy(minimal(f"c{i}")), True) for i in range(5)]
    trees = [install(site, build, "-k", "3", "install") for build in builds]
    assert site.generations() == [3, 4, 5]
    done = site.run(builds[0], "list")
    assert [line.split() for line in done.stdout.splitlines()] == [["3"], ["4"], ["5", "active"]]
    assert "no generation 2" in site.run(builds[0], "rollback", "2").stderr
    # The active one stays, however old it is.
    assert install(site, builds[0], "rollback", "3") == trees[2]
    install(site, builds[0], "-k", "1", "rollback", "3")
    # So does the one to go back to.
    assert site.generations() == [3]
    install(site, builds[0])
    install(site, builds[1], "-k", "1", "install")
    assert site.generations() == [4, 5]
    assert site.run(builds[0], "rollback").returncode == 0


@pytest.mark.parametrize("verb", ["list", "verify", "rollback"])
def test_only_who_installs_removes_generations(site: Site, verb: str) -> None:
    builds = [site.build(f"b{i}", policy(minimal(f"c{i}")), True) for i in range(6)]
    for build in builds:
        install(site, build, "-k", "1000000", "install")
    assert site.run(builds[0], verb).returncode == 0
    assert site.generations() == [1, 2, 3, 4, 5, 6]
    install(site, builds[5])
    assert len(site.generations()) == 5


def test_list_says_which_policy_a_generation_is(site: Site, old: Path) -> None:
    install(site, old)
    hash = (old / "libexec/cellpolicy/policy.sha256").read_text().strip()
    assert site.run(old, "list").stdout == f"1 {hash} active\n"


@pytest.mark.parametrize("number", ["0", "7", "x", "../1", "1/../1"])
def test_rollback_to_what_is_not_there(site: Site, old: Path, number: str) -> None:
    tree = install(site, old)
    assert site.run(old, "rollback", number).returncode == 1
    assert site.tree() == tree


def test_a_damaged_generation_is_not_gone_back_to(site: Site, old: Path, new: Path) -> None:
    install(site, old)
    tree = install(site, new)
    kept = site.dest / "var/db/cellpolicy/generations/1/files/etc/rc.d/cell_web"
    kept.chmod(0o644)
    kept.write_text("changed\n")
    done = site.run(new, "rollback")
    assert "generation 1 was damaged" in done.stderr
    assert site.tree() == tree


def test_a_host_that_lost_its_var_still_has_the_active_generation(site: Site, old: Path) -> None:
    tree = install(site, old)
    shutil.rmtree(site.dest / "var/db/cellpolicy")
    assert site.tree() == tree
    assert install(site, old) == tree
    assert site.names() == sorted(tree)
    assert install(site, old, "uninstall") == {}


def test_rollback_needs_a_generation_before(site: Site, old: Path) -> None:
    assert "no generation before" in site.run(old, "rollback").stderr
    assert site.tree() == {}
