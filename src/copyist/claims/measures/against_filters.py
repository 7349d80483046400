"""One copier beside every filter: a table of its denoising under three corruptions, and what claims read off it."""

__all__ = ["against_filters", "filter_table", "ratio", "table_figures"]

import torch

from copyist.baselines.controls import CONTROLS as FILTERS
from copyist.baselines.linear_copier import linear_copier, moments_matched
from copyist.claims.measures.copy_measures import clean_psnr, copies, copying_error, denoising_ratio, held_out
from copyist.claims.measures.denoising_parts import BLENDS, FIXED, JUDGED, SET
from copyist.claims.result import Curves
from copyist.claims.trial import Measurements, Pictures, Trial
from copyist.corruption import Blend, Corruption, GaussianNoise
from copyist.evaluation.clean_measures import Function
from copyist.evaluation.denoising_measures import SIGMAS, WEIGHTS, measure_denoising
from copyist.evaluation.denoising_table import Condition, DenoisingTable, Kind, Saw
from copyist.models.contracts import Reconstructor
from copyist.models.in_batches import apply_in_batches
from copyist.tensors import Images

_SAW: dict[str, Saw] = {
    "copier": "clean images",
    "linear copier": "clean images",
    "denoiser": "corruption",
    **dict.fromkeys(FIXED, "nothing"),
}
"""Of the methods that are no controls of the table."""


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
    return measure_denoising(
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
