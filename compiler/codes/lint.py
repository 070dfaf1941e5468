"""W08xx and N09xx: policies that compile and yet may not do what they seem to."""

from __future__ import annotations

from compiler.codes.code import Code

CODES = (
    Code(
        "W0801",
        "statement that expires soon",
        "The `@until` of this statement is less than a month away; after it the policy does not "
        "compile.",
    ),
    Code(
        "W0802",
        "group or pattern that matches nothing",
        "Rules and assertions about an empty group hold, but say nothing.",
    ),
    Code(
        "W0803",
        "action that the kernel never asks about",
        "The identifier exists, but no kernel code of the target makes this request.",
    ),
    Code(
        "W0804",
        "rule about all processes",
        "Without `to` a rule about processes is about those of the host and of every cell. Say "
        "`to any` if that is what you mean.",
    ),
    Code(
        "W0805",
        "duplicate rule",
        "Two rules of one layer match the same requests and decide them alike.",
    ),
    Code(
        "W0806",
        "assertion about nothing",
        "The kernel makes no request that the assertion is about, so it always holds.",
    ),
    Code(
        "W0807",
        "request that the kernel never makes",
        "The answer is what the kernel would be told if it asked.",
    ),
    Code(
        "W0808",
        "cell that cannot connect",
        "connect(2) and send(2) on an unbound socket choose a port automatically, and the kernel "
        "asks `network.bind` for it. A deny of `port auto`, or of the ports from 49152 on, so "
        "breaks outgoing connections.",
    ),
    Code(
        "W0809",
        "reserved port among the automatic ones",
        "The kernel asks about every candidate of automatic port selection with a malformed "
        "address, so a port in that range cannot be kept for one cell strictly.",
    ),
    Code(
        "W0810",
        "devices that cannot be opened",
        "Every open of a device node, /dev/null included, is a `device.rawio_spec` request.",
    ),
    Code(
        "W0811",
        "privileged port without a privilege",
        "The cell listens on a port below 1024 but does not run as root. Its own vote is to allow "
        "this, yet only root, or a grant, gets such a port.",
    ),
    Code(
        "W0812",
        "files of one cell among those of another",
        "What one of the cells writes the other one sees, whatever the rules say. With a `base` a "
        "cell's own files lie beside its root, in `ROOT.overlay`.",
    ),
    Code(
        "W0813",
        "exec readonly without a root",
        "That a cell runs nothing it could have written is kept by the flags of its mounts. "
        "Without a root nothing is mounted for it.",
    ),
    Code(
        "W0814",
        "provider that looks misspelt",
        "rcorder(8) only warns about a word that nothing provides, and starts the service at some "
        "time. Packages bring their own providers, so only words much like a known one are "
        "reported.",
    ),
    Code(
        "W0815",
        "service before the file systems",
        "Cells start after `mountcritremote`, which mounts the file systems that hold programs. A "
        "service that is to come before what that one needs makes a circle.",
    ),
    Code(
        "W0816",
        "log line of another policy",
        "The kernel decided by another rule than this policy would, so the host runs another "
        "version of it.",
    ),
    Code(
        "N0901",
        "service without devices",
        "The profiles `medium` and `high`, as upstream has them, deny the whole device scope; even "
        "/dev/null cannot be opened.",
    ),
    Code(
        "N0902",
        "service without a root",
        "A cell narrows what its processes may do; what files they see is a matter of its root.",
    ),
    Code(
        "N0903",
        "device that hands out more",
        "Whoever may open this device node can do more than the node's name says.",
    ),
    Code(
        "N0904",
        "permissive cell or policy",
        "Denials are logged but not enforced, to find out what a service needs.",
    ),
)
