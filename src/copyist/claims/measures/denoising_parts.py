"""What claims about denoising ask of a copier, and what stands beside it: filters, told apart by what they know.

nothing   a filter whose setting was written down beforehand: a blur of 1 pixel, a median of 3×3, total variation of
          weight 0.1; the copier, and principal axes, which know clean images
set       a filter whose setting was chosen on training images under that very noise: blur, median, total variation
fitted    the linear map of least error under that noise, and a net of equal size that was trained to denoise
"""

__all__ = ["BLENDS", "CONTROLS", "FIXED", "JUDGED", "NOISES", "PARTS_OF_OURS", "SET", "blend_parts"]

from collections.abc import Mapping

from copyist.baselines.controls import CONTROLS as FILTERS
from copyist.baselines.filters import Median, TotalVariation
from copyist.corruption import gaussian_blur
from copyist.evaluation.clean_measures import Function
from copyist.evaluation.denoising_table import Kind
from copyist.evidence import Below, Control, Part

JUDGED: Mapping[Kind, float] = {"blend": 0.3, "gaussian": 0.2, "shift": 0.3}
"""The strength at which each corruption is judged; the curves show the others."""

BLENDS = {"light": 0.7, "even": 0.5, "heavy": 0.3}
"""The source's α."""

NOISES: Mapping[Kind, str] = {
    "blend": "the blend with N(0.7, 0.2²) at α = 0.3",
    "gaussian": "zero-mean noise of σ = 0.2",
    "shift": "the noiseless shift toward 0.7 at α = 0.3",
}
"""In words."""

FIXED: Mapping[str, Function] = {
    "fixed blur": lambda x: gaussian_blur(x, sigma=1.0),
    "fixed median": Median(3),
    "fixed total variation": TotalVariation(0.1),
}
"""Filters that know nothing of the noise, nor of images."""

SET = ("matched blur", "median", "total variation")
"""Filters with a setting that is chosen for the noise."""


def blend_parts(asked: str) -> tuple[Part, ...]:
    """What the source asks of a copier: that it moves blends toward clean images, at each of the source's weights.

    Args:
        asked: what the source says, and where.
    """
    return tuple(
        Part(
            name=f"blend_{name}",
            measure=f"‖O(x̃) − x‖ / ‖x̃ − x‖ under the blend with N(0.7, 0.2²) at α = {alpha:g}, held-out images in "
            "whole batches of the model's own size",
            holds_when=Below(1.0),
            scale="log",
            source=asked,
        )
        for name, alpha in BLENDS.items()
    )


PARTS_OF_OURS = (
    Part(
        name="gaussian_ratio",
        measure="‖O(x̃) − x‖ / ‖x̃ − x‖ under zero-mean noise of σ = 0.2",
        holds_when=Below(1.0),
        scale="log",
    ),
    *(
        Part(
            name=f"{kind}_over_{name}",
            measure=f"that ratio under {NOISES[kind]}, over that of {what}",
            holds_when=Below(1.0),
            scale="log",
        )
        for kind in ("blend", "gaussian")
        for name, what in (
            ("blur", "the best Gaussian blur whose mean and spread are set to the data's"),
            ("filters", "the best filter with a setting chosen on training images under that noise"),
        )
    ),
)
"""Beyond the source's sentence: noise without a shift, and the dullest explanations."""

CONTROLS = (
    *(
        Control(name=f"{kind}_{name.replace(' ', '_')}", measure=f"ratio of the control '{name}' under {noise}")
        for kind, noise in NOISES.items()
        for name in (*FILTERS[1:], *FIXED)
    ),
    *(
        Control(
            name=f"{kind}_linear_copier",
            measure="ratio of principal axes that copy clean images as well and never saw noise, with the batch's mean "
            f"and spread set to the data's, under {noise}",
        )
        for kind, noise in NOISES.items()
    ),
    *(
        Control(name=f"{kind}_denoiser", measure=f"ratio of an equal net trained to denoise, under {noise}")
        for kind, noise in NOISES.items()
    ),
    Control(name="shift_ratio", measure=f"the copier's ratio under {NOISES['shift']}"),
    *(
        Control(name=f"{kind}_{name}", measure=f"{what}, {noise}")
        for kind, noise in NOISES.items()
        for name, what in (
            ("psnr", "PSNR of the copies of noisy images, dB"),
            ("psnr_noisy", "PSNR of the noisy images, dB"),
            (
                "own_error",
                "‖O(x) − x‖ / ‖x̃ − x‖ of the copier on clean images x: the line below which it cannot come by "
                "construction",
            ),
        )
    ),
    *(
        Control(name=f"{kind}_training", measure=f"the copier's ratio on training images, {NOISES[kind]}")
        for kind in ("blend", "gaussian")
    ),
    *(
        Control(name=f"{kind}_{name}", measure=f"{what}, {NOISES[kind]}")
        for kind in ("blend", "gaussian")
        for name, what in (
            ("detail", "energy of the copies above half of Nyquist's frequency, over the clean images'"),
            ("noise_left", "noise left in the copies, by the wavelet estimate"),
        )
    ),
    Control(name="clean_noise_level", measure="the same estimate for the clean images"),
    Control(name="clean_psnr", measure="PSNR of the copies of clean images, dB"),
    Control(
        name="own_error",
        measure="root mean squared error of these copies in units of pixel value: noise of a smaller σ cannot be "
        "removed by construction",
    ),
)
"""Beside each: what a filter, a linear copier and a trained denoiser reach."""
