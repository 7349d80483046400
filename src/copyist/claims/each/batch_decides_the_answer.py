"""Part of a copier's denoising is the doing of its batch."""

__all__ = ["CLAIM", "EXPERIMENT"]

import torch

from copyist.baselines.filters import MatchedBlur
from copyist.claims.measures.copy_measures import denoising_ratio, held_out
from copyist.claims.measures.running_averages import with_running_averages
from copyist.claims.nets import crops_unet, scenes
from copyist.claims.nets.ladder import ladder
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.corruption import Blend, Corruption, GaussianNoise
from copyist.evaluation.clean_measures import Function
from copyist.evaluation.denoising_measures import WEIGHTS, batch_dependence
from copyist.evidence import Above, Claim, Control, Part, Regime
from copyist.models.contracts import Reconstructor
from copyist.models.in_batches import apply_in_batches, in_batches
from copyist.tensors import Images

COMPANIES = ("all noisy", "half clean", "eights", "alone")

NOISES: dict[str, Corruption] = {"blend": Blend(0.3), "gaussian": GaussianNoise(0.2)}

_WORDS = {"blend": "blend at α = 0.3", "gaussian": "zero-mean noise of σ = 0.2"}

CLAIM = Claim(
    sentence="How well a U-Net with batch statistics denoises an image depends on the other images of its batch.",
    source="ours; the source never switches its batch normalization to stored statistics",
    regime=Regime(psnr=33.0, code=1.0),
    picture="companies",
    parts=(
        Part(
            name="alone_over_company",
            measure="ratio ‖O(x̃) − x‖ / ‖x̃ − x‖ of the blend at α = 0.3, held-out whole landscapes, each image alone, "
            "over that in batches of 32 noisy images",
            holds_when=Above(1.1),
            scale="log",
        ),
        Part(
            name="half_clean_over_company",
            measure="the same, in batches of which every other image is clean, over all noisy",
            holds_when=Above(1.1),
            scale="log",
        ),
        Part(
            name="averages_over_company",
            measure="the same, with averages over clean training batches in the place of the batch's own statistics, "
            "over batches of 32 noisy images",
            holds_when=Above(1.1),
            scale="log",
        ),
    ),
    controls=(
        *(
            Control(name=f"{kind}_{company.replace(' ', '_')}", measure=f"ratio, {noise}, {company}")
            for kind, noise in _WORDS.items()
            for company in COMPANIES
        ),
        *(
            Control(name=f"blur_{company.replace(' ', '_')}", measure=f"ratio of matched blur, blend, {company}")
            for company in COMPANIES
        ),
        *(
            Control(
                name=f"crops_{company.replace(' ', '_')}",
                measure=f"ratio, blend, {company}, of a U-Net on crops of photographs of 16×16, which share no layout",
            )
            for company in COMPANIES
        ),
        *(
            Control(name=f"training_{company.replace(' ', '_')}", measure=f"ratio, blend, {company}, training images")
            for company in COMPANIES
        ),
        *(
            Control(name=f"{kind}_{name}", measure=f"ratio {words}, {noise}")
            for kind, noise in _WORDS.items()
            for name, words in (
                ("averages", "of the same net with averages over clean training batches"),
                ("image_statistics", "of a net that uses each image's own statistics, in training too"),
                ("no_statistics", "of a net without normalization"),
            )
        ),
    ),
)


def run(trial: Trial) -> Measurements:
    """The same noisy images in four companies; the same net with stored averages, and two others."""
    splits, recipe = trial.splits(scenes(trial)), ladder(trial)
    x = held_out(trial, scenes(trial), count=trial.pick(smoke=16, standard=256, gpu=256))
    train = splits.train.images().to(trial.device)
    model = trial.trained(recipe)
    values: dict[str, float] = {}
    for kind, noise in NOISES.items():
        values |= _in_companies(kind, model, x, noise, trial)
    values |= _in_companies("blur", MatchedBlur.fitted(train, blur=0.8), x, NOISES["blend"], trial)
    values |= _in_companies("training", model, train[: len(x)], NOISES["blend"], trial)
    crops = held_out(trial, crops_unet(trial).data, count=len(x))
    values |= _in_companies("crops", trial.trained(crops_unet(trial), control=True), crops, NOISES["blend"], trial)
    others = {
        "averages": with_running_averages(model, train, batch_size=recipe.training.batch_size),
        "image_statistics": trial.trained(ladder(trial, "per-image"), control=True),
        "no_statistics": trial.trained(ladder(trial, "no-norm"), control=True),
    }
    for name, net in others.items():
        values |= {f"{kind}_{name}": denoising_ratio(net, x, noise, trial) for kind, noise in NOISES.items()}
    values |= {
        "alone_over_company": values["blend_alone"] / values["blend_all_noisy"],
        "half_clean_over_company": values["blend_half_clean"] / values["blend_all_noisy"],
        "averages_over_company": values["blend_averages"] / values["blend_all_noisy"],
    }
    return Measurements(
        values=values,
        curves={"weights": _curves(model, x, trial)},
        pictures={"companies": _pictures(model, others["averages"], x, trial)},
    )


@torch.no_grad()
def _in_companies(kind: str, method: Function, x: Images, noise: Corruption, trial: Trial) -> dict[str, float]:
    x_tilde = noise(x, generator=trial.generator("noise", kind))
    size = ladder(trial).training.batch_size
    rows = batch_dependence(kind, method, x=x, x_tilde=x_tilde, apply=apply_in_batches, batch_size=size)
    ratios = {row.batch: row.ratio.mean for row in rows}
    return {f"{kind}_{company.replace(' ', '_')}": ratios[company] for company in COMPANIES}


@torch.no_grad()
def _curves(model: Reconstructor, x: Images, trial: Trial) -> Curves:
    lines: dict[str, list[float]] = {company: [] for company in COMPANIES}
    for alpha in WEIGHTS:
        found = _in_companies("blend", model, x, Blend(alpha), trial)
        for company in COMPANIES:
            lines[company].append(found[f"blend_{company.replace(' ', '_')}"])
    return Curves(
        title="The same images in batches of other kinds",
        x_label="α, share of the image",
        y_label="distance to the clean image, of the noisy one's",
        x=WEIGHTS,
        lines=lines,
    )


@torch.no_grad()
def _pictures(model: Reconstructor, averaged: Reconstructor, x: Images, trial: Trial) -> Pictures:
    x_tilde = Blend(0.3)(x, generator=trial.generator("noise", "blend"))
    mixed = torch.stack([x_tilde, x.roll(len(x) // 2, dims=0)], dim=1).flatten(0, 1)
    shown = {
        "image": x,
        "noisy": x_tilde,
        "all noisy": in_batches(model, model, x_tilde),
        "half clean": in_batches(model, model, mixed)[::2],
        "alone": in_batches(model, model, x_tilde[:8], batch_size=1),
        "averages": in_batches(averaged, averaged, x_tilde),
    }
    rows = {label: images[:8] for label, images in shown.items()}
    return Pictures(caption="The same noisy landscapes in batches of other kinds.", rows=rows)


EXPERIMENT = Experiment(claim=CLAIM, run=run)
