"""Findings as text for people, and as JSON and SARIF for programs.

Nothing here prints or knows of a terminal; see docs/diagnostics-format.md.
"""

from compiler.render.machine import render_json, render_sarif
from compiler.render.text import render_text, summary, visible

__all__ = ["render_json", "render_sarif", "render_text", "summary", "visible"]
