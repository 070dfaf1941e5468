"""What `cellc upgrade` found as text, as JSON lines, and as Markdown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

from compiler.render.markdown import code
from compiler.render.markdown import text as plain
from compiler.render.text import visible

Record = dict[str, Any]

_TITLES = {
    "new": "new: the kernel asks, and did not before",
    "removed": "removed: the kernel no longer asks",
    "rule": "rules about other actions than before",
    "decision": "decided otherwise",
    "sysctl": "sysctl nodes",
    "default": "changed defaults of sysctl nodes",
    "unestablished": "defaults of sysctl nodes, as far as known",
    "provider": "rc.d providers that services name",
}


def report(
    records: Sequence[Record],
    old: str,
    new: str,
    broken: bool,
    format: Literal["text", "json", "markdown"],
) -> str:
    """All that changes; `broken` says that the policy has errors for the new release."""
    if format == "json":
        summary = {"kind": "summary", "from": old, "to": new, "compiles": not broken}
        return "".join(json.dumps(record) + "\n" for record in (*records, summary))
    lines = _markdown if format == "markdown" else _text
    return "".join(f"{line}\n" for line in lines(records, old, new, broken))


def _of_kind(records: Sequence[Record]) -> Iterator[tuple[str, list[Record]]]:
    for kind, title in _TITLES.items():
        found = [record for record in records if record["kind"] == kind]
        if found:
            yield title, found


def _text(records: Sequence[Record], old: str, new: str, broken: bool) -> Iterator[str]:
    yield f"netbsd {old} to {new}" + (": the policy has errors" if broken else "")
    for title, found in _of_kind(records):
        yield title
        for record in _shown(found):
            yield "  " + _line(record, visible)
        yield from _unshown(found)
    if not records:
        yield "nothing changes for this policy"


def _markdown(records: Sequence[Record], old: str, new: str, broken: bool) -> Iterator[str]:
    yield f"### netbsd {old} to {new}"
    if broken:
        yield ""
        yield f"**The policy has errors for {new}.**"
    for title, found in _of_kind(records):
        yield ""
        yield f"**{title}**"
        yield ""
        for record in _shown(found):
            yield "* " + _line(record, plain, code)
        yield from _unshown(found)
    if not records:
        yield ""
        yield "Nothing changes for this policy."


def _matters(record: Record) -> bool:
    """Whether a node is set, protects when it is set, or makes the kernel vote otherwise."""
    return record["kind"] != "sysctl" or bool(
        record["set"] or record["hardened"] or record["votes_on"]
    )


def _shown(found: Sequence[Record]) -> list[Record]:
    return [record for record in found if _matters(record)]


def _unshown(found: Sequence[Record]) -> Iterator[str]:
    left = len(found) - len(_shown(found))
    if left:
        yield f"  and {left} that the policy does not set (--format json lists them)"


def _line(
    record: Record, text: Callable[[str], str], code: Callable[[str], str] | None = None
) -> str:
    """One change; `text` and `code` make words of a policy safe to show."""
    code = code or text
    match record["kind"]:
        case "new":
            where = _place(record["rule"], text)
            decision = f"{record['decision']}  {code(record['request'])}  [{record['outcome']}]"
            return f"{decision}  {where}"
        case "removed":
            return code(record["action"])
        case "rule":
            return f"{_place(record['rule'], text, code)}: {_rule(record, code)}"
        case "decision":
            before, after = record["before"], record["after"]
            turn = f"{before['decision']} [{before['outcome']}]"
            turn += f" to {after['decision']} [{after['outcome']}]"
            places = f"{_place(before['rule'], text)}, then {_place(after['rule'], text)}"
            return f"{record['direction']}  {code(record['request'])}: {turn}: {places}"
        case "sysctl":
            return f"{'comes' if record['comes'] else 'goes'}  {_node(record, text, code)}"
        case "default":
            return _default(record, text, code)
        case "unestablished":
            return _unestablished(record, code)
    word = "comes" if record["comes"] else "goes"
    return f"{word}  {code(record['provider'])}"


def _rule(record: Record, code: Callable[[str], str]) -> str:
    said = []
    if record["gains"]:
        said.append(f"now also about {', '.join(map(code, record['gains']))}")
    if record["loses"]:
        said.append(f"no longer about {', '.join(map(code, record['loses']))}")
    if record["dead"]:
        said.append("about nothing any more: remove it")
    return "; ".join(said)


def _node(record: Record, text: Callable[[str], str], code: Callable[[str], str]) -> str:
    said = [text(record["summary"])]
    if record["set"]:
        said.append("the policy sets it")
    elif record["hardened"] and record["comes"]:
        said.append(f"a hardened host has {code(record['hardened'])}")
    if record["votes_on"]:
        said.append(f"it decides votes on {', '.join(map(code, record['votes_on']))}")
    return f"{code(record['node'])}: {'; '.join(said)}"


_EFFECTS = {
    "changes": "the policy leaves it alone, so the host changes",
    "keeps": "the policy sets what was the default, and keeps it",
    "same": "the policy sets what is now the default",
    "differs": "the policy sets {}, which stays",
}


def _default(record: Record, text: Callable[[str], str], code: Callable[[str], str]) -> str:
    said = [text(record["summary"]), _EFFECTS[record["effect"]].format(code(record["set"] or ""))]
    if record["votes_on"]:
        said.append(f"it decides votes on {', '.join(map(code, record['votes_on']))}")
    turn = f"{text(record['before'])} to {text(record['after'])}"
    return f"{code(record['node'])}  {turn}: {'; '.join(said)}"


def _unestablished(record: Record, code: Callable[[str], str]) -> str:
    """How far the defaults were compared: silence about a node must not pass for a promise."""
    free = len(record["unknown"]) - len(record["set"])
    line = f"{record['compared']} are established, of which {record['changed']} changed"
    line += f"; {free} that the policy leaves alone are not (--format json lists them)"
    if record["set"]:
        names = ", ".join(map(code, record["set"]))
        line += f"; nor are these, whose values the policy sets anyhow: {names}"
    return line


def _place(
    rule: Record | None, text: Callable[[str], str], code: Callable[[str], str] | None = None
) -> str:
    if rule is None:
        return "by default"
    place = f"{text(rule['file'])}:{rule['line']}"
    return f"{place}  {code(rule['text'])}" if code else place
