"""Tables for verbs: read with all their rows, and written again in their own format."""

__all__ = ["opened_tables", "restored_tables", "table_summary"]

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copyist.cli.terminal import counted

if TYPE_CHECKING:
    from copyist.data import TableFile
    from copyist.models import Model
    from copyist.tensors import Rows


def opened_tables(model: "Model", inputs: Sequence[str]) -> list["TableFile"]:
    """The tables that inputs name, once the model takes all of them.

    Raises:
        DataError, UnknownNameError: as `open_table`.
        ArgumentError: the same, or two would be written to one name.
        ShapeError: the model does not take a table's columns.
    """
    from copyist.data import open_table
    from copyist.errors import ArgumentError

    tables = [open_table(text) for text in inputs]
    names = [table.name for table in tables]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ArgumentError(f"two inputs would be written to {twice}; rename one, or write them to two folders")
    for table in tables:
        model.check_batch(table.x)
        model.check_columns(table.columns)
    return tables


def restored_tables(
    model: "Model", inputs: Sequence[str], out: Path, verb: Callable[["Rows"], "Rows"], *, batch: int | None
) -> dict[str, Any]:
    """Write tables whose rows are the answers of `verb`, each under its own name, into a folder.

    Raises:
        CopyistError: as `opened_tables`, or the folder cannot be written.
    """
    from copyist.cli.batch import stated
    from copyist.outputs import whole_folder

    tables = opened_tables(model, inputs)
    rows = sum(len(table.x) for table in tables)
    statement = stated(model, num_images=rows, batch=batch)
    device = next(model.parameters()).device
    with whole_folder(out) as folder:
        written = [table.write(verb(table.x.to(device)), folder) for table in tables]
        files = [str(out / path.relative_to(folder)) for path in written]
    return {"rows": rows, "out": str(out), "files": files, **statement}


def table_summary(result: dict[str, Any]) -> str:
    """How many rows went where."""
    return f"{counted(result['rows'], 'row')} into {', '.join(result['files'])}, {result['batch']}"
