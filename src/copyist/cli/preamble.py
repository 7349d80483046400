"""Common first steps of commands: open the model, read the inputs, and state the batch size."""

__all__ = [
    "batch_statement",
    "check_folder",
    "check_one_size",
    "find_pictures",
    "open_model",
    "read_batch",
    "read_tables",
    "sharing",
]

import contextlib
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copyist.cli.terminal import say

if TYPE_CHECKING:
    import torch

    from copyist.data.decoded_table import DecodedTable
    from copyist.data.table_encoding import TableEncoding
    from copyist.files.picture_files import PicturesOfFiles
    from copyist.files.table_files import TableFile
    from copyist.models import Model
    from copyist.tensors import Images


_ENDINGS = (".npy", ".npz", ".zip", ".csv", ".tsv", ".parquet", ".cpz")
"""Of files that are no pictures, which someone may take a folder for."""


def open_model(path: str, *, class_of: str | None, device: "str | torch.device | None") -> "Model":
    """The model of a file or run; on a CPU the memory of one batch is kept for the next.

    Raises:
        CopyistError: as `load`.
    """
    from copyist.checkpoint import load
    from copyist.devices import keep_freed_memory

    model = load(path, class_of=class_of, device=device, say=say)
    if next(model.parameters()).device.type == "cpu":
        keep_freed_memory()
    return model


def find_pictures(
    model: "Model", inputs: Sequence[str], *, without: Path | None = None, written_back: bool = False
) -> tuple["PicturesOfFiles", int]:
    """The pictures that inputs name, none of them decoded yet, and how many channels the model takes of each.

    Results of an earlier run, in the file or folder `without`, are no inputs. A notice says what becomes of gray ones
    for a model of color, and that their gray returns where they are `written_back`.

    Raises:
        DataError, UnknownNameError, ArgumentError: as `find_inputs` and `PicturesOfFiles`.
        ShapeError: a picture has channels that the model does not take.
    """
    from copyist.data.inputs import find_inputs
    from copyist.files.picture import check_channels, say_repeated
    from copyist.files.picture_files import PicturesOfFiles

    pictures = PicturesOfFiles(find_inputs(inputs, without=without, say=say), say=say)
    shapes = pictures.shapes
    channels = model.image_shape[0] if model.image_shape else shapes[0][0]
    for name, shape in zip(pictures.names, shapes, strict=True):
        check_channels(name, shape[0], channels)
    named = zip(pictures.names, shapes, strict=True)
    say_repeated([name for name, shape in named if shape[0] == 1 and channels == 3], say, written_back=written_back)
    return pictures, channels


def check_one_size(pictures: "PicturesOfFiles", *, limit: int | None = None) -> None:
    """Refuse the first pictures where they differ in size.

    Raises:
        ShapeError: two do.
    """
    from copyist.errors import ShapeError

    sizes = [shape[1:] for shape in pictures.shapes[:limit]]
    for name, size in zip(pictures.names[:limit], sizes, strict=True):
        if size != sizes[0]:
            sides = [f"{height}x{width}" for height, width in (sizes[0], size)]
            raise ShapeError(
                f"all images must have one size, got {sides[0]} ({pictures.names[0]}) and {sides[1]} ({name}); "
                f"add ?size={sides[0]} to a folder to bring them to one"
            )


def read_batch(
    model: "Model", inputs: Sequence[str], *, without: Path | None = None, limit: int | None = None
) -> tuple[list[str], "Images"]:
    """The names of the first pictures that inputs name, and their pixels together, (B, C, H, W) on the model's device.

    Results of an earlier run, in the file or folder `without`, are no inputs.

    Raises:
        CopyistError: as `find_pictures`.
        ShapeError: the pictures differ in size.
    """
    from itertools import islice

    import torch

    pictures, channels = find_pictures(model, inputs, without=without)
    check_one_size(pictures, limit=limit)
    found = [picture for _, picture in islice(pictures.read(), limit)]
    pictures.report()
    batch = torch.stack([picture.with_channels(channels) for picture in found])
    return [picture.name for picture in found], batch.to(next(model.parameters()).device)


def read_tables(
    model: "Model", inputs: Sequence[str], *, encoding: "TableEncoding | None" = None
) -> Sequence["TableFile | DecodedTable"]:
    """The tables that inputs name, once the model takes all of them.

    Args:
        model: of rows.
        inputs: sources.
        encoding: of a detector, that brings them to the rows that its model takes, and back.

    Raises:
        DataError, UnknownNameError: as `open_table`.
        ArgumentError: the same, or two would be written to one name.
        ShapeError: the model does not take a table's columns.
    """
    from copyist.data import open_table
    from copyist.data.decoded_table import DecodedTable
    from copyist.errors import ArgumentError

    if encoding is not None:
        tables = [DecodedTable.open(text, encoding, say=say) for text in inputs]
    else:
        tables = [open_table(text, columns=model.trained_on.columns, say=say) for text in inputs]
    names = [table.name for table in tables]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ArgumentError(f"two inputs would be written to {twice}; rename one, or write them to two folders")
    for table in tables:
        model.check_batch(table.x)
        if not isinstance(table, DecodedTable):
            model.check_columns(table.columns)
    return tables


def batch_statement(model: "Model", *, num_images: int, batch: int | None) -> dict[str, Any]:
    """The batch size, and a clause that says what it means; warns when there are fewer images than a batch.

    Raises:
        ArgumentError: `batch` is less than 1.
    """
    from copyist.checks import check_at_least

    size = model.batch_size if batch is None else batch
    check_at_least("batch", size, 1)
    if not model.uses_batch_statistics:
        return {
            "batch_size": size,
            "batch_statistics": False,
            "batch": f"each {'row' if model.takes_tables else 'image'} by itself",
        }
    if num_images < size:
        few, repeated = (
            ("one image does not fill", "it is repeated, so that its own")
            if num_images == 1
            else (f"{num_images} images do not fill", "they are repeated, so that their own")
        )
        say(f"this model normalizes by the batch at hand, and {few} a batch of {size}: {repeated} statistics are used")
    return {"batch_size": size, "batch_statistics": True, "batch": f"by the statistics of batches of {size}"}


def check_folder(out: Path, *, overwrite: bool) -> None:
    """Refuse, before any work, a folder for pictures that exists, may not be written, or bears the name of a picture.

    Raises:
        OutputError: as `check_output`, or it is a file, or the name ends as a file's does.
    """
    from copyist import outputs
    from copyist.errors import OutputError
    from copyist.files.formats import SUFFIXES

    if out.suffix.lower() in {*SUFFIXES, *_ENDINGS} and not out.is_dir():
        raise OutputError(
            f"--out must name a folder, in which files keep their names, got {out}; choose a name like {out.stem}"
        )
    outputs.check_output(out, overwrite=overwrite)
    outputs.check_folder(out, use="results")


@contextlib.contextmanager
def sharing(jobs: int | None, backend: str | None) -> Generator[int, None, None]:
    """Send what is shared to a backend, where one or a number of jobs is given; gives how many are done at once.

    Raises:
        ArgumentError: `jobs` is below 1, or as `on_backend`.
        UnknownNameError, MissingExtraError: as `on_backend`.
    """
    from copyist.checks import check_at_least

    if jobs is None and backend is None:
        yield 1
        return
    from copyist.jobs import on_backend

    if jobs is not None:
        check_at_least("--jobs", jobs, 1)
    with on_backend(backend or "loky") as at_once:
        yield at_once if jobs is None else jobs
