"""One model's denoising beside every filter: the values and curves of a claim about denoising."""

__all__ = ["CONTROLS", "PARTS", "against_filters"]

from collections.abc import Mapping

import torch

from copyist.baselines.controls import CONTROLS as FILTERS
from copyist.baselines.filters import Median
from copyist.baselines.linear_copier import linear_copier, moments_matched
from copyist.claims.measures.copy_measures import clean_psnr, held_out
from copyist.claims.result import Curves
from copyist.claims.trial import Measurements, Pictures, Trial
from copyist.corruption import Blend, gaussian_blur
from copyist.evaluation.denoising_measures import CONTROLS_SAW, SIGMAS, WEIGHTS, denoising_table
from copyist.evaluation.denoising_table import Condition, DenoisingTable, Kind, Saw
from copyist.evidence import Below, Control, Part
from copyist.models.contracts import Reconstructor
from copyist.models.in_batches import apply_in_batches
from copyist.tensors import Images

JUDGED: Mapping[Kind, float] = {"blend": 0.3, "gaussian": 0.2, "shift": 0.3}
"""The strength at which each corruption is judged; the curves show the others."""

_NOISES: Mapping[Kind, str] = {
    "blend": "the blend with N(0.7, 0.2²) at α = 0.3",
    "gaussian": "zero-mean noise of σ = 0.2",
    "shift": "the noiseless shift toward 0.7 at α = 0.3",
}

PARTS = (
    *(
        Part(
            name=f"{kind}_ratio",
            measure=f"‖O(x̃) − x‖ / ‖x̃ − x‖ under {noise}, held-out images in whole batches of the model's own size",
            holds_when=Below(1.0),
        )
        for kind, noise in _NOISES.items()
    ),
    *(
        Part(
            name=f"{kind}_beyond_filters",
            measure=f"that ratio under {noise}, minus the best filter's"
            + (", the linear map apart, which undoes a noiseless shift exactly" if kind == "shift" else ""),
            holds_when=Below(0.0),
        )
        for kind, noise in _NOISES.items()
    ),
)
"""Closer than the noisy image, and closer than the best filter, which was set on training images for that noise."""

CONTROLS = (
    *(
        Control(name=f"{kind}_{name.replace(' ', '_')}", measure=f"ratio of the control '{name}' under {noise}")
        for kind, noise in _NOISES.items()
        for name in FILTERS
        if name != "identity"
    ),
    *(
        Control(
            name=f"{kind}_linear_copier",
            measure="ratio of principal axes that copy clean images as well and never saw noise, with the batch's mean "
            f"and spread set to the data's, under {noise}",
        )
        for kind, noise in _NOISES.items()
    ),
    *(
        Control(name=f"{kind}_denoiser", measure=f"ratio of an equal net trained to denoise, under {noise}")
        for kind, noise in _NOISES.items()
    ),
    *(
        Control(
            name=f"{kind}_{name.replace(' ', '_')}", measure=f"ratio of {words}, set without any image, under {noise}"
        )
        for kind, noise in _NOISES.items()
        for name, words in {"plain blur": "a blur of 1 px", "plain median": "the median of 3 × 3 pixels"}.items()
    ),
    *(
        Control(
            name=f"{kind}_best_unseen",
            measure=f"lowest ratio under {noise} of what never saw that corruption: identity, mean image, plain blur "
            "and median, linear copier",
        )
        for kind, noise in _NOISES.items()
    ),
    *(
        Control(
            name=f"{kind}_least_ratio",
            measure=f"error of the copies of clean images over the size of the corruption, {noise}: where it is 1 or "
            "more, nothing can be removed",
        )
        for kind, noise in _NOISES.items()
    ),
    Control(name="clean_psnr", measure="PSNR of the copies of clean images, dB"),
    Control(name="gaussian_detail", measure="energy above half of Nyquist's frequency over the clean images', σ = 0.2"),
    Control(name="gaussian_noise_left", measure="noise left in O(x̃) at σ = 0.2, by the wavelet estimate"),
    Control(name="clean_noise_level", measure="the same estimate for the clean images"),
)
"""Beside each: what a filter, a linear copier and a trained denoiser reach; what never saw the corruption apart."""

_SAW: Mapping[str, Saw] = {
    "copier": "clean images",
    "denoiser": "corruption",
    "linear copier": "clean images",
    "plain blur": "nothing",
    "plain median": "nothing",
}
"""Of the methods that are no controls of the table."""

