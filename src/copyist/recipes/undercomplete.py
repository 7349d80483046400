"""Models whose code is smaller than what they copy, of images and of tables."""

__all__ = ["conv", "table", "undercomplete_mlp"]

from dataclasses import replace

from copyist.models.conv import ConvConfig
from copyist.models.mlp import MLPConfig
from copyist.objectives import Copying
from copyist.training import Optimization, Recipe, Training


def conv(*, data: str = "photos") -> Recipe:
    """Strided convolutions to a linear code of 64 and back, far smaller than an image; change it by --set code=32."""
    return Recipe(
        name="conv",
        data=data,
        model=ConvConfig(code=64),
        objective=Copying(),
        training=Training(steps=1000, optimization=Optimization(learning_rate=2e-3)),
    )


def undercomplete_mlp(*, data: str = "photos") -> Recipe:
    """A hidden layer of 512 units on either side of a linear code of 64, and nothing that knows of neighbors."""
    return replace(
        conv(data=data),
        name="undercomplete-mlp",
        model=MLPConfig(widths=(512,), code=64),
        training=Training(steps=1000, optimization=Optimization(learning_rate=1e-3)),
    )


def table(*, data: str = "cancer") -> Recipe:
    """Rows of a table through a linear code of 4 and back; give a .csv by --data and another size by --set code=8."""
    return Recipe(
        name="table",
        data=data,
        model=MLPConfig(widths=(64, 32), code=4),
        objective=Copying(),
        # No patience: weights that test rows chose could not be compared with PCA on those rows.
        training=Training(
            steps=1000,
            flip=False,
            optimization=Optimization(optimizer="adamw", learning_rate=3e-3, weight_decay=0.3),
        ),
    )
