"""E02xx: files, headers, definitions and what names stand for."""

from __future__ import annotations

from compiler.codes.code import Code

CODES = (
    Code(
        "E0201",
        "import path that is not relative",
        "An import names a file relative to the one it stands in, so that a policy can move "
        "together with its parts.",
    ),
    Code(
        "E0202",
        "import from outside of the policy root",
        "A policy is made of files below one directory, the policy root: the nearest one upwards "
        "with a `cellc.toml` or `.git`, else that of the root file. Neither `..` nor a symbolic "
        "link leads out of it, so that a policy cannot read other files of the host.",
    ),
    Code(
        "E0203",
        "files that import each other",
        "A file was imported while its own imports were still being read. Move what both sides "
        "need into a file of its own.",
    ),
    Code(
        "E0204",
        "file that cannot be read",
        "The file does not exist, may not be read, or is not a regular file. Below a directory "
        "that is checked, other directories that may not be read, and links that lead nowhere, "
        "count as such files: there may be policies that nobody has looked at.",
    ),
    Code(
        "E0205",
        "file that is too large",
        "No policy is this large; refusing such a file keeps the compiler's memory bounded.",
    ),
    Code("E0206", "file that is not UTF-8", "Policies are UTF-8 text, with or without a BOM."),
    Code(
        "E0207",
        "imports nested too deep",
        "Files import files that import files, beyond any sensible depth. Import them nearer to "
        "the root file; every file is loaded only once anyway.",
    ),
    Code(
        "E0208",
        "file that cannot be formatted",
        "`cellc fmt` formats regular files. It refuses a symbolic link, since a new file would "
        "take the place of the link.",
    ),
    Code(
        "E0209",
        "formatted file that cannot be written",
        "The file changed while it was being formatted, or its directory cannot be written to. "
        "The file is as it was.",
    ),
    Code(
        "E0210",
        "policy without a name",
        "The root file of a policy begins with `policy NAME;`. A file without it is a part that "
        "others import: check the policy that imports it.",
    ),
    Code(
        "E0211",
        "policy without a target",
        "Which requests the kernel makes depends on its release, so the root file of a policy "
        "names one: `target netbsd 10.1;`.",
    ),
    Code(
        "E0212",
        "unknown release",
        "Only for the releases listed is it known which requests their kernels make. For a later "
        "patch of a release name the release listed for it.",
    ),
    Code(
        "E0213",
        "condition that compares with no version",
        "`when target` compares with a version such as `11.0`, or with `current`, which is greater "
        "than every number.",
    ),
    Code("E0214", "second header", "`policy` and `target` stand once in a policy."),
    Code(
        "E0215",
        "header in an imported file",
        "Only the root file says what the policy is called and which release it is for.",
    ),
    Code(
        "E0216",
        "reserved name",
        "`self`, `host`, `host-root`, `any` and `auto` mean something in rules and requests, and "
        "so cannot name anything.",
    ),
    Code(
        "E0217",
        "name that is too long",
        "The kernel keeps the name of every cell, for its log and its sysctl nodes, in a field of "
        "64 bytes.",
    ),
    Code("E0218", "let defined twice", "A `let` name stands for one value in the whole policy."),
    Code("E0219", "profile defined twice", "Every profile has a name of its own."),
    Code(
        "E0220",
        "profile that ships with the compiler",
        "`low`, `medium`, `high`, `confined` and `sealed` mean the same in every policy. A profile "
        "of your own can extend one of them.",
    ),
    Code("E0221", "template defined twice", "Every template has a name of its own."),
    Code(
        "E0222",
        "cell or group defined twice",
        "Cells and groups share one namespace, since a rule may name either in the same place.",
    ),
    Code("E0223", "parameter defined twice", "Every parameter of a template has its own name."),
    Code(
        "E0224",
        "cells with the same name in scripts",
        "In the names of rc.d scripts and in C identifiers `-` becomes `_`, so `a-b` and `a_b` "
        "would share one script.",
    ),
    Code(
        "E0225",
        "too many cells",
        "A cell's id in the kernel has 16 bits, and 0 is the host.",
    ),
    Code(
        "E0226",
        "let that is defined by itself",
        "Lets may use each other and may stand in any order, but not in a circle.",
    ),
    Code(
        "E0227",
        "unknown value",
        "No `let`, and no parameter of the template around, has this name. A text is written in "
        "quotes.",
    ),
    Code("E0228", "unknown cell or group", "The policy defines no cell or group of this name."),
    Code(
        "E0229",
        "unknown cell",
        "`require cell` and `before cell` name one cell of this policy, not a group.",
    ),
    Code("E0230", "group that contains itself", "Groups may contain groups, but not in a circle."),
    Code(
        "E0231",
        "unknown profile",
        "The policy defines no profile of this name, and none ships with the compiler.",
    ),
    Code(
        "E0232",
        "profile that extends itself",
        "Profiles extend each other in a line, the most general first.",
    ),
    Code(
        "E0233",
        "cell without a profile",
        "Every cell names a profile or uses a template. Leaving a cell unconfined must be said: "
        "`profile low;`.",
    ),
    Code(
        "E0234",
        "cell with two profiles",
        "A cell has one profile. One profile can extend another; templates add to either.",
    ),
    Code(
        "E0235",
        "profiles that do not extend each other",
        "A cell's own profile and those that its templates extend make up one chain, in which each "
        "extends the one before. Otherwise nothing would say which of two rules is more derived.",
    ),
    Code("E0236", "unknown template", "The policy defines no template of this name."),
    Code(
        "E0237",
        "unknown type of a parameter",
        "A parameter's type is optional; if there is one, arguments are checked where the template "
        "is used.",
    ),
    Code(
        "E0238",
        "missing argument",
        "A parameter without a default needs a value at every use of its template.",
    ),
    Code(
        "E0239",
        "unnamed argument after a named one",
        "Arguments without a name come first, in the order of the parameters.",
    ),
    Code("E0240", "too many arguments", "The template has fewer parameters than that."),
    Code("E0241", "unknown parameter", "The template has no parameter of this name."),
    Code("E0242", "argument given twice", "A parameter gets one value, by its place or its name."),
    Code(
        "E0243",
        "argument of the wrong type",
        "The parameter is declared with a type that this value is not of.",
    ),
    Code("E0244", "test defined twice", "Results of tests are told apart by their names."),
)
