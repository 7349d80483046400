"""Whether a copier that never saw a corruption undoes it better than a linear map that was fitted to it."""

__all__ = ["CLAIM", "EXPERIMENT"]

from collections.abc import Mapping

import torch

from copyist.baselines.wiener import fit_linear, linear_bases
from copyist.claims.measures.copy_measures import copying_error, denoising_ratio, distance_ratio, held_out
from copyist.claims.measures.over_training import LearningCurve, learning_curve, learning_curves
from copyist.claims.nets import scenes
from copyist.claims.nets.ladder import ladder
from copyist.claims.trial import Experiment, Measurements, Trial
from copyist.corruption import Blend, Corruption, GaussianNoise
from copyist.evidence import Above, Claim, Control, Part, Regime
from copyist.tensors import Images

NOISES: Mapping[str, Corruption] = {
    "noise_light": GaussianNoise(0.1), "noise": GaussianNoise(0.2), "noise_heavy": GaussianNoise(0.4),
    "blend_light": Blend(0.7), "blend": Blend(0.3), "blend_heavy": Blend(0.1),
}  # fmt: skip

WORDS = {
    "noise_light": "zero-mean noise of σ = 0.1", "noise": "zero-mean noise of σ = 0.2",
    "noise_heavy": "zero-mean noise of σ = 0.4", "blend_light": "the blend at α = 0.7", "blend": "the blend at α = 0.3",
    "blend_heavy": "the blend at α = 0.1",
}  # fmt: skip

CLAIM = Claim(
    sentence="No copier that never saw a corruption undoes it better than a linear map that was fitted to it, however "
    "long it is trained.",
    source="ours: found on nets that copy at 21 dB, and asked again of nets that copy well",
    regime=Regime(psnr=33.0, code=1.0),
    picture="over-training",
    parts=tuple(
        Part(
            name=f"{kind}_over_fitted",
            measure=f"‖O(x̃) − x‖ / ‖x̃ − x‖ under {words}, held-out landscapes in batches of 32, the lowest of "
            "all snapshots from 33 dB on and the end, over that of the linear map of least error, fitted on training "
            "images with that corruption",
            holds_when=Above(1.0),
            scale="log",
        )
        for kind, words in WORDS.items()
    ),
    controls=(
        *(Control(name=f"{kind}_fitted", measure=f"ratio of that map, {words}") for kind, words in WORDS.items()),
        *(
            Control(name=f"{kind}_end", measure=f"the copier's ratio at the end, {words}")
            for kind, words in WORDS.items()
        ),
        Control(name="own_error", measure="root mean squared error of its copies of clean images at the end"),
    ),
)


@torch.no_grad()
def run(trial: Trial) -> Measurements:
    """Fit the map to each corruption, and hold every snapshot of the copier against it."""
    recipe = ladder(trial)
    x = held_out(trial, scenes(trial), count=trial.pick(smoke=16, standard=256, gpu=256))
    train = trial.splits(scenes(trial)).train.images().to(trial.device)
    values = {"own_error": copying_error(trial.trained(recipe), x)}
    rungs, lines = trial.rungs(recipe), dict[str, LearningCurve]()
    for kind, noise in NOISES.items():
        fitted = _fitted(train, x, noise, trial)
        found = learning_curve(rungs, lambda net: denoising_ratio(net, x, noise, trial))  # noqa: B023
        good = [
            value for rung, value in zip(rungs, found.values, strict=True) if rung.level is None or rung.level >= 33
        ]
        values |= {
            f"{kind}_over_fitted": min(good) / fitted,
            f"{kind}_fitted": fitted,
            f"{kind}_end": found.values[-1],
        }
        over = [value / fitted for value in found.values]
        lines[WORDS[kind]] = LearningCurve(psnrs=found.psnrs, visits=found.visits, values=over)
    figure = learning_curves(
        lines, title="A copier over a fitted linear map", y_label="ratio of the copier, of the fitted map's"
    )
    return Measurements(values=values, curves={"over-training": figure})


def _fitted(train: Images, x: Images, noise: Corruption, trial: Trial) -> float:
    """The ratio of the linear map fitted to a corruption: half of the images give its axes, and half its gains."""
    bases, clean = linear_bases(train[::2]), train[1::2]
    linear = fit_linear(bases, clean=clean, noisy=noise(clean, generator=trial.generator("fit", str(noise))))
    x_tilde = noise(x, generator=trial.generator("noise", type(noise).__name__))
    return distance_ratio(linear(x_tilde), x_tilde, x)


EXPERIMENT = Experiment(claim=CLAIM, run=run)
