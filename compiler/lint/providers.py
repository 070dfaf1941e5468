"""What services are ordered against in rcorder(8)."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from compiler.lint.context import Context
from compiler.model.settings import Provider


def rc_words(
    context: Context, words: Collection[str] = ("require", "before")
) -> Iterator[Provider]:
    """The rc providers that services name after some of their words."""
    for cell in context.cells:
        services = [body.service for body in cell.written.bodies if body.service is not None]
        for service in services[-1:]:
            named = (
                *(service.require if "require" in words else ()),
                *(service.before if "before" in words else ()),
            )
            yield from (provider for provider in named if provider.kind == "rc")
