"""A U-Net without skips denoises although it was only trained to copy."""

__all__ = ["CLAIM", "EXPERIMENT"]

import torch

from copyist.baselines.filters import MatchedBlur
from copyist.baselines.linear_copier import moments_matched
from copyist.baselines.principal_axes import PCAFeatures
from copyist.claims.measures.against_filters import CONTROLS, PARTS, against_filters
from copyist.claims.measures.copy_measures import copies, denoising_ratio, held_out
from copyist.claims.nets import (
    denoiser,
    overcomplete,
    photos,
    photos_unet,
    small_photos,
    small_photos_unet,
)
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.corruption import Blend, GaussianNoise
from copyist.evidence import Below, Claim, Control, Part, Regime
from copyist.metrics.distribution import frechet_distance
from copyist.tensors import Images

HEAVY = 0.1
SHARES = (0.05, 0.2, 1.0, 3.0)
"""Of the usual steps."""

BLURS = (0.8, 1.4, 2.0, 3.0, 4.5)

CLAIM = Claim(
    sentence="A U-Net without skips that was only trained to copy denoises, under heavy noise too, beyond what filters "
    "do and better than a fully connected net; after more training, better.",
    source='Badger, "Autoencoders: Learning by Copying", on autoencoders that denoise without being trained to, and on '
    "the role of batch normalization; the parts on filters are ours",
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        *PARTS,
        Part(
            name="heavy_blend_ratio",
            measure="‖O(x̃) − x‖ / ‖x̃ − x‖ under the blend at α = 0.1",
            holds_when=Below(1.0),
        ),
        Part(
            name="blend_against_mlp",
            measure="ratio under the blend at α = 0.3 minus that of the overcomplete MLP, photographs of 16×16",
            holds_when=Below(0.0),
        ),
        Part(
            name="gaussian_against_mlp",
            measure="the same under zero-mean noise of σ = 0.2",
            holds_when=Below(0.0),
        ),
        Part(
            name="blend_after_more_training",
            measure="ratio under the blend at α = 0.3 after three times the usual steps, minus that after a "
            "twentieth of them",
            holds_when=Below(0.0),
        ),
        Part(
            name="pure_noise_against_blur",
            measure="Fréchet distance to held-out photographs (principal axes as features) of copies of pure noise "
            "after three times the usual steps, minus that of the best blur of the same noise whose mean and spread "
            "are set to the data's",
            holds_when=Below(0.0),
        ),
    ),
    controls=(
        *CONTROLS,
        Control(name="pure_noise", measure="Fréchet distance of the noise itself"),
        Control(name="pure_noise_blur", measure="Fréchet distance of its best matched blur"),
        Control(name="pure_noise_copies", measure="Fréchet distance of its copies"),
        Control(name="pure_noise_real", measure="Fréchet distance of training photographs: the floor"),
        Control(name="small_blend", measure="ratio of the U-Net at 16×16, blend at α = 0.3"),
        Control(name="small_gaussian", measure="ratio of the U-Net at 16×16, zero-mean noise of σ = 0.2"),
    ),
)


@torch.no_grad()
def run(trial: Trial) -> Measurements:
    """The table, the course of training, the MLP on equal images, and pure noise."""
    recipe = photos_unet(trial)
    model = trial.trained(recipe)
    found = against_filters(model, trial.trained(denoiser(recipe)), photos(trial), trial)
    x = held_out(trial, photos(trial), count=trial.pick(smoke=16, standard=256, gpu=256))
    course = _course(trial, x)
    small = _against_mlp(trial)
    pure, pictures = _pure_noise(trial)
    values = {**found.values, **small, **pure}
    values["heavy_blend_ratio"] = denoising_ratio(model, x, Blend(HEAVY), trial)
    line = course.lines["blend, α = 0.3"]
    values["blend_after_more_training"] = line[-1] - line[0]
    return Measurements(
        values=values,
        curves={**found.curves, "training": course},
        pictures={**found.pictures, "pure-noise": pictures},
    )


def _course(trial: Trial, x: Images) -> Curves:
    recipes = [photos_unet(trial, share=share) for share in SHARES]
    nets = [trial.trained(recipe) for recipe in recipes]
    noises = {"blend, α = 0.3": Blend(0.3), "blend, α = 0.1": Blend(HEAVY), "zero-mean, σ = 0.2": GaussianNoise(0.2)}
    return Curves(
        title="Denoising over training",
        x_label="steps of training",
        y_label="distance to the clean image, of the noisy one's",
        x=[recipe.training.steps for recipe in recipes],
        lines={name: [denoising_ratio(net, x, noise, trial) for net in nets] for name, noise in noises.items()},
        log_x=True,
    )


def _against_mlp(trial: Trial) -> dict[str, float]:
    x = held_out(trial, small_photos(trial))
    unet, mlp = trial.trained(small_photos_unet(trial)), trial.trained(overcomplete(trial))
    values: dict[str, float] = {}
    for kind, noise in {"blend": Blend(0.3), "gaussian": GaussianNoise(0.2)}.items():
        values[f"small_{kind}"] = denoising_ratio(unet, x, noise, trial)
        values[f"{kind}_against_mlp"] = values[f"small_{kind}"] - denoising_ratio(mlp, x, noise, trial)
    return values


def _pure_noise(trial: Trial) -> tuple[dict[str, float], Pictures]:
    splits = trial.splits(photos(trial))
    train = splits.train.images().to(trial.device)
    real = splits.test.images().to(trial.device)
    features = PCAFeatures.fit(train, dimensions=trial.pick(smoke=8, standard=32, gpu=64))
    noise = Blend(0.0)(real, generator=trial.generator("pure noise"))
    longest = trial.trained(photos_unet(trial, share=SHARES[-1]))
    shown = copies(longest, noise)

    def distance(images: Images) -> float:
        return frechet_distance(features(images), features(real))

    blurs = [moments_matched(MatchedBlur.fitted(train, blur=blur)(noise), train) for blur in BLURS]
    values = {
        "pure_noise": distance(noise),
        "pure_noise_blur": min(distance(blurred) for blurred in blurs),
        "pure_noise_copies": distance(shown),
        "pure_noise_real": distance(train[: len(real)]),
    }
    values["pure_noise_against_blur"] = values["pure_noise_copies"] - values["pure_noise_blur"]
    best = min(blurs, key=distance)
    rows = {"noise": noise[:8], "its copy": shown[:8], "its best blur": best[:8]}
    return values, Pictures(caption="Copies of pure noise, after three times the usual steps.", rows=rows)


EXPERIMENT = Experiment(claim=CLAIM, run=run)
