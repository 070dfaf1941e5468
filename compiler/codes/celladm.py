"""E10xx and W10xx: upstream's celladm(8), its manifests and what its kernel lacks."""

from __future__ import annotations

from compiler.codes.code import Code

CODES = (
    Code(
        "E1001",
        "loss on upstream's kernel",
        "Upstream's kernel or celladm(8) cannot do this as the policy says. Each loss has a name; "
        "`cellc build --backend celladm --accept NAME` builds without it, and "
        "`celladm/losses.txt` in the build keeps the list. Accepted losses may make a looser "
        "profile fit, which refuses less. [celladm.md](celladm.md) lists the names.",
    ),
    Code(
        "E1002",
        "beyond what a manifest can say",
        "A manifest of celladm(8) has no way to say this, or upstream's kernel a limit that it "
        "exceeds, so that no name accepts it.",
    ),
    Code(
        "E1003",
        "line that is no entry of a manifest",
        "Every line of a manifest is `key=value`, blank, or begins with `#`.",
    ),
    Code("E1004", "unknown key in a manifest", "celladm(8) refuses a file with keys it lacks."),
    Code(
        "E1005",
        "value that a key does not take",
        "celladm(8), cellctl(8) or the kernel would refuse it, some of them only when the cell "
        "starts; or a policy has no way to say it, and the help says what has.",
    ),
    Code(
        "E1006",
        "missing key in a manifest",
        "Every manifest has `name`, `autostart`, `command` and `root_base`; the last may come from "
        "defaults.conf, which `--defaults` names.",
    ),
    Code(
        "E1007",
        "key without its partner",
        "`run_uid` and `run_gid` are given together, and `run_groups` only with them.",
    ),
    Code(
        "E1008",
        "manifests at odds with each other",
        "Each file is right, but two cells cannot have one name in scripts, where `-` is `_`, or "
        "reserve one port.",
    ),
    Code(
        "W1001",
        "key that stands twice",
        "celladm(8) takes the last one and says nothing; so does the import.",
    ),
    Code(
        "W1002",
        "word that celladm drops",
        "celladm(8) leaves out names of providers with other characters than letters, digits, `.`, "
        "`_` and `-`, and says nothing; so does the import.",
    ),
)
