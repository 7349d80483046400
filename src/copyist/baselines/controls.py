"""Every classical denoiser at its best: fitted and set on training images, for one corruption at a time."""

__all__ = ["CONTROLS", "ControlFitter"]

from collections.abc import Callable, Iterable
from typing import final

import torch

from copyist.baselines.filters import (
    Filter,
    MatchedBlur,
    MeanImage,
    Median,
    TotalVariation,
    Unchanged,
    best_setting,
)
from copyist.baselines.wiener import fit_linear, linear_bases
from copyist.checks import check_images
from copyist.corruption import Corruption
from copyist.tensors import Images

CONTROLS = ("identity", "mean image", "matched blur", "median", "total variation", "linear")
"""The controls' names, the simplest first."""

BLURS = (0.0, 0.4, 0.6, 0.8, 1.0, 1.4, 2.0, 3.0, 4.5)
CONTRASTS = (0.7, 0.8, 0.9, 1.0)
MEDIAN_SIZES = (1, 3, 5, 7, 9)
TOTAL_VARIATION_WEIGHTS = (0.003, 0.01, 0.03, 0.06, 0.12, 0.25, 0.5, 1.0, 2.0)

NUM_FIT = 2048
"""At most this many training images fit the linear map (half its basis, half its gains)."""

MAX_FIT_VALUES = 2**26
"""And at most so many values in all, a quarter of a gigabyte, but never fewer than 64 images."""

NUM_GRID = 256
"""At most this many choose the blur."""

NUM_SLOW_GRID = 64
"""At most this many choose the settings of median and total variation, which are slow."""


@final
class ControlFitter:
    """Fits all controls on training images; what does not depend on the corruption is computed once.

    Args:
        train: clean training images (N, C, H, W), at least 2; they are taken in a fixed random order, so that the parts
            of them that are used (see the constants of this module) stand for all.
        run: how a filter that uses batch statistics is applied.
    """

    def __init__(self, train: Images, *, run: Callable[[Filter, Images], Images]) -> None:
        check_images(train, name="training images")
        order = torch.randperm(len(train), generator=torch.Generator().manual_seed(0))
        count = max(NUM_SLOW_GRID, min(NUM_FIT, MAX_FIT_VALUES // train[0].numel()))
        self._clean = train[order[:count]]
        self._mean_image = MeanImage.fitted(train)
        self._half = len(self._clean) // 2
        self._bases = linear_bases(self._clean[: max(self._half, 1)])
        self._run = run

    def fit(self, corruption: Corruption, *, generator: torch.Generator) -> dict[str, Filter]:
        """The controls against one corruption, by name, each with its best setting."""
        clean = self._clean
        noisy = corruption(clean, generator=generator)
        blurs = [MatchedBlur.fitted(clean, blur=blur, contrast=contrast) for blur in BLURS for contrast in CONTRASTS]
        medians = [Median(size) for size in MEDIAN_SIZES]
        variations = [TotalVariation(weight) for weight in TOTAL_VARIATION_WEIGHTS]
        return {
            "identity": Unchanged(),
            "mean image": self._mean_image,
            "matched blur": self._best(blurs, noisy, NUM_GRID),
            "median": self._best(medians, noisy, NUM_SLOW_GRID),
            "total variation": self._best(variations, noisy, NUM_SLOW_GRID),
            "linear": fit_linear(self._bases, clean=clean[self._half :], noisy=noisy[self._half :]),
        }

    def _best(self, candidates: Iterable[Filter], noisy: Images, count: int) -> Filter:
        return best_setting(list(candidates), clean=self._clean[:count], noisy=noisy[:count], run=self._run)
