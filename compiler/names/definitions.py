"""Gathers what the files of a policy define, each name once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from compiler.diagnostics import Diagnostics, Related
from compiler.names.project import File, Loader
from compiler.names.release import active, check_guard, check_target
from compiler.names.shipped import SHIPPED, shipped_profile
from compiler.source import Source, Span
from compiler.syntax import tree as t
from compiler.syntax.placement import check_places

#: Words that cannot name anything: they already mean something as subject or target.
RESERVED = ("self", "host", "host-root", "any", "auto")

_Node = TypeVar("_Node", t.Let, t.Profile, t.Template, t.Cell, t.Group)


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition with its annotations and the chain of files it came through."""

    annotations: tuple[t.Annotation, ...]
    file: str
    imported: tuple[str, ...]


@dataclass
class Definitions:
    """Everything a policy defines, for one target."""

    name: str
    target: str
    sources: dict[str, Source]
    lets: dict[str, t.Let] = field(default_factory=dict)
    profiles: dict[str, t.Profile] = field(default_factory=dict)
    templates: dict[str, t.Template] = field(default_factory=dict)
    cells: dict[str, t.Cell] = field(default_factory=dict)
    groups: dict[str, t.Group] = field(default_factory=dict)
    host: list[t.Statement] = field(default_factory=list)
    assertions: list[t.Statement] = field(default_factory=list)
    tests: list[t.Test] = field(default_factory=list)
    permissive: bool = False
    annotated: dict[Span, tuple[t.Annotation, ...]] = field(default_factory=dict)
    """Annotations of definitions, by the definition's span."""
    imports: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The chain of importing files for each file."""

    def profile(self, name: str) -> t.Profile | None:
        """A profile of the policy, or one that ships with the compiler."""
        own = self.profiles.get(name)
        if own is None and name in SHIPPED:
            source, own = shipped_profile(name)
            self.sources[source.name] = source
            self.imports.setdefault(source.name, ())
        return own

    @property
    def profile_names(self) -> list[str]:
        return [*self.profiles, *SHIPPED]


def gather(loader: Loader, found: Diagnostics) -> Definitions | None:
    """Loads all files of a policy and gathers their definitions.

    None when the root file cannot be read or does not say what it is.
    """
    header = _Header(found)
    project = loader.load(header.imports)
    if project is None or header.name is None or header.target is None:
        return None
    definitions = Definitions(header.name, header.target, project.sources)
    gatherer = _Gatherer(definitions, found)
    for file in project.files:
        gatherer.take(file, file is project.main)
    return definitions


class _Header:
    """Reads `policy` and `target` from the root file, and then which imports count."""

    def __init__(self, found: Diagnostics) -> None:
        self._found = found
        self._first = True
        self.name: str | None = None
        self.target: str | None = None

    def imports(self, file: File) -> list[t.Import]:
        check_places(file.statements, "a file", self._found)
        _check_guards(file.statements, self._found)
        if self._first:
            self._first = False
            self._read(file)
        statements = active(file.statements, self.target) if self.target else file.statements
        return [s.node for s in statements if isinstance(s.node, t.Import)]

    def _read(self, file: File) -> None:
        headers: dict[str, t.Header] = {}
        for statement in file.statements:
            node = statement.node
            if isinstance(node, t.Header):
                first = headers.setdefault(node.word, node)
                if first is not node:
                    _duplicate(
                        "E0211", f"a second `{node.word}` line", first.span, node.span, self._found
                    )
        start = Span(file.source.name, 0, 0)
        if "policy" in headers:
            value = headers["policy"].value
            assert isinstance(value, t.Name)
            if _name_fits(value, "policy", self._found):
                self.name = value.text
        else:
            self._found.error(
                "E0207", "the policy has no name", start, "begin the file with `policy NAME;`"
            )
        if "target" in headers:
            self.target = check_target(headers["target"].value, self._found)
        else:
            self._found.error(
                "E0208",
                "the policy names no target release",
                start,
                "add `target netbsd 10.1;` after the `policy` line",
            )


def _check_guards(statements: Iterable[t.Statement], found: Diagnostics) -> None:
    for statement in statements:
        node = statement.node
        if isinstance(node, t.When):
            check_guard(node.guard, found)
        body = getattr(node, "body", None)
        if body:
            _check_guards(body, found)


def _duplicate(code: str, what: str, first: Span, second: Span, found: Diagnostics) -> None:
    found.error(
        code, f"{what} is defined twice" if not what.startswith("a second") else what, second,
        "rename or remove one of them", [Related(first, "first here")],
    )  # fmt: skip


#: Longest name of a policy, cell, group, profile or template: CELL_NAME_MAX of the kernel module.
MAX_NAME = 63


def _name_fits(name: t.Name, what: str, found: Diagnostics) -> bool:
    if name.text in RESERVED:
        found.error(
            "E0212",
            f"`{name.text}` cannot be the name of a {what}",
            name.span,
            f"the words {', '.join(f'`{w}`' for w in RESERVED)} have a fixed meaning",
        )
        return False
    if len(name.text) > MAX_NAME:
        found.error(
            "E0213",
            f"this name has {len(name.text)} characters, the kernel keeps {MAX_NAME}",
            name.span,
            "choose a shorter name",
        )
        return False
    return True


class _Gatherer:
    """Sorts the statements of files into the tables of Definitions."""

    def __init__(self, definitions: Definitions, found: Diagnostics) -> None:
        self._definitions = definitions
        self._found = found

    def take(self, file: File, main: bool) -> None:
        d = self._definitions
        d.imports[file.source.name] = file.chain
        for statement in active(file.statements, d.target):
            node = statement.node
            if statement.annotations:
                d.annotated[node.span] = statement.annotations
            match node:
                case t.Let():
                    self._define(node, d.lets, "let", "E0214")
                case t.Profile():
                    self._profile(node)
                case t.Template():
                    self._define(node, d.templates, "template", "E0216")
                case t.Cell():
                    self._define(node, d.cells, "cell", "E0217", d.groups)
                case t.Group():
                    self._define(node, d.groups, "group", "E0217", d.cells)
                case t.Host():
                    d.host.extend(active(node.body, d.target))
                case t.Assertion():
                    d.assertions.append(statement)
                case t.Test():
                    d.tests.append(node)
                case t.Permissive():
                    d.permissive = True
                case t.Header() if not main:
                    self._found.error(
                        "E0218",
                        f"`{node.word}` stands only in the root file",
                        node.span,
                        "remove it from the imported file",
                    )

    def _profile(self, node: t.Profile) -> None:
        if node.name.text in SHIPPED:
            self._found.error(
                "E0215",
                f"the profile `{node.name.text}` ships with the compiler",
                node.name.span,
                f"choose another name, or `extends {node.name.text}`",
            )
        else:
            self._define(node, self._definitions.profiles, "profile", "E0215")

    def _define(
        self,
        node: _Node,
        table: dict[str, _Node],
        what: str,
        code: str,
        shared: dict[str, t.Cell] | dict[str, t.Group] | None = None,
    ) -> None:
        name = node.name
        if not _name_fits(name, what, self._found):
            return
        other = table.get(name.text) or (shared or {}).get(name.text)
        if other is not None:
            _duplicate(code, f"`{name.text}`", other.name.span, name.span, self._found)
            return
        table[name.text] = node
