"""Nets of one layer whose codes are kept quiet or still, and the same nets left alone."""

__all__ = ["blobs", "contracted", "sparse"]

from dataclasses import replace
from typing import Literal

from copyist.claims.trial import Trial
from copyist.corruption import GaussianNoise
from copyist.models.mlp import Activation, MLPConfig
from copyist.models.sparse_mlp import SparseMLPConfig
from copyist.objectives import Contraction, Copying, DeadUnitResampling, Denoising, KLSparsity, L1Sparsity, Objective
from copyist.training import Optimization, Recipe, Training

_PRICES: dict[str, tuple[Activation, Objective]] = {
    "none": ("relu", Copying()),
    "none-sigmoid": ("sigmoid", Copying()),
    "l1": ("relu", L1Sparsity(weight=0.1)),
    "plain-l1": ("relu", L1Sparsity(weight=0.1, scale="code")),
    "kl": ("sigmoid", KLSparsity(weight=0.1, rate=0.05)),
}
"""What each net is asked for, beside copies."""


def sparse(trial: Trial, *, price: Literal["none", "none-sigmoid", "l1", "plain-l1", "kl", "largest"]) -> Recipe:
    """One layer of units, several times as many as a gray photograph has values, and one back.

    Args:
        trial: decides sizes and steps.
        price: on the code: none, on rectified or sigmoid units; L1, in units of the image or plain; KL to a rate of
            5 %; or none where the largest twentieth speaks, and the dead are revived.
    """
    units = trial.pick(smoke=128, cpu=512, gpu=4096)
    steps = trial.pick(smoke=20, cpu=3000, gpu=20_000)
    training = Training(
        steps=steps,
        batch_size=trial.pick(smoke=32, cpu=128, gpu=256),
        validate_every=steps,
        save_every=steps,
        optimization=Optimization(learning_rate=1e-3),
    )
    if price == "largest":
        model, objective = (
            SparseMLPConfig(widths=(units,), k=units // 20),
            DeadUnitResampling(objective=Copying(), after=50_000),
        )
    else:
        activation, objective = _PRICES[price]
        model = MLPConfig(widths=(units,), activation=activation)
    data = trial.pick(
        smoke="photos?size=8&stride=32&limit=64&channels=1",
        cpu="photos?size=12&channels=1",
        gpu="photos?size=32&channels=1",
    )
    return Recipe(name=f"photos-sparse-{price}", data=data, model=model, objective=objective, training=training)


def blobs(trial: Trial) -> str:
    """A spot that moves over the dark."""
    return trial.pick(smoke="blobs?size=8&limit=64", cpu="blobs", gpu="blobs?size=32&limit=16384")


def contracted(trial: Trial, *, weight: float, decay: float = 0.0, sigma: float = 0.0) -> Recipe:
    """One layer of sigmoid units and its transpose, on a spot that moves, with a price on the encoder's Jacobian.

    Args:
        trial: decides sizes and steps.
        weight: of the price; 0 for none.
        decay: of all weights, per unit of the learning rate.
        sigma: standard deviation of noise that is to be undone; then nothing else is asked for.
    """
    steps = trial.pick(smoke=20, cpu=3000, gpu=20_000)
    optimization = Optimization(learning_rate=3e-3, optimizer="adamw" if decay else "adam", weight_decay=decay)
    base = Recipe(
        name=f"blobs-contracted-{weight:g}{f'-decay-{decay:g}' if decay else ''}",
        data=blobs(trial),
        model=MLPConfig(widths=(trial.pick(smoke=32, cpu=128, gpu=1024),), activation="sigmoid", tied=True),
        objective=Contraction(weight=weight),
        training=Training(
            steps=steps,
            batch_size=trial.pick(smoke=32, cpu=64, gpu=256),
            flip=False,  # a mirrored spot is another image with other tangents
            validate_every=steps,
            save_every=steps,
            optimization=optimization,
        ),
    )
    if sigma == 0:
        return base
    return replace(base, name="blobs-denoiser", objective=Denoising(corruption=GaussianNoise(sigma)))
