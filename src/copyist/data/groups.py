"""Which examples belong together, such as the rows of a day or the images of a burst: no group is parted by a split."""

__all__ = ["groups_of_names", "groups_of_rows"]

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np

from copyist.data.learned_columns import find_name
from copyist.data.source import Source
from copyist.data.table_columns import TableColumn
from copyist.errors import ArgumentError, DataError
from copyist.files.stored_table import StoredTable

_FOLDER = "folder"
"""As `group=`: the images of one folder belong together."""


def groups_of_names(names: Sequence[str], source: Source) -> list[str] | None:
    """The group of each image, by its folder or by what a regular expression finds in its name.

    Args:
        names: of the images, with their folders.
        source: whose `group=` says how; its expression's first pair of brackets, if it has one, marks what counts.

    Returns:
        One per image; None where no groups are asked for.

    Raises:
        ArgumentError: it is no regular expression.
        DataError: an image has no group.
    """
    if source.group is None:
        return None
    if source.group == _FOLDER:
        found = [str(PurePosixPath(name).parent) for name in names]
        return _known(names, [None if folder == "." else folder for folder in found], "lie in a folder", source)
    try:
        pattern = re.compile(source.group)
    except re.error as error:
        raise ArgumentError(
            f"group= of images must be folder or a regular expression, got {source.group!r} ({error}); take "
            "group=folder, or one that finds in a name what its group is called"
        ) from error
    matches = [pattern.search(name) for name in names]
    parts = [None if each is None else each[1] if pattern.groups else each[0] for each in matches]
    return _known(names, parts, f"match {source.group!r}", source)


def _known(names: Sequence[str], groups: Sequence[str | None], rule: str, source: Source) -> list[str]:
    known = [group for group in groups if group is not None]
    if len(known) < len(names):
        alone = next(name for name, group in zip(names, groups, strict=True) if group is None)
        raise DataError(
            f"every image of {source.place} must {rule} to have a group, and {alone} does not; change group=, or take "
            "the image out"
        )
    return known


def groups_of_rows(table: StoredTable, source: Source) -> list[str] | None:
    """The group of each row, by the text of its cell in the column that `group=` names.

    Returns:
        One per row; None where no groups are asked for.

    Raises:
        UnknownNameError: there is no such column.
        DataError: a row has no group.
    """
    if source.group is None:
        return None
    name = find_name(source.group, table, f"group= of {source.place}")
    column = TableColumn(name=name, table=table, rows=np.arange(table.num_rows), place=source.place)
    cells: list[str | None] = column.texts().tolist()
    if None in cells:
        raise DataError(
            f"every row of {source.place} must have a group, and row {cells.index(None)} has none in column "
            f"{name!r}; fill the cell in, or take the row out"
        )
    return [str(cell) for cell in cells]
