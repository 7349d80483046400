"""What one run of an experiment found."""

__all__ = ["Curves", "Measurements", "Pictures"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from copyist.tensors import Images


@dataclass(frozen=True, kw_only=True)
class Curves:
    """Numbers over a common axis, for a figure."""

    title: str

    x_label: str

    y_label: str

    x: Sequence[float]
    """Where the numbers were taken; the same for every seed."""

    lines: Mapping[str, Sequence[float]]
    """By what the line shows, as many numbers as `x` has."""

    log_x: bool = False

    log_y: bool = False


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Rows of images to look at."""

    caption: str
    """One sentence."""

    rows: Mapping[str, Images]
    """By label, a few images (B, C, H, W) each, all rows alike in shape."""


@dataclass(frozen=True, kw_only=True)
class Measurements:
    """A named value per part and control, and what to draw."""

    values: Mapping[str, float]

    curves: Mapping[str, Curves] = field(default_factory=dict[str, Curves])
    """By a short name, which is part of a file's name."""

    pictures: Mapping[str, Pictures] = field(default_factory=dict[str, Pictures])
    """Likewise; those of the first seed are kept."""
