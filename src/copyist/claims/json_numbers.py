"""Numbers as JSON holds them, which knows no infinity and nothing that is not a number."""

__all__ = ["Bounds", "Measured", "Number", "json_value"]

import math
from typing import Annotated, Any, TypeAlias, cast

from pydantic import BeforeValidator

from copyist.evidence import Interval


def _or(instead: float) -> BeforeValidator:
    return BeforeValidator(lambda value: instead if value is None else value)


def _with_numbers(interval: Any) -> Any:
    ends = cast("dict[str, Any]", interval) if isinstance(interval, dict) else None
    return interval if ends is None else {key: math.nan if end is None else end for key, end in ends.items()}


Number: TypeAlias = Annotated[float, _or(math.nan)]
"""Null in a document where it is not finite, and read as not a number."""

Bounds: TypeAlias = tuple[Annotated[float, _or(-math.inf)], Annotated[float, _or(math.inf)]]
"""The two numbers that a mean must lie between; null where nothing bounds it."""

Measured: TypeAlias = Annotated[Interval, BeforeValidator(_with_numbers)]
"""A mean with its 95 % interval over the seeds."""


def json_value(value: Any) -> Any:
    """A value of mappings and sequences as JSON holds it: null for a number that is not finite, texts for keys."""
    if isinstance(value, dict):
        return {str(key): json_value(item) for key, item in cast("dict[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [json_value(item) for item in cast("list[Any]", value)]
    return None if isinstance(value, float) and not math.isfinite(value) else value
