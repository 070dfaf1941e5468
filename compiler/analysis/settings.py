"""What policies set besides decisions, item by item, and which of it is another in two of them."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Mapping
from typing import Literal

from compiler.analysis.frame import port_bits, port_ranges
from compiler.analysis.wording import span as port_span
from compiler.catalogue.sysctl import node_for
from compiler.driver import Program
from compiler.model import settings as m
from compiler.model.policy import Cell
from compiler.record import NamedTuple
from compiler.source import Span

Direction = Literal["widened", "narrowed", "changed"]

_ROOT = (None, "0", "root", "toor")
#: Settings that let a cell do more where they are added, less where they are taken away.
_OPENING = ("mount", "device", "hook", "permissive")
#: Settings the other way round.
_CLOSING = ("root", "exec readonly", "limit")
_UNLIMITED = "unlimited"


class Key(NamedTuple):
    """A setting: of a cell, or of the host and the policy ("")."""

    cell: str
    kind: str
    """The words it begins with, such as "mount" or "service require"."""
    name: str = ""
    """Which of several."""

    @property
    def text(self) -> str:
        return f"{self.kind} {self.name}".rstrip()


class Item(NamedTuple):
    value: str
    span: Span | None


class SettingChange(NamedTuple):
    """A setting that only one policy has, or that is another in both."""

    key: Key
    before: Item | None
    after: Item | None
    direction: Direction


Items = Mapping[Key, Item]


def items(program: Program, ids: Mapping[str, int] | None = None) -> Items:
    """All settings of a policy; `ids` are those of its lock file."""
    found: dict[Key, Item] = {}
    policy = program.policy
    for cell in policy.cells:
        found[Key(cell.name, "cell")] = Item("", cell.span)
        found |= dict(_of_cell(cell))
        if ids is not None and cell.name in ids:
            found[Key(cell.name, "id")] = Item(str(ids[cell.name]), cell.span)
    host = policy.host
    if host.securelevel is not None:
        level = host.securelevel
        found[Key("", "securelevel")] = Item(str(level.level), level.span)
    for node in host.sysctls:
        found[Key("", "sysctl", node.name)] = Item(node.value, node.span)
    found[Key("", "target")] = Item(policy.target, None)
    if policy.permissive is not None:
        found[Key("", "permissive")] = Item("", policy.permissive)
    return found


def _of_cell(cell: Cell) -> Iterator[tuple[Key, Item]]:
    """Later items take the place of earlier ones with the same key, as bodies do."""
    name = cell.name
    service: m.Service | None = None
    root: m.Root | None = None
    hooks: dict[str, list[str]] = {}
    for body in cell.bodies:
        service = body.service or service
        root = body.root or root
        if body.user is not None:
            yield Key(name, "user"), Item(body.user.user, body.user.span)
            yield Key(name, "group"), Item(body.user.group or "", body.user.span)
            yield Key(name, "groups"), Item(shlex.join(body.user.groups), body.user.span)
        for mount in body.mounts:
            value = f"{mount.mode} {mount.source}"
            yield Key(name, "mount", mount.target), Item(value, mount.span)
        for listen in body.listens:
            for low, high in port_ranges(port_bits(listen.ports)):
                ports = f"{listen.protocol} {port_span(low, high)}"
                yield Key(name, "listen", ports), Item("", listen.span)
        for limit in body.limits:
            value = _UNLIMITED if limit.value is None else str(limit.value)
            yield Key(name, "limit", limit.name), Item(value, limit.span)
        if body.exec_readonly is not None:
            yield Key(name, "exec readonly"), Item("", body.exec_readonly)
        for program in body.exec_hashes:
            yield Key(name, "exec sha256", program.path), Item(program.sha256, program.span)
        for devices in body.devices:
            for device in devices.names:
                yield Key(name, "device", device), Item("", devices.span)
        for hook in body.hooks:
            words = shlex.join(hook.argv)
            yield Key(name, "hook", f"{hook.when} {words}"), Item("", hook.span)
            hooks[hook.when] = [*hooks.get(hook.when, ()), words]
            if len(hooks[hook.when]) > 1:
                order = "; ".join(hooks[hook.when])
                yield Key(name, "hook order", hook.when), Item(order, hook.span)
        if body.permissive is not None:
            yield Key(name, "permissive"), Item("", body.permissive)
    if root is not None:
        yield Key(name, "root"), Item(root.path, root.span)
        if root.base is not None:
            yield Key(name, "base"), Item(root.base, root.span)
    if service is not None:
        yield from _of_service(name, service)


def _of_service(cell: str, service: m.Service) -> Iterator[tuple[Key, Item]]:
    def item(word: str, value: str, span: Span, name: str = "") -> tuple[Key, Item]:
        return Key(cell, f"service {word}", name), Item(value, span)

    yield item("command", shlex.join(service.command.argv), service.command.span)
    for word, providers in (("require", service.require), ("before", service.before)):
        for provider in providers:
            name = provider.name if provider.kind == "rc" else f"cell {provider.name}"
            yield item(word, "", provider.span, name)
    for env in service.env:
        yield item("env", env.value, env.span, env.name)
    if (log := service.log) is not None:
        words = f"{log.facility} tag {log.tag or cell} stdout {log.stdout} stderr {log.stderr}"
        yield item("log", words, log.span)
    if (restart := service.restart) is not None:
        words = f"{restart.mode} {restart.backoff_min}ms..{restart.backoff_max}ms"
        yield item("restart", words, restart.span)
    if (check := service.healthcheck) is not None:
        yield item("healthcheck", shlex.join(check.argv), check.span)
    if service.manual is not None:
        yield item("manual", "", service.manual)


def changes(old: Items, new: Items) -> list[SettingChange]:
    """What is another, the settings of the host first, cell by cell.

    Of a cell that only one policy has, there is one change: the cell.
    """
    gone = {key.cell for key in old if key.kind == "cell"} ^ {
        key.cell for key in new if key.kind == "cell"
    }
    made = []
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if key.kind == "id" and (before is None or after is None):
            continue
        same = before is not None and after is not None and before.value == after.value
        if same or (key.cell in gone and key.kind != "cell"):
            continue
        made.append(SettingChange(key, before, after, _direction(key, before, after)))
    return made


def _direction(key: Key, before: Item | None, after: Item | None) -> Direction:
    """Whether a cell may do more, or less, or merely something else."""
    if key.kind in ("user", "securelevel", "sysctl"):
        was, now = (_strength(key, item) for item in (before, after))
    elif key.kind in (*_OPENING, *_CLOSING):
        was, now = (_rank(key, item) for item in (before, after))
    else:
        was = now = 0
    return "changed" if was == now else "widened" if was > now else "narrowed"


def _rank(key: Key, item: Item | None) -> float:
    """How much a setting keeps a cell from doing; numbers stay whole, since some are large."""
    if key.kind in _OPENING:
        return 2 if item is None else 0 if item.value.startswith("rw ") else 1
    if key.kind == "limit":
        return -math.inf if item is None or item.value == _UNLIMITED else -int(item.value)
    return 0 if item is None else 1


def _strength(key: Key, item: Item | None) -> float:
    """How well a setting protects: users against root, levels of security, hardened values."""
    value = None if item is None else item.value
    if key.kind == "user":
        return 0 if value in _ROOT else 1
    if key.kind == "securelevel":
        return -1 if value is None else int(value)
    node = node_for(key.name)
    hardened = node is not None and node.hardened is not None
    return 1 if hardened and node is not None and value == node.hardened else 0
