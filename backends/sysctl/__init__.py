"""Host settings: a sysctl.conf(5) file, rc.conf(5) fragments, and a check for drift."""

from __future__ import annotations

from collections.abc import Iterable

from backends.artifact import Artifact
from backends.template import render
from compiler.catalogue.sysctl import Node, all_nodes, integer
from compiler.ir.ir import IR
from compiler.ir.levels import STRICT
from compiler.record import NamedTuple

#: The kernel rounds these up to whole pages.
_ROUNDED = frozenset({"kern.ipc.shmmax"})


class _Setting(NamedTuple):
    """One line of sysctl.conf."""

    name: str
    sign: str
    value: str
    comment: str


class _Check(NamedTuple):
    """One call of `check` in the drift script, whose words these are."""

    need: str
    how: str
    name: str
    wanted: str


class _Wanted(NamedTuple):
    """A node and the one way in which its value is written here."""

    node: Node
    value: str

    @property
    def sign(self) -> str:
        """`?=` where an absent node does no harm."""
        return "?=" if self.node.optional(self.value) else "="


class SysctlBackend:
    """`sysctl/cellpolicy.conf`, `sysctl/cellpolicy-drift`, and rc.conf.d fragments for levels."""

    name = "sysctl"

    def emit(self, ir: IR) -> list[Artifact]:
        """Raises ValueError for a value that sysctl.conf(5) cannot carry."""
        wanted = [_wanted(setting.name, setting.value) for setting in ir.host.sysctls]
        # sysctl(8) exits at a list of ports that it refuses, and so loses later lines.
        wanted.sort(key=lambda w: (w.node.type == "ports", w.node.name))
        files = [
            _file(
                ir,
                "sysctl/cellpolicy.conf",
                "cellpolicy.conf.j2",
                target=ir.target,
                settings=[*_widened(wanted), *_settings(wanted)],
            ),
            _file(
                ir,
                "sysctl/cellpolicy-drift",
                "cellpolicy-drift.j2",
                mode=0o755,
                checks=list(_checks(ir, wanted)),
                unchecked=[w.node.name for w in wanted if _how(w) is None],
            ),
        ]
        return files + _fragments(ir, wanted)


BACKEND = SysctlBackend()


def _file(ir: IR, path: str, template: str, *, mode: int = 0o644, **values: object) -> Artifact:
    content = render("backends.sysctl", template, policy=ir.policy, **values)
    return Artifact(path, content, mode)


def _wanted(name: str, value: str) -> _Wanted:
    """A setting of the policy with its value as sysctl(8) prints it, where that is known."""
    node = all_nodes()[name]
    number = integer(value)
    if node.type == "ports":
        value = ",".join(map(str, sorted({int(port) for port in value.split(",") if port})))
    elif node.type == "mode":
        value = f"{int(value, 8):04o}" if value.isdecimal() else value
    elif node.type != "string" and number is not None:
        value = str(number)
    return _Wanted(node, value)


def _settings(wanted: Iterable[_Wanted]) -> Iterable[_Setting]:
    for w in wanted:
        if w.node.name != STRICT:
            yield _Setting(w.node.name, w.sign, w.value, w.node.summary)


def _widened(wanted: Iterable[_Wanted]) -> Iterable[_Setting]:
    """The widest range for each range of ports of which both ends are set.

    The kernel refuses an end on the wrong side of the other one, so neither
    order of the two lines is right whatever the host had before.
    """
    nodes = {w.node.name: w.node for w in wanted}
    for name, low in nodes.items():
        high = nodes.get(name.removesuffix("min") + "max")
        if name.endswith("portmin") and high:
            comment = f"the widest range first: {name} is less than {high.name} at any time"
            yield _Setting(name, "=", str(low.range.min), comment)
            yield _Setting(high.name, "=", str(high.range.max), "")


def _how(wanted: _Wanted) -> str | None:
    """How the drift script compares; None for what a node does not keep as it was written."""
    node = wanted.node
    if node.write == "trigger" or (node.type == "mode" and not wanted.value.isdecimal()):
        return None
    if node.write == "raise-only" or node.name in _ROUNDED:
        return "least"
    return {"mode": "mode", "string": "text", "ports": "text"}.get(node.type, "number")


def _checks(ir: IR, wanted: Iterable[_Wanted]) -> Iterable[_Check]:
    for w in wanted:
        how = _how(w)
        if how is not None:
            need = "needed" if w.sign == "=" else "optional"
            yield _Check(need, how, w.node.name, w.value)
    if (level := _securelevel(ir)) is not None:
        yield _Check("needed", "least", "kern.securelevel", str(level))


def _securelevel(ir: IR) -> int | None:
    """The level to raise to; -1 is the lowest, and asks for nothing."""
    level = ir.host.securelevel
    return None if level == -1 else level


def _fragments(ir: IR, wanted: Iterable[_Wanted]) -> list[Artifact]:
    """Levels that scripts of the system raise late in the boot, by their variables in rc.conf."""
    levels: list[tuple[str, str, str, object]] = []
    if (level := _securelevel(ir)) is not None:
        levels.append(("securelevel", "securelevel", "", level))
    levels += [
        ("veriexec", "veriexec_strict", "veriexec", w.value)
        for w in wanted
        if w.node.name == STRICT
    ]
    return [
        _file(
            ir,
            f"rc.conf.d/{script}",
            "raise.j2",
            script=script,
            variable=variable,
            switch=switch,
            level=level,
        )
        for script, variable, switch, level in levels
    ]
