"""Fully connected nets of few layers on small images, with codes of every kind."""

__all__ = ["bottleneck", "contracted", "sparse", "undercomplete"]

from dataclasses import replace
from typing import Literal, TypeAlias

from copyist import recipes
from copyist.claims.nets.scaling import blobs, marked_name, resize
from copyist.claims.trial import Trial
from copyist.corruption import GaussianNoise
from copyist.models.mlp import Activation, MLPConfig
from copyist.objectives import Contraction, Copying, DeadUnitResampling, Denoising, KLSparsity, L1Sparsity, Objective
from copyist.training import Recipe

Price: TypeAlias = Literal["l1", "plain-l1", "kl", "largest"]
"""On a code, beside copies."""


def bottleneck(trial: Trial, *, code: int, units: float = 1.0) -> Recipe:
    """A fully connected net on digits of 8×8 that is narrowest at its code, a linear layer's.

    512,000 image visits: some 25 seconds of one thread.

    Args:
        trial: decides sizes and steps.
        code: units of the code; a digit has 64 values.
        units: factor on those of the layer before it and after it.
    """
    return resize(
        recipes.overcomplete_mlp(data=trial.pick(smoke="digits?limit=100", standard="digits", gpu="digits")),
        name=marked_name(f"digits-bottleneck-of-{code}", {f"{units:g}-times-as-wide": units != 1}),
        steps=trial.pick(smoke=20, standard=4000, gpu=20_000),
        batch_size=trial.pick(smoke=32, standard=128, gpu=128),
        learning_rate=2e-3,
        sizes={"widths": (round(units * trial.pick(smoke=64, standard=512, gpu=1024)),), "code": code},
    )


def undercomplete(trial: Trial, *, size: int) -> Recipe:
    """One hidden layer of a quarter of the values of a landscape of `size`², with ReLU; up to half a minute each."""
    return resize(
        recipes.undercomplete_mlp(data=f"scenes?size={size}&limit={trial.pick(smoke=64, standard=2048, gpu=2048)}"),
        name=f"scenes-undercomplete-mlp-{size}",
        steps=trial.pick(smoke=10, standard=500, gpu=5000),
        batch_size=trial.pick(smoke=16, standard=64, gpu=256),
        sizes={"widths": (3 * size**2 // 4,), "code": None, "activation": "relu"},
    )


def sparse(trial: Trial, *, price: Price, weight: float = 0.1) -> Recipe:
    """One layer of units, several times as many as a gray photograph has values, and one back.

    Twelve seconds of one thread: 384,000 visits of images of 12×12.

    Args:
        trial: decides sizes and steps.
        price: on the code of rectified units: L1, in units of the image or plain, or none where the largest twentieth
            is active, and dead units are resampled; on that of sigmoid units: KL to a rate of 5 %.
        weight: of the price; with 0 nothing but copies is asked for.
    """
    units = trial.pick(smoke=128, standard=512, gpu=4096)
    data = trial.pick(
        smoke="photos?size=8&stride=32&limit=64&channels=1",
        standard="photos?size=12&channels=1",
        gpu="photos?size=32&channels=1",
    )
    recipe = resize(
        recipes.topk_mlp(data=data),
        name=marked_name(f"photos-sparse-{price}", {f"{weight:g}": price != "largest"}),
        steps=trial.pick(smoke=20, standard=3000, gpu=20_000),
        batch_size=trial.pick(smoke=32, standard=128, gpu=256),
        flip=True,
        sizes={"widths": (units,), "k": units // 20},
    )
    if price == "largest":
        return replace(recipe, objective=DeadUnitResampling(objective=Copying(), after=50_000))
    objectives: dict[Price, Objective] = {
        "l1": L1Sparsity(weight=weight),
        "plain-l1": L1Sparsity(weight=weight, scale="code"),
        "kl": KLSparsity(weight=weight, rate=0.05),
    }
    activation: Activation = "sigmoid" if price == "kl" else "relu"
    objective = objectives[price] if weight else Copying()
    return replace(recipe, model=MLPConfig(widths=(units,), activation=activation), objective=objective)


def contracted(trial: Trial, *, weight: float, decay: float = 0.0, sigma: float = 0.0) -> Recipe:
    """One layer of sigmoid units and its transpose, on a spot that moves, with a price on the encoder's Jacobian.

    Args:
        trial: decides sizes and steps.
        weight: of the price; 0 for none.
        decay: of all weights, per unit of the learning rate.
        sigma: standard deviation of noise that is to be undone; then nothing else is asked for.
    """
    recipe = resize(
        recipes.contractive_mlp(data=blobs(trial)),
        name=marked_name(f"blobs-contracted-{weight:g}", {f"decay-{decay:g}": decay != 0}),
        steps=trial.pick(smoke=20, standard=3000, gpu=20_000),
        batch_size=trial.pick(smoke=32, standard=64, gpu=256),
        sizes={"widths": (trial.pick(smoke=32, standard=128, gpu=1024),)},
    )
    if decay:
        rate = replace(recipe.training.optimization, optimizer="adamw", weight_decay=decay)
        recipe = replace(recipe, training=replace(recipe.training, optimization=rate))
    if sigma == 0:
        return replace(recipe, objective=Contraction(weight=weight))
    return replace(recipe, name="blobs-denoiser", objective=Denoising(corruption=GaussianNoise(sigma)))
