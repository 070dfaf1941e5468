"""One example of each statement, for messages about a broken one."""

from __future__ import annotations

from compiler.pattern import pattern

#: By the word that a statement begins with; every example is a statement of its own.
USAGE = {
    "policy": "policy webfarm;",
    "target": "target netbsd 10.1;",
    "import": 'import "common/profiles.cell";',
    "let": "let web-ports = {80, 443};",
    "profile": "profile confined;",
    "template": "template tenant(port) { listen tcp port; }",
    "use": "use tenant(8081);",
    "cell": "cell web { profile confined; }",
    "group": "group shops = { shop-* };",
    "host": "host { securelevel 1; }",
    "when": "when target >= 11.0 { deny network.interface_wg; }",
    "assert": "assert never web network.bind tcp port 22;",
    "test": 'test "title" { deny web network.bind tcp port 22; }',
    "deny": "deny network.bind tcp port 22;",
    "allow": "allow process.signal to self;",
    "grant": "grant network.bind.privport tcp port 80;",
    "root": 'root "/var/cells/web" base "/var/cells/base";',
    "user": 'user "www" group "www";',
    "mount": 'mount ro "/srv/www" at "/var/www";',
    "listen": "listen tcp 443;",
    "limits": "limits { nofile 1024; core 0; }",
    "exec": "exec readonly;",
    "devices": "devices { null random }",
    "hook": 'hook pre-start "/path/to/program";',
    "service": 'service { command "/path/to/program"; }',
    "permissive": "permissive;",
    "securelevel": "securelevel 1;",
    "sysctl": "sysctl security.pax.mprotect.global = 1;",
    "command": 'command "/path/to/program" "argument";',
    "require": "require NETWORKING cell db;",
    "before": "before LOGIN;",
    "env": 'env LANG "C";',
    "log": 'log facility daemon tag "web" stdout info stderr err;',
    "restart": "restart on-failure backoff 1s..10s;",
    "manual": "manual;",
    "healthcheck": 'healthcheck "/path/to/program";',
}

#: What some rules are about, and conditions that go with it.
_RULES = {
    "network.bind": "network.bind tcp port 22",
    "network.socket": "network.socket.open domain inet type raw",
    "process.": "process.signal to self",
}
_EFFECTS = ("allow", "deny", "grant")
_PROFILE = "profile service extends confined { deny system.module; }"

_ANNOTATIONS = r'(?:@[A-Za-z]+\s*(?:"(?:[^"\\\n]|\\[^\n])*"|[0-9][\w.-]*)\s*|#[^\n]*\s*)*'
_TEST = pattern(r'\btest\s+"(?:[^"\\\n]|\\[^\n])*"\s*\{')
_HEAD = pattern(rf"\s*{_ANNOTATIONS}(?:final\s+)?(?P<word>[a-z]+)(?![\w.-])")


def usage(text: str, start: int, offset: int) -> str:
    """The example of the statement that starts at `start`, if it is broken after its word."""
    head = _HEAD.match(text, start)
    if head is None or head.end("word") > offset:
        return ""
    word = head["word"]
    if word == "profile" and text.count("{", 0, start) == text.count("}", 0, start):
        return _PROFILE
    if word in _EFFECTS and _in_a_test(text, start):
        return f"{word} web network.bind tcp port 22;"
    if word in ("allow", "deny"):
        for action, rule in _RULES.items():
            if action in text[start:offset]:
                return f"{word} {rule};"
    return USAGE.get(word, "")


def request_usage(text: str, subject: str) -> str:
    """A request of a subject, about the scope that a broken one begins to name."""
    rules = (rule for action, rule in _RULES.items() if action in text)
    return f"{subject} {next(rules, _RULES['network.bind'])}"


def _in_a_test(text: str, start: int) -> bool:
    """Whether a statement stands in a `test` block, where lines name a subject."""
    opened = max((m.end() for m in _TEST.finditer(text, 0, start)), default=start)
    return opened < start and text.count("{", opened, start) == text.count("}", opened, start)
