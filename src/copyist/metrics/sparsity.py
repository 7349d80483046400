"""How much of a code an image uses, and which units no image uses."""

__all__ = ["active_units", "dead_units", "effective_share"]

from torch import Tensor

from copyist.checks import check_examples, check_within
from copyist.tensors import Codes, PerImage


def active_units(z: Codes, *, threshold: float = 0.01) -> Tensor:
    """Which units each image activates: |z| above `threshold` times the largest |z| of all units and images.

    A unit is one number of a code. Inactive rectified units are exactly 0, so that a threshold of 0 finds them; units
    of other activations need a larger one.

    Args:
        z: codes (B, ...).
        threshold: in [0, 1].

    Returns:
        bool (B, K), for K units.

    Raises:
        ShapeError: `z` is not (B, ...).
        ArgumentError: `threshold` is outside [0, 1].
    """
    check_examples(z, name="codes")
    check_within("threshold", threshold, 0, 1)
    loudness = z.flatten(1).abs()
    return loudness > threshold * loudness.max()


def dead_units(z: Codes, *, threshold: float = 0.01) -> Tensor:
    """Which units no image activates, bool (K,); the arguments and refusals are those of `active_units`."""
    return ~active_units(z, threshold=threshold).any(0)


def effective_share(z: Codes) -> PerImage:
    """The share of units that an image uses, each weighted by its activation: (Σ|z|)² / (K·Σz²).

    It needs no threshold: where a share a of the units is equally active and the rest are 0, it is a.

    Args:
        z: codes (B, ...).

    Returns:
        (B,), in [1 / K, 1]; not a number where a code is all 0.

    Raises:
        ShapeError: `z` is not (B, ...).

    Source:
        Treves & Rolls (1991), the sparseness of a firing pattern.
    """
    check_examples(z, name="codes")
    loudness = z.flatten(1).abs()
    return loudness.mean(1).square() / loudness.square().mean(1)
