"""The templates of the backends: the only user of jinja2."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

from backends import escape

if TYPE_CHECKING:
    from jinja2 import Environment

#: What templates may call: `{{ value | sh }}`.
FILTERS: dict[str, Callable[[str], str]] = {
    "c_string": escape.c_string,
    "c_comment": escape.c_comment,
    "sh": escape.sh_word,
    "sh_comment": escape.sh_comment,
    "sysctl": escape.sysctl_value,
    "make_word": escape.make_word,
    "yaml": escape.yaml_string,
    "identifier": escape.identifier,
}


def render(package: str, template: str, **values: object) -> bytes:
    """The file `templates/<template>` of `package` (as in `backends.rc`), filled in, in UTF-8.

    Raises jinja2.UndefinedError for a name that `values` lacks and ValueError
    for a text that its escape function refuses.
    """
    return _environment(package).get_template(template).render(values).encode()


@functools.cache
def _environment(package: str) -> Environment:
    # Importing jinja2 takes longer than a whole `cellc check`, which needs no template.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(package),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # what is made here is never HTML
    )
    environment.filters.update(FILTERS)
    return environment
