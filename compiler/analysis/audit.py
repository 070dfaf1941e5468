"""Lines that the kernel module logs, back to the requests they are about."""

from __future__ import annotations

from collections.abc import Container, Mapping

from compiler.catalogue.actions import Leaf
from compiler.catalogue.words import IP_PROTOCOLS, PROTOCOL_FAMILIES, TYPES, Constant
from compiler.ir.ir import AUTO, HOST, OTHER, PROTOCOLS, Request
from compiler.pattern import pattern
from compiler.record import NamedTuple

_MODULE = "cellpolicy: "
_LINE = pattern(r"cellpolicy: (deny|permissive)((?: [a-z]+=[^ \n]*)+)")
_WORDS = {"domain": PROTOCOL_FAMILIES, "type": TYPES, "protocol": IP_PROTOCOLS}
_RULE = pattern(r"[0-9a-f]{8}")
#: How lines of syslogd(8), in both of its formats, and of dmesg(8) begin; no request does.
_STAMP = pattern(
    r"(?:<\d+>)?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d |(?:1 )?\d{4}-\d\d-\d\dT)|\[ *\d+\.\d+\] "
)


class AuditLine(NamedTuple):
    """One denial as the kernel module told it."""

    text: str
    """From "cellpolicy:" on."""
    permissive: bool
    """Whether it was only logged."""
    request: Request
    rule: int | None
    """The id of the rule, None for a default or a resource limit."""
    limit: str | None
    """The resource limit that was refused, or None."""
    uid: int | None
    suppressed: int = 0
    """Denials before this one that were counted and not logged."""


def of_module(line: str) -> bool:
    """Whether the kernel module wrote a line, of a denial or of something else."""
    return _MODULE in line


def of_log(line: str) -> bool:
    """Whether a line was written to a log, by the kernel module or by anything else."""
    return of_module(line) or _STAMP.match(line) is not None


def untold(line: AuditLine, leaf: Leaf | None) -> str:
    """What the kernel says of every such denial and a line does not, for it was cut off; or "".

    The user id comes after all that is asked for: without it, `port=8` may be half of a number.
    """
    if line.uid is None:
        return "user id"
    request = line.request
    if leaf is None:
        return ""
    if leaf.dimension == "bind" and None in (request.protocol, request.port):
        return "port"
    words = request.domain, request.type, request.socket_protocol
    return "socket" if leaf.dimension in ("socket", "rawsock") and None in words else ""


def useless(line: AuditLine, cells: Container[str], leaves: Mapping[str, Leaf]) -> str:
    """Why a denial is no request of a policy with these cells and actions, or ""."""
    request = line.request
    leaf = leaves.get(request.action)
    if what := untold(line, leaf):
        return f"the line tells no {what}: it was cut off, or damaged"
    for name in (request.subject, request.target):
        if name not in (None, HOST) and name not in cells:
            return f"no cell is called `{name}`"
    return "" if leaf else f"there is no action `{request.action}` for this target"


def audit_line(line: str) -> AuditLine | None:
    """The denial a line of a log tells of, or None for any other line."""
    match = _LINE.search(line)
    if match is None:
        return None
    fields = dict(field.split("=", 1) for field in match[2][1:].split(" "))
    cell, action = fields.get("cell"), fields.get("action")
    if not cell or not action:
        return None
    rule = fields.get("rule", "")
    return AuditLine(
        text=match[0],
        permissive=match[1] == "permissive",
        request=_request(cell, action, fields),
        rule=int(rule, 16) if _RULE.fullmatch(rule) else None,
        limit=fields.get("limit"),
        uid=_number(fields.get("uid")),
        suppressed=_number(fields.get("suppressed")) or 0,
    )


def _request(cell: str, action: str, fields: dict[str, str]) -> Request:
    target = fields.get("to")
    if target is None and action.startswith("process."):
        target = cell
    port = fields.get("port")
    protocol = fields.get("proto")
    if protocol is not None and protocol not in PROTOCOLS:
        protocol = OTHER
    return Request(
        HOST if cell == "host" else cell,
        action,
        target=target,
        protocol=protocol,
        port=None if port is None else AUTO if port == "auto" else _port(port),
        domain=_word("domain", fields),
        type=_word("type", fields),
        socket_protocol=_word("protocol", fields),
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 11 else None


def _port(text: str) -> int | None:
    number = _number(text)
    return number if number is not None and number < 65536 else None


def _word(field: str, fields: dict[str, str]) -> str | None:
    """The name of a constant that the kernel can only tell as a number."""
    if field not in fields:
        return None
    constants: dict[str, Constant] = dict(_WORDS[field])
    number = _number(fields[field])
    return next((c.name for c in constants.values() if c.value == number), OTHER)
