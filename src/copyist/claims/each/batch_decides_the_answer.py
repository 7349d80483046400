"""Part of a copier's denoising is the doing of its batch."""

__all__ = ["CLAIM", "EXPERIMENT"]

import torch

from copyist.baselines.filters import MatchedBlur
from copyist.claims.measures.copy_measures import denoising_ratio, held_out
from copyist.claims.nets import photos, photos_unet
from copyist.claims.trial import Experiment, Measurements, Trial
from copyist.corruption import Blend, Corruption, GaussianNoise
from copyist.evaluation.clean_measures import Function
from copyist.evaluation.denoising_measures import batch_dependence
from copyist.evidence import Above, Claim, Control, Part, Regime
from copyist.models.in_batches import apply_in_batches
from copyist.nn.norm import Statistics
from copyist.tensors import Images

COMPANIES = ("all noisy", "half clean", "eights", "alone")

CLAIM = Claim(
    sentence="How well a U-Net with batch statistics denoises an image depends on the other images of its batch.",
    source="ours; the source never switches its batch normalization to stored statistics",
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="alone_minus_company",
            measure="ratio ‖O(x̃) − x‖ / ‖x̃ − x‖ of the blend at α = 0.3, each image alone, minus that in batches of 64 "
            "noisy images",
            holds_when=Above(0.05),
        ),
        Part(
            name="half_clean_minus_company",
            measure="the same, in batches of which every other image is clean, minus all noisy",
            holds_when=Above(0.05),
        ),
    ),
    controls=(
        *(
            Control(name=f"{kind}_{company.replace(' ', '_')}", measure=f"ratio, {noise}, {company}")
            for kind, noise in (("blend", "blend at α = 0.3"), ("gaussian", "zero-mean noise of σ = 0.2"))
            for company in COMPANIES
        ),
        *(
            Control(name=f"blur_{company.replace(' ', '_')}", measure=f"ratio of matched blur, blend, {company}")
            for company in COMPANIES
        ),
        Control(name="blend_running_averages", measure="ratio of a U-Net that uses running averages, blend"),
        Control(name="blend_image_statistics", measure="ratio of a U-Net that uses each image's own statistics, blend"),
        Control(name="blend_no_statistics", measure="ratio of a U-Net without normalization, blend"),
        Control(name="gaussian_running_averages", measure="ratio with running averages, zero-mean noise"),
        Control(name="gaussian_image_statistics", measure="ratio with each image's own statistics, zero-mean noise"),
        Control(name="gaussian_no_statistics", measure="ratio without normalization, zero-mean noise"),
    ),
)

OTHERS: tuple[tuple[str, Statistics], ...] = (
    ("running_averages", "running"),
    ("image_statistics", "image"),
    ("no_statistics", "none"),
)


def run(trial: Trial) -> Measurements:
    """The same noisy images in four companies; the same training with four kinds of statistics."""
    x = held_out(trial, photos(trial), count=trial.pick(smoke=16, standard=256, gpu=256))
    model = trial.trained(photos_unet(trial))
    train = trial.splits(photos(trial)).train.images().to(trial.device)
    blur = MatchedBlur.fitted(train, blur=0.8)
    noises: dict[str, Corruption] = {"blend": Blend(0.3), "gaussian": GaussianNoise(0.2)}
    values: dict[str, float] = {}
    for kind, corruption in noises.items():
        x_tilde = corruption(x, generator=trial.generator("noise", kind))
        values |= _in_companies(kind, model, x, x_tilde, model.batch_size)
        if kind == "blend":
            values |= _in_companies("blur", blur, x, x_tilde, model.batch_size)
    for name, statistics in OTHERS:
        other = trial.trained(photos_unet(trial, statistics=statistics))
        values |= {f"{kind}_{name}": denoising_ratio(other, x, noise, trial) for kind, noise in noises.items()}
    values["alone_minus_company"] = values["blend_alone"] - values["blend_all_noisy"]
    values["half_clean_minus_company"] = values["blend_half_clean"] - values["blend_all_noisy"]
    return Measurements(values=values)


@torch.no_grad()
def _in_companies(kind: str, method: Function, x: Images, x_tilde: Images, batch_size: int) -> dict[str, float]:
    rows = batch_dependence(kind, method, x=x, x_tilde=x_tilde, apply=apply_in_batches, batch_size=batch_size)
    ratios = {row.batch: row.ratio.mean for row in rows}
    return {f"{kind}_{company.replace(' ', '_')}": ratios[company] for company in COMPANIES}


EXPERIMENT = Experiment(claim=CLAIM, run=run)