_UNSEEN = tuple(
    name for name, saw in {**CONTROLS_SAW, **_SAW}.items() if name != "copier" and saw in ("nothing", "clean images")
)
"""What never saw the corruption, the copier itself apart."""


@torch.no_grad()
def against_filters(model: Reconstructor, denoiser: Reconstructor, source: str, trial: Trial) -> Measurements:
    """What `PARTS` and `CONTROLS` name: of a model on held-out images, of filters set on its training images, and of a
    trained denoiser.
    """
    train = trial.splits(source).train.images().to(trial.device)
    x = held_out(trial, source, count=trial.pick(smoke=8, standard=256, gpu=512))
    quality = clean_psnr(model, x)
    copier = linear_copier(train, x, clean_psnr=quality)

    def linear(x_tilde: Images) -> Images:
        return moments_matched(copier(x_tilde), train)

    table = denoising_table(
        {
            "copier": model,
            "denoiser": denoiser,
            "linear copier": linear,
            "plain blur": lambda x_tilde: gaussian_blur(x_tilde, sigma=1.0),
            "plain median": Median(3),
        },
        train=train[: trial.pick(smoke=4, standard=len(train), gpu=len(train))],
        test=x,
        apply=apply_in_batches,
        batch_size=model.batch_size,
        seed=trial.seed,
        saw=_SAW,
    )
    values = {f"{kind}_ratio": _ratio(table, "copier", kind) for kind in JUDGED}
    for kind in JUDGED:
        others = {name: _ratio(table, name, kind) for name in FILTERS}
        rivals = [value for name, value in others.items() if (kind, name) != ("shift", "linear")]
        values[f"{kind}_beyond_filters"] = values[f"{kind}_ratio"] - min(rivals)
        values |= {f"{kind}_{name.replace(' ', '_')}": value for name, value in others.items() if name != "identity"}
        values |= {f"{kind}_{name.replace(' ', '_')}": _ratio(table, name, kind) for name in _SAW if name != "copier"}
        values[f"{kind}_best_unseen"] = min(_ratio(table, name, kind) for name in _UNSEEN)
        values[f"{kind}_least_ratio"] = table.least_ratio("copier", Condition(kind, JUDGED[kind])) or 0.0
    row = table.row("copier", "gaussian", JUDGED["gaussian"])
    values |= {
        "clean_psnr": quality,
        "gaussian_detail": row.high_frequency_share,
        "gaussian_noise_left": row.noise_level,
        "clean_noise_level": table.clean_noise_level,
    }
    return Measurements(values=values, curves=_curves(table), pictures=_pictures(model, denoiser, x, trial))


def _ratio(table: DenoisingTable, method: str, kind: Kind, strength: float | None = None) -> float:
    """The mean ratio of a method under a corruption."""
    return table.row(method, kind, JUDGED[kind] if strength is None else strength).ratio.mean


def _curves(table: DenoisingTable) -> dict[str, Curves]:
    methods = (*_SAW, *FILTERS)
    axes: tuple[tuple[Kind, str, tuple[float, ...]], ...] = (
        ("blend", "α, share of the image", WEIGHTS),
        ("gaussian", "σ of the noise", SIGMAS),
        ("shift", "α, share of the image", WEIGHTS),
    )
    return {
        kind: Curves(
            title=f"Denoising: {kind}",
            x_label=label,
            y_label="distance to the clean image, of the noisy one's",
            x=strengths,
            lines={name: tuple(_ratio(table, name, kind, strength) for strength in strengths) for name in methods},
        )
        for kind, label, strengths in axes
    }


def _pictures(model: Reconstructor, denoiser: Reconstructor, x: Images, trial: Trial) -> dict[str, Pictures]:
    x_tilde = Blend(0.3)(x, generator=trial.generator("picture"))
    answers = {
        "its copy": apply_in_batches(model, x_tilde, batch_size=model.batch_size),
        "a denoiser's": apply_in_batches(denoiser, x_tilde, batch_size=model.batch_size),
    }
    shown = {"image": x, "noisy": x_tilde, **answers}
    return {
        "blend": Pictures(caption="Held-out images, blended at α = 0.3.", rows={k: v[:8] for k, v in shown.items()})
    }
