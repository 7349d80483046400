"""How claims declare and report what inversions found: the same numbers of each net, under its name."""

__all__ = [
    "floor_controls",
    "floor_values",
    "inversion_controls",
    "inversion_rows",
    "inversion_values",
    "over",
    "shared",
    "unforgotten",
]

import math
from collections.abc import Mapping

import torch

from copyist.claims.measures.inversion_finding import InversionFinding
from copyist.evidence import Control
from copyist.tensors import Images


def unforgotten(found: InversionFinding) -> float:
    """The noise of what a layer represents, free of scale: √(1 − the starts' mean correlation).

    It is what differs between two starts' inverses, once each is brought to the original's contrast, over that
    contrast. A layer behind a normalization does not tell contrasts apart, so that an inverse of any contrast is as
    good as another, and what differs in it is no measure of noise. 0 where the starts are forgotten, 1 where they alone
    are left.
    """
    return math.sqrt(max(0.0, found.known.disagreement)) if math.isfinite(found.known.disagreement) else math.nan


def shared(found: InversionFinding) -> Images:
    """What the inverses of all starts share (B, C, H, W): their mean."""
    return torch.stack(found.inverses).mean(0)


def over(number: float, other: float) -> float:
    """A ratio; not a number where the other one is 0."""
    return number / other if other else math.nan


def inversion_controls(name: str, about: str) -> tuple[Control, ...]:
    """The declaration of `inversion_values` of the same name.

    Args:
        name: that the numbers' names end in.
        about: which inversions these are, in words.
    """
    return (
        Control(name=f"unforgotten_{name}", measure=f"√(1 − correlation of the starts' inverses), {about}"),
        Control(name=f"noise_{name}", measure=f"what differs between the starts' inverses over contrast, {about}"),
        Control(name=f"grain_{name}", measure=f"white noise of the first start's inverse over contrast, {about}"),
        Control(name=f"missed_{name}", measure=f"error of what the inverses share, aligned, over contrast, {about}"),
        Control(name=f"sharpness_{name}", measure=f"its energy in high frequencies over the original's, {about}"),
        Control(name=f"contrast_{name}", measure=f"contrast of the first start's inverse over the original's, {about}"),
        Control(name=f"converged_{name}", measure=f"share of images that converged from every start, {about}"),
        Control(name=f"missed_of_all_{name}", measure=f"the error over all images, converged or not, {about}"),
    )


def inversion_values(name: str, found: InversionFinding) -> dict[str, float]:
    """What was found of one net, over the images that converged from every start.

    Args:
        name: that the numbers' names end in.
        found: the inversions.
    """
    return {
        f"unforgotten_{name}": unforgotten(found),
        f"noise_{name}": found.known.noise,
        f"grain_{name}": found.known.grain,
        f"missed_{name}": found.known.missed,
        f"sharpness_{name}": found.known.sharpness,
        f"contrast_{name}": found.known.contrast,
        f"converged_{name}": found.converged,
        f"missed_of_all_{name}": found.everything.missed,
    }


def floor_controls() -> tuple[Control, ...]:
    """The declaration of `floor_values`."""
    return (
        Control(name="noise_of_start", measure="what differs between the starts: of a layer that knows nothing"),
        Control(name="grain_of_start", measure="white noise of the first start over the originals' contrast"),
        Control(
            name="grain_of_original", measure="white noise of the originals over their contrast: their own texture"
        ),
    )


def floor_values(found: InversionFinding) -> dict[str, float]:
    """The numbers of the starts and of the originals themselves, which are the same for every net.

    Args:
        found: any inversions of these images.
    """
    return {
        "noise_of_start": found.start.noise,
        "grain_of_start": found.start.grain,
        "grain_of_original": found.original.grain,
    }


def inversion_rows(original: Images, found: Mapping[str, InversionFinding]) -> dict[str, Images]:
    """Rows to look at: eight images, and what each net takes for them, found from noise and from gray.

    Args:
        original: images (B, C, H, W).
        found: inversions of the same images, by what to call them.
    """
    rows = {"image": original[:8]}
    for label, one in found.items():
        rows |= {f"{label}, from noise": one.inverses[0][:8], f"{label}, from gray": one.inverses[1][:8]}
    return rows
