"""Policies to report on, one of them by somebody who means ill."""

from __future__ import annotations

import datetime
from pathlib import Path

from compiler.commands.report import report

TODAY = datetime.date(2026, 11, 24)

#: What has broken out of HTML somewhere; each would set `document.title` or ask the network.
HOSTILE = (
    "</script><script>document.title='ran'</script>",
    "<img src=x onerror=document.title='ran'>",
    "\"' onmouseover=document.title='ran' x='",
    "javascript:document.title='ran'",
    "<link rel=stylesheet href=https://example.invalid/x.css>",
    "</style><style>body{display:none}</style>",
    "</title><svg onload=document.title='ran'>",
    "<!--",
    "]]>",
    "&lt;b&gt;&#60;",
    "{{ 7*7 }}{% raw %}",
    "user\u202egnp.exe\u202c",
    "zero\u200bwidth\ufeff",
    "x" * 900,
)


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    # What nobody sees can only stand there as an escape.
    shown = (c if c.isprintable() else f"\\u{{{ord(c):x}}}" for c in escaped)
    return f'"{"".join(shown)}"'


def hostile() -> str:
    """A policy with awkward text in every place that takes text."""
    long = "n" * 59
    lines = [
        "policy hostile;",
        "target netbsd 10.1;",
        f"# {' '.join(filter(str.isprintable, HOSTILE))}",
        "host { securelevel 1; sysctl security.pax.aslr.enabled = 0; }",
    ]
    for n, text in enumerate(HOSTILE):
        path = "/srv/" + text.replace("/", "|").replace("\n", "")[:200]
        word = quoted(text)
        lines += [
            f"cell c{n}-{long} {{",
            "    profile confined;",
            f"    root {quoted(f'/cells/{n}')};",
            f"    mount rw {quoted(path)} at {quoted(path)};",
            f"    listen tcp {8000 + n};",
            f"    @reason {word} @owner {word} @ticket {word}",
            f"    grant network.bind.privport tcp port {n + 1};",
            f'    hook pre-start "/bin/echo" {word};',
            "    service {",
            f'        command "/bin/echo" {word};',
            f"        env NAME {word};" if n == 0 else "",
            f'        healthcheck "/bin/test" {word};',
            "    }",
            "}",
        ]
        longer = quoted(text + "y" * 10_000 if n == 0 else text)
        lines += [f"test {longer} {{ deny c{n}-{long} system.reboot; }}"]
    lines.append('cell reader { profile confined; root "/r"; mount ro "/srv" at "/all"; }')
    return "\n".join(line for line in lines if line) + "\n"


def report_of(text: str, folder: Path) -> int:
    """The exit status of a report on a policy, which goes to `out`."""
    (folder / "policy.cell").write_text(text)
    return report(folder / "policy.cell", folder / "out", ("kmod", "rc", "sysctl"), TODAY)
