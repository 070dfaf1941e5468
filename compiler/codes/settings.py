"""E05xx: what surrounds a cell's processes, its service, and settings of the host."""

from __future__ import annotations

from compiler.codes.code import Code

CODES = (
    Code("E0501", "path that is not absolute", "Paths begin with `/`."),
    Code(
        "E0502",
        "control character in a path",
        "The mount table and fstab(5) are lines of text, which such a path would break.",
    ),
    Code(
        "E0503",
        "path that is too long",
        "The kernel takes paths up to 1023 bytes (MAXPATHLEN) with names up to 511 (NAME_MAX).",
    ),
    Code(
        "E0504",
        "path not in its shortest form",
        "A path without `.`, `..`, `//` and a `/` at the end names one place in one way; only then "
        "can the compiler see that two paths overlap.",
    ),
    Code(
        "E0505",
        "directory of the host as a root",
        "The scripts of a cell mount on its root, and the cell may write there. The host needs "
        "these directories itself.",
    ),
    Code(
        "E0506",
        "root and base inside each other",
        "The base is mounted on the root, which must not contain it, or lie in it.",
    ),
    Code(
        "E0507",
        "mount over the root",
        "What lies at `/` in a cell is said by `root`; a mount stands on a directory below.",
    ),
    Code(
        "E0508",
        "mount below /dev",
        "A cell gets a /dev of its own with the nodes that `devices` names.",
    ),
    Code("E0509", "unknown mode of a mount", "A mount is `ro` or `rw`."),
    Code(
        "E0510",
        "mounts that overlap",
        "One mount would hide the other, or the order of mounts would matter.",
    ),
    Code(
        "E0511",
        "root and target too long together",
        "The mount is made at the target below the root, in a path that the kernel must take.",
    ),
    Code(
        "E0512",
        "setting that needs a root",
        "Mounts and devices are put into the root of a cell. A cell without one sees the file tree "
        "of the host, which its scripts leave alone.",
    ),
    Code("E0513", "number that is no user", "User and group ids are numbers below 2147483648."),
    Code(
        "E0514",
        "text that is no user",
        "A user or group is a name as in passwd(5), looked up in the cell's own files when it "
        "starts, or a number.",
    ),
    Code("E0515", "unknown transport", "`listen` reserves ports of `tcp` or `udp`."),
    Code(
        "E0516",
        "unknown limit",
        "Limits are the RLIMIT_ constants of setrlimit(2) in lower case, and `processes`.",
    ),
    Code(
        "E0517",
        "value that is no size",
        "A limit is a whole number, perhaps with K, M, G or T (powers of 1024), or `unlimited`.",
    ),
    Code(
        "E0518",
        "value that is no number of processes",
        "`processes` is enforced by the kernel module and is at least 1.",
    ),
    Code("E0519", "limit set twice", "One block sets a limit once."),
    Code(
        "E0520",
        "unknown device",
        "A cell can have the device nodes listed. Disks, kernel memory and consoles would hand out "
        "the host, and are not offered.",
    ),
    Code("E0521", "unknown moment of a hook", "Hooks run before and after start and stop."),
    Code(
        "E0522",
        "hook inside of the cell",
        "Hooks run as root of the host. One that the cell can write to would let it out.",
    ),
    Code(
        "E0523",
        "arguments that are too long",
        "execve(2) takes 256 KiB of arguments altogether (ARG_MAX).",
    ),
    Code("E0524", "directory as a program", "A command names a file."),
    Code(
        "E0525",
        "text that is no SHA-256 digest",
        "veriexec(4) compares programs with digests of 64 hexadecimal digits.",
    ),
    Code("E0526", "program with two fingerprints", "A program has one digest."),
    Code(
        "E0527",
        "backslash or number sign in the path of a fingerprint",
        "veriexecctl(8) takes a backslash for the start of an escape and `#` for that of a "
        "comment, so it cannot name such a file. Root and mounts of the cell count too, since they "
        "are part of the name on the host.",
    ),
    Code("E0528", "setting made twice", "One block makes this setting once."),
    Code(
        "E0529",
        "setting made by two templates",
        "The templates that a cell uses are one layer, in which neither wins. Make the setting in "
        "the cell itself.",
    ),
    Code("E0530", "service without a command", "A service is at least a command to run."),
    Code("E0531", "line of a service given twice", "A service has each of these lines once."),
    Code(
        "E0532",
        "name that is no variable",
        "Names in the environment are made of letters, digits and `_`.",
    ),
    Code("E0533", "variable set twice", "A variable of the environment has one value."),
    Code("E0534", "word of a log line given twice", "Each word stands once in a `log` line."),
    Code("E0535", "unknown facility", "Facilities are those of syslog(3)."),
    Code("E0536", "unknown level", "Levels are those of syslog(3)."),
    Code("E0537", "text that is no log tag", "logger(1) puts the tag before each line."),
    Code("E0538", "unknown mode of restarting", "A restart is never, on-failure or always."),
    Code("E0539", "value that is no duration", "A duration is a number with ms, s, m or h."),
    Code(
        "E0540",
        "backoff that is no range of pauses",
        "Between restarts a service pauses, each time longer, from the first duration up to the "
        "second.",
    ),
    Code("E0541", "text that is no provider", "Providers are words of rcorder(8)."),
    Code("E0542", "unknown securelevel", "The levels are those of secmodel_securelevel(9)."),
    Code(
        "E0543",
        "unknown sysctl node",
        "Only nodes are set whose type and range are known, since sysctl.conf(5) has no way to "
        "tell at boot that a line was wrong.",
    ),
    Code(
        "E0544",
        "sysctl node that the target lacks",
        "Other releases have this node; put the line into a `when target` block.",
    ),
    Code("E0545", "value that a sysctl node does not take", "The kernel would refuse this value."),
    Code(
        "E0546",
        "value that sysctl.conf cannot carry",
        "sysctl.conf(5) has no quoting: `#` begins a comment, blanks before a value are dropped, "
        "and a backslash at the end joins lines.",
    ),
    Code(
        "E0547",
        "securelevel as a sysctl node",
        "The level is raised late in the boot, when all that needs a low one has happened.",
    ),
    Code("E0548", "host setting made twice", "A setting of the host has one value."),
    Code(
        "E0549",
        "mount of the cell's own root",
        "mount_null(8) refuses two directories of which one lies in the other, so the cell would "
        "never start.",
    ),
    Code(
        "E0550",
        "range of ports without ports",
        "The kernel takes an end of a range of automatic ports only on its side of the other end, "
        "so sysctl(8) would fail at boot. What the policy does not set has the kernel's value.",
    ),
)
