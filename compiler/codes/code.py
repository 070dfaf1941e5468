"""What a code is."""

from __future__ import annotations

from compiler.record import record


@record
class Code:
    """A kind of finding; `id` never gets another meaning.

    `title` names what is wrong in a few words, `explanation` says why it matters and
    what to do, as Markdown.
    """

    id: str
    title: str
    explanation: str
