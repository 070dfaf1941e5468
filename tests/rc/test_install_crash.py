"""install.sh: killed or failing at any step, one of the two generations is active.

A step is a program that changes files.  By default some are tried; with `--exhaustive`, all.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.rc.install_site import Site, install

Every = Callable[[int], int]
"""How many steps to go on by: so many, or one."""


@pytest.fixture
def every(request: pytest.FixtureRequest) -> Every:
    exhaustive = request.config.getoption("--exhaustive")
    return lambda some: 1 if exhaustive else some


@pytest.mark.parametrize(
    ("verb", "shell", "some"),
    [("install", "dash", 5), ("install", "bash --posix", 11), ("rollback", "dash", 6)],
)
def test_killed_anywhere_one_of_the_two_is_active_as_a_whole(
    site: Site,
    small: tuple[Path, Path],
    verb: str,
    shell: str,
    some: int,
    every: Every,
) -> None:
    old, new = small
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
        # Any run that may change something cleans up, even one that does nothing else.
        site.clean(new)
        assert site.tree() == tree
        assert site.names() == sorted(tree)
        assert not list((site.dest / "libexec/cellpolicy.d").glob("n*"))
        if tree == after:
            install(site, new, "rollback", *(["2"] if verb == "rollback" else []))
        call += every(some)
    assert seen == {False, True}
    assert site.tree() == after
    assert call > 30


def test_a_first_install_killed_anywhere_is_there_or_not(
    site: Site, small: tuple[Path, Path], every: Every
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
        site.clean(new)
        assert site.tree() == tree
        assert site.names() == sorted(tree)
        install(site, new, "uninstall")
        call += every(13)
    assert site.tree() == after


def test_an_install_that_fails_anywhere_leaves_one_of_the_two(
    site: Site, small: tuple[Path, Path], every: Every
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
        call += every(9)
    assert site.tree() == after


def test_an_uninstall_killed_anywhere_is_finished_by_the_next(
    site: Site, small: tuple[Path, Path], every: Every
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
        call += every(5)
    assert site.names() == []
