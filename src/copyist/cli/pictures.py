"""Pictures as one batch, for verbs that take images of one size."""

__all__ = ["check_folder", "stacked"]

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from copyist.cli.terminal import say

if TYPE_CHECKING:
    from copyist.data import Picture
    from copyist.models import Model
    from copyist.tensors import Images


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


def stacked(model: "Model", pictures: Sequence["Picture"]) -> "Images":
    """Images (B, C, H, W) on the model's device.

    Raises:
        ShapeError: the pictures differ in size, or the model does not take them.
    """
    import torch

    from copyist.data import pixels_for
    from copyist.errors import ShapeError

    channels = model.image_shape[0] if model.image_shape else pictures[0].pixels.shape[0]
    pixels = pixels_for(list(pictures), channels, say=say)
    for picture, x in zip(pictures, pixels, strict=True):
        if x.shape != pixels[0].shape:
            sides = [f"{each.shape[1]}x{each.shape[2]}" for each in (pixels[0], x)]
            raise ShapeError(
                f"all images must have one size, got {sides[0]} ({pictures[0].name}) and {sides[1]} ({picture.name}); "
                "add ?size= to a folder to bring them to one"
            )
    x = torch.stack(pixels).to(next(model.parameters()).device)
    model.check_input(x)
    return x
