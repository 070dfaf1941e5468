"""Strategies for token sequences: the grammar of grammar/*.lark again, to generate from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from compiler.syntax.reference import make_parser

Tokens = tuple[str, ...]
Strategy = SearchStrategy[Tokens]

#: Categories of the characters that no text of a policy has.
ABSENT: tuple[Literal["Cc", "Cf", "Cs", "Zl", "Zp"], ...] = ("Cc", "Cf", "Cs", "Zl", "Zp")
#: Words that cannot be names.
RESERVED = ("self", "host", "host-root", "any", "auto")
#: Every word of the language; most can be names too.
KEYWORDS = tuple(
    t.pattern.value
    for t in make_parser("policy", None).terminals
    if t.pattern.type == "str" and t.pattern.value[0].isalpha()
)

# Combinators


def _tokens(part: str | Strategy) -> Strategy:
    return st.just((part,)) if isinstance(part, str) else part


def seq(*parts: str | Strategy) -> Strategy:
    """The parts one after the other; a string is one token."""
    return st.tuples(*map(_tokens, parts)).map(_concatenated)


def _concatenated(parts: Iterable[Tokens]) -> Tokens:
    return tuple(token for part in parts for token in part)


def either(*parts: str | Strategy) -> Strategy:
    return st.one_of(*map(_tokens, parts))


def optional(*parts: str | Strategy) -> Strategy:
    return either(st.just(()), seq(*parts))


def many(part: str | Strategy, least: int = 0, most: int = 4) -> Strategy:
    return st.lists(_tokens(part), min_size=least, max_size=most).map(_concatenated)


def listed(part: str | Strategy, least: int = 0, most: int = 4) -> Strategy:
    """Parts with commas between them."""
    whole = st.lists(_tokens(part), min_size=least, max_size=most)
    return whole.map(
        lambda parts: _concatenated((",", *p) if n else p for n, p in enumerate(parts))
    )


# Terminals

_names = st.one_of(
    st.sampled_from(("web", "db", "shop-a", "x", "Www_1", "a--", "log-everything-twice")),
    st.sampled_from([k for k in KEYWORDS if k not in RESERVED]),
    st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,9}", fullmatch=True).filter(
        lambda n: n not in RESERVED
    ),
)
name: Strategy = _names.map(lambda n: (n,))
#: A name where the grammar also takes these keywords.
free_name: Strategy = _names.filter(lambda n: n not in ("when", "cell")).map(lambda n: (n,))
glob: Strategy = either(
    name, st.from_regex(r"[A-Za-z*][A-Za-z0-9_*-]{0,6}", fullmatch=True).map(lambda n: (n,))
)
dotted: Strategy = st.one_of(
    st.sampled_from(("system.mount.new", "process.*", "*", "network.bind", "device", "a.1.b")),
    st.from_regex(r"[a-z*][a-z0-9_*-]{0,4}(\.[a-z0-9*][a-z0-9_*-]{0,4}){0,3}", fullmatch=True),
).map(lambda n: (n,))
tail: Strategy = st.sampled_from((".*", ".mount", ".a.b-c.*")).map(lambda n: (n,))
numeral: Strategy = st.one_of(
    st.sampled_from(("0", "80", "65535", "1G", "500ms", "0x1f", "10.1", "2027-06-30", "-1")),
    st.integers(0, 70000).map(str),
    st.from_regex(r"-?[0-9][0-9A-Za-z_-]{0,4}(\.[0-9a-z]{1,3})?", fullmatch=True),
).map(lambda n: (n,))
_characters = st.characters(exclude_categories=ABSENT, exclude_characters='"\\')
_escapes = st.sampled_from(('\\"', "\\\\", "\\n", "\\t", "\\u{e9}", "\\x", "#", "{", "};", "\t"))
string: Strategy = st.one_of(
    st.sampled_from(("/var/cells/web", "www", "", "# no comment", "};")),
    st.lists(st.one_of(_characters, _escapes), max_size=12).map("".join),
).map(lambda s: (f'"{s}"',))

# values.lark

_atom = either(numeral, name, "auto")
_range = seq(_atom, "..", _atom)
value_set: Strategy = st.recursive(
    either(_atom, _range), lambda sets: seq("{", listed(sets, most=12), "}"), max_leaves=12
)
value = either(string, value_set)
text = either(string, name)
owner = either(string, name, numeral)
amount = either(numeral, name)

# rules.lark

_choice = seq(".{", listed(name, 1), "}", optional(tail))
action = either(
    dotted,
    # A dot before a choice must not follow a last `*` that is a part of its own token.
    seq(dotted, _choice),
    seq("{", listed(name, 1), "}", tail),
)
_peer = either(name, "self", "host", "host-root", "any")
_words = either(name, seq("{", listed(name, 1), "}"))
condition = either(
    seq("to", either(_peer, seq("{", listed(_peer, 1), "}"))),
    "tcp",
    "udp",
    seq("port", value_set),
    seq(either("domain", "type", "protocol"), _words),
)
effect = either("deny", "allow", "grant")
rule = seq(optional("final"), effect, action, many(condition), ";")

# checks.lark

_subject = either(name, "host", "host-root", "any")
subjects = either(_subject, seq("{", listed(_subject, 1), "}"))
request = seq(subjects, action, many(condition))
assertion = either(
    seq("assert", "never", subjects, "~>", subjects, ";"),
    seq("assert", either("never", "only", "always"), request, ";"),
)
_expectation = either(st.just(()), "works", seq("refused", optional("by", name)))

annotation = seq(
    either("@reason", "@owner", "@ticket", "@until", "@x"), either(string, numeral)
)  # fmt: skip
notes = either(st.just(()), st.just(()), many(annotation, 1, 3))


def block(head: Strategy, line: Strategy) -> Strategy:
    """A block of lines, `when` blocks of such lines among them."""
    guarded = st.deferred(lambda: seq(notes, guard, "{", many(lines, most=3), "}"))
    lines = either(line, line, line, guarded)
    return seq(head, "{", many(lines), "}")


guard = seq("when", "target", either(">=", "<=", "==", ">", "<"), either(numeral, name))

_test_line = seq(notes, effect, request, optional("by", string), _expectation, ";")
test = block(seq("test", string), _test_line)

# settings.lark

limits = block(_tokens("limits"), seq(notes, free_name, amount, ";"))
_provider = either(free_name, seq("cell", name))
_log_word = either(
    seq(either("facility", "stdout", "stderr"), name),
    seq("tag", text),
)
_service_item = either(
    seq(either("command", "healthcheck"), many(text, 1), ";"),
    seq(either("require", "before"), many(_provider, 1), ";"),
    seq("env", name, text, ";"),
    seq("log", many(_log_word), ";"),
    seq("restart", name, optional("backoff", amount, "..", amount), ";"),
    seq("manual", ";"),
)
service = block(_tokens("service"), seq(notes, _service_item))
setting = either(
    seq("root", text, optional("base", text), ";"),
    seq("user", owner, optional("group", owner), optional("groups", many(owner, 1)), ";"),
    seq("mount", name, text, "at", text, ";"),
    seq("listen", name, value_set, ";"),
    seq("exec", "readonly", ";"),
    seq("exec", "sha256", text, text, ";"),
    seq("hook", name, many(text, 1), ";"),
    seq("permissive", ";"),
    seq("devices", "{", many(name, most=8), "}"),
    seq("securelevel", numeral, ";"),
    seq("sysctl", dotted, "=", either(numeral, string, name), ";"),
    limits,
    service,
)

# definitions.lark

_parameter = seq(name, optional(":", name), optional("=", value))
_argument = seq(optional(name, "="), value)
_body: Strategy = st.deferred(lambda: seq("{", many(statement, most=3), "}"))
_extends = optional("extends", name)
definition = either(
    seq("policy", name, ";"),
    seq("target", "netbsd", either(numeral, name), ";"),
    seq("import", string, ";"),
    seq("let", name, "=", value, ";"),
    seq("profile", name, ";"),
    seq("use", name, optional("(", listed(_argument), ")"), ";"),
    seq("group", name, "=", "{", listed(glob), "}", ";"),
    seq("profile", name, _extends, _body),
    seq("template", name, "(", listed(_parameter), ")", _extends, _body),
    seq("cell", name, _body),
    seq("host", _body),
    seq(guard, _body),
)

#: Any statement; the grammar lets all of them stand in every body.
statement: Strategy = seq(
    notes, either(definition, definition, setting, rule, rule, assertion, test)
)
policy = many(statement, most=6)
