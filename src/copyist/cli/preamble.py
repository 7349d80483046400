"""Common first steps of commands: open the model, read the inputs, and state the batch size."""

__all__ = ["batch_statement", "check_folder", "open_model", "read_batch", "read_pixels", "read_tables"]

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copyist.cli.terminal import say

if TYPE_CHECKING:
    from torch import Tensor

    from copyist.data import Picture
    from copyist.files.table_files import TableFile
    from copyist.models import Model
    from copyist.tensors import Images


def open_model(path: str, *, class_of: str | None, device: str | None) -> "Model":
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


def read_pixels(
    model: "Model", inputs: Sequence[str], *, limit: int | None = None
) -> tuple[list["Picture"], list["Tensor"]]:
    """The first pictures that inputs name, and the pixels (C, H, W) of each with as many channels as the model takes.

    Raises:
        DataError, UnknownNameError, ArgumentError: as `read_pictures`.
        ShapeError: a picture has channels that the model does not take.
    """
    from copyist.data import pixels_for, read_pictures

    pictures = read_pictures(inputs, say=say)[:limit]
    channels = model.image_shape[0] if model.image_shape else pictures[0].pixels.shape[0]
    return pictures, pixels_for(pictures, channels, say=say)


def read_batch(model: "Model", inputs: Sequence[str], *, limit: int | None = None) -> tuple[list["Picture"], "Images"]:
    """The first pictures that inputs name, and their pixels together, (B, C, H, W) on the model's device.

    Raises:
        CopyistError: as `read_pixels`.
        ShapeError: the pictures differ in size, or the model does not take them.
    """
    import torch

    from copyist.errors import ShapeError

    pictures, pixels = read_pixels(model, inputs, limit=limit)
    for picture, x in zip(pictures, pixels, strict=True):
        if x.shape != pixels[0].shape:
            sides = [f"{each.shape[1]}x{each.shape[2]}" for each in (pixels[0], x)]
            raise ShapeError(
                f"all images must have one size, got {sides[0]} ({pictures[0].name}) and {sides[1]} ({picture.name}); "
                f"add ?size={sides[0]} to a folder to bring them to one"
            )
    batch = torch.stack(pixels).to(next(model.parameters()).device)
    model.check_input(batch)
    return pictures, batch


def read_tables(model: "Model", inputs: Sequence[str]) -> list["TableFile"]:
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
        OutputError: as `check_output`, or the name ends as a file's does.
    """
    from copyist.errors import OutputError
    from copyist.files.decoding import SUFFIXES
    from copyist.outputs import check_output

    if out.suffix.lower() in {*SUFFIXES, ".npy", ".npz", ".zip", ".csv", ".tsv", ".parquet"} and not out.is_dir():
        raise OutputError(
            f"--out must name a folder, in which files keep their names, got {out}; choose a name like {out.stem}"
        )
    check_output(out, overwrite=overwrite)
