"""Binds the arguments of a `use` to the parameters of its template."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from compiler.diagnostics import Diagnostics, Related, nearest, quoted
from compiler.model.constraint import UnfitError
from compiler.model.types import duration, size, user_name
from compiler.names.values import Constant, PortSet, Scope, Unknown, decimal
from compiler.syntax import tree as t

#: What a parameter can be declared to be.
TYPES = ("cell", "duration", "number", "port", "ports", "size", "text", "user")


def check_types(template: t.Template, found: Diagnostics) -> None:
    """Reports parameters that are declared to be what nothing is."""
    for parameter in template.parameters:
        if parameter.type is not None and parameter.type.text not in TYPES:
            word = parameter.type.text
            help = nearest(word, TYPES) or f"the types are {', '.join(TYPES)}"
            found.error("E0237", f"there is no type {quoted(word)}", parameter.type.span, help)


def bind_arguments(
    template: t.Template, use: t.Use, scope: Scope, found: Diagnostics
) -> Scope | None:
    """The scope of a template's body for one use, or None after a diagnostic."""
    before = found.errors
    given = _match(template, use, found)
    bound: dict[str, Constant] = {}
    for parameter in template.parameters:
        name = parameter.name.text
        value = given.get(name, parameter.default)
        if value is None:
            if found.errors == before:
                found.error(
                    "E0238",
                    f"the template `{template.name.text}` needs a value for `{name}`",
                    use.name.span,
                    f"add `{name} = ...` to the arguments",
                    [Related(parameter.name.span, "declared here")],
                )
            return None
        bound[name] = _value(parameter, value, scope, found)
    return None if found.errors > before else Scope(scope.lets, found, bound)


def unbound(template: t.Template, scope: Scope) -> Scope:
    """The scope of a template that nobody uses: defaults, and nothing for the rest."""
    bound: dict[str, Constant] = {
        p.name.text: Unknown(p.name.span)
        if p.default is None
        else _value(p, p.default, scope, scope.found)
        for p in template.parameters
    }
    return Scope(scope.lets, scope.found, bound)


def _match(template: t.Template, use: t.Use, found: Diagnostics) -> Mapping[str, t.Value]:
    """Arguments by parameter: first those by position, then those by name."""
    parameters = [p.name.text for p in template.parameters]
    given: dict[str, t.Value] = {}
    named = False
    for i, argument in enumerate(use.arguments):
        span = argument.value.span
        if argument.name is None:
            if named:
                help = "put it before the named ones"
                found.error("E0239", "an argument without a name follows a named one", span, help)
                return given
            if i >= len(parameters):
                most = f"{len(parameters)} argument{'s' * (len(parameters) != 1)}"
                found.error(
                    "E0240",
                    f"the template `{template.name.text}` takes {most}",
                    span,
                    "remove this one",
                    [Related(template.name.span, "defined here")],
                )
                return given
            name = parameters[i]
        else:
            named = True
            name = argument.name.text
            if name not in parameters:
                help = nearest(name, parameters) or f"it has {', '.join(parameters) or 'none'}"
                found.error(
                    "E0241",
                    f"the template `{template.name.text}` has no parameter {quoted(name)}",
                    argument.name.span,
                    help,
                    [Related(template.name.span, "defined here")],
                )
                return given
        if name in given:
            found.error(
                "E0242",
                f"the parameter `{name}` is given twice",
                span,
                "keep one",
                [Related(given[name].span, "first here")],
            )
        given[name] = argument.value
    return given


def _value(parameter: t.Parameter, value: t.Value, scope: Scope, found: Diagnostics) -> Constant:
    """An argument as a constant, checked against the parameter's declared type."""
    kind = parameter.type.text if parameter.type is not None else None
    if kind == "cell":
        if isinstance(value, t.Name) and value.text != "auto":
            return value
        return _misfit(parameter, kind, value, found)
    constant = scope.close(value)
    if kind not in TYPES or isinstance(constant, Unknown):
        return constant
    if not _fits(kind, constant, scope):
        return _misfit(parameter, kind, value, found)
    return constant


def _misfit(parameter: t.Parameter, kind: str, value: t.Value, found: Diagnostics) -> Unknown:
    found.error(
        "E0243",
        f"`{parameter.name.text}` takes {_A[kind]}",
        value.span,
        f"it is declared as {kind}; give it such a value",
        [Related(parameter.name.span, "declared here")],
    )
    return Unknown(value.span)


_A = {
    "cell": "the name of a cell or group",
    "duration": "a duration such as 10s",
    "number": "a whole number",
    "port": "a single port from 1 to 65535",
    "ports": "ports from 1 to 65535, one or a set",
    "size": "a size such as 64K",
    "text": "a text",
    "user": "a user or group",
}


def _fits(kind: str, constant: Constant, scope: Scope) -> bool:
    match kind:
        case "text":
            return isinstance(constant, t.Text)
        case "number":
            return isinstance(constant, t.Number) and decimal(constant.raw) is not None
        case "port" | "ports":
            return _is_ports(constant, single=kind == "port")
        case "size":
            return isinstance(constant, t.Number) and _accepts(size, constant.raw)
        case "duration":
            return isinstance(constant, t.Number) and _accepts(duration, constant.raw)
        case _:
            text = scope.text(constant) if isinstance(constant, t.Text | t.Number) else None
            return text is not None and _accepts(user_name, text)


def _is_ports(constant: Constant, single: bool) -> bool:
    if isinstance(constant, t.Number):
        port = decimal(constant.raw)
        return port is not None and 0 < port < 65536
    if not isinstance(constant, PortSet):
        return False
    return not single or (len(constant.ranges) == 1 and len(set(constant.ranges[0])) == 1)


def _accepts(validator: Callable[[str], object], raw: str) -> bool:
    try:
        validator(raw)
    except UnfitError:
        return False
    return True
