"""E03xx: strings, ports, sets and annotations."""

from __future__ import annotations

from compiler.codes.code import Code

CODES = (
    Code(
        "E0301",
        "unknown escape",
        'The escapes in strings are `\\"`, `\\\\`, `\\n`, `\\t` and `\\u{...}` with the number '
        "of a character in hexadecimal.",
    ),
    Code(
        "E0302",
        "escape for no character",
        "`\\u{...}` takes the number of a Unicode character. NUL and surrogates are none that a "
        "string could hold.",
    ),
    Code(
        "E0303",
        "NUL in a string",
        "Neither C strings nor arguments of programs can hold a NUL character.",
    ),
    Code("E0304", "string that is too long", "Long data belongs in a file that the policy names."),
    Code(
        "E0305",
        "set where a single value is needed",
        "A path, a user, a limit or an argument is one text or number.",
    ),
    Code(
        "E0306",
        "empty set",
        "A rule about no port would do nothing, and one about all ports has no `port` condition: "
        "so an empty set is always a mistake.",
    ),
    Code(
        "E0307",
        "auto where a port is needed",
        "`port auto` in a rule is the kernel's question whether a port may be chosen "
        "automatically. It is no port that one could listen on or count from.",
    ),
    Code("E0308", "text where a port is needed", "Ports are numbers, written without quotes."),
    Code("E0309", "number that is no port", "TCP and UDP ports are numbers from 1 to 65535."),
    Code("E0310", "empty range", "A range begins with its smaller end; both ends belong to it."),
    Code("E0311", "set at the end of a range", "Both ends of a range are single ports."),
    Code(
        "E0312",
        "unknown annotation",
        "The annotations are `@reason`, `@owner`, `@ticket` and `@until`.",
    ),
    Code("E0313", "annotation given twice", "A statement has each annotation once at most."),
    Code("E0314", "annotation without a text", "All annotations but `@until` take a string."),
    Code(
        "E0315",
        "annotation that says nothing",
        "A blank reason is worse than none: it looks as if somebody had thought about it.",
    ),
    Code("E0316", "annotation without a date", "`@until` takes a day of the calendar: 2027-06-30."),
    Code(
        "E0317",
        "expired statement",
        "The statement was allowed until a day that has passed. Nothing is dropped silently: "
        "remove the statement, or decide anew and set a later day. `--today` sets the day that "
        "`@until` is compared with.",
    ),
)
