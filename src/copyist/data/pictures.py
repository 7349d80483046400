"""Pictures that come back as the files they were: read for a model, and written again in their own format."""

__all__ = ["Picture", "output_names", "pixels_for", "read_pictures", "write_picture"]

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from torch import Tensor

from copyist.data.base import as_floats
from copyist.data.cache import map_items
from copyist.data.fitting import with_channels
from copyist.data.inputs import ArrayFile, Input, find_inputs
from copyist.data.opening import MOST_UNREADABLE
from copyist.errors import ArgumentError, DataError, ShapeError
from copyist.files.decoding import Decoded, decoded
from copyist.files.encoding import encoded
from copyist.outputs import write_bytes


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """One image of the user's, and all it takes to write its like."""

    name: str
    """Its path below the folder it was found in, with `/`; an array of several has the number of each after `#`."""

    pixels: Tensor
    """(C, H, W), float32, upright, in [0, 1]; values of a float array may leave that range."""

    stored: Decoded | None = None
    """How its file stores it: format, depth, alpha, orientation, profile and EXIF; None for a row of an array."""

    row: "tuple[ArrayFile, int] | None" = None
    """The array it is a row of, and which."""

    def with_channels(self, channels: int) -> Tensor:
        """The pixels as a model of so many channels takes them: gray is repeated for color.

        Raises:
            ShapeError: the model takes gray and the picture is color, or the like.
        """
        present = len(self.pixels)
        if present == channels:
            return self.pixels
        if present == 1 and channels == 3:
            return self.pixels.expand(3, -1, -1)
        remedy = "; take other images, or a model trained on such as these"
        if (present, channels) == (3, 1):
            remedy = "; add ?channels=1 to the input to turn it gray"
        raise ShapeError(
            f"{self.name} must have {channels} channel{'s' * (channels > 1)} for this model, got {present}{remedy}"
        )


def read_pictures(inputs: Sequence[str], *, say: Callable[[str], None] | None = None) -> list[Picture]:
    """Read files, folders, archives, arrays and sources.

    Of a folder or `.zip` every image is taken, or every `.npy` where there is no image. An array holds one image
    (H, W) or (H, W, C), or several in a layout that sources know. Options but `channels` make an input a source: its
    images come in one shape, from the split asked for or else the test split, and are written as PNG.

    Args:
        inputs: paths and sources; `?channels=1` behind a path turns its colors gray.
        say: takes notices, each one sentence.

    Raises:
        DataError: a file named alone cannot be read, or more than 1 % of those in a folder.
        ArgumentError: two pictures would be written to one name, or a source breaks a rule.
        UnknownNameError: there is no such source or option.
    """
    say = say or _silent
    found = find_inputs(inputs, say=say)
    _check_names([each.name for each in found])
    read = list(map_items(lambda index: _read(found[index]), len(found)))
    pictures: list[Picture] = []
    for each in read:
        if not isinstance(each, str):
            pictures.extend(each)
    _report(found, [each if isinstance(each, str) else None for each in read], say)
    _tell(pictures, say)
    return pictures


def output_names(inputs: Sequence[str]) -> list[str]:
    """The names that pictures of `inputs` will be written to, without reading their pixels.

    Raises:
        ArgumentError, UnknownNameError, DataError: as `read_pictures`.
    """
    names = [each.name for each in find_inputs(inputs, say=_silent)]
    _check_names(names)
    return names


def pixels_for(pictures: Sequence[Picture], channels: int, *, say: Callable[[str], None] | None = None) -> list[Tensor]:
    """The pixels of all pictures as a model of so many channels takes them, each (channels, H, W).

    Raises:
        ShapeError: a picture does not fit the model.
    """
    repeated = [picture for picture in pictures if len(picture.pixels) == 1 and channels == 3]
    if repeated and say is not None:
        say(f"{_named(repeated)}: gray is given to the model as color, and written back as the mean of its channels")
    return [picture.with_channels(channels) for picture in pictures]


