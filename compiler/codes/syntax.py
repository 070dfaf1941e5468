"""E01xx: texts that are no policy or no request, and statements in the wrong place."""

from __future__ import annotations

from compiler.codes.code import Code

CODES = (
    Code(
        "E0101",
        "unexpected text",
        "The parser met a word or a sign that cannot stand there. The help lists what could, and "
        "shows the statement as it is usually written. The rest of the file is read as if the "
        "broken statement were not there.",
    ),
    Code(
        "E0102",
        "misspelt keyword",
        "The word is none that can stand there, but much like one that can.",
    ),
    Code(
        "E0103",
        "file ends inside a statement",
        "The file ended before the last statement did; mostly a `}` is missing. The bracket that "
        "is still open is shown.",
    ),
    Code(
        "E0104",
        "missing semicolon",
        "Every statement without a block ends with `;`. When the next statement begins on a new "
        "line, the place shown is the end of the one that lacks it.",
    ),
    Code(
        "E0105",
        "closing brace out of place",
        "A `}` that closes nothing, or one that comes before the statement or list inside the "
        "braces is complete. Indenting the file by `cellc fmt` after each change shows early where "
        "braces do not match.",
    ),
    Code(
        "E0106",
        "string without an end",
        "A string begins and ends on one line. A line break inside is written as `\\n`, a quote as "
        '`\\"`, a backslash as `\\\\`.',
    ),
    Code(
        "E0107",
        "character without a meaning",
        "Outside strings and comments only letters, digits and a few signs have a meaning. Paths, "
        "and all text with other characters, are strings in double quotes.",
    ),
    Code(
        "E0108",
        "braces nested too deep",
        "A policy has no use for braces inside braces this deep; such a file is damaged or not a "
        "policy, and is not read further.",
    ),
    Code(
        "E0109",
        "too many syntax errors",
        "After this many syntax errors more of them say little. Correct the first ones.",
    ),
    Code(
        "E0110",
        "a celladm manifest, not a policy",
        "The file is written in the key=value format of celladm(8) of upstream's Cells for NetBSD. "
        "`cellc import celladm FILE` prints a policy that says the same.",
    ),
    Code(
        "E0111",
        "statement in the wrong place",
        "The statement is well formed, but has no meaning where it stands: definitions stand at "
        "the top level of a file, rules and settings in cells, profiles and templates, and the "
        "lines of a service in its `service` block.",
    ),
    Code(
        "E0112",
        "access rule for the host",
        "Rules are about cells. Processes of the host outside all cells are judged by the borders "
        "between cells and host, and by `listen`, alone; root on the host is denied nothing.",
    ),
    Code(
        "E0113",
        "setting that a profile cannot have",
        "Several cells use one profile, but a root and a port have one owner. Put `root` and "
        "`listen` into the cell, or into a template that takes the port as a parameter.",
    ),
    Code(
        "E0114",
        "malformed request",
        "A request is a subject, an action and conditions, as in a test, without the decision that "
        "a test expects. The place shown is where the text stops being one, and the help has an "
        "example.",
    ),
    Code(
        "E0115",
        "character that cannot be seen",
        "Control characters, format characters of Unicode such as zero width spaces and marks of "
        "writing direction, and line breaks that only some editors show can make a policy look "
        "like one that says something else. They are refused everywhere, in strings and comments "
        "too, and a file with one is not read further. A tab is fine, and so are line ends: LF, "
        "or CR and LF. A string may hold others as escapes.",
    ),
)
