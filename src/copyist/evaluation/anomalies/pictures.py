"""Pictures before a detector: decoded one batch at a time, brought to the size it was trained on, and judged."""

__all__ = ["HeatedPicture", "JudgedPictures", "Pictures"]

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import final

import numpy as np
import torch
from torch import Tensor

from copyist.baselines.rivals import Rival
from copyist.data.inputs import find_inputs
from copyist.detection import Detector
from copyist.evaluation.anomalies.masks import Masks
from copyist.evaluation.anomalies.preparation import Preparation
from copyist.files.bulk import Progress
from copyist.files.picture import say_repeated
from copyist.files.picture_files import PicturesOfFiles
from copyist.metrics.ranking import PixelCounts
from copyist.procedures.sizes import device_of
from copyist.tensors import PerImage

USUAL = 0.95
"""The share of a picture's pixels below the heat that is usual in it."""

_KEPT = 2**25
"""Values of heat that are kept from judging to drawing; what is beyond is computed again."""


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
            resize: whether those of another size are brought to that of the training; they are in any case where the
                training brought its own images to it.
            batch_size: pictures at once; None takes the model's own.
            without: a file or folder that is no data, such as where results go.
            say: takes notices, each one sentence.

        Raises:
            DataError, UnknownNameError, ArgumentError: as `find_inputs` and `PicturesOfFiles`.
            ShapeError: a picture has other channels than the model takes, or another size that nobody asked to change.
        """
        found, model = find_inputs(inputs, without=without, say=say), detector.model
        channels = Preparation.of(model, shape=(1, 1, 1), resize=resize).channels
        files = [replace(file, channels=channels if file.channels is None else file.channels) for file in found]
        self._files = PicturesOfFiles(files, say=say)
        self._detector, self._batch = detector, batch_size
        shapes, names = self._files.shapes, self._files.names
        self._preparation = Preparation.of(model, shape=shapes[0], resize=resize)
        for name, shape in zip(names, shapes, strict=True):
            self._preparation.check(name, shape)
        wanted = self._preparation.shape[0]
        gray = [name for name, shape in zip(names, shapes, strict=True) if shape[0] == 1 and wanted == 3]
        say_repeated(gray, say, written_back=False)
        self._heat: dict[int, Tensor] = {}

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
        seen = sum(map(self._preparation.seen, self.sizes))
        return max(0.0, 1 - seen / sum(height * width for height, width in self.sizes))

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
            heat, own = findings.parts, [row for row, _ in members]
            rows += own
            found.append(torch.stack([findings.anomaly, *_heat_of(heat, len(x))]))
            for name, rival in rivals.items():
                beside[name].append(rival.anomaly(x).float().cpu())
            if heat is not None:
                self._keep(own, heat)
                if pixels is not None and masks is not None:
                    self._count(own, heat, masks, clean, pixels)
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

    def read_with_heat(self, rows: Sequence[int]) -> Iterator[HeatedPicture]:
        """Pictures with their heat at their own size, in the order of `rows`."""
        for members, x in self._batches(rows):
            kept = [self._heat.get(row) for row, _ in members]
            fresh = None if None not in kept else self._detector(x, parts=True, batch_size=self._batch).parts
            for place, (row, pixels) in enumerate(members):
                heat = kept[place] if fresh is None else fresh[place]
                own = None if heat is None else self._preparation.heat_at_size(heat, self.sizes[row])
                yield HeatedPicture(row=row, pixels=pixels, heat=own)

    def _keep(self, rows: Sequence[int], heat: Tensor) -> None:
        if (len(self._heat) + len(rows)) * heat[0].numel() <= _KEPT:
            self._heat |= dict(zip(rows, heat, strict=True))

    def _count(
        self, rows: Sequence[int], heat: Tensor, masks: Masks, clean: Callable[[int], bool], pixels: PixelCounts
    ) -> None:
        for row, each in zip(rows, heat, strict=True):
            if row in masks or clean(row):
                own = self._preparation.heat_at_size(each, self.sizes[row]).numpy()
                pixels.add(own, masks.read(row) if row in masks else np.zeros(own.shape, dtype=np.bool_))

    def _batches(self, rows: Sequence[int]) -> Iterator[tuple[list[tuple[int, Tensor]], Tensor]]:
        """Numbers and pixels (C, H, W) of some pictures, and all of them as the model takes them."""
        model, preparation = self._detector.model, self._preparation
        size, device = self._batch or model.batch_size, device_of(model)
        stream = ((row, picture.with_channels(preparation.shape[0])) for row, picture in self._files.read(rows))
        while members := list(islice(stream, size)):
            yield members, torch.stack([preparation.prepare(pixels) for _, pixels in members]).to(device)


def _heat_of(heat: Tensor | None, count: int) -> tuple[Tensor, Tensor]:
    """What is usual and what is greatest in each of so many maps (B, H, W)."""
    if heat is None:
        return torch.zeros(count), torch.zeros(count)
    flat = heat.flatten(1)
    return flat.kthvalue(max(1, int(USUAL * flat.shape[1])), dim=1).values, flat.amax(1)
