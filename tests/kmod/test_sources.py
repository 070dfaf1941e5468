"""The C files as such: no warning from two compilers for any release, and the same every time."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backends.kmod import BACKEND
from backends.kmod.emit import DIRECTORY, IMAGE
from compiler.catalogue.actions import RELEASES
from compiler.ir.ir import IR
from tests.kmod.build import compile_files, module_files, write_tree
from tests.kmod.house import TEXT
from tests.semantics.support import compile_text, must


def policy(release: str) -> IR:
    return must(compile_text(f"policy house;\ntarget netbsd {release};\n{TEXT}")).ir


@pytest.mark.parametrize(
    ("compiler", "release"), [*(("gcc", release) for release in RELEASES[:3]), ("clang", "current")]
)
def test_compiles_without_warnings(compiler: str, release: str, tmp_path: Path) -> None:
    files = module_files(policy(release))
    write_tree(tmp_path, files, release)
    sources = sorted(name for name in files if name.endswith(".c"))
    assert compile_files(compiler, tmp_path, release, ["-fsyntax-only"], sources) == ""


def test_the_analyzer_finds_nothing(tmp_path: Path) -> None:
    files = module_files(policy("10.1"))
    write_tree(tmp_path, files, "10.1")
    sources = sorted(name for name in files if name.endswith(".c"))
    assert compile_files("gcc", tmp_path, "10.1", ["-O1", "-fanalyzer"], sources) == ""


#: What the engine uses of the kernel, and the header that has it on every release. The stubs
#: are one header whatever is included, so that a missing one would not show.
_HEADERS = {
    r"NULL": "sys/param.h",
    r"MIN|MAX|roundup2|howmany|mstohz": "sys/param.h",
    r"mem(set|cpy|cmp)|str(n?cmp|len|lcpy)|snprintf|offsetof": "sys/systm.h",
    r"E(PERM|INVAL|BUSY|NOMEM|NXIO|PROTO|SRCH|AGAIN|RANGE|FBIG|NOTTY|FTYPE)": "sys/errno.h",
    r"exithook_\w+": "sys/systm.h",
    r"kmem_\w+": "sys/kmem.h",
    r"pserialize_\w+": "sys/pserialize.h",
    r"mutex_(init|destroy|enter|exit)": "sys/mutex.h",
    r"softint_\w+": "sys/intr.h",
    r"le(16|32|64)toh": "sys/endian.h",
    r"mstohz": "sys/kernel.h",
    r"LOG_\w+": "sys/syslog.h",
    r"sysctl_\w+|SYSCTL_\w+": "sys/sysctl.h",
    r"ppsratecheck|time_uptime": "sys/timevar.h",
    r"atomic_\w+|membar_\w+": "sys/atomic.h",
    r"kauth_\w+|KAUTH_\w+": "sys/kauth.h",
    r"kpause|proc_crmod_\w+|PROCLIST_FOREACH|cur(proc|lwp)": "sys/proc.h",
    r"psignal|NSIG": "sys/signalvar.h",
    r"lwp_(get|set)specific": "sys/lwp.h",
    r"specificdata_\w+_t": "sys/specificdata.h",
    r"secmodel_\w+_?t?": "secmodel/secmodel.h",
    r"rlim_(cur|max)": "sys/resource.h",
    r"p_rlimit": "sys/resourcevar.h",
    r"MODULE(_\w+)?": "sys/module.h",
    r"in_port_t|sin_port|IPPROTO_\w+": "netinet/in.h",
    r"so_proto": "sys/socketvar.h",
    r"pr_domain": "sys/protosw.h",
    r"dom_family": "sys/domain.h",
}


def test_every_file_includes_what_it_uses() -> None:
    engine = module_files(policy("10.1"))
    header = engine["cellpolicy_engine.h"].decode()
    for name, content in engine.items():
        text = content.decode()
        if not name.endswith(".c") or name == "cellpolicy_actions.c":
            continue
        known = set(re.findall(r"#include <(.*)>", text))
        if '"cellpolicy_engine.h"' in text:
            known |= set(re.findall(r"#include <(.*)>", header))
        code = re.sub(r'/\*.*?\*/|"[^"\n]*"', "", text, flags=re.DOTALL)
        code = re.sub(r"#include.*", "", code)
        code = code.replace("secmodel_cellpolicy", "")
        for pattern, needed in _HEADERS.items():
            used = re.search(rf"\b({pattern})\b", code)
            assert used is None or needed in known, (name, used and used[0], needed)


def test_the_same_bytes_every_time() -> None:
    first, second = BACKEND.emit(policy("10.1")), BACKEND.emit(policy("10.1"))
    assert first == second
    assert len({artifact.path for artifact in first}) == len(first)


def test_the_makefile_names_every_source() -> None:
    artifacts = {artifact.path: artifact.content for artifact in BACKEND.emit(policy("11.0"))}
    assert IMAGE in artifacts
    made = artifacts.pop(f"{DIRECTORY}/Makefile").decode()
    sources = {p.rpartition("/")[2] for p in artifacts if p.endswith(".c")}
    assert set(re.findall(r"^SRCS\+?=\t(.*)$", made, re.MULTILINE)) == sources


def test_symbols_are_prefixed(tmp_path: Path) -> None:
    """The kernel has one name space for all modules."""
    for name, content in module_files(policy("10.1")).items():
        text = content.decode()
        for symbol in re.findall(r"^([a-z_0-9]+)\(", text, re.MULTILINE):
            before = text[: text.index(f"\n{symbol}(")].rpartition("\n")[2]
            assert before.startswith("static") or symbol.startswith("cellpolicy_"), (name, symbol)


@pytest.mark.parametrize("name", ["*/ int x; /*", 'a"b\\', "line\nbreak", "??/"])
def test_names_stay_inside_their_place(name: str, tmp_path: Path) -> None:
    from dataclasses import replace

    files = module_files(replace(policy("10.1"), policy=name))
    write_tree(tmp_path, files, "10.1")
    flags = ["-fsyntax-only", "-Wcomment", "-Wtrigraphs"]
    assert compile_files("gcc", tmp_path, "10.1", flags, ["cellpolicy_tables.c"]) == ""
