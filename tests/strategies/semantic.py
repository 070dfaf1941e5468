"""Strategies for policies that should compile: what they name exists, and fits its place.

Rules of one layer are about different actions, so that they rarely contradict each
other, and ports of rules lie apart from ports that cells listen on.  Few policies have
errors nevertheless; these are for the caller to filter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from compiler.catalogue.actions import RELEASES, Leaf, load
from compiler.catalogue.words import DEVICES, FACILITIES, LEVELS, RLIMITS
from compiler.model.settings import HOOKS, RESTARTS

_CELLS = ("web", "web-1", "db", "mail", "cache", "Queue_1")
_SHIPPED = ("low", "medium", "high", "confined", "sealed")
#: Ports that cells may listen on, and ports that rules may name.
_LISTENED = (25, 80, 443, 5432, *range(8000, 8040))
_NAMED = (20000, 20001, 20010, 29999)
#: No rule is about this one but a final deny.
_FINAL_ACTION = "system.module"
_CONDITIONS: dict[str, tuple[str, ...]] = {
    "bind": (" udp port 29999", " port {rule-ports, auto}", " tcp port 20000..20010"),
    "socket": (" domain inet", " domain {inet, inet6} type stream", " type raw protocol icmp"),
    "rawsock": (" protocol {icmp, igmp}",),
}
_texts = st.sampled_from(("x", "", "two words", "it's", 'a \\"quote\\"', "$HOME", "\\u{e9}", "%n"))
_paths = st.sampled_from(("/srv/www", "/var/db/x", "/usr/pkg/etc", "/a b/'c'", "/home"))
_programs = st.sampled_from(("/usr/libexec/httpd", "/usr/bin/true", "/usr/pkg/bin/a b"))


@dataclass(frozen=True, slots=True)
class _Names:
    """What statements may refer to."""

    target: str
    cells: tuple[str, ...]
    groups: tuple[str, ...]


def _conditions(names: _Names, leaf: Leaf) -> tuple[str, ...]:
    """Conditions that fit the action of a leaf."""
    if leaf.dimension == "self":
        return (" to self", " to any")
    if leaf.dimension == "target":
        but_one = (
            f"{{{', '.join(some)}}}" for some in combinations(names.cells, len(names.cells) - 1)
        )
        peers = ("self", "host", "any", "{self, host}", *names.cells, *names.groups)
        if len(names.cells) > 1:
            peers += (*but_one,)
        return tuple(f" to {peer}" for peer in peers)
    return _CONDITIONS.get(leaf.dimension, ())


@st.composite
def _rule(draw: DrawFn, names: _Names, leaf: Leaf) -> str:
    """A rule about a leaf or all of its action."""
    # A deny of all ports would take those that the cell listens on.
    always = leaf.dimension == "bind"
    condition = draw(st.sampled_from(("", *_conditions(names, leaf))[always:]))
    actions: tuple[str, ...] = (leaf.action,)
    if not condition and leaf.name != leaf.action:
        actions += (leaf.name, f"{leaf.action}.*")
    effects = ("deny", "allow") if leaf.scope == "vnode" else ("deny", "deny", "allow", "grant")
    effect = draw(st.sampled_from(effects))
    reason = '@reason "generated" ' if effect == "grant" else ""
    return f"{reason}{effect} {draw(st.sampled_from(actions))}{condition};"


@st.composite
def rules(draw: DrawFn, names: _Names, most: int = 4) -> list[str]:
    """Rules about different actions, some below `when`."""
    leaves = [
        leaf for leaf in load(names.target).leaves if leaf.asked and leaf.action != _FINAL_ACTION
    ]
    kinds = st.lists(st.sampled_from(leaves), max_size=most, unique_by=lambda leaf: leaf.action)
    lines = [draw(_rule(names, leaf)) for leaf in draw(kinds)]
    # A scope as a whole, which the rules above are exceptions of.
    lines += [f"deny {scope}.*;" for scope in draw(st.sets(st.sampled_from(("device", "machdep"))))]
    if draw(st.booleans()) and lines:
        release = draw(st.sampled_from(RELEASES))
        comparison = draw(st.sampled_from((">", ">=", "<", "<=", "==")))
        lines[-1:] = [f"when target {comparison} {release} {{", *lines[-1:], "}"]
    return lines


@st.composite
def _limits(draw: DrawFn) -> list[str]:
    amounts = st.sampled_from(("0", "64", "4K", "1G", "unlimited"))
    limits = draw(st.dictionaries(st.sampled_from(tuple(RLIMITS)), amounts, max_size=4))
    words = [f"{name} {amount};" for name, amount in limits.items()]
    if draw(st.booleans()):
        words.append(f"processes {draw(st.integers(1, 30000))};")
    return [f"limits {{ {' '.join(words)} }}"]


@st.composite
def _service(draw: DrawFn) -> list[str]:
    lines = [f'command "{draw(_programs)}" "{draw(_texts)}";']
    options = {
        "require": f"require {draw(st.sampled_from(('NETWORKING', 'SERVERS syslogd')))};",
        "before": "before LOGIN;",
        "env": f'env LANG "{draw(_texts)}";',
        "log": f"log facility {draw(st.sampled_from(FACILITIES))} tag "
        f'"t" stdout {draw(st.sampled_from(LEVELS))};',
        "restart": f"restart {draw(st.sampled_from(RESTARTS))} backoff 500ms..1m;",
        "healthcheck": f'healthcheck "{draw(_programs)}";',
        "manual": "manual;",
    }
    lines += [options[word] for word in draw(st.sets(st.sampled_from(sorted(options))))]
    return ["service {", *lines, "}"]


@st.composite
def _settings(draw: DrawFn, owner: str) -> list[str]:
    """Settings that may stand in the body of `owner`."""
    digest = "0123456789abcdef" * 4
    devices = draw(st.lists(st.sampled_from(DEVICES), max_size=3, unique=True))
    hook = draw(st.sampled_from(HOOKS))
    options: dict[str, list[str]] = {
        "user": [
            draw(
                st.sampled_from(
                    ('user "www";', 'user 10 group 20 groups 5 "mail";', 'user "_x" group 0;')
                )
            )
        ],
        "mount": [
            f'mount {draw(st.sampled_from(("ro", "rw")))} "{draw(_paths)}" at "/mnt/{owner}";'
        ],
        "exec": ["exec readonly;", f'exec sha256 "{digest}" "{draw(_programs)}";'],
        "devices": [f"devices {{ {' '.join(devices)} }}"],
        "hook": [f'hook {hook} "{draw(_programs)}" "{draw(_texts)}";'],
        "permissive": ["permissive;"],
        "limits": draw(_limits()),
        "service": draw(_service()),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(options)), max_size=4))
    return [line for word in sorted(chosen) for line in options[word]]


def _block(head: str, *bodies: Sequence[str]) -> str:
    return "\n".join((f"{head} {{", *(line for body in bodies for line in body), "}"))


@st.composite
def _profiles(draw: DrawFn, names: _Names) -> list[str]:
    """The chain p0, p1...: each extends the one before, the first a shipped one or none."""
    base = draw(st.sampled_from(("", *_SHIPPED)))
    chain = []
    for n in range(draw(st.integers(1, 3))):
        extends = f" extends {f'p{n - 1}' if n else base}" if n or base else ""
        lines = draw(rules(names))
        if n == 0 and draw(st.booleans()):
            lines.append(f"final deny {_FINAL_ACTION};")
        chain.append(_block(f"profile p{n}{extends}", lines, draw(_settings(f"p{n}"))))
    return chain


@st.composite
def _cell(draw: DrawFn, names: _Names, name: str, profiles: int, ports: list[int]) -> str:
    head = draw(st.sampled_from((*(f"profile p{n};" for n in range(profiles)), "use")))
    if head == "use":
        named = draw(st.sampled_from(("", ', owner = "www"', ', kinds = "x"')))
        head = f"use tenant({ports.pop()}{named});"
    own = [head]
    own.append(f'root "/var/cells/{name}"{draw(st.sampled_from(("", " base base-system")))};')
    if draw(st.booleans()):
        transport = draw(st.sampled_from(("tcp", "udp")))
        own.append(f"listen {transport} {{{ports.pop()}, {ports.pop()}}};")
    # Cells without rules of their own may be of one class.
    rest = draw(rules(names)) if draw(st.booleans()) else []
    return _block(f"cell {name}", own, rest, draw(_settings(name)))


@st.composite
def semantic_texts(draw: DrawFn, target: str | None = None) -> str:
    """A policy for `target`, or for some release of RELEASES."""
    target = target or draw(st.sampled_from(RELEASES))
    cells = tuple(draw(st.lists(st.sampled_from(_CELLS), min_size=1, max_size=4, unique=True)))
    names = _Names(target, cells, ("everyone", "first"))
    ports = list(draw(st.permutations(_LISTENED)))
    profiles = draw(_profiles(names))
    template = _block(
        'template tenant(port: port, owner = "nobody", kinds: text = "y") extends p0',
        ["listen tcp port;", "user owner;", "exec readonly;"],
        draw(rules(names, most=2)),
    )
    level = draw(st.sampled_from((-1, 0, 1, 2)))
    parts = [
        f"policy generated;\ntarget netbsd {target};",
        f"let rule-ports = {{{', '.join(map(str, _NAMED))}}};",
        'let base-system = "/var/base";',
        *profiles,
        template,
        *(draw(_cell(names, name, len(profiles), ports)) for name in cells),
        f"group everyone = {{ *, first }};\ngroup first = {{ {cells[0]} }};",
        f"host {{ securelevel {level}; sysctl security.models.extensions.curtain = 1; }}",
        f'test "t" {{ allow {cells[-1]} process.signal to self; }}',
    ]
    return "\n".join(draw(st.permutations(parts[3:])) + parts[:3]) + "\n"
