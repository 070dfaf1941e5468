"""Findings about ports that the kernel picks by itself, under the settings of the host."""

from __future__ import annotations

import pytest

from compiler.catalogue.sysctl import all_nodes, integer
from compiler.ir.automatic import AUTOMATIC, FAMILIES
from tests.lint.support import checked, codes


def _both(node: str, value: str) -> str:
    return " ".join(f"sysctl {family}.{node} = {value};" for family in FAMILIES)


def _found(rules: str, host: str = "") -> set[str]:
    policy = f'cell web {{ profile confined; root "/var/cells/web"; {rules} }}\n'
    return {*codes(checked(policy + f"host {{ securelevel 1; {host} }}\n"))} & {"COR001", "COR002"}


def test_the_range_is_that_of_the_catalogue() -> None:
    for family in FAMILIES:
        nodes = [all_nodes()[f"{family}.anonport{end}"] for end in ("min", "max")]
        assert tuple(integer(node.default) for node in nodes) == AUTOMATIC


@pytest.mark.parametrize(
    ("port", "host", "code"),
    [
        (50000, "", "COR002"),
        (20000, "", ""),
        (20000, _both("anonportmin", "10000"), "COR002"),
        (50000, _both("anonportmin", "51000"), ""),
        (50000, "sysctl net.inet.ip.anonportmin = 51000;", "COR002"),
        (50000, _both("anonportalgo.reserve", '"50000"'), ""),
    ],
)
def test_ports_that_cannot_be_reserved(port: int, host: str, code: str) -> None:
    assert _found(f"listen tcp {port};", host) == ({code} if code else set())


@pytest.mark.parametrize(
    ("ports", "host", "code"),
    [
        ("49152..65535", "", "COR001"),
        ("auto", "", "COR001"),
        ("49152..60000", "", ""),
        ("65535", "", ""),
        ("40000..49151", "", ""),
        (
            "40000..49151",
            _both("anonportmin", "40000") + _both("anonportmax", "49151"),
            "COR001",
        ),
        (
            "40000..49151",
            "sysctl net.inet.ip.anonportmin = 40000; sysctl net.inet.ip.anonportmax = 49151;",
            "COR001",
        ),
    ],
)
def test_cells_that_get_no_port(ports: str, host: str, code: str) -> None:
    assert _found(f"deny network.bind port {ports};", host) == ({code} if code else set())


@pytest.mark.parametrize(
    ("listen", "grant", "refused"),
    [
        ("80", None, "80"),
        ("{80, 443}", None, "{80, 443}"),
        ("{80, 443}", "80", "443"),
        ("{79..81, 443, 8080}", "443", "79..81"),
        ("{80, 443}", "{80, 443}", ""),
    ],
)
def test_all_privileged_ports_need_the_grant(listen: str, grant: str | None, refused: str) -> None:
    given = f'@reason "its own" grant network.bind.privport tcp port {grant};' if grant else ""
    policy = f'cell web {{ profile confined; user "www"; listen tcp {listen}; {given} }}\n'
    found = [d for d in checked(policy).diagnostics if d.code == "COR004"]
    rule = f'@reason "..." grant network.bind.privport tcp port {refused};'
    helps = [f"add `{rule}` to the cell"]
    assert [d.help for d in found] == (helps if refused else [])
