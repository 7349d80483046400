"""Pictures to bytes and back, by a model: tiles, and what is kept exactly beside them."""

__all__ = ["Compressed", "ImageCoder", "check_quality", "usual_quality"]

import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from copyist.checks import check_whole
from copyist.compression.code_coding import CodeCoder
from copyist.compression.code_windows import code_windows
from copyist.compression.container import Container, Header, read_container
from copyist.compression.exact_sections import (
    checksum_of,
    described,
    read_alpha,
    read_described,
    read_residual,
    section,
    take_section,
    write_alpha,
    write_residual,
)
from copyist.compression.fingerprint import fingerprint_of
from copyist.compression.raster import Raster
from copyist.compression.refinement import Refine
from copyist.compression.tiling import TILE, Tile, code_size, tiles
from copyist.errors import ArgumentError, DataError, ShapeError
from copyist.memory import available_memory, bytes_text
from copyist.models.contracts import Compressor
from copyist.models.in_batches import evaluation_mode

_WORKING = 2**28
"""Bytes that the windows of a tile take while they are worked on, about."""


@final
@dataclass(frozen=True, kw_only=True)
class Compressed:
    """A compressed picture."""

    data: bytes
    """The file."""

    estimated_bytes: float
    """What the entropy model says that it takes: its integers, and all that is kept exactly, without the header."""


