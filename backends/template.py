"""The templates of the backends: the only user of jinja2 but for pages.

jinja makes Python code of a template, and `backends/compiled.py` holds that code for the
templates as they are: neither jinja has to be imported then, nor a template compiled, which
takes longer than compiling a small policy.  `backends.runtime` is what the code needs.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from backends import compiled
from backends.runtime import FILTERS, TESTS, Context, UndefinedError
from compiler.digest import sha256

if TYPE_CHECKING:
    from jinja2 import Environment

_Fill = Callable[[Mapping[str, object]], str]

_HEADER = '''\
"""What jinja makes of the templates of the backends; `pytest --bless tests/backends` writes it."""
# mypy: ignore-errors

from backends.runtime import Undefined, environment, missing
'''


def render(package: str, template: str, **values: object) -> bytes:
    """The file `templates/<template>` of `package` (as in `backends.rc`), filled in, in UTF-8.

    Raises jinja2.UndefinedError for a name that `values` lacks and ValueError
    for a text that its escape function refuses.
    """
    path, fill = _template(package, template)
    try:
        return fill(values).encode()
    except UndefinedError:
        return _by_jinja(path.read_text("utf-8"))(values).encode()


@functools.cache
def _template(package: str, template: str) -> tuple[Path, _Fill]:
    path = Path(*import_module(package).__path__) / "templates" / template
    text = path.read_text("utf-8")
    code = compiled.TEMPLATES.get(digest(text))
    if code is None:
        return path, _by_jinja(text)
    return path, lambda values: "".join(code(Context(values)))


def _by_jinja(text: str) -> _Fill:
    return _environment().from_string(text).render


@functools.cache
def _environment() -> Environment:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # what is made here is never HTML
    )
    environment.filters = {**FILTERS}
    environment.tests = {**TESTS}
    return environment


def digest(text: str) -> str:
    """What a template is known by among those that are compiled."""
    return str(sha256(text.encode()).hexdigest())


def compilation(templates: Iterable[str]) -> str:
    """A module with the code of some templates, by their digests."""
    parts = [_HEADER]
    names = []
    for i, text in enumerate(templates):
        code = _environment().compile(text, raw=True, defer_init=True)
        start, end = code.index("def root("), code.index("\nblocks = {}")
        parts.append(code[start:end].replace("def root(", f"def _{i}(", 1))
        names.append(f"    {digest(text)!r}: _{i},\n")
    return "\n\n".join([*parts, "TEMPLATES: dict = {\n" + "".join(names) + "}\n"])
