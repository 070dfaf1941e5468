"""`cellc rule`: lists the rules of lint, or prints the page of one."""

from __future__ import annotations

import sys

from compiler.codes import CODES
from compiler.diagnostics import nearest
from compiler.lint.pages import listing, page
from compiler.lint.registry import all_rules, is_selector, named, selectors


def unknown_selector(word: str) -> str:
    """What is wrong with a word that selects no rule, or nothing."""
    if is_selector(word):
        return ""
    return f"{word!r} selects no rule; {nearest(word, selectors()) or 'see `cellc rule`'}"


def rule(word: str | None) -> int:
    """Prints a page on standard output; the exit status."""
    if word is None:
        sys.stdout.write(listing(all_rules().values()))
        return 0
    chosen = named(word)
    error = next((code for code in CODES if code.id == word.upper()), None)
    if error is not None:
        sys.stdout.write(f"# {error.id}: {error.title}\n\n{error.explanation}\n")
        return 0
    if chosen is None:
        names = [*all_rules(), *(rule.name for rule in all_rules().values())]
        help = nearest(word, names) or "`cellc rule` lists them"
        sys.stderr.write(f"cellc: no rule has the code or name {word!r}; {help}\n")
        return 2
    sys.stdout.write(page(chosen))
    return 0
