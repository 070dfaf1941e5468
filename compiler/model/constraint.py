"""Constraints: functions in the annotation of a type that give a value back, or refuse it.

`Annotated[str, After(absolute_path)]` is read by two: by pydantic, which tells all that is wrong
with the values of a setting and where, and by `compiler.model.validate`, which makes settings of
values that nothing is wrong with, and takes no time to import.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from compiler.record import NamedTuple

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, ValidationInfo
    from pydantic_core.core_schema import CoreSchema

#: Makes the value of a field of a raw one; the fields before it are known.
#: Raises UnfitError.
Read = Callable[[Any, Mapping[str, Any]], Any]


class UnfitError(ValueError):
    """A value that breaks a constraint; pydantic takes it for a finding as it is a ValueError."""

    def __init__(self, code: str, message: str, help: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.help = help


class Before(NamedTuple):
    """A function of the raw value, before its type is looked at."""

    function: Callable[[Any], object]

    def around(self, read: Read) -> Read:
        """What reads a value that a function reads once this has had its say."""
        return lambda raw, known: read(self.function(raw), known)

    def __get_pydantic_core_schema__(self, kind: Any, schema: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core.core_schema import no_info_before_validator_function

        return no_info_before_validator_function(self.function, schema(kind))


class After(NamedTuple):
    """A function of a value of the type."""

    function: Callable[[Any], object]

    def around(self, read: Read) -> Read:
        return lambda raw, known: self.function(read(raw, known))

    def __get_pydantic_core_schema__(self, kind: Any, schema: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core.core_schema import no_info_after_validator_function

        return no_info_after_validator_function(self.function, schema(kind))


class Beside(NamedTuple):
    """A function of a value of the type and of the fields that stand before it, as far as they
    are known: one that is wrong itself is not."""

    function: Callable[[Any, Mapping[str, Any]], object]

    def around(self, read: Read) -> Read:
        return lambda raw, known: self.function(read(raw, known), known)

    def __get_pydantic_core_schema__(self, kind: Any, schema: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core.core_schema import with_info_after_validator_function

        def function(value: object, info: ValidationInfo) -> object:
            return self.function(value, info.data)

        return with_info_after_validator_function(function, schema(kind))
