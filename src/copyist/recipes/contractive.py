"""Models trained to copy with a code that hardly moves when the image does."""

__all__ = ["contractive_mlp"]

from copyist.models.mlp import MLPConfig
from copyist.objectives import Contraction
from copyist.training import Optimization, Recipe, Training


def contractive_mlp(*, data: str = "digits") -> Recipe:
    """One layer of 256 sigmoid units and its transpose, with a price on the encoder's Jacobian, exact."""
    return Recipe(
        name="contractive-mlp",
        data=data,
        model=MLPConfig(widths=(256,), activation="sigmoid", tied=True),
        objective=Contraction(weight=0.1),
        training=Training(steps=3000, flip=False, optimization=Optimization(learning_rate=3e-3)),
    )
