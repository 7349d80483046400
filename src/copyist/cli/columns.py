"""What the columns of a table hold, in numbers and as text."""

__all__ = ["class_text", "classes", "column_text", "describe_table"]

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
        {"name": name, **{what: float(values[place]) for what, values in zip(_NUMBERS, statistics, strict=True)}}
        for place, name in enumerate(first.columns)
    ]
    return {
        "source": source,
        "image_shape": list(first.shape),
        "dtype": str(first.array.dtype),
        "parts": {name: {"rows": len(part), "fingerprint": part.fingerprint} for name, part in parts.items()},
        "columns": columns,
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
    """The same in words; a constant column, which cannot be learned, is pointed out."""
    from copyist.drawing.text import text_table

    what = f"{len(document['columns'])} columns, {document['dtype']}, {class_text(document['classes'])}"
    lines = [f"{document['source']}: a table of {what}"]
    for name, part in document["parts"].items():
        lines.append(f"  {name:6} {part['rows']:7,} rows, fingerprint {part['fingerprint'][:16]}")
    rows = [["column", *_NUMBERS, ""]]
    for column in document["columns"]:
        constant = "constant" if column["lowest"] == column["highest"] else ""
        rows.append([column["name"], *(f"{column[number]:.5g}" for number in _NUMBERS), constant])
    return "\n".join([*lines, "", text_table(rows, indent=2)])
