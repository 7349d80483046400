"""Models trained to say how likely an image is."""

__all__ = ["conv_vae", "iwae", "vae"]

from copyist.models.variational_mlp import VariationalMLPConfig
from copyist.models.variational_unet import VariationalUNetConfig
from copyist.objectives import ELBO, ImportanceWeighted
from copyist.training import Optimization, Recipe, Training


def vae(*, data: str = "digits?binarize=sample") -> Recipe:
    """The variational autoencoder of one hidden layer of 400 units and a code of 40, for images of 0 and 1.

    Nets, code and batch are those of Rezende & Mohamed (2015), section 6.1, as pythae's reproduction has them.
    """
    return Recipe(
        name="vae",
        data=data,
        model=VariationalMLPConfig(widths=(400,), code_size=40, activation="relu"),
        objective=ELBO(),
        training=Training(
            steps=3000,
            batch_size=100,
            flip=False,
            optimization=Optimization(learning_rate=1e-3, clip=0),
        ),
    )


def iwae(*, data: str = "digits?binarize=sample") -> Recipe:
    """The importance-weighted autoencoder of two hidden layers of 200 units and a code of 50, with K = 50.

    Nets, code, K and batch are those of Burda et al. (2016), section 5.
    """
    return Recipe(
        name="iwae",
        data=data,
        model=VariationalMLPConfig(widths=(200, 200), code_size=50, activation="tanh"),
        objective=ImportanceWeighted(samples=50),
        training=Training(
            steps=3000,
            batch_size=20,
            flip=False,
            optimization=Optimization(learning_rate=1e-3, clip=0),
        ),
    )


def conv_vae(*, data: str = "faces?size=24") -> Recipe:
    """Convolutions to a code of 32 and back; normal pixels, whose σ is learned, and a warm-up of β."""
    return Recipe(
        name="conv-vae",
        data=data,
        model=VariationalUNetConfig(width=16, levels=3, code_size=32),
        objective=ELBO(warmup=0.2),
        training=Training(steps=2000, optimization=Optimization(learning_rate=1e-3, clip=0)),
    )
