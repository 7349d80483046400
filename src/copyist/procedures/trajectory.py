"""Measurements of a walk: the length of each step, the distance from the start, and which images walked."""

__all__ = ["Position", "Trajectory", "Walkers", "walkers"]

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from copyist.checks import check_at_least, check_same_shape
from copyist.metrics.neighbors import nearest
from copyist.tensors import Images, PerImage


@dataclass(frozen=True, kw_only=True, eq=False)
class Position:
    """Where the images are after a step; distances are root mean squares over an image's values, on the CPU."""

    motion: PerImage
    """(B,), from the frame before; 0 at the start."""

    from_start: PerImage
    """(B,), from the first frame."""

    nearest: PerImage | None = None
    """(B,), from the nearest of the references, where there are any."""

    nearest_index: Tensor | None = None
    """(B,), int64, which reference that is."""


@final
class Trajectory:
    """Measures the frames of a walk as they are computed, and keeps only the first and the last."""

    def __init__(self, *, references: Images | None = None) -> None:
        """Measure distances to the nearest of `references` (N, C, H, W), such as training images, too."""
        self.positions: list[Position] = []
        """One per frame, the start included."""
        self._references = references
        self._ends: tuple[Images, Images] | None = None

    def follow(self, frames: Iterable[Images]) -> Iterator[Images]:
        """Yield the frames (B, C, H, W) unchanged, and measure each.

        Raises:
            ShapeError: a frame is not (B, C, H, W), or differs in shape from the one before or from the references.
        """
        for frame in frames:
            first, before = self._ends or (frame, frame)
            check_same_shape(frame, before)
            found = None if self._references is None else nearest(frame.cpu(), self._references)
            self.positions.append(
                Position(
                    motion=_distance(frame, before),
                    from_start=_distance(frame, first),
                    nearest=None if found is None else found.distance.cpu(),
                    nearest_index=None if found is None else found.index.cpu(),
                )
            )
            self._ends = (first, frame)
            yield frame

    @property
    def last(self) -> Images:
        """The last frame that went by (B, C, H, W)."""
        assert self._ends is not None, "no frame went by"
        return self._ends[1]

    def to_csv(self) -> str:
        """A line per step and image: `step,image,motion,from_start`, and the nearest reference where there are any."""
        columns = ["step", "image", "motion", "from_start"]
        lines = [",".join(columns if self._references is None else [*columns, "nearest", "nearest_index"])]
        for step, position in enumerate(self.positions):
            for image in range(len(position.motion)):
                cells = [f"{step},{image},{position.motion[image]:.6g},{position.from_start[image]:.6g}"]
                if position.nearest is not None and position.nearest_index is not None:
                    cells.append(f"{position.nearest[image]:.6g},{position.nearest_index[image]}")
                lines.append(",".join(cells))
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, kw_only=True, eq=False)
class Walkers:
    """Which images walked, rather than staying near their copies."""

    displacement: PerImage
    """(B,), root mean square over its values between where each image is and its copy, on the CPU."""

    threshold: float
    """Half the median distance between two images' copies."""

    @property
    def walked(self) -> Tensor:
        """(B,), bool: displaced beyond the threshold."""
        return self.displacement > self.threshold


def walkers(last: Images, copies: Images) -> Walkers:
    """Which images walked, and which stayed near their copies.

        image i walked when ‖xᵢ,T − O(xᵢ)‖ > ½ · median over pairs of ‖O(xⱼ) − O(xₖ)‖

    Args:
        last: where the walk ended (B, C, H, W).
        copies: the model's copies O(x) of where it started (B, C, H, W).

    Raises:
        ShapeError: the two differ in shape, or are not (B, C, H, W).
        ArgumentError: there are fewer than two images.
    """
    check_same_shape(last, copies)
    check_at_least("images of which some may walk", len(copies), 2)
    size = copies[0].numel()
    apart = torch.pdist(copies.flatten(1).double().cpu()) / size**0.5
    # Of an even number of pairs torch.median takes the lower middle one; a median lies between.
    return Walkers(displacement=_distance(last, copies), threshold=0.5 * float(apart.quantile(0.5)))


def _distance(x: Images, y: Images) -> PerImage:
    return (x - y).square().flatten(1).mean(1).sqrt().cpu()