def write_picture(picture: Picture, pixels: Tensor, folder: Path) -> Path:
    """Write new pixels as the file that `picture` was: same name, size, format, depth, alpha, orientation, profile.

    Values are clipped to [0, 1] and rounded; floats of an array stay as they are. A row of an array waits for the
    others: the array is written with its last row.

    Args:
        picture: as it was read.
        pixels: (C, H, W), upright; of three channels for a gray picture the mean is written.
        folder: where to; folders of the name are made below it.

    Raises:
        ShapeError: `pixels` has another size, or channels the file cannot hold.
        ArgumentError: `pixels` is not finite.
        OutputError: it cannot be written.
    """
    values = _fitting(picture, pixels.detach().to("cpu", torch.float32))
    if picture.row is not None:
        array, index = picture.row
        return array.put(index, values.numpy(), folder)
    stored = picture.stored
    assert stored is not None
    top = 65535 if stored.pixels.dtype == np.uint16 else 255
    levels = torch.round(values.double().clamp(0, 1) * top).permute(1, 2, 0).numpy()
    path = folder / _safe(picture.name)
    write_bytes(path, encoded(replace(stored, pixels=levels.astype(stored.pixels.dtype))))
    return path


def _silent(notice: str) -> None:
    """Take no notice."""


def _read(each: Input) -> "list[Picture] | str":
    """The pictures of one input, or why it cannot be read."""
    try:
        content = each.read()
        if isinstance(content, ArrayFile):
            count = len(content.rows)
            names = [each.name if count == 1 else f"{each.name}#{index}" for index in range(count)]
            return [
                Picture(name=name, pixels=content.pixels(index), row=(content, index))
                for index, name in enumerate(names)
            ]
        stored = decoded(content) if isinstance(content, bytes) else content
        if each.channels is not None:
            stored = replace(stored, pixels=with_channels(stored.pixels, each.channels, name=each.name))
    except (OSError, DataError) as error:
        reason = (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
        if each.is_alone:
            if reason.partition(" ")[0].endswith(each.name):
                raise  # It says so itself.
            raise DataError(f"{each.name} cannot be read ({reason}); check the file") from error
        return reason
    pixels = as_floats(np.moveaxis(stored.pixels, 2, 0))
    return [Picture(name=each.name, pixels=pixels, stored=stored)]


def _check_names(names: Sequence[str]) -> None:
    seen: set[str] = set()
    for name in names:
        _safe(name)
        if name in seen:
            raise ArgumentError(f"two inputs would be written to {name}; rename one, or write them to two folders")
        seen.add(name)


def _safe(name: str) -> PurePosixPath:
    """A name that stays below the folder it is written to."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name or not path.parts:
        raise DataError(f"the name {name!r} leads out of its folder; rename it")
    return path


def _report(found: Sequence[Input], reasons: Sequence[str | None], say: Callable[[str], None]) -> None:
    failures = [f"{each.name} ({reason})" for each, reason in zip(found, reasons, strict=True) if reason is not None]
    if not failures:
        return
    first = ", ".join(failures[:3]) + (", …" if len(failures) > 3 else "")
    if len(failures) > MOST_UNREADABLE * len(found):
        raise DataError(
            f"at most 1 % of the pictures may be unreadable, got {len(failures)} of {len(found)}: {first}; "
            "remove or repair them"
        )
    say(f"left out {len(failures)} of {len(found)} pictures that cannot be read: {first}")


def _tell(pictures: Sequence[Picture], say: Callable[[str], None]) -> None:
    """Say once, for all pictures it is true of, what could not be kept."""
    noticed: dict[str, list[Picture]] = {}
    for picture in pictures:
        for notice in picture.stored.notices if picture.stored else ():
            noticed.setdefault(notice, []).append(picture)
    for notice, those in noticed.items():
        say(f"{_named(those)}: {notice}")


def _named(pictures: Sequence[Picture]) -> str:
    more = len(pictures) - 1
    return pictures[0].name + (f" and {more} more" if more else "")


def _fitting(picture: Picture, pixels: Tensor) -> Tensor:
    """New pixels in the channels of `picture`."""
    if pixels.ndim != 3 or pixels.shape[1:] != picture.pixels.shape[1:]:
        raise ShapeError(
            f"pixels for {picture.name} must have its shape {tuple(picture.pixels.shape)}, got {tuple(pixels.shape)}"
        )
    if not torch.isfinite(pixels).all():
        raise ArgumentError(f"pixels for {picture.name} must be finite, got NaN or infinity; check the model")
    if len(pixels) == 3 and len(picture.pixels) == 1:
        return pixels.double().mean(dim=0, keepdim=True).float()
    if len(pixels) != len(picture.pixels):
        raise ShapeError(f"{picture.name} must be written with {len(picture.pixels)} channels, got {len(pixels)}")
    return pixels
