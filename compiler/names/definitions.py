"""Gathers what the files of a policy define, each name once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from compiler.diagnostics import Diagnostics, Related, quoted
from compiler.names.header import Header
from compiler.names.project import File, Loader
from compiler.names.release import active
from compiler.names.shipped import SHIPPED, shipped_profile
from compiler.names.text import unquote
from compiler.names.words import identifier, name_fits
from compiler.record import record
from compiler.source import Source, Span
from compiler.syntax import tree as t

#: Ids of cells are 16 bits wide in the kernel, and 0 is the host.
MAX_CELLS = 65535

_Node = TypeVar("_Node", t.Let, t.Profile, t.Template, t.Cell, t.Group)


@record
class Definition:
    """A definition with its annotations and the chain of files it came through."""

    annotations: tuple[t.Annotation, ...]
    file: str
    imported: tuple[str, ...]


class Definitions:
    """Everything a policy defines, for one target."""

    def __init__(self, name: str, target: str, sources: dict[str, Source]) -> None:
        self.name = name
        self.target = target
        self.sources = sources
        self.lets: dict[str, t.Let] = {}
        self.profiles: dict[str, t.Profile] = {}
        self.templates: dict[str, t.Template] = {}
        self.cells: dict[str, t.Cell] = {}
        self.left_out: tuple[str, ...] = ()
        """All names of cells, where the texts of some are left out."""
        self.groups: dict[str, t.Group] = {}
        self.host: list[t.Statement] = []
        self.assertions: list[t.Statement] = []
        self.tests: list[t.Test] = []
        self.permissive: Span | None = None
        self.annotated: dict[Span, tuple[t.Annotation, ...]] = {}
        """Annotations of definitions, by the definition's span."""
        self.imports: dict[str, tuple[str, ...]] = {}
        """The chain of importing files for each file."""
        self.files: tuple[File, ...] = ()
        """All files as they were parsed, what is not for the target included."""

    def profile(self, name: str) -> t.Profile | None:
        """A profile of the policy, or one that ships with the compiler."""
        own = self.profiles.get(name)
        if own is None and name in SHIPPED:
            source, own = shipped_profile(name)
            self.sources[source.name] = source
            self.imports.setdefault(source.name, ())
        return own

    @property
    def cell_names(self) -> Mapping[str, object]:
        """The names of all cells, in the order of their definitions."""
        return dict.fromkeys(self.left_out) or self.cells

    @property
    def profile_names(self) -> list[str]:
        return [*self.profiles, *SHIPPED]


def gather(loader: Loader, found: Diagnostics) -> Definitions | None:
    """Loads all files of a policy and gathers their definitions.

    None when the root file cannot be read or does not say what it is.
    """
    header = Header(found)
    project = loader.load(header.imports)
    if project is None or header.target is None:
        return None
    definitions = Definitions(header.name, header.target, project.sources)
    definitions.annotated.update(header.guards)
    definitions.files = tuple(project.files)
    gatherer = _Gatherer(definitions, found)
    for file in project.files:
        gatherer.take(file, file is project.main)
    _check_cells(list(definitions.cells.values()), found)
    return definitions


def _check_cells(cells: list[t.Cell], found: Diagnostics) -> None:
    """Cells need ids of the kernel, and names that differ in shell and C as well."""
    if len(cells) > MAX_CELLS:
        found.error(
            "E0225",
            f"{len(cells)} cells are more than the {MAX_CELLS} ids of the kernel",
            cells[MAX_CELLS].name.span,
            "spread them over several hosts",
        )
    first: dict[str, t.Name] = {}
    for cell in cells:
        other = first.setdefault(identifier(cell.name.text), cell.name)
        if other is not cell.name:
            found.error(
                "E0224",
                f"`{cell.name.text}` and `{other.text}` are the same in scripts, where `-` is `_`",
                cell.name.span,
                "rename one of them",
                [Related(other.span, "the other cell")],
            )


class _Gatherer:
    """Sorts the statements of files into the tables of Definitions."""

    def __init__(self, definitions: Definitions, found: Diagnostics) -> None:
        self._definitions = definitions
        self._found = found
        self._titles: dict[str, t.Test] = {}

    def take(self, file: File, main: bool) -> None:
        d = self._definitions
        d.imports[file.source.name] = file.chain
        for statement in active(file.statements, d.target):
            node = statement.node
            if statement.annotations:
                d.annotated[node.span] = statement.annotations
            match node:
                case t.Let():
                    self._define(node, d.lets, "let", "E0218")
                case t.Profile():
                    self._profile(node)
                case t.Template():
                    self._define(node, d.templates, "template", "E0221")
                    self._parameters(node)
                case t.Cell():
                    self._define(node, d.cells, "cell", "E0222", d.groups)
                case t.Group():
                    self._define(node, d.groups, "group", "E0222", d.cells)
                case t.Host():
                    d.host.extend(active(node.body, d.target))
                case t.Assertion():
                    d.assertions.append(statement)
                case t.Test():
                    self._test(node)
                case t.Permissive():
                    d.permissive = node.span
                case t.Header() if not main:
                    self._found.error(
                        "E0215",
                        f"a `{node.word}` line stands only in the root file of a policy",
                        node.span,
                        "remove it here, and compile the file that imports this one",
                    )

    def _profile(self, node: t.Profile) -> None:
        if node.name.text in SHIPPED:
            self._found.error(
                "E0220",
                f"the profile `{node.name.text}` ships with the compiler",
                node.name.span,
                f"choose another name, or `extends {node.name.text}`",
            )
        else:
            self._define(node, self._definitions.profiles, "profile", "E0219")

    def _test(self, node: t.Test) -> None:
        self._definitions.tests.append(node)
        title = unquote(node.title, self._found)
        if title is not None and (other := self._titles.setdefault(title, node)) is not node:
            self._found.error(
                "E0244",
                f"two tests are called {quoted(title)}",
                node.title.span,
                "rename or remove one of them: results are told apart by their names",
                [Related(other.title.span, "first here")],
            )

    def _parameters(self, node: t.Template) -> None:
        first: dict[str, t.Name] = {}
        for parameter in node.parameters:
            name = parameter.name
            name_fits(name, "parameter", self._found)
            other = first.setdefault(name.text, name)
            if other is not name:
                self._twice("E0223", "parameter", name, other)

    def _twice(self, code: str, what: str, name: t.Name, other: t.Name) -> None:
        self._found.error(
            code,
            f"the {what} `{name.text}` is defined twice",
            name.span,
            "rename or remove one of them",
            [Related(other.span, "first here")],
        )

    def _define(
        self,
        node: _Node,
        table: dict[str, _Node],
        what: str,
        code: str,
        shared: dict[str, t.Cell] | dict[str, t.Group] | None = None,
    ) -> None:
        name = node.name
        if not name_fits(name, what, self._found):
            return
        other = table.get(name.text) or (shared or {}).get(name.text)
        if other is not None:
            self._twice(code, what if name.text in table else "name", name, other.name)
            return
        table[name.text] = node
