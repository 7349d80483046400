"""Pictures that come back as the files they were: pixels for a model, and answers written in the file's own format."""

__all__ = [
    "Picture",
    "check_channels",
    "name_of_several",
    "pixels_for",
    "safe_name",
    "say_repeated",
    "write_picture",
]

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import final

import numpy as np
import torch
from torch import Tensor

from copyist.errors import ArgumentError, DataError, ShapeError
from copyist.files.bulk import ignore
from copyist.files.decoded import DecodedImage
from copyist.files.encoding import encode_image
from copyist.files.image_arrays import ImageArray
from copyist.files.picture_stacks import PictureStack
from copyist.outputs import write_bytes


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """One image of the user's, and all it takes to write its like."""

    name: str
    """Its path below the folder it lies in, with `/`; a file of several has the number of each after `#`."""

    pixels: Tensor
    """(C, H, W), float32, upright, in [0, 1]; values of a float array may leave that range."""

    stored: DecodedImage | None = None
    """How its file stores it: format, depth, alpha, orientation, profile and EXIF; None for a row of an array."""

    page: tuple[PictureStack, int] | None = None
    """The file of several pictures that it is one of, and which."""

    row: tuple[ImageArray, int] | None = None
    """The array it is a row of, and which."""

    def without_pixels(self) -> "Picture":
        """What `write_picture` needs of it: the shape of its pixels, but not the memory of their values."""
        return replace(self, pixels=torch.zeros(1).expand(self.pixels.shape))

    def with_channels(self, channels: int) -> Tensor:
        """The pixels as a model of so many channels takes them: gray is repeated for color.

        Raises:
            ShapeError: the model takes gray and the picture is color, or the like.
        """
        check_channels(self.name, len(self.pixels), channels)
        return self.pixels if len(self.pixels) == channels else self.pixels.expand(channels, -1, -1)


def check_channels(name: str, present: int, channels: int) -> None:
    """Refuse a picture of so many channels for a model of others, but for gray, which is repeated for color.

    Raises:
        ShapeError: the model takes gray and the picture is color, or the like.
    """
    if present == channels or (present, channels) == (1, 3):
        return
    remedy = "; take other images, or a model trained on such as these"
    if (present, channels) == (3, 1):
        remedy = "; add ?channels=1 to the input to turn it gray"
    raise ShapeError(f"{name} must have {channels} channel{'s' * (channels > 1)} for this model, got {present}{remedy}")


def pixels_for(pictures: Sequence[Picture], channels: int, *, say: Callable[[str], None] | None = None) -> list[Tensor]:
    """The pixels of all pictures as a model of so many channels takes them, each (channels, H, W).

    Raises:
        ShapeError: a picture does not fit the model.
    """
    say_repeated(
        [picture.name for picture in pictures if len(picture.pixels) == 1 and channels == 3],
        say or ignore,
        written_back=True,
    )
    return [picture.with_channels(channels) for picture in pictures]


def say_repeated(names: Sequence[str], say: Callable[[str], None], *, written_back: bool) -> None:
    """Say of gray pictures that a model of color sees them repeated; nothing where there are none.

    Args:
        names: of the pictures.
        say: takes the notice.
        written_back: whether they are written as the gray pictures that they were.
    """
    if names:
        notice = "gray is given to the model as color"
        notice += ", and written back as the mean of its channels" if written_back else ""
        say(f"{name_of_several(names)}: {notice}")


def write_picture(picture: Picture, pixels: Tensor, folder: Path) -> Path:
    """Write new pixels as the file that `picture` was: same name, size, format, depth, alpha, orientation, profile.

    Values are clipped to [0, 1] and rounded; floats of an array stay as they are. A row of an array, or a page of a
    stack, waits for the others: the file is written with its last one.

    Args:
        picture: as it was read.
        pixels: (C, H, W), upright; of three channels for a gray picture the mean is written.
        folder: where to; folders of the name are made below it.

    Raises:
        ShapeError: `pixels` has another size, or channels the file cannot hold.
        ArgumentError: `pixels` is not finite.
        OutputError: it cannot be written.
    """
    values = _in_its_channels(picture, pixels.detach().to("cpu", torch.float32))
    if picture.row is not None:
        array, index = picture.row
        return array.put(index, values.numpy(), folder)
    stored = picture.stored
    assert stored is not None
    if picture.page is not None:
        stack, index = picture.page
        return stack.put(index, stored.with_floats(values), folder / safe_name(stack.name))
    path = folder / safe_name(picture.name)
    write_bytes(path, encode_image(stored.with_floats(values)))
    return path


def safe_name(name: str) -> PurePosixPath:
    """A name that stays below the folder it is written to.

    Raises:
        DataError: it does not.
    """
    path = PurePosixPath(name)
    # A backslash is a letter where it parts no folders; in archives it always does, and is a slash here.
    parted = os.sep == "\\" and "\\" in name
    if path.is_absolute() or ".." in path.parts or parted or "\0" in name or not path.parts:
        raise DataError(f"the name {name!r} leads out of its folder; rename it")
    return path


def name_of_several(names: Sequence[str]) -> str:
    """The first of at least one name, and how many more there are."""
    more = len(names) - 1
    return names[0] + (f" and {more} more" if more else "")


def _in_its_channels(picture: Picture, pixels: Tensor) -> Tensor:
    """New pixels in the channels of `picture`."""
    if pixels.ndim != 3 or pixels.shape[1:] != picture.pixels.shape[1:]:
        raise ShapeError(
            f"pixels for {picture.name} must have its shape {tuple(picture.pixels.shape)}, got {tuple(pixels.shape)}"
        )
    if not np.isfinite(pixels.numpy()).all():
        raise ArgumentError(f"pixels for {picture.name} must be finite, got NaN or infinity; check the model")
    if len(pixels) == 3 and len(picture.pixels) == 1:
        mean = pixels.numpy().astype(np.float64).mean(axis=0, keepdims=True)
        return torch.from_numpy(mean.astype(np.float32))
    if len(pixels) != len(picture.pixels):
        raise ShapeError(f"{picture.name} must be written with {len(picture.pixels)} channels, got {len(pixels)}")
    return pixels
