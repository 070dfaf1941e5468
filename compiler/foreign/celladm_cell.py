"""Entries of a manifest to the settings of a cell that does the same."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence

from compiler.catalogue.upstream import (
    BACKOFF,
    CELL_NAME_MAX,
    CELL_PORTS_MAX,
    DEFAULT_PROFILE,
    DEFAULT_REQUIRE,
    LOCAL_DEV,
    LOG,
    PROFILES,
    REQUIRED,
    RLIMITS,
    cell_root,
)
from compiler.diagnostics import Diagnostics, Related, nearest, quoted
from compiler.foreign.celladm_file import BLANKS, Entry
from compiler.model.settings import (
    Command,
    Hook,
    Limit,
    Log,
    Mount,
    Provider,
    Restart,
    Root,
    Service,
    User,
)
from compiler.model.types import one_of_words
from compiler.model.validate import Raw, build
from compiler.names.words import RESERVED
from compiler.pattern import pattern
from compiler.record import record
from compiler.source import Span

_NAME = pattern(r"[A-Za-z0-9._-]+", re.ASCII)
#: What a policy can call something.
_OURS = pattern(r"[A-Za-z][A-Za-z0-9_-]*", re.ASCII)
_PATTERN = pattern(r"[*?\[\]|\\]")
_CELL_VARIABLE = pattern(r"\$\{?CELL")


@record
class ForeignCell:
    """What one manifest says, in the settings of policies."""

    name: str
    span: Span
    profile: str
    root: Root
    user: User | None
    mounts: tuple[Mount, ...]
    ports: tuple[int, ...]
    ports_span: Span
    limits: tuple[Limit, ...]
    devices: tuple[str, ...]
    hooks: tuple[Hook, ...]
    service: Service


def foreign_cell(
    stem: str,
    entries: Sequence[Entry],
    by_key: Mapping[str, Entry],
    file: Span,
    found: Diagnostics,
) -> ForeignCell | None:
    """The cell, or None and at least one error; `by_key` holds defaults as well."""
    before = found.errors
    reader = _Reader(by_key, found)
    reader.required(file)
    name = reader.name(stem)
    profile = reader.word("profile", PROFILES, DEFAULT_PROFILE)
    local_dev = reader.word("local_dev", ("yes", "no"), "yes")
    root = reader.root(name or "x")
    user = reader.user()
    mounts = reader.mounts([entry for entry in entries if entry.key == "mount"])
    ports = reader.ports()
    limits = reader.limits()
    hooks = reader.healthcheck()
    service = reader.service(file)
    if found.errors > before or name is None or root is None or service is None:
        return None
    return ForeignCell(
        name=name,
        span=by_key["name"].span,
        profile=profile,
        root=root,
        user=user,
        mounts=mounts,
        ports=ports,
        ports_span=by_key["reserved_ports"].span if ports else file,
        limits=limits,
        devices=LOCAL_DEV if local_dev == "yes" else (),
        hooks=hooks,
        service=service,
    )


class _Reader:
    """Reads the keys of one manifest; an empty value counts as none."""

    def __init__(self, by_key: Mapping[str, Entry], found: Diagnostics) -> None:
        self._by_key = by_key
        self._found = found

    def _get(self, key: str) -> Entry | None:
        entry = self._by_key.get(key)
        return entry if entry is not None and entry.value else None

    def _bad(self, entry: Entry, message: str, help: str) -> None:
        self._found.error("E1005", message, entry.span, help)

    def required(self, file: Span) -> None:
        for key in REQUIRED:
            if self._get(key) is None:
                entry = self._by_key.get(key)
                place = entry.key_span if entry else file
                message = f"the key `{key}` is missing, or has no value"
                help = f"add a line `{key}=...`" + (
                    ", or name a file that has it by --defaults" if key == "root_base" else ""
                )
                self._found.error("E1006", message, place, help)

    def name(self, stem: str) -> str | None:
        entry = self._get("name")
        if entry is None:
            return None
        name = entry.value
        if not _NAME.fullmatch(name):
            self._bad(entry, f"{quoted(name)} is not a name", "use A-Z a-z 0-9 `.` `_` and `-`")
        elif name != stem:
            self._bad(
                entry,
                f"`name` is {quoted(name)}, but the file is {quoted(stem)}",
                f"celladm wants them to be the same: call the file {quoted(f'{name}.cell')}",
            )
        elif not _OURS.fullmatch(name) or name in RESERVED or len(name) > CELL_NAME_MAX:
            self._bad(entry, f"a policy cannot call a cell {quoted(name)}", _naming(name, "cells"))
        else:
            return name
        return None

    def word(self, key: str, words: Sequence[str], default: str) -> str:
        entry = self._by_key.get(key)
        if entry is None or (not entry.value and key in ("profile", "autostart")):
            return default
        if entry.value not in words:
            help = nearest(entry.value, words) or f"write {one_of_words(words)}"
            self._bad(entry, f"`{key}` does not take {quoted(entry.value)}", help)
        return entry.value

    def _manual(self) -> Span | None:
        entry = self._get("autostart")
        no = self.word("autostart", ("yes", "no"), "yes") == "no"
        return entry.span if no and entry is not None else None

    def root(self, name: str) -> Root | None:
        entry = self._get("root_base")
        if entry is None:
            return None
        base = Raw(_normal(entry.value), entry.span)
        fields = {"path": Raw(cell_root(name), entry.span), "base": base}
        return build(Root, entry.span, fields, self._found)

    def user(self) -> User | None:
        uid, gid = self._get("run_uid"), self._get("run_gid")
        groups = self._get("run_groups")
        for entry in (uid, gid, groups):
            if entry is not None and (uid is None or gid is None):
                message = "`run_uid` and `run_gid` go together"
                self._found.error("E1007", message, entry.span, "write both, or none of them")
                return None
        if uid is None or gid is None:
            return None
        words = _fields(groups.value, BLANKS + ",") if groups is not None else []
        for entry in (uid, gid):
            if not entry.value.isdecimal():
                self._bad(entry, f"{quoted(entry.value)} is not a number", "celladm takes numbers")
                return None
        fields = {"user": Raw(uid.value, uid.span), "group": Raw(gid.value, gid.span)}
        if groups is not None:
            for word in words:
                if not word.isdecimal():
                    help = "celladm takes numbers, with commas"
                    self._bad(groups, f"{quoted(word)} is not a number", help)
                    return None
            fields["groups"] = Raw(tuple(words), [groups.span] * len(words))
        return build(User, uid.span, fields, self._found)

    def mounts(self, entries: Sequence[Entry]) -> tuple[Mount, ...]:
        made: list[Mount] = []
        for entry in entries:
            mount = self._mount(entry)
            if mount is None:
                continue
            for other in made:
                if _overlap(mount.target, other.target):
                    self._found.error(
                        "E0510",
                        f"the mount at `{mount.target}` overlaps the one at `{other.target}`",
                        mount.span,
                        "mount beside each other, or mount one tree that holds both",
                        [Related(other.span, "the other mount")],
                    )
            made.append(mount)
        return tuple(made)

    def _mount(self, entry: Entry) -> Mount | None:
        words = _fields(entry.value, BLANKS)
        if len(words) != 3:
            self._bad(entry, "a mount is three words", "write `mount=SOURCE TARGET ro` or `rw`")
            return None
        source, target, mode = words
        if _PATTERN.search(source + target):
            help = "celladm has sh(1) expand it, or takes it for two; use plain paths"
            self._bad(entry, "this mount holds one of `* ? [ ] | \\`", help)
            return None
        if f"{target}/".startswith("/.overlay/"):
            help = "the writable part of the cell lies there"
            self._bad(entry, f"nothing can be mounted at {quoted(target)}", help)
            return None
        fields = {
            "mode": Raw(mode, entry.span),
            "source": Raw(_normal(source), entry.span),
            "target": Raw(_normal(target), entry.span),
        }
        return build(Mount, entry.span, fields, self._found)

    def ports(self) -> tuple[int, ...]:
        entry = self._get("reserved_ports")
        if entry is None:
            return ()
        ports: list[int] = []
        for word in entry.value.split(","):
            port = int(word) if re.fullmatch(r"[0-9]{1,5}", word, re.ASCII) else 0
            if not 0 < port < 65536:
                self._bad(entry, f"{quoted(word)} is not a port", "write 1 to 65535, with commas")
            elif port in ports:
                self._bad(entry, f"port {port} stands twice", "the kernel refuses that; keep one")
            ports.append(port)
        if len(ports) > CELL_PORTS_MAX:
            help = f"the kernel takes {CELL_PORTS_MAX} at most"
            self._bad(entry, f"these are {len(ports)} ports", help)
        return tuple(sorted(ports))

    def limits(self) -> tuple[Limit, ...]:
        made = []
        for name, key in RLIMITS.items():
            entry = self._get(key)
            if entry is None:
                continue
            if entry.value != "unlimited" and not re.fullmatch(r"[0-9]+", entry.value, re.ASCII):
                help = "write a number, or `unlimited`"
                self._bad(entry, f"`{key}` does not take {quoted(entry.value)}", help)
                continue
            fields = {"name": Raw(name, entry.span), "value": Raw(entry.value, entry.span)}
            limit = build(Limit, entry.span, fields, self._found)
            if limit is not None:
                made.append(limit)
        return tuple(made)

    def healthcheck(self) -> tuple[Hook, ...]:
        """celladm runs it on the host, as root, once after the start: it is a post-start hook."""
        entry = self._get("healthcheck")
        if entry is None:
            return ()
        if _CELL_VARIABLE.search(entry.value):
            help = "hooks of a policy have variables of these names; choose others"
            self._bad(entry, "this line uses `$CELL`, which celladm does not set", help)
            return ()
        argv = Raw(("/bin/sh", "-c", entry.value), [entry.span] * 3)
        hook = build(Hook, entry.span, {"when": Raw("post-start", entry.span), "argv": argv},
                     self._found)  # fmt: skip
        return (hook,) if hook is not None else ()

    def service(self, file: Span) -> Service | None:
        manual = self._manual()
        entry = self._get("command")
        if entry is None:
            return None
        argv = Raw(("/bin/sh", "-c", entry.value), [entry.span] * 3)
        command = build(Command, entry.span, {"argv": argv}, self._found)
        log = self._log(file)
        require = [p for key in ("require", "after") for p in self._providers(key)]
        if not require:
            require = [Provider(span=file, kind="rc", name=DEFAULT_REQUIRE)]
        before = self._providers("before")
        if command is None or log is None:
            return None
        return Service(
            span=entry.span,
            command=command,
            require=tuple(require),
            before=tuple(before),
            log=log,
            restart=Restart(
                span=entry.span, mode="always", backoff_min=BACKOFF[0], backoff_max=BACKOFF[1]
            ),
            manual=manual,
        )  # fmt: skip

    def _log(self, file: Span) -> Log | None:
        fields: dict[str, Raw] = {}
        keys = ("log_facility", "log_tag", "log_stdout_level", "log_stderr_level")
        for (field, default), key in zip(LOG.items(), keys, strict=True):
            entry = self._get(key)
            fields[field] = Raw(entry.value, entry.span) if entry else Raw(default, file)
        return build(Log, file, fields, self._found)

    def _providers(self, key: str) -> list[Provider]:
        entry = self._get(key)
        made = []
        for word in _fields(entry.value, BLANKS + ",") if entry else ():
            assert entry is not None
            if not _NAME.fullmatch(word):
                message = f"celladm drops {quoted(word)} without a word"
                self._found.warning("W1002", message, entry.span, "remove it, or mend it")
            elif not _OURS.fullmatch(word) or word == "cell" or word in RESERVED:
                message = f"a policy cannot name the provider {quoted(word)}"
                self._bad(entry, message, _naming(word, "providers"))
            else:
                fields = {"kind": Raw("rc", entry.span), "name": Raw(word, entry.span)}
                provider = build(Provider, entry.span, fields, self._found)
                if provider is not None:
                    made.append(provider)
        return made


def _naming(name: str, what: str) -> str:
    """Why a policy cannot call something by a name."""
    if _OURS.fullmatch(name) and len(name) <= CELL_NAME_MAX:
        return "the word means something else there; rename it"
    letters = f"letters, digits, `_` and `-`, a letter first, {CELL_NAME_MAX} at most"
    return f"{what} are called by {letters}; rename it"


def _normal(path: str) -> str:
    """A path without the slashes that mean nothing; one with `..` stays, to be refused."""
    return path if ".." in path.split("/") else posixpath.normpath(path).replace("//", "/", 1)


def _overlap(one: str, other: str) -> bool:
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def _fields(text: str, separators: str) -> list[str]:
    return [word for word in re.split(f"[{re.escape(separators)}]+", text) if word]
