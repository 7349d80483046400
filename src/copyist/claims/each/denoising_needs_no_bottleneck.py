"""With the clean image for a target, an autoencoder denoises though its code is larger than the image."""

__all__ = ["CLAIM", "EXPERIMENT"]

from dataclasses import replace

import torch

from copyist.baselines.controls import CONTROLS as FILTERS
from copyist.baselines.controls import ControlFitter
from copyist.claims.measures.copy_measures import copies, denoising_ratio, distance_ratio, gain, held_out
from copyist.claims.nets import small_photos, through_code
from copyist.claims.result import Curves
from copyist.claims.trial import Experiment, Measurements, Pictures, Trial
from copyist.corruption import GaussianNoise
from copyist.evidence import Below, Claim, Control, Part, Regime
from copyist.models.contracts import Reconstructor
from copyist.objectives import Denoising
from copyist.tensors import Images
from copyist.training import Recipe

SIGMA = 0.2

TRAINED = GaussianNoise(sigma=(0.0, 0.5))
"""What all denoisers are trained to undo, drawn anew for every image."""

CLAIM = Claim(
    sentence="Trained against the clean image, an autoencoder needs no bottleneck: with a code larger than its input "
    "it denoises, and no worse than with a smaller one.",
    source='"Autoencoders & Denoising AEs", on denoising autoencoders: "DAEs work even when" there is no bottleneck',
    regime=Regime(psnr=None, why="not declared yet"),
    parts=(
        Part(
            name="overcomplete_ratio",
            measure="‖D(E(x̃)) − x‖ / ‖x̃ − x‖ at σ = 0.2 of the overcomplete net, trained against the clean image on "
            "Gaussian noise of σ from 0 to 0.5; held-out photographs (16×16)",
            holds_when=Below(1.0),
        ),
        Part(
            name="against_undercomplete",
            measure="that ratio minus the lowest of two nets with codes of a twelfth and a third of the image's "
            "values; their other layers, noise, rate and steps are the same",
            holds_when=Below(0.02),
        ),
        Part(
            name="gain",
            measure="projected gain at σ = 0.1 of the overcomplete net trained to denoise: 1 for the identity, which "
            "is there to be learned",
            holds_when=Below(0.5),
        ),
    ),
    controls=(
        *(
            Control(
                name=name.replace(" ", "_"), measure=f"ratio of the control '{name}', set on training images for this σ"
            )
            for name in FILTERS
            if name != "identity"
        ),
        Control(name="overcomplete_copier", measure="ratio of the same net trained only to copy"),
        Control(name="undercomplete_small", measure="ratio with a code of a twelfth of the image's values, denoising"),
        Control(name="undercomplete_large", measure="ratio with a code of a third of the image's values, denoising"),
        Control(name="gain_copier", measure="gain of the overcomplete net trained only to copy"),
        Control(name="gain_undercomplete", measure="gain with a code of a third, denoising"),
        Control(name="training_ratio", measure="ratio of the overcomplete denoiser on training photographs"),
    ),
)


@torch.no_grad()
def run(trial: Trial) -> Measurements:
    """Train nets with codes larger and smaller than their input, to denoise and to copy."""
    x = held_out(trial, small_photos(trial))
    train = trial.splits(small_photos(trial)).train.images().to(trial.device)
    values = x[0].numel()
    codes = {"overcomplete": None, "a third": values // 3, "a twelfth": values // 12}
    nets = {name: trial.trained(_denoiser(through_code(trial, code=code))) for name, code in codes.items()}
    copier = trial.trained(through_code(trial))
    noise = GaussianNoise(SIGMA)
    ratios = {name: denoising_ratio(net, x, noise, trial) for name, net in nets.items()}
    found = {
        "overcomplete_ratio": ratios["overcomplete"],
        "against_undercomplete": ratios["overcomplete"] - min(ratios["a third"], ratios["a twelfth"]),
        "gain": gain(nets["overcomplete"], x, trial),
        **_filtered(train, x, trial),
        "overcomplete_copier": denoising_ratio(copier, x, noise, trial),
        "undercomplete_small": ratios["a twelfth"],
        "undercomplete_large": ratios["a third"],
        "gain_copier": gain(copier, x, trial),
        "gain_undercomplete": gain(nets["a third"], x, trial),
        "training_ratio": denoising_ratio(nets["overcomplete"], train[: len(x)], noise, trial),
    }
    return Measurements(
        values=found, curves={"sigma": _curves(nets, x, trial)}, pictures={"answers": _pictures(nets, x, trial)}
    )


def _denoiser(recipe: Recipe) -> Recipe:
    """The same net, trained to undo Gaussian noise."""
    return replace(recipe, name=f"{recipe.name}-denoiser", objective=Denoising(corruption=TRAINED))


def _filtered(train: Images, x: Images, trial: Trial) -> dict[str, float]:
    known = train[: trial.pick(smoke=8, standard=len(train), gpu=len(train))]
    fitter = ControlFitter(known, run=lambda control, images: control(images))
    filters = fitter.fit(GaussianNoise(SIGMA), generator=trial.generator("filters"))
    x_tilde = GaussianNoise(SIGMA)(x, generator=trial.generator("noise", "GaussianNoise"))
    return {
        name.replace(" ", "_"): distance_ratio(filters[name](x_tilde), x_tilde, x)
        for name in FILTERS
        if name != "identity"
    }


def _curves(nets: dict[str, Reconstructor], x: Images, trial: Trial) -> Curves:
    sigmas = (0.05, 0.1, 0.2, 0.3, 0.5)
    return Curves(
        title="Denoising over the level of noise, by the size of the code",
        x_label="σ of the noise",
        y_label="distance to the clean image, of the noisy one's",
        x=sigmas,
        lines={
            name: [denoising_ratio(net, x, GaussianNoise(sigma), trial) for sigma in sigmas]
            for name, net in nets.items()
        },
    )


def _pictures(nets: dict[str, Reconstructor], x: Images, trial: Trial) -> Pictures:
    x_tilde = GaussianNoise(SIGMA)(x[:8], generator=trial.generator("picture"))
    rows = {"photograph": x[:8], "noisy": x_tilde, **{name: copies(net, x_tilde) for name, net in nets.items()}}
    return Pictures(
        caption="Held-out photographs with noise of σ = 0.2, denoised through codes of three sizes.", rows=rows
    )


EXPERIMENT = Experiment(claim=CLAIM, run=run)
