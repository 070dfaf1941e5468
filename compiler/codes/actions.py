"""E04xx: actions, and the rules and requests about them."""

from __future__ import annotations

from compiler.codes.code import Code

CODES = (
    Code(
        "E0401",
        "wildcard in the wrong place",
        "`.*` as the last part of an action stands for everything below. For some of several names "
        "write a choice: `system.{mount, module}`.",
    ),
    Code(
        "E0402",
        "rule about the cred scope",
        "kauth(9) tells listeners of the `cred` scope that credentials were made, copied or freed "
        "and ignores their answer; this is how the kernel module passes cell ids on.",
    ),
    Code(
        "E0403",
        "unknown scope",
        "Actions begin with a scope of kauth(9): `generic`, `system`, `process`, `network`, "
        "`machdep`, `device` or `vnode`.",
    ),
    Code(
        "E0404",
        "scope where an action is needed",
        "A rule about a whole scope says so: `system.*`.",
    ),
    Code(
        "E0405",
        "action that the target lacks",
        "The kernel of the target does not make this request, or it is not established that it "
        "does. A rule for other releases stands in a `when target` block.",
    ),
    Code(
        "E0406",
        "unknown action",
        "No release has an action of this name. Names follow the identifiers of kauth(9): "
        "`KAUTH_SYSTEM_MOUNT` with `KAUTH_REQ_SYSTEM_MOUNT_NEW` is `system.mount.new`.",
    ),
    Code("E0407", "condition given twice", "A condition stands once in a rule; sets join values."),
    Code(
        "E0408",
        "condition that the action does not have",
        "Conditions are about what the kernel passes along with a request: the target of a process "
        "action, protocol and port of `network.bind`, domain, type and protocol of "
        "`network.socket`. Other requests carry nothing that could be compared.",
    ),
    Code(
        "E0409",
        "unknown protocol family",
        "Words after `domain` are the PF_ constants of socket(2) in lower case.",
    ),
    Code(
        "E0410",
        "unknown socket type",
        "Words after `type` are the SOCK_ constants of socket(2) in lower case.",
    ),
    Code(
        "E0411",
        "unknown IP protocol",
        "Words after `protocol` are the IPPROTO_ constants of netinet/in.h in lower case.",
    ),
    Code(
        "E0412",
        "grant of file access",
        "A grant in the vnode scope would override the mode of every file there is. Use file "
        "permissions and mounts instead.",
    ),
    Code(
        "E0413",
        "grant that needs a reason",
        "Whoever is granted this can take over the host. Such a grant needs a `@reason`, so that "
        "the next reader knows why it is there.",
    ),
    Code(
        "E0414",
        "rule that can match nothing",
        "No request that the kernel makes on this target fits the conditions, so the rule would "
        "never decide anything.",
    ),
    Code(
        "E0415",
        "host-root as a target",
        "Requests about processes of the host tell nothing of their user: `to host` means them "
        "all. As a subject, `host-root` is root outside of all cells.",
    ),
    Code(
        "E0416",
        "unknown voter",
        "`refused by` names the listener of kauth(9) that refuses the request.",
    ),
    Code(
        "E0417",
        "unknown rule id",
        "`cellc explain` takes the id of a rule, as the kernel logs it and the tables hold it. "
        "This policy has no rule of that id, so the tables are of another policy or version.",
    ),
    Code(
        "E0418",
        "empty request",
        "`cellc explain` and `cellc query` want a subject and an action, in quotes for the shell. "
        "An empty one is mostly a variable of a script that is not set.",
    ),
    Code(
        "E0419",
        "log line without a request",
        "The kernel module tells of each denial with the cell, the action and what the action "
        "carries, such as a port, the rule, and at last the process and its user id. Other lines "
        "of it tell of no request, nor do those that were cut off: half of a number looks like a "
        "number. A log in which no line is the module's has nothing to explain.",
    ),
    Code(
        "E0420",
        "nothing observed",
        "`cellc narrow` takes out the rules that admit nothing in LOG. Where no line is a request "
        "that the policy admits a cell, these would be all: the log is empty, or of another "
        "policy, or it only tells of denials, for the kernel does not log what it allows.",
    ),
)
