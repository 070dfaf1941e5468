"""SELinux policies of the same size for checkpolicy(8) and secilc(8): RULES rules a domain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.generate import RULES, pickers

_PERMISSIONS = (
    "read",
    "write",
    "create",
    "getattr",
    "setattr",
    "unlink",
    "rename",
    "append",
    "execute",
    "open",
)
_CLASSES = ("file", "dir", "sock_file", "fifo_file")
#: What the rules are about, and the type of the kernel.
_OBJECTS = tuple(f"o{n}_t" for n in range(40))
_OTHERS = (*_OBJECTS, "top")
#: Two checks over all domains, like the two assertions of `benchmarks.generate`.
_NEVERS = ("file", "dir")


class _Allow(NamedTuple):
    """One rule of a domain."""

    source: str
    target: str
    class_: str
    permissions: tuple[str, ...]


def checkpolicy(shape: str, domains: int) -> str:
    """A policy.conf for `checkpolicy -o FILE`."""
    permissions = " ".join(_PERMISSIONS)
    lines = [f"class {c}" for c in ("process", *_CLASSES)]
    lines += ["sid kernel", "class process { fork signal }"]
    lines += [f"class {c} {{ {permissions} }}" for c in _CLASSES]
    lines += ["attribute domains;", *(f"type {t}, domains;" for t in _domains(domains))]
    lines += [f"type {t};" for t in _OTHERS]
    lines += [
        f"allow {a.source} {a.target}:{a.class_} {{ {' '.join(a.permissions)} }};"
        for a in _allows(shape, domains)
    ]
    lines += [f"neverallow domains top:{c} append;" for c in _NEVERS]
    lines += ["role r;", *(f"role r types {t};" for t in (*_domains(domains), "top"))]
    lines += ["user u roles r;", "sid kernel u:r:top", ""]
    return "\n".join(lines)


def cil(shape: str, domains: int) -> str:
    """A CIL file for `secilc -o FILE -f /dev/null`."""
    permissions = " ".join(_PERMISSIONS)
    lines = [f"(class {c} ({permissions}))" for c in _CLASSES]
    lines += ["(class process (fork signal))", f"(classorder (process {' '.join(_CLASSES)}))"]
    lines += [f"(type {t})" for t in (*_domains(domains), *_OTHERS)]
    lines += ["(typeattribute domains)"]
    lines += [f"(typeattributeset domains ({' '.join(_domains(domains))}))"]
    lines += [
        f"(allow {a.source} {a.target} ({a.class_} ({' '.join(a.permissions)})))"
        for a in _allows(shape, domains)
    ]
    lines += [f"(neverallow domains top ({c} (append)))" for c in _NEVERS]
    lines += ["(role r)", "(role object_r)", *(f"(roletype r {t})" for t in _domains(domains))]
    lines += ["(roletype r top)", "(user u)", "(userrole u r)", "(sensitivity s0)"]
    lines += ["(sensitivityorder (s0))", "(level low (s0))", "(userrange u (low low))"]
    lines += ["(userlevel u low)", "(sid kernel)", "(sidorder (kernel))"]
    lines += ["(sidcontext kernel (u r top (low low)))", ""]
    return "\n".join(lines)


def _domains(count: int) -> list[str]:
    return [f"d{n}_t" for n in range(count)]


def _allows(shape: str, domains: int) -> Iterator[_Allow]:
    for domain, pick in zip(_domains(domains), pickers(shape, domains), strict=True):
        for target in pick.sample(_OBJECTS, RULES):
            permissions = tuple(pick.sample(_PERMISSIONS, 3))
            yield _Allow(domain, target, pick.choice(_CLASSES), permissions)
