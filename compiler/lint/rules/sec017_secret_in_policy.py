"""SEC017: environment variables that look like secrets."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.lint.context import Context
from compiler.lint.rule import Finding, Rule
from compiler.pattern import pattern
from compiler.syntax import tree as t

_SECRET = pattern(r"(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY)$")


def find(context: Context) -> Iterator[Finding]:
    for placed in context.of(t.Env):
        node = placed.node
        if isinstance(node, t.Env) and _SECRET.search(node.name.text.upper()):
            yield Finding(placed.span, f"`{node.name.text}` looks like a secret")


RULE = Rule(
    code="SEC017",
    name="secret-in-policy",
    title="secret in the environment of a service",
    severity="warning",
    why="""\
Policies are read by many, kept for ever, and what they say lands in scripts that every user
of the host can read.""",
    bad="""\
cell shop {
    profile confined;
    root "/var/cells/shop";
    user "shop";
    service {
        command "/usr/pkg/bin/shop";
        env DB_PASSWORD "hunter2";
    }
}
""",
    good="""\
cell shop {
    profile confined;
    root "/var/cells/shop";
    user "shop";
    service {
        command "/usr/pkg/bin/shop";
        env DB_PASSWORD_FILE "/etc/shop/password";
    }
}
""",
    remedy="let the service read it from a file that only its user can read",
    find=find,
)
