"""E08xx: the configuration of lint."""

from __future__ import annotations

from compiler.codes.code import Code

CODES = (
    Code(
        "E0801",
        "configuration that is not TOML",
        "`cellc.toml` and `pyproject.toml` are read as TOML 1.0.",
    ),
    Code(
        "E0802",
        "unknown key in the configuration",
        "A misspelt key would configure nothing, and nobody would notice.",
    ),
    Code(
        "E0803",
        "selector without rules",
        "Selectors are `ALL`, a category, the beginning of a code, or a code.",
    ),
    Code(
        "E0804",
        "wrong value in the configuration",
        "The key takes another type of value, or another word.",
    ),
    Code(
        "E0805",
        "rule that cannot be ignored",
        "Rules about ignoring itself stay on, or one comment could silence the next.",
    ),
)
