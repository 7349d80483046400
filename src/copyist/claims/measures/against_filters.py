"""One copier beside every filter: a table of its denoising under three corruptions, and what claims read off it.

Methods are told apart by what they know of the noise that they are to remove:

nothing   a filter whose setting was written down beforehand: a blur of 1 pixel, a median of 3×3, total variation of
          weight 0.1; the copier, and principal axes, which know clean images
set       a filter whose setting was chosen on training images under that very noise: blur, median, total variation
fitted    the linear map of least error under that noise, and a net of equal size that was trained to denoise
"""

__all__ = [
    "BLENDS",
    "CONTROLS",
    "FIXED",
    "JUDGED",
    "NOISES",
    "PARTS_OF_OURS",
    "SET",
    "against_filters",
    "blend_parts",
    "filter_table",
    "ratio",
    "table_figures",
]

from collections.abc import Mapping

import torch

from copyist.baselines.controls import CONTROLS as FILTERS
from copyist.baselines.filters import Median, TotalVariation
from copyist.baselines.linear_copier import linear_copier, moments_matched
from copyist.claims.measures.copy_measures import clean_psnr, copies, copying_error, denoising_ratio, held_out
from copyist.claims.result import Curves
from copyist.claims.trial import Measurements, Pictures, Trial
from copyist.corruption import Blend, Corruption, GaussianNoise, gaussian_blur
from copyist.evaluation.clean_measures import Function
from copyist.evaluation.denoising_measures import SIGMAS, WEIGHTS, denoising_table
from copyist.evaluation.denoising_table import Condition, DenoisingTable, Kind, Saw
from copyist.evidence import Below, Control, Part
from copyist.models.contracts import Reconstructor
from copyist.models.in_batches import apply_in_batches
from copyist.tensors import Images

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

_SAW: dict[str, Saw] = {
    "copier": "clean images",
    "linear copier": "clean images",
    "denoiser": "corruption",
    **dict.fromkeys(FIXED, "nothing"),
}
"""Of the methods that are no controls of the table."""

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


@torch.no_grad()
def against_filters(model: Reconstructor, denoiser: Reconstructor, source: str, trial: Trial) -> Measurements:
    """What `blend_parts`, `PARTS_OF_OURS` and `CONTROLS` name: of a model on held-out images, of filters, and of a
    trained denoiser.
    """
    table = filter_table(model, source, trial, denoiser=denoiser)
    x = held_out(trial, source, count=len(table_images(trial, source)))
    train = trial.splits(source).train.images(0, len(x)).to(trial.device)
    values = {f"blend_{name}": ratio(table, "copier", "blend", alpha) for name, alpha in BLENDS.items()}
    for kind in JUDGED:
        own = ratio(table, "copier", kind)
        if kind != "shift":
            values[f"{kind}_over_blur"] = own / ratio(table, "matched blur", kind)
            values[f"{kind}_over_filters"] = own / min(ratio(table, name, kind) for name in SET)
        if kind != "blend":
            values[f"{kind}_ratio"] = own
        values |= {
            f"{kind}_{name.replace(' ', '_')}": ratio(table, name, kind)
            for name in (*FILTERS, *FIXED, "linear copier", "denoiser")
            if name != "identity"
        }
        values |= {
            f"{kind}_psnr": table.row("copier", kind, JUDGED[kind]).psnr,
            f"{kind}_psnr_noisy": table.row("identity", kind, JUDGED[kind]).psnr,
            f"{kind}_own_error": _own_error(table, kind, JUDGED[kind]),
        }
    noises: dict[Kind, Corruption] = {"blend": Blend(0.3), "gaussian": GaussianNoise(0.2)}
    for kind, noise in noises.items():
        row = table.row("copier", kind, JUDGED[kind])
        values |= {
            f"{kind}_training": denoising_ratio(model, train, noise, trial),
            f"{kind}_detail": row.high_frequency_share,
            f"{kind}_noise_left": row.noise_level,
        }
    values |= {
        "clean_noise_level": table.clean_noise_level,
        "clean_psnr": clean_psnr(model, x),
        "own_error": copying_error(model, x),
    }
    return Measurements(
        values=values,
        curves=table_figures(table),
        pictures={"blend": _pictures(model, denoiser, x, trial)},
    )


