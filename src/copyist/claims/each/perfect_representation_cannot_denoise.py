"""Where the output represents its input perfectly, the denoising loss is that of the corruption."""

__all__ = ["CLAIM", "EXPERIMENT"]

import torch

from copyist.baselines.filters import Unchanged
from copyist.baselines.linear_copier import linear_copier
from copyist.claims.measures.copy_measures import clean_psnr, copies, distance_ratio, gain, held_out, squared_error
from copyist.claims.nets import attention_copier, scenes
from copyist.claims.nets.ladder import ladder
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.corruption import Blend, Corruption, GaussianNoise
from copyist.evidence import Claim, Control, Part, Regime, Within
from copyist.models.contracts import Reconstructor
from copyist.tensors import Images

SIGMA, ALPHA = 0.2, 0.3
MEAN, STD = 0.7, 0.2
"""Of the noise that is blended in."""

NOISES: dict[str, Corruption] = {"gaussian": GaussianNoise(SIGMA), "blend": Blend(ALPHA)}

NETS = ("attention", "skips", "plain")

_SAID = (
    '"Representations in Unet generative models", on denoising autoencoders: if the output represents its noisy input '
    "perfectly, the loss equals the squared distance that the corruption made"
)

CLAIM = Claim(
    sentence="If the output represents its noisy input perfectly, the distance to the clean image is the one that the "
    "corruption made.",
    source='Badger, "Autoencoders: Learning by Copying", on representations in U-Nets with attention',
    regime=Regime(psnr=None, why="what represents its input perfectly is the identity; trained nets stand beside it"),
    picture="copies",
    parts=(
        Part(
            name="identity_gaussian",
            measure="mean squared error of the identity on zero-mean noise of σ = 0.2, over σ²; held-out landscapes",
            holds_when=Within(0.01, around=1.0),
            source=_SAID,
        ),
        Part(
            name="identity_blend",
            measure="the same on the blend with N(0.7, 0.2²) at α = 0.3, over (1 − α)²·(mean (x − 0.7)² + 0.2²)",
            holds_when=Within(0.01, around=1.0),
            source=_SAID,
        ),
    ),
    controls=(
        *(
            Control(name=f"{net}_{number}", measure=f"{what}, {words}")
            for net, words in (
                ("attention", "one linear attention between two convolutions, on its own images"),
                ("skips", "U-Net with skips, on landscapes of 32×32 in batches of 32"),
                ("plain", "U-Net without skips, likewise"),
            )
            for number, what in (
                ("gaussian", "mean squared error of copies of zero-mean noise of σ = 0.2, over the noisy images' own"),
                ("blend", "the same on the blend at α = 0.3"),
                ("moved", "‖O(x̃) − x̃‖ / ‖x̃ − x‖, σ = 0.2: 0 for the identity; by the triangle inequality the ratio "
                 "of distances is within this of 1"),
                ("gain", "projected gain at σ = 0.1"),
                ("psnr", "PSNR of copies of clean images, dB"),
            )
        ),
        Control(
            name="linear_copier_gaussian",
            measure="the ratio of squared errors of as many principal axes as copy clean landscapes like the U-Net "
            "with skips, σ = 0.2",
        ),
    ),
)  # fmt: skip


@torch.no_grad()
def run(trial: Trial) -> Measurements:
    """Compare the identity with paper, and trained copiers with the identity."""
    x = held_out(trial, scenes(trial))
    noisy, blended = (_corrupted(x, noise, trial) for noise in NOISES.values())
    on_paper = (1 - ALPHA) ** 2 * (float((x - MEAN).square().mean()) + STD**2)
    identity = Unchanged()
    values = {
        "identity_gaussian": squared_error(identity(noisy), x) / SIGMA**2,
        "identity_blend": squared_error(identity(blended), x) / on_paper,
    }
    recipes = {"attention": attention_copier(trial), "skips": ladder(trial, "skips"), "plain": ladder(trial)}
    rows: dict[str, Images] = {"image": x, "noisy": noisy}
    for net in NETS:
        model = trial.trained(recipes[net], control=True)
        seen = held_out(trial, recipes[net].data)
        values |= {f"{net}_{number}": value for number, value in _beside(model, seen, trial).items()}
        if recipes[net].data == scenes(trial):
            rows[net] = copies(model, noisy)
            if net == "skips":
                train = trial.splits(scenes(trial)).train.images().to(trial.device)
                axes = linear_copier(train, x, clean_psnr=clean_psnr(model, x))
                values["linear_copier_gaussian"] = squared_error(axes(noisy), x) / squared_error(noisy, x)
    return Measurements(
        values=values,
        pictures={
            "copies": Pictures(
                caption="Held-out landscapes with noise of σ = 0.2, and what copiers make of them.",
                rows={label: images[:8] for label, images in rows.items()},
            )
        },
    )


def _beside(model: Reconstructor, x: Images, trial: Trial) -> dict[str, float]:
    """How near a copier comes to the identity, and its losses to those of the corruption."""
    tilde = {name: _corrupted(x, noise, trial) for name, noise in NOISES.items()}
    copied = {name: copies(model, x_tilde) for name, x_tilde in tilde.items()}
    losses = {name: squared_error(copied[name], x) / squared_error(tilde[name], x) for name in NOISES}
    moved = distance_ratio(copied["gaussian"] - tilde["gaussian"] + x, tilde["gaussian"], x)
    return losses | {"moved": moved, "gain": gain(model, x, trial), "psnr": clean_psnr(model, x)}


def _corrupted(x: Images, corruption: Corruption, trial: Trial) -> Images:
    return corruption(x, generator=trial.generator("noise", type(corruption).__name__))


EXPERIMENT = Experiment(claim=CLAIM, run=run)
