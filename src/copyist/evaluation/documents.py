"""Results as JSON: each type of result writes its own document, and reads it back."""

__all__ = ["Document"]

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, cast

from pydantic import TypeAdapter, ValidationError

from copyist.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Document:
    """A result that knows its document: a JSON object that names its schema and the schema's version.

    A subclass is a frozen dataclass with the fields `schema` and `version`, each a literal with its own default. Its
    other fields are numbers, strings, dataclasses, and tuples and mappings of these. Its module imports no torch, so
    that a page can read results without it.
    """

    def to_document(self) -> dict[str, Any]:
        """Plain dicts, lists and numbers. A number that is not finite, which JSON lacks, is "inf", "-inf" or "nan"."""
        return _plain(self)

    def to_json(self) -> str:
        """The document as the text of a file."""
        return json.dumps(self.to_document(), indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_document(cls, document: Mapping[str, Any], *, name: str = "the document") -> Self:
        """Read back what `to_document` made. Keys that are not known are passed over.

        Args:
            document: the parsed JSON.
            name: of its file, for a refusal.

        Raises:
            DataError: it is something else, incomplete, or of a newer version.
        """
        default = {field.name: field.default for field in dataclasses.fields(cls)}
        if document.get("schema") != default["schema"]:
            raise DataError(f"{name} must have schema {default['schema']!r}, got {document.get('schema')!r}")
        if document.get("version") != default["version"]:
            raise DataError(
                f"{name} must have version {default['version']}, got {document.get('version')!r}; update copyist"
            )
        try:
            return TypeAdapter(cls).validate_python(document)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise DataError(f"{name} must be complete, got {place}: {first['msg'].lower()}; write it again") from error

    @classmethod
    def from_json(cls, text: bytes, *, name: str = "the document") -> Self:
        """Read back the file that `to_json` made.

        Raises:
            DataError: as `from_document`, or it is no whole JSON object.
        """
        try:
            document: object = json.loads(text)
        except ValueError as error:
            raise DataError(f"{name} must be a whole JSON file, and is not ({error}); write it again") from error
        if not isinstance(document, dict):
            raise DataError(f"{name} must be a JSON object, got {type(document).__name__}; write it again")
        return cls.from_document(cast("dict[str, Any]", document), name=name)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in cast("Sequence[Any]", value)]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