@torch.no_grad()
def filter_table(
    model: Reconstructor, source: str, trial: Trial, *, denoiser: Reconstructor | None = None
) -> DenoisingTable:
    """The copier, principal axes that copy as well, filters that know nothing, set ones and fitted ones, in one table.

    Args:
        model: under the name "copier".
        source: of its images; filters are set on its training images, and all are measured on held-out ones.
        trial: decides how many.
        denoiser: an equal net that was trained to denoise, where there is one.
    """
    train = trial.splits(source).train.images().to(trial.device)
    x = table_images(trial, source)
    copier = linear_copier(train, x, clean_psnr=clean_psnr(model, x))

    def linear(x_tilde: Images) -> Images:
        return moments_matched(copier(x_tilde), train)

    models: dict[str, Function] = {"copier": model, "linear copier": linear, **FIXED}
    if denoiser is not None:
        models["denoiser"] = denoiser
    return denoising_table(
        models,
        train=train[: trial.pick(smoke=4, standard=len(train), gpu=len(train))],
        test=x,
        apply=apply_in_batches,
        batch_size=model.batch_size,
        seed=trial.seed,
        saw={name: _SAW[name] for name in models},
    )


def table_images(trial: Trial, source: str) -> Images:
    """The held-out images that a table is about."""
    return held_out(trial, source, count=trial.pick(smoke=8, standard=256, gpu=512))


def ratio(table: DenoisingTable, method: str, kind: Kind, strength: float | None = None) -> float:
    """The mean ratio of a method under a corruption, by default at the strength that is judged."""
    return table.row(method, kind, JUDGED[kind] if strength is None else strength).ratio.mean


def table_figures(table: DenoisingTable) -> dict[str, Curves]:
    """Ratios and PSNR over the strength of each corruption, with the line that the copier's own error draws."""
    methods = [name for name in table.methods if name != "identity"]
    axes: tuple[tuple[Kind, str, tuple[float, ...]], ...] = (
        ("blend", "α, share of the image", WEIGHTS),
        ("gaussian", "σ of the noise", SIGMAS),
        ("shift", "α, share of the image", WEIGHTS),
    )
    figures: dict[str, Curves] = {}
    for kind, label, strengths in axes:
        lines = {name: [ratio(table, name, kind, each) for each in strengths] for name in methods}
        lines["the copier's error on clean images"] = [_own_error(table, kind, each) for each in strengths]
        decibels = {name: [table.row(name, kind, each).psnr for each in strengths] for name in table.methods}
        figures |= {
            kind: Curves(
                title=f"Denoising: {kind}",
                x_label=label,
                y_label="distance to the clean image, of the noisy one's",
                x=strengths,
                lines=lines,
            ),
            f"{kind}-psnr": Curves(
                title=f"Denoising: {kind}", x_label=label, y_label="PSNR, dB", x=strengths, lines=decibels
            ),
        }
    return figures


def _own_error(table: DenoisingTable, kind: Kind, strength: float) -> float:
    """The copier's error on clean images, over the distance that a corruption made."""
    found = table.least_ratio("copier", Condition(kind, strength))
    assert found is not None
    return found


def _pictures(model: Reconstructor, denoiser: Reconstructor, x: Images, trial: Trial) -> Pictures:
    x_tilde = Blend(0.3)(x, generator=trial.generator("picture"))
    shown = {
        "image": x,
        "noisy": x_tilde,
        "its copy": copies(model, x_tilde),
        "a denoiser's": copies(denoiser, x_tilde),
    }
    rows = {label: images[:8] for label, images in shown.items()}
    return Pictures(caption="Held-out images, blended at α = 0.3.", rows=rows)
