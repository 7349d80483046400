"""Pictures before a detector: decoded one batch at a time, brought to the size it was trained on, and judged."""

__all__ = ["HeatedPicture", "JudgedPictures", "Pictures"]

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from copyist.baselines.rivals import Rival
from copyist.data.fitting import fit_size
from copyist.data.inputs import find_inputs
from copyist.data.source import Fit
from copyist.detection import Detector
from copyist.errors import ShapeError
from copyist.evaluation.anomalies.masks import Masks
from copyist.files.bulk import Progress
from copyist.files.picture import check_channels, say_repeated
from copyist.files.picture_files import PicturesOfFiles
from copyist.metrics.ranking import PixelCounts
from copyist.procedures.sizes import device_of
from copyist.tensors import PerImage

USUAL = 0.95
"""The share of a picture's pixels below the heat that is usual in it."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class JudgedPictures:
    """What is known of all pictures once each was seen."""

    rows: list[int]
    """Numbers of those that could be read, of B."""

    anomaly: PerImage
    """(B,)"""

    usual_heat: PerImage
    """(B,): what 95 % of a picture's pixels stay below; 0 where the measure cannot tell pixels."""

    greatest_heat: PerImage
    """(B,)"""

    others: dict[str, PerImage] = field(default_factory=dict[str, PerImage])
    """(B,) of each simple detector beside it."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class HeatedPicture:
    """One picture, and where its anomaly lies, at its own size."""

    row: int

    pixels: Tensor
    """(C, H, W), in [0, 1]."""

    heat: Tensor | None
    """(H, W), not negative; None where the measure cannot tell."""


@final
class Pictures:
    """Pictures as a detector takes them: known by their headers, each decoded when it is judged."""

    def __init__(
        self,
        detector: Detector,
        inputs: Sequence[str],
        *,
        resize: bool = False,
        batch_size: int | None = None,
        without: Path | None = None,
        say: Callable[[str], None],
    ) -> None:
        """Find the pictures, and check their sizes and channels.

        Args:
            detector: of images.
            inputs: files, folders or sources.
            resize: whether those of another size are brought to that of the training, as the training data was.
            batch_size: pictures at once; None takes the model's own.
            without: a file or folder that is no data, such as where results go.
            say: takes notices, each one sentence.

        Raises:
            DataError, UnknownNameError, ArgumentError: as `find_inputs` and `PicturesOfFiles`.
            ShapeError: a picture has other channels than the model takes, or another size and `resize` is False.
        """
        self._files = PicturesOfFiles(find_inputs(inputs, without=without, say=say), say=say)
        self._detector, self._batch = detector, batch_size
        shapes, names = self._files.shapes, self._files.names
        trained = detector.model.image_shape
        self._shape = shapes[0] if trained is None else trained
        self._fit: Fit = _recorded_fit(detector.model.trained_on.source)
        for name, shape in zip(names, shapes, strict=True):
            check_channels(name, shape[0], self._shape[0])
            if shape[1:] != self._shape[1:] and not resize:
                wanted, got = (f"{height}x{width}" for height, width in (self._shape[1:], shape[1:]))
                raise ShapeError(
                    f"images must have the size that the detector was trained on, {wanted}, got {got} of {name}; add "
                    "--resize to bring them to it"
                )
        gray = [name for name, shape in zip(names, shapes, strict=True) if shape[0] == 1 and self._shape[0] == 3]
        say_repeated(gray, say)

    @property
    def names(self) -> list[str]:
        """Of all pictures, by number."""
        return self._files.names

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """(H, W) of all pictures, by number."""
        return [shape[1:] for shape in self._files.shapes]

    @property
    def unseen(self) -> float:
        """The share of all pixels that are cut away before the detector sees a picture."""
        if self._fit != "crop":
            return 0.0
        seen = whole = 0.0
        for height, width in self.sizes:
            ratio = max(self._shape[1] / height, self._shape[2] / width)
            seen += min(height * width, self._shape[1] * self._shape[2] / ratio**2)
            whole += height * width
        return max(0.0, 1 - seen / whole)

    def judge(
        self,
        *,
        masks: Masks | None = None,
        clean: Callable[[int], bool] = lambda row: False,
        pixels: PixelCounts | None = None,
        others: Mapping[str, Rival] | None = None,
        progress: Progress | None = None,
    ) -> JudgedPictures:
        """See every picture once.

        Args:
            masks: of defects, whose pixels are counted.
            clean: whether a picture without a mask is known to have no defect, so that all its pixels count as normal.
            pixels: where pixels are counted.
            others: simple detectors that judge the same pictures.
            progress: called with the number of pictures seen, and of all.

        Raises:
            DataError: more than 1 % of the pictures, or a mask, cannot be read.
        """
        rows, found, rivals = list[int](), list[Tensor](), others or {}
        beside: dict[str, list[Tensor]] = {name: [] for name in rivals}
        for members, x in self._batches(range(len(self.names))):
            findings = self._detector(x, parts=True, batch_size=self._batch)
            heat = findings.parts
            rows += [row for row, _ in members]
            found.append(torch.stack([findings.anomaly, *_heat_of(heat, len(x))]))
            for name, rival in rivals.items():
                beside[name].append(rival.anomaly(x).float().cpu())
            if pixels is not None and masks is not None and heat is not None:
                for (row, _), each in zip(members, heat, strict=True):
                    if row in masks or clean(row):
                        own = self._at_own_size(each, row).numpy()
                        pixels.add(own, masks.read(row) if row in masks else np.zeros(own.shape, dtype=np.bool_))
            if progress is not None:
                progress(len(rows), len(self.names))
        self._files.report()
        anomaly, usual, greatest = torch.cat(found, 1)
        kept = [place for place, row in enumerate(rows) if self._files.is_whole(row)]
        return JudgedPictures(
            rows=[rows[place] for place in kept],
            anomaly=anomaly[kept],
            usual_heat=usual[kept],
            greatest_heat=greatest[kept],
            others={name: torch.cat(parts)[kept] for name, parts in beside.items()},
        )

    def heated(self, rows: Sequence[int]) -> Iterator[HeatedPicture]:
        """Pictures with their heat at their own size, in the order of `rows`."""
        for members, x in self._batches(rows):
            heat = self._detector(x, parts=True, batch_size=self._batch).parts
            for place, (row, pixels) in enumerate(members):
                own = None if heat is None else self._at_own_size(heat[place], row)
                yield HeatedPicture(row=row, pixels=pixels, heat=own)

    def _batches(self, rows: Sequence[int]) -> Iterator[tuple[list[tuple[int, Tensor]], Tensor]]:
        """Numbers and pixels (C, H, W) of some pictures, and all of them as the model takes them."""
        model = self._detector.model
        size, device = self._batch or model.batch_size, device_of(model)
        stream = ((row, picture.with_channels(self._shape[0])) for row, picture in self._files.read(rows))
        while members := list(islice(stream, size)):
            yield members, torch.stack([self._fitted(pixels) for _, pixels in members]).to(device)

    def _fitted(self, pixels: Tensor) -> Tensor:
        if tuple(pixels.shape[1:]) == self._shape[1:]:
            return pixels
        found = fit_size(pixels.movedim(0, 2).contiguous().numpy(), self._shape[1:], self._fit)
        return torch.from_numpy(np.ascontiguousarray(found)).movedim(2, 0)

    def _at_own_size(self, heat: Tensor, row: int) -> Tensor:
        """Heat (H, W) of what the model saw, at the picture's size; 0 where it did not see it."""
        height, width = self.sizes[row]
        if tuple(heat.shape) == (height, width):
            return heat
        ratios = heat.shape[0] / height, heat.shape[1] / width
        if self._fit == "resize":
            return _resized(heat, (height, width))
        ratio = max(ratios) if self._fit == "crop" else min(ratios)
        seen = [round(side / ratio) for side in heat.shape]
        own = _resized(heat, (max(1, seen[0]), max(1, seen[1])))
        return _centered(own, (height, width))


