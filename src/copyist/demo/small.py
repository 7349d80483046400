"""The small network that is trained in the demo itself, in stages, so that each of them can be asked to walk."""

__all__ = ["SMALL_DATA", "STAGES", "stage_recipe"]

from copyist.models.unet import UNetConfig
from copyist.objectives import Copying
from copyist.training import Optimization, Recipe, Training

SMALL_DATA = "scenes?size=16&limit=32"
"""Few and small images: a network this small can come to know each of them."""

STAGES = (250, 500, 1000)
"""Steps of each stage; every stage goes on with the weights of the one before, and brings its rate down to 0."""


def stage_recipe(steps: int) -> Recipe:
    """The recipe of one stage: a U-Net with a code twice as large as the image."""
    return Recipe(
        name="unet",
        data=SMALL_DATA,
        model=UNetConfig(width=24, levels=3),
        objective=Copying(),
        training=Training(
            steps=steps,
            batch_size=32,
            flip=False,
            validate_every=steps,
            save_every=steps,
            optimization=Optimization(learning_rate=3e-3),
        ),
    )
