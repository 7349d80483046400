"""Arrays of pixels to the bytes of a file, and back."""

__all__ = ["compress", "decompress"]

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from copyist.checks import check_whole
from copyist.compression.codec import usual_quality
from copyist.compression.container import read_container
from copyist.compression.models import coder_of, decompressing_coder
from copyist.compression.raster import Raster
from copyist.compression.refinement import refinement
from copyist.errors import DataError
from copyist.models.contracts import Model


def compress(
    image: npt.NDArray[Any],
    *,
    quality: int | None = None,
    lossless: bool = False,
    effort: int = 0,
    model: Model | str | Path | None = None,
) -> bytes:
    """Compress one image.

    Args:
        image: (H, W), or (H, W, C) with C = 1 for gray, 2 for gray and alpha, 3 for RGB, 4 for RGB and alpha; uint8 or
            uint16. Alpha is kept exactly.
        quality: from 1, the smallest files, to the model's `num_qualities`; None takes 5 of 8, and 1 where it is
            lossless: the residual keeps the rest for less.
        lossless: whether the very values come back.
        effort: steps in which the code of the image is refined, at no cost to whoever decompresses it.
        model: one with an entropy model, its file or run, or the name of one that comes with the package; None takes
            the usual one of these.

    Returns:
        A file, to be written with the ending .cpz.

    Raises:
        ArgumentError: there is no such quality or effort, or a model must be given.
        DataError: the array is no such image.
        ContractError: the model has no entropy model.
        CheckpointError: the model cannot be read.
        ShapeError: the model is of gray and the image of colors.
    """
    check_whole("effort", effort, 0)
    picture = _as_raster(image)
    coder = coder_of(model, verb="compress")
    chosen = usual_quality(coder.model.num_qualities, lossless=lossless) if quality is None else quality
    refine = refinement(coder.model, steps=effort) if effort else None
    return coder.compress(picture, quality=chosen, lossless=lossless, refine=refine).data


def decompress(data: bytes, *, model: Model | str | Path | None = None) -> npt.NDArray[Any]:
    """The image of a file, upright.

    Args:
        data: what `compress` gave, or the content of a .cpz file.
        model: that which compressed it; None finds it among those that come with the package.

    Returns:
        (H, W) for gray, (H, W, 3) for RGB, and one channel more for alpha: (H, W, 2) or (H, W, 4); uint8 or uint16.

    Raises:
        DataError: the file is truncated, damaged, of another format, version or model, or too large for the memory.
        ContractError, CheckpointError: as `compress`.
    """
    given = None if model is None else coder_of(model, verb="decompress")
    if not isinstance(data, bytes | bytearray | memoryview):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise DataError(f"a file must be given by its bytes, got {type(data).__name__}; read them by Path.read_bytes")
    data = bytes(data)
    try:
        head = read_container(data).header
        picture = decompressing_coder(head.fingerprint, given).decompress(data)
    except DataError as error:
        raise DataError(f"the file cannot be decompressed: {error}") from error
    if picture.alpha is not None:
        return np.concatenate([picture.pixels, picture.alpha[:, :, None]], axis=2)
    return picture.pixels if picture.pixels.shape[2] == 3 else picture.pixels[:, :, 0]


def _as_raster(image: npt.NDArray[Any]) -> Raster:
    if not isinstance(image, np.ndarray):  # pyright: ignore[reportUnnecessaryIsInstance]
        kind = type(image).__name__
        raise DataError(f"an image must be an array of NumPy, got {kind}; turn it into one by np.asarray")
    image = image.astype(image.dtype.newbyteorder("="), copy=False)
    planes = image[:, :, None] if image.ndim == 2 else image
    if planes.ndim != 3 or planes.shape[2] not in (1, 2, 3, 4):
        raise DataError(f"an image must have shape (H, W) or (H, W, C) with C from 1 to 4, got {image.shape}")
    alpha = planes[:, :, -1] if planes.shape[2] in (2, 4) else None
    return Raster(pixels=planes if alpha is None else planes[:, :, :-1], alpha=alpha)