def _heat_of(heat: Tensor | None, count: int) -> tuple[Tensor, Tensor]:
    """What is usual and what is greatest in each of so many maps (B, H, W)."""
    if heat is None:
        return torch.zeros(count), torch.zeros(count)
    flat = heat.flatten(1)
    return flat.kthvalue(max(1, int(USUAL * flat.shape[1])), dim=1).values, flat.amax(1)


def _recorded_fit(source: str) -> Fit:
    """How training brought its images to one size: as its source says, or by default; else stretched."""
    options = source.rpartition("?")[2].split("&")
    if "fit=resize" in options or not any(option.startswith("size=") for option in options):
        return "resize"
    return "pad" if "fit=pad" in options else "crop"


def _resized(heat: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(heat[None, None], size=size, mode="bilinear", align_corners=False)[0, 0]


def _centered(heat: Tensor, size: tuple[int, int]) -> Tensor:
    """The middle of a map, or a map in the middle of zeros, of this size."""
    result = torch.zeros(size)
    (top, left), (over, beyond) = (
        ((max(0, size[0] - heat.shape[0])) // 2, max(0, size[1] - heat.shape[1]) // 2),
        ((max(0, heat.shape[0] - size[0])) // 2, max(0, heat.shape[1] - size[1]) // 2),
    )
    height, width = min(size[0], heat.shape[0]), min(size[1], heat.shape[1])
    result[top : top + height, left : left + width] = heat[over : over + height, beyond : beyond + width]
    return result
