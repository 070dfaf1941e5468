"""An explanation as text for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def explanation_text(explanation: dict[str, Any]) -> str:
    """Several lines, the decision first."""
    if "decides" in explanation:
        return "\n".join(_rule(explanation)) + "\n\n"
    lines = [f"{explanation['request']}: {_headline(explanation)}"]
    for part in explanation.get("parts") or [explanation]:
        prefix = "  "
        if part is not explanation:
            lines.append(f"  {part['request']}: {_headline(part)}")
            prefix = "    "
        lines += [prefix + line for line in _details(part)]
    return "\n".join(lines) + "\n\n"


def _headline(e: dict[str, Any]) -> str:
    by = f" by {e['by']}" if e["outcome"] == "refused" and e["by"] else ""
    remark = f" ({e['remark']})" if e["remark"] else ""
    return f"{e['decision']}; outcome: {e['outcome']}{by}{remark}"


def _details(e: dict[str, Any]) -> Iterator[str]:
    rule = e["rule"]
    yield f"by default: {e['default']}" if rule is None else f"by {_placed(rule)}"
    yield from _chain(e)
    if e["permissive"]:
        yield "permissive: for now it is logged and let pass"
    for voter in e["voters"]:
        when = f" when {voter['when']}" if voter["when"] else ""
        might = f" ({voter['might']}{when})" if voter["might"] else ""
        yield f"{voter['voter']} votes {voter['vote']}{might}"
    near = e["nearest"]
    if near is not None:
        by = "by default" if near["rule"] is None else f"by {_placed(near['rule'])}"
        yield f"nearest otherwise: {near['request']}: {near['decision']} {by}"


def _chain(e: dict[str, Any]) -> Iterator[str]:
    for step in e["chain"]:
        yield f"   via {step['kind']} {step['name']}"
    for other in e["overridden"]:
        yield f"overrides {_placed(other)}"


def _placed(rule: dict[str, Any]) -> str:
    return f"{rule['id']} {rule['file']}:{rule['line']}:{rule['column']}  {rule['text']}"


def _rule(e: dict[str, Any]) -> Iterator[str]:
    """A rule by its id."""
    yield _placed(e["rule"])
    for line in _chain(e):
        yield f"  {line}"
    if not e["decides"]:
        yield "  decides nothing: other rules decide all that it is about"
    for row in e["decides"]:
        yield f"  decides {row['decision']:5}  {row['request']}  [{row['outcome']}]"
