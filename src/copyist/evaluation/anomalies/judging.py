"""One batch of pictures before a detector, and what is asked of it beside the anomalies."""

__all__ = ["Aims", "JudgedBatch", "judge_batch", "prepared_batches"]

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from copyist.baselines.rivals import Rival
from copyist.detection import Detector
from copyist.evaluation.anomalies.masks import Masks
from copyist.evaluation.anomalies.preparation import Preparation
from copyist.files.picture import Picture
from copyist.metrics.ranking import PixelsOfOne
from copyist.procedures.sizes import device_of
from copyist.tensors import Images, PerImage

USUAL = 0.95
"""The share of a picture's pixels below the heat that is usual in it."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Aims:
    """What is asked of each picture beside its anomaly."""

    others: Mapping[str, Rival] = field(default_factory=dict[str, Rival])
    """Simple detectors that judge the same pictures."""

    masks: Masks | None = None
    """Of defects, whose pixels are counted."""

    is_clean: npt.NDArray[np.bool_] | None = None
    """(N,): whether a picture without a mask is known to have no defect, so that all its pixels count as normal; None
    where no pixels are counted."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class JudgedBatch:
    """What is known of the B pictures of a batch once they were seen."""

    rows: tuple[int, ...]
    """Their numbers."""

    found: Tensor
    """(3, B): the anomaly, the heat that is usual in each, and the greatest; heat is 0 where it cannot be told."""

    others: Mapping[str, PerImage]
    """(B,) of each simple detector beside it."""

    heat: Tensor | None
    """(B, h, w) of what the model saw."""

    counted: Sequence[PixelsOfOne]
    """The pixels of those that count."""


def prepared_batches(
    detector: Detector, preparation: Preparation, pictures: Iterable[tuple[int, Picture]], *, batch_size: int | None
) -> Iterator[tuple[list[tuple[int, Tensor]], Images]]:
    """Numbers and pixels (C, H, W) of some pictures, and all of them as the model takes them.

    Args:
        detector: of images.
        preparation: how they are brought to what it takes.
        pictures: with their numbers.
        batch_size: pictures at once; None takes the model's own.
    """
    size, device = batch_size or detector.model.batch_size, device_of(detector.model)
    stream = ((row, picture.with_channels(preparation.shape[0])) for row, picture in pictures)
    while members := list(islice(stream, size)):
        yield members, torch.stack([preparation.prepare(pixels) for _, pixels in members]).to(device)


def judge_batch(
    detector: Detector,
    preparation: Preparation,
    aims: Aims,
    rows: Sequence[int],
    x: Images,
    *,
    sizes: Sequence[tuple[int, int]],
    batch_size: int | None,
) -> JudgedBatch:
    """See the pictures of one batch.

    Args:
        detector: of images.
        preparation: how they were brought to what it takes.
        aims: what is asked beside.
        rows: their numbers.
        x: (B, C, H, W), as the model takes them.
        sizes: (H, W) that each has in its file.
        batch_size: pictures at once; None takes the model's own.

    Raises:
        DataError: a mask cannot be read.
    """
    findings = detector(x, parts=True, batch_size=batch_size)
    heat = findings.parts
    counted: list[PixelsOfOne] = []
    if heat is not None and aims.masks is not None and aims.is_clean is not None:
        for row, each, size in zip(rows, heat, sizes, strict=True):
            if row in aims.masks or aims.is_clean[row]:
                own = preparation.heat_at_size(each, size).numpy()
                mask = aims.masks.read(row) if row in aims.masks else np.zeros(own.shape, dtype=np.bool_)
                counted.append(PixelsOfOne.of(own, mask))
    return JudgedBatch(
        rows=tuple(rows),
        found=torch.stack([findings.anomaly, *_heat_of(heat, len(x))]),
        others={name: rival.anomaly(x).float().cpu() for name, rival in aims.others.items()},
        heat=heat,
        counted=counted,
    )


def _heat_of(heat: Tensor | None, count: int) -> tuple[Tensor, Tensor]:
    """What is usual and what is greatest in each of so many maps (B, H, W)."""
    if heat is None:
        return torch.zeros(count), torch.zeros(count)
    flat = heat.flatten(1)
    return flat.kthvalue(max(1, int(USUAL * flat.shape[1])), dim=1).values, flat.amax(1)
