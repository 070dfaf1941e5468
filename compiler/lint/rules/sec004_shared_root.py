"""SEC004: cells whose roots lie in each other see and change each other's files."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.diagnostics import Related
from compiler.lint.context import Context
from compiler.lint.paths import own_files, upwards
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    owners: dict[str, str] = {}
    for cell in context.cells:
        for path in own_files(cell.enforced):
            owners.setdefault(path, cell.name)
    for cell in context.cells:
        base = cell.enforced.base
        for path in (*own_files(cell.enforced), *([base] if base else [])):
            above = (owners.get(directory) for directory in upwards(path))
            owner = next((o for o in above if o is not None and o != cell.name), None)
            if owner is not None:
                yield Finding(
                    cell.span,
                    f"`{path}` of the cell `{cell.name}` lies among the files of `{owner}`",
                    related=[Related(context.cell_by_name[owner].span, "the other cell")],
                )
                break


RULE = Rule(
    code="SEC004",
    name="shared-root",
    title="files of one cell among those of another",
    severity="warning",
    why="""\
What one of the cells writes the other one sees, whatever the rules say. With a `base` a
cell's own files lie beside its root, in `ROOT.overlay`.""",
    bad="""\
cell web {
    profile confined;
    root "/var/cells/web";
}

cell cgi {
    profile confined;
    root "/var/cells/web/cgi";
}
""",
    good="""\
cell web {
    profile confined;
    root "/var/cells/web";
}

cell cgi {
    profile confined;
    root "/var/cells/cgi";
}
""",
    remedy="give each cell a root of its own; they can share a `base` beside the roots",
    find=find,
)
