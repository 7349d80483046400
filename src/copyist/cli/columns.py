"""What the columns of a table hold, in numbers and as text."""

__all__ = ["class_text", "classes", "column_text", "describe_table"]

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from copyist.data import ExampleSet

_NUMBERS = ("lowest", "mean", "std", "highest")

_SHOWN = 6
"""Names of classes that are written out."""


def describe_table(source: str, parts: Mapping[str, "ExampleSet"]) -> dict[str, Any]:
    """Parts and columns of a table; the columns by the first of its parts, which is the one trained on."""
    first = next(iter(parts.values()))
    x = first.examples().double()
    statistics = (x.amin(0), x.mean(0), x.std(0, correction=0), x.amax(0))
    columns = [
        {"name": name, "kind": kind, **{what: float(of[place]) for what, of in zip(_NUMBERS, statistics, strict=True)}}
        for place, (name, kind) in enumerate(zip(first.columns, first.kinds, strict=True))
    ]
    return {
        "source": source,
        "image_shape": list(first.shape),
        "dtype": str(first.array.dtype),
        "parts": {name: {"rows": len(part), "fingerprint": part.fingerprint} for name, part in parts.items()},
        "columns": columns,
        "left_out": [{"name": name, "why": why} for name, why in first.left_out],
        "labels": first.labels is not None,
        "classes": classes(source, first),
    }


def classes(source: str, examples: "ExampleSet") -> dict[str, Any] | None:
    """The column of the classes, None where they stand beside, and what those that occur are called, in order.

    Classes that are whole numbers are called by them; None stands for data without classes.
    """
    import numpy as np

    from copyist.data.source import parse_source

    if examples.labels is None:
        return None
    numbers: list[int] = np.unique(examples.labels).tolist()
    texts = [str(number) for number in numbers]
    if examples.classes is not None:
        texts = [examples.classes[number] for number in numbers]
    names = [int(text) if text.removeprefix("-").isdecimal() else text for text in texts]
    return {"column": parse_source(source).label, "names": names}


def class_text(found: Mapping[str, Any] | None) -> str:
    """The same in a few words."""
    if found is None:
        return "no classes"
    names = [str(name) for name in found["names"]]
    first = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
    place = "beside them" if found["column"] is None else f"in column {found['column']!r}"
    return f"{len(names)} {'class' if len(names) == 1 else 'classes'} {place} ({first})"


def column_text(document: Mapping[str, Any]) -> str:
    """The same in words: what each column became, and those that are not learned."""
    from copyist.drawing.text import text_table

    what = f"{len(document['columns'])} columns, {document['dtype']}, {class_text(document['classes'])}"
    lines = [f"{document['source']}: a table of {what}"]
    for name, part in document["parts"].items():
        lines.append(f"  {name:6} {part['rows']:7,} rows, fingerprint {part['fingerprint'][:16]}")
    rows = [["column", *_NUMBERS, ""]]
    for column in document["columns"]:
        digits = _digits(column["lowest"], column["highest"])
        kind = "" if column["kind"] == "number" else column["kind"]
        rows.append([column["name"], *(f"{column[number]:.{digits}g}" for number in _NUMBERS), kind])
    rows += [[each["name"], *("" for _ in _NUMBERS), f"left out: {each['why']}"] for each in document["left_out"]]
    return "\n".join([*lines, "", text_table(rows, indent=2)])


def _digits(lowest: float, highest: float) -> int:
    """As many as tell the ends of a column apart, at least five."""
    apart = highest - lowest
    return 5 if apart == 0 else min(15, max(5, 3 + int(math.log10(max(abs(lowest), abs(highest)) / apart))))
