"""W08xx: remarks about questions and logs; findings about policies are rules of lint."""

from __future__ import annotations

from compiler.codes.code import Code

CODES = (
    Code(
        "W0807",
        "request that the kernel never makes",
        "The answer is what the kernel would be told if it asked.",
    ),
    Code(
        "W0816",
        "log line of another policy",
        "The kernel decided by another rule than this policy would, so the host runs another "
        "version of it.",
    ),
)
