"""Recipes of autoencoders with constraints on the code: sparse, contractive and variational ones."""

__all__ = ["contractive_mlp", "conv_vae", "iwae", "kl_sparse_mlp", "sparse_mlp", "topk_mlp", "vae"]

from dataclasses import replace

from copyist.models.mlp import MLPConfig
from copyist.models.sparse_mlp import SparseMLPConfig
from copyist.models.variational_mlp import VariationalMLPConfig
from copyist.models.variational_unet import VariationalUNetConfig
from copyist.objectives import (
    ELBO,
    Contraction,
    Copying,
    DeadUnitResampling,
    ImportanceWeighted,
    KLSparsity,
    L1Sparsity,
)
from copyist.training import Optimization, Recipe, Training


def topk_mlp(*, data: str = "digits") -> Recipe:
    """A code of 256 rectified units of which the 8 largest are active; dead ones are resampled."""
    return Recipe(
        name="topk-mlp",
        data=data,
        model=SparseMLPConfig(widths=(256,), k=8),
        objective=DeadUnitResampling(objective=Copying(), after=10_000),
        training=Training(steps=3000, flip=False, optimization=Optimization(learning_rate=1e-3)),
    )


def sparse_mlp(*, data: str = "digits") -> Recipe:
    """A code of 256 rectified units with an L1 penalty on their activations, in units of the image."""
    objective = DeadUnitResampling(objective=L1Sparsity(weight=0.1), after=10_000)
    model = SparseMLPConfig(widths=(256,), k=None)
    return replace(topk_mlp(data=data), name="sparse-mlp", model=model, objective=objective)


def kl_sparse_mlp(*, data: str = "digits") -> Recipe:
    """Sigmoid units, each drawn toward being active for 5 % of the images."""
    model, objective = MLPConfig(widths=(256,), activation="sigmoid"), KLSparsity(weight=0.1, rate=0.05)
    training = replace(topk_mlp(data=data).training, optimization=Optimization(learning_rate=3e-3))
    return replace(topk_mlp(data=data), name="kl-sparse-mlp", model=model, objective=objective, training=training)


def contractive_mlp(*, data: str = "digits") -> Recipe:
    """One layer of 256 sigmoid units and its transpose, with a penalty on the encoder's Jacobian, exact."""
    return Recipe(
        name="contractive-mlp",
        data=data,
        model=MLPConfig(widths=(256,), activation="sigmoid", tied=True),
        objective=Contraction(weight=0.1),
        training=Training(steps=3000, flip=False, optimization=Optimization(learning_rate=3e-3)),
    )


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
            steps=3000, batch_size=100, flip=False, optimization=Optimization(learning_rate=1e-3, clip=0)
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
        training=Training(steps=3000, batch_size=20, flip=False, optimization=Optimization(learning_rate=1e-3, clip=0)),
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
