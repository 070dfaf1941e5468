"""An explanation as text for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def explanation_text(explanation: dict[str, Any]) -> str:
    """Several lines, the decision first."""
    lines = [f"{explanation['request']}: {_headline(explanation)}"]
    for part in explanation.get("parts") or [explanation]:
        prefix = "  "
        if part is not explanation:
            lines.append(f"  {part['request']}: {_headline(part)}")
            prefix = "    "
        lines += [prefix + line for line in _details(part)]
    return "\n".join(lines) + "\n\n"


def _headline(e: dict[str, Any]) -> str:
    by = f" by {e['by']}" if e["outcome"] == "refused" else ""
    remark = f" ({e['remark']})" if e["remark"] else ""
    return f"{e['decision']}; outcome: {e['outcome']}{by}{remark}"


def _details(e: dict[str, Any]) -> Iterator[str]:
    rule = e["rule"]
    if rule is None:
        yield f"by default: {e['default']}"
    else:
        yield f"by {rule['id']} {rule['file']}:{rule['line']}:{rule['column']}  {rule['text']}"
    for step in e["chain"]:
        yield f"   via {step['kind']} {step['name']}"
    for other in e["overridden"]:
        place = f"{other['file']}:{other['line']}:{other['column']}"
        yield f"overrides {other['id']} {place}  {other['text']}"
    for voter in e["voters"]:
        when = f" when {voter['when']}" if voter["when"] else ""
        might = f" ({voter['might']}{when})" if voter["might"] else ""
        yield f"{voter['voter']} votes {voter['vote']}{might}"
