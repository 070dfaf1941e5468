"""STY008: imports of files that add nothing."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator

from compiler.diagnostics import Diagnostics
from compiler.lint.context import Context, words_of
from compiler.lint.edits import removal
from compiler.lint.rule import Finding, Rule
from compiler.names.project import File
from compiler.names.text import unquote
from compiler.syntax import tree as t

#: What a file can define without any effect until it is used.
_PASSIVE = (t.Let, t.Profile, t.Template, t.Group)


def find(context: Context) -> Iterator[Finding]:
    files = {file.source.name: file for file in context.definitions.files}
    for placed in context.own(t.Import):
        if isinstance(placed.node, t.Import):
            name = _imported(context, placed.node)
            file = files.get(name)
            if file is not None and _adds_nothing(context, file):
                yield Finding(
                    placed.span,
                    f"nothing that `{name}` defines is used",
                    edits=removal(context, placed),
                )


def _imported(context: Context, node: t.Import) -> str:
    """The name of the file that an import reads, as the policy root sees it."""
    folder = posixpath.dirname(node.span.file)
    return posixpath.normpath(posixpath.join(folder, unquote(node.path, Diagnostics()) or ""))


def _adds_nothing(context: Context, file: File) -> bool:
    """Whether a file only defines what is not used elsewhere; an empty one waits for more."""
    inside = Counter(words_of(file.source.text))
    nodes = [statement.node for statement in file.statements]
    return bool(nodes) and all(
        isinstance(node, _PASSIVE) and context.mentions[node.name.text] == inside[node.name.text]
        for node in nodes
    )


RULE = Rule(
    code="STY008",
    name="unused-import",
    title="import that nothing uses",
    severity="warning",
    why="""\
Of what the file defines, nothing is used outside of it, and it defines no cell, check or
host setting; reading it only takes time and attention.""",
    bad="""\
import "shared.cell";
cell web { profile confined; }
""",
    good="""\
import "shared.cell";
cell web { profile shared; }
""",
    remedy="remove the line, or use what the file defines",
    find=find,
    fix="everything",
    files={"shared.cell": "profile shared extends confined {\n    deny system.sysvipc;\n}\n"},
)
