"""The page as HTML: all that the view holds is escaped here, by one environment of jinja2."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from compiler.graph.svg import style
from compiler.render.shown import shown
from compiler.report.view import Page


def render(page: Page) -> bytes:
    """One file that needs no other and asks for none.

    The policy for content in its head lets nothing run or load but the style and the
    script that stand in it, known by their hashes (Content Security Policy Level 3, 6.7).
    """
    css = _text("style.css") + style()
    script = _text("filter.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(css)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    template = _environment().get_template("index.html")
    return template.render(
        page=page,
        css=Markup(css),
        script=Markup(script),
        content_policy=policy,
        svg=Markup,
    ).encode("utf-8", "backslashreplace")


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("compiler.report"),
        undefined=StrictUndefined,
        autoescape=True,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["named"] = named
    return environment


def _finalize(value: object) -> object:
    return shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def named(names: tuple[str, ...], most: int = 12) -> str:
    """Some names on a line, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _text(name: str) -> str:
    return Path(__file__).parent.joinpath("templates", name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
