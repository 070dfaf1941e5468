"""What the page says of users and services that a reviewer would miss."""

from __future__ import annotations

from pathlib import Path

from compiler.driver import compile_policy
from compiler.report.places import Places
from compiler.report.surroundings import cells_of, services_of
from tests.report.support import TODAY

POLICY = """
policy jobs;
target netbsd 10.1;
cell job {
    profile confined;
    user "www" group "www" groups "mail" "operator";
    service { command "/usr/bin/true"; manual; }
}
"""


def test_supplementary_groups_and_manual_services_are_told(tmp_path: Path) -> None:
    file = tmp_path / "jobs.cell"
    file.write_text(POLICY)
    compilation = compile_policy(file, TODAY)
    program = compilation.program
    assert program is not None
    (cell,) = cells_of(program, (), Places(program, compilation.sources))
    (service,) = services_of(program)
    assert (cell.user, cell.groups) == ("www:www", ("mail", "operator"))
    assert service.manual
