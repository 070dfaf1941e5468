"""SEC021: users that more than one cell runs as."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.diagnostics import Related
from compiler.lint.context import CellPair, Context
from compiler.lint.rule import Finding, Rule


def find(context: Context) -> Iterator[Finding]:
    users: dict[str, CellPair] = {}
    for cell in context.cells:
        user = cell.enforced.user
        if user is not None and (first := users.setdefault(user, cell)) is not cell:
            yield Finding(
                cell.span,
                f"`{cell.name}` runs as `{user}`, and so does `{first.name}`",
                related=[Related(first.span, "the other cell")],
            )


RULE = Rule(
    code="SEC021",
    name="shared-user",
    title="user that several cells run as",
    severity="note",
    why="""\
Files carry a user, not a cell. Where two cells meet on one file system, the same user makes
them equals.""",
    bad="""\
cell shop-a {
    profile confined;
    user "www";
}
cell shop-b {
    profile confined;
    user "www";
}
""",
    good="""\
cell shop-a {
    profile confined;
    user "shop-a";
}
cell shop-b {
    profile confined;
    user "shop-b";
}
""",
    remedy="give each cell a user of its own",
    find=find,
    off="""\
users are looked up in each cell's own passwd, so the same name need not be the same number,
and roots keep the cells' files apart""",
)
