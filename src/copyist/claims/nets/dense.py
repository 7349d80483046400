"""Fully connected nets on small photographs: wider than their input, narrower, and linear."""

__all__ = ["bottleneck", "overcomplete", "through_code", "undercomplete"]

from dataclasses import replace

from copyist.claims.nets.photos import small_photos
from copyist.claims.trial import Trial
from copyist.models.mlp import MLPConfig
from copyist.objectives import Copying
from copyist.training import Optimization, Recipe, Training


def overcomplete(trial: Trial, *, linear: bool = False) -> Recipe:
    """Five hidden layers, each wider than the input, with GELU; or the same without, which is a linear map."""
    data = small_photos(trial)
    units = trial.pick(smoke=200, cpu=1000, gpu=4000)
    steps = trial.pick(smoke=20, cpu=2000, gpu=20_000)
    config = MLPConfig(widths=(units,) * 3, activation="identity" if linear else "gelu")
    training = Training(
        steps=steps,
        batch_size=trial.pick(smoke=32, cpu=128, gpu=512),
        validate_every=steps,
        save_every=steps,
        optimization=Optimization(learning_rate=trial.pick(smoke=1e-3, cpu=5e-4, gpu=1e-4)),
    )
    name = "photos-linear-map" if linear else "photos-overcomplete-mlp"
    return Recipe(name=name, data=data, model=config, objective=Copying(), training=training)


def bottleneck(trial: Trial, *, code: int, units: float = 1.0) -> Recipe:
    """A fully connected net that is narrowest at its code, on the images of the overcomplete one.

    Args:
        trial: decides sizes and steps.
        code: units of the code.
        units: factor on those of the layer before it and after it.
    """
    base = overcomplete(trial)
    config = MLPConfig(widths=(round(units * trial.pick(smoke=64, cpu=512, gpu=2048)), code))
    rate = Optimization(learning_rate=trial.pick(smoke=1e-3, cpu=1e-3, gpu=3e-4))
    name = f"photos-bottleneck-of-{code}{'' if units == 1 else f'-{units:g}-times-as-wide'}"
    return replace(base, name=name, model=config, training=replace(base.training, optimization=rate))


def through_code(trial: Trial, *, code: int | None = None) -> Recipe:
    """The overcomplete net with a code of another size: its other layers, its rate and its steps stay.

    Args:
        trial: decides sizes and steps.
        code: units of the code; None for as many as the other layers have.
    """
    base = overcomplete(trial)
    assert isinstance(base.model, MLPConfig)
    *wide, last = base.model.widths
    steps = trial.pick(smoke=20, cpu=1500, gpu=20_000)
    return replace(
        base,
        name=f"photos-mlp-with-code-of-{code or last}",
        model=replace(base.model, widths=(*wide, code or last)),
        training=replace(base.training, steps=steps, validate_every=steps, save_every=steps),
    )


def undercomplete(trial: Trial, *, size: int) -> Recipe:
    """One hidden layer of a quarter of the values of a photograph of `size`², with ReLU."""
    steps = trial.pick(smoke=10, cpu=500, gpu=5000)
    return Recipe(
        name=f"photos-undercomplete-mlp-{size}",
        data=f"photos?size={size}{trial.pick(smoke='&limit=64', cpu='', gpu='')}",
        model=MLPConfig(widths=(3 * size**2 // 4,), activation="relu"),
        objective=Copying(),
        training=Training(
            steps=steps,
            batch_size=trial.pick(smoke=16, cpu=64, gpu=256),
            validate_every=steps,
            save_every=steps,
            optimization=Optimization(learning_rate=1e-3),
        ),
    )
