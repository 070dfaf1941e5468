"""install.sh: killed or failing at any step, one of the two generations is active."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rc.install_site import Site, install


@pytest.mark.parametrize(
    ("verb", "shell", "step"),
    [("install", "dash", 3), ("install", "bash --posix", 9), ("rollback", "dash", 3)],
)
def test_killed_anywhere_one_of_the_two_is_active_as_a_whole(
    site: Site,
    small: tuple[Path, Path],
    verb: str,
    shell: str,
    step: int,
    request: pytest.FixtureRequest,
) -> None:
    """At each `step`-th program that it runs; at every one with `--exhaustive`."""
    old, new = small
    if request.config.getoption("--exhaustive"):
        step = 1
    after = install(site, new)
    if verb == "install":
        install(site, new, "uninstall")
    before = install(site, old)
    site.shell = shell
    call, seen = 1, set()
    while True:
        site.break_at(call)
        done = site.run(new, verb)
        site.heal()
        tree = site.tree()
        assert tree in (before, after), call
        if done.returncode == 0:
            break
        assert done.returncode == -9, done.stderr
        seen.add(tree == after)
        # Any run cleans up, even one that does nothing else.
        assert site.run(new, "list").returncode == 0
        assert site.tree() == tree
        assert site.names() == sorted(tree)
        assert not list((site.dest / "libexec/cellpolicy.d").glob("n*"))
        if tree == after:
            install(site, new, "rollback", *(["2"] if verb == "rollback" else []))
        call += step
    assert seen == {False, True}
    assert site.tree() == after
    assert call > 30


def test_a_first_install_killed_anywhere_is_there_or_not(
    site: Site, small: tuple[Path, Path]
) -> None:
    new = small[1]
    after = install(site, new)
    install(site, new, "uninstall")
    call = 1
    while True:
        site.break_at(call)
        done = site.run(new, "install")
        site.heal()
        assert site.tree() in ({}, after), call
        if done.returncode == 0:
            break
        tree = site.tree()
        assert install(site, new, "verify") == tree
        assert site.names() == sorted(tree)
        install(site, new, "uninstall")
        call += 8
    assert site.tree() == after


def test_an_install_that_fails_anywhere_leaves_one_of_the_two(
    site: Site, small: tuple[Path, Path]
) -> None:
    old, new = small
    after = install(site, new)
    before = install(site, old)
    call = 1
    while True:
        site.break_at(call, "{ echo disk full >&2; exit 1; }")
        done = site.run(new, "install")
        site.heal()
        if done.returncode == 0 and "disk full" not in done.stderr:
            break
        tree = site.tree()
        assert tree in (before, after), call
        if tree == after:
            install(site, old, "rollback")
        call += 6
    assert site.tree() == after


def test_an_uninstall_killed_anywhere_is_finished_by_the_next(
    site: Site, small: tuple[Path, Path]
) -> None:
    old = small[0]
    call = 1
    while True:
        tree = install(site, old)
        site.break_at(call)
        done = site.run(old, "uninstall")
        site.heal()
        assert site.tree() in ({}, tree)
        if done.returncode == 0:
            break
        assert install(site, old, "uninstall") == {}
        assert site.names() == []
        call += 3
    assert site.names() == []
