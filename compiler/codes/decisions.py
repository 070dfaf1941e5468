"""E06xx: rules at odds, ports with two owners, and checks that fail."""

from __future__ import annotations

from compiler.codes.code import Code

CODES = (
    Code(
        "E0601",
        "ambiguous rules",
        "Inside a layer the narrower rule wins. These two overlap, neither is narrower, and they "
        "disagree about the request shown. Their order does not matter: make one narrower, or "
        "write a third rule for what both match.",
    ),
    Code(
        "E0602",
        "rules that contradict each other",
        "Two rules of one layer match exactly the same requests and decide them differently.",
    ),
    Code(
        "E0603",
        "final rule overridden",
        "What a `final` rule decides, no later layer (a profile that extends this one, a template, "
        "the cell) may decide otherwise. The error stands at the later rule.",
    ),
    Code(
        "E0604",
        "deny of a port that the cell listens on",
        "`listen` says that the cell binds the port; a deny of the same layer says that it may "
        "not.",
    ),
    Code(
        "E0605",
        "port with two owners",
        "A port of a protocol that a cell listens on is denied to everybody else, so two cells "
        "cannot listen on it.",
    ),
    Code(
        "E0606",
        "rule about another cell's port",
        "The rule names a port that another cell listens on, and so could never take effect. A "
        "broader rule without a `port` condition simply yields.",
    ),
    Code(
        "E0607",
        "broken assertion",
        "The policy decides the request shown otherwise than an `assert` demands, by the rule "
        "shown or by default.",
    ),
    Code(
        "E0608",
        "broken assertion about influence",
        "There is a chain of cells from the first to the second, each of which can influence the "
        "next: by process actions, by files that it writes and the other sees, or by shared IPC.",
    ),
    Code(
        "E0609",
        "failed test",
        "The policy decides the request of a test otherwise than the test expects.",
    ),
    Code(
        "E0610",
        "failed test of an outcome",
        "The cell's own vote is as expected, but what becomes of the request is not: other "
        "listeners of kauth(9), such as suser or securelevel, vote too.",
    ),
    Code(
        "E0611",
        "services that wait for each other",
        "rcorder(8) finds no order for scripts that wait for each other in a circle, and would "
        "start them in an undefined one. Counted are the policy's statements, the order of the "
        "base system as far as it is established for the target, and what holds for every cell: it "
        "comes after the policy and the file systems, and a service after syslogd.",
    ),
    Code(
        "E0612",
        "statement without full enforcement",
        "With `--require full`, a build fails on every statement that nothing on the target "
        "enforces, and on every one that is enforced more or less strictly than it says.",
    ),
    Code(
        "E0613",
        "test decided by another rule",
        "The request of a test is decided as expected, but not by the rule that the test names "
        "after `by`.",
    ),
)