@final
class ImageCoder:
    """Compresses pictures by a model, and decompresses its files.

    Args:
        model: in evaluation mode, of a finished training.

    Raises:
        ArgumentError: its training is not finished, so that it has no tables yet.
    """

    def __init__(self, model: Compressor) -> None:
        if not model.is_measured:
            raise ArgumentError(
                "a model must have counted its integers to compress, which training does at its end; finish the "
                "training by copyist train --resume"
            )
        self.model = model
        self._coder = CodeCoder(model)
        self._patch = model.size_multiple
        self._channels = model.channels
        self.fingerprint = fingerprint_of(model)

    @torch.no_grad()
    def compress(
        self, picture: Raster, *, quality: int, lossless: bool = False, refine: Refine | None = None
    ) -> Compressed:
        """The file of a picture.

        Args:
            picture: of any size.
            quality: from 1 to the model's `num_qualities`.
            lossless: whether the very values come back; else the quality decides.
            refine: makes better codes, at no cost to whoever decompresses.

        Raises:
            ArgumentError: there is no such quality.
            ShapeError: the model takes no colors, or is of colors that are not these.
        """
        check_quality(quality, self.model.num_qualities)
        self._check_channels(picture.pixels.shape[2])
        about = described(picture)
        head = Header(
            width=picture.size[1],
            height=picture.size[0],
            quality=quality,
            fingerprint=self.fingerprint,
            colors=picture.pixels.shape[2] == 3,
            deep=picture.pixels.dtype == np.uint16,
            lossless=lossless,
            alpha=picture.alpha is not None,
            described=about is not None,
        )
        parts, stream = self._tiles(*picture.size), _Stream(checksum=_meant(head, about))
        exact = [] if about is None else [about]
        if picture.alpha is not None:
            exact += [write_alpha(picture.alpha[tile.pixels]) for tile in parts]
        with evaluation_mode(self.model):
            coded = self._encode(picture, parts, quality - 1, refine, stream)
            for tile, window in code_windows(coded, overlap=self.model.overlap):
                if lossless:
                    values = self._values(tile, window, quality - 1, picture.pixels, exact=True)
                    exact.append(write_residual(picture.pixels[tile.pixels], values))
        sections = [section(each) for each in exact]
        container = Container(
            header=head,
            checksum=_checksum_of_exact(head, parts, picture, stream.checksum),
            payload=b"".join([*sections, *stream.bodies]),
        )
        return Compressed(data=container.to_bytes(), estimated_bytes=stream.bits / 8 + sum(map(len, sections)))

    @torch.no_grad()
    def decompress(self, data: bytes) -> Raster:
        """The picture of a file.

        Raises:
            DataError: the file is damaged, of another model or kind, or too large for the memory; the text is a short
                reason.
        """
        container = read_container(data)
        head = container.header
        if head.fingerprint != self.fingerprint:
            raise DataError(
                f"it was written by the model {head.fingerprint.hex()}, and this one is {self.fingerprint.hex()}; "
                "give the other by --model"
            )
        self._check_claims(head, len(container.payload))
        payload, at = container.payload, 0
        about, at = take_section(payload, at) if head.described else (None, at)
        parts = self._tiles(head.height, head.width)
        dtype = np.uint16 if head.deep else np.uint8
        pixels = np.empty((head.height, head.width, head.channels), dtype)
        alpha = np.empty(pixels.shape[:2], dtype) if head.alpha else None
        if alpha is not None:
            for tile in parts:
                section_of_tile, at = take_section(payload, at)
                read_alpha(section_of_tile, alpha[tile.pixels])
        residuals: deque[bytes | memoryview] = deque()
        for _ in parts if head.lossless else ():
            section_of_tile, at = take_section(payload, at)
            residuals.append(section_of_tile)
        stream = _Stream(checksum=_meant(head, about), at=at)
        with evaluation_mode(self.model):
            coded = self._decode(payload, parts, head.quality - 1, stream)
            for tile, window in code_windows(coded, overlap=self.model.overlap):
                values = self._values(tile, window, head.quality - 1, pixels, exact=head.lossless)
                if head.lossless:
                    read_residual(residuals.popleft(), values, pixels[tile.pixels])
                else:
                    pixels[tile.pixels] = values
        picture = Raster(pixels=pixels, alpha=alpha)
        if stream.at != len(payload):
            raise DataError("it is damaged: something stands behind its last tile")
        if _checksum_of_exact(head, parts, picture, stream.checksum) != container.checksum:
            raise DataError("it is damaged, or of another model: what it decodes to is not what was written")
        return read_described(about, picture)

    def _encode(
        self, picture: Raster, parts: Iterable[Tile], quality: int, refine: Refine | None, stream: "_Stream"
    ) -> Iterator[tuple[Tile, Tensor]]:
        """Write tile after tile to a stream; each comes with its code (1, M, h, w) as a decoder has it."""
        for tile in parts:
            x = self._as_images(tile.window_of_pixels(picture.pixels))
            code = tile.within_window(self.model.analyze(x, quality=quality))
            side = self.model.side_information(code, quality=quality)
            if refine is not None:
                visible = picture.pixels[tile.pixels].shape[:2]
                code = refine(tile.pixels_within_window(x), code, side, quality, visible)
            coded = self._coder.encode(code, side, quality=quality, checksum=stream.checksum)
            stream.bodies.append(coded.data)
            stream.bits, stream.checksum = stream.bits + coded.bits, coded.checksum
            yield tile, coded.code

    def _decode(
        self, payload: bytes | memoryview, parts: Iterable[Tile], quality: int, stream: "_Stream"
    ) -> Iterator[tuple[Tile, Tensor]]:
        """Read tile after tile from a stream; each comes with its code (1, M, h, w)."""
        for tile in parts:
            code, stream.at, stream.checksum = self._coder.decode(
                payload, stream.at, quality=quality, size=tile.size, checksum=stream.checksum
            )
            yield tile, code

    def _values(
        self, tile: Tile, window: Tensor, quality: int, like: npt.NDArray[Any], *, exact: bool
    ) -> npt.NDArray[Any]:
        """The pixels (H', W', C) of a tile that the code of its window gives, of the type and channels of an image."""
        synthesize = self.model.synthesize_exactly if exact else self.model.synthesize
        x = tile.pixels_within_window(synthesize(window, quality=quality))[0].cpu()
        height, width = like[tile.pixels].shape[:2]
        largest = np.iinfo(like.dtype).max
        levels = (x[:, :height, :width] * largest + 0.5).floor().clamp(0, largest)
        if len(levels) == 3 and like.shape[2] == 1:
            levels = ((2 * levels.sum(0, keepdim=True) + 3) / 6).floor()
        return levels.permute(1, 2, 0).numpy().astype(like.dtype)

    def _as_images(self, pixels: npt.NDArray[Any]) -> Tensor:
        """Values (H, W, C) as the model takes them: (1, C, H, W), in [0, 1], on its device; gray is repeated."""
        x = torch.from_numpy(pixels.astype(np.float32)).permute(2, 0, 1)[None] / float(np.iinfo(pixels.dtype).max)
        return x.expand(-1, self._channels, -1, -1).contiguous().to(next(self.model.parameters()).device)

    def _tiles(self, height: int, width: int) -> Sequence[Tile]:
        return list(tiles(height, width, patch=self._patch, overlap=self.model.overlap))

    def _check_channels(self, channels: int) -> None:
        if channels != self._channels and (channels, self._channels) != (1, 3):
            raise ShapeError(
                f"a picture must have {self._channels} channel{'s' * (self._channels > 1)} for this model, got "
                f"{channels}; take a model trained on such pictures, or add ?channels=1 to turn it gray"
            )

    def _check_claims(self, head: Header, stored: int) -> None:
        """Refuse what a header claims where so few bytes cannot hold it, or the memory cannot."""
        if head.quality > self.model.num_qualities:
            raise DataError("it is damaged: its model has no such quality")
        if head.channels > self._channels:
            raise DataError("it is damaged: its model knows no colors")
        patches = code_size(head.height, head.width, patch=self._patch)
        if -(-head.height // TILE) * -(-head.width // TILE) > stored:
            raise DataError(f"it is damaged: it claims {head.width}x{head.height} pixels in {stored} bytes")
        values = head.height * head.width * (head.channels + head.alpha) * (head.depth // 8)
        row = 4 * min(patches[0], TILE // self._patch) * patches[1] * self._coder.num_maps
        if values + row > _WORKING and (there := available_memory()) < (needed := values + row + _WORKING):
            raise DataError(f"it needs {bytes_text(needed)} of memory, and {bytes_text(there)} are left")


def usual_quality(count: int, *, lossless: bool) -> int:
    """The quality where none is named: 5 of 8; and 1 where the residual keeps the rest, and does so for less."""
    return 1 if lossless else (count + 2) // 2


def check_quality(quality: int, count: int) -> None:
    """Refuse a quality that a model does not have.

    Raises:
        ArgumentError: it is not from 1 to `count`.
    """
    check_whole("quality", quality, 1)
    if quality > count:
        raise ArgumentError(
            f"quality must be at most {count} for this model, got {quality}; choose one from 1 to {count}"
        )


@final
@dataclass(kw_only=True)
class _Stream:
    """How far the tiles of a file are written, or read."""

    checksum: int
    at: int = 0
    """Where the next tile is read."""

    bits: float = 0.0
    bodies: list[bytes] = field(default_factory=list)
    """What was written of each tile."""


def _meant(head: Header, about: bytes | memoryview | None) -> int:
    """The checksum of what a file says of itself."""
    return zlib.crc32(about or b"", zlib.crc32(head.to_bytes()))


def _checksum_of_exact(head: Header, parts: Sequence[Tile], picture: Raster, checksum: int) -> int:
    """The checksum of the codes, going on with all values that a file keeps exactly."""
    exact = [] if picture.alpha is None else [picture.alpha]
    for values in [*exact, picture.pixels] if head.lossless else exact:
        for tile in parts:
            checksum = checksum_of(values[tile.pixels], checksum)
    return checksum
