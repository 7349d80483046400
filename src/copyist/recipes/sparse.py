"""Models trained to copy with few units of a large code."""

__all__ = ["kl_sparse_mlp", "sparse_mlp", "topk_mlp"]

from dataclasses import replace

from copyist.models.mlp import MLPConfig
from copyist.models.sparse_mlp import SparseMLPConfig
from copyist.objectives import Copying, DeadUnitResampling, KLSparsity, L1Sparsity
from copyist.training import Optimization, Recipe, Training


def topk_mlp(*, data: str = "digits") -> Recipe:
    """A code of 256 rectified units of which the 8 largest speak; dead ones are revived."""
    return Recipe(
        name="topk-mlp",
        data=data,
        model=SparseMLPConfig(widths=(256,), k=8),
        objective=DeadUnitResampling(objective=Copying(), after=10_000),
        training=Training(steps=3000, flip=False, optimization=Optimization(learning_rate=1e-3)),
    )


def sparse_mlp(*, data: str = "digits") -> Recipe:
    """A code of 256 rectified units that may all speak, for a price on how loudly (L1, in units of the image)."""
    objective = DeadUnitResampling(objective=L1Sparsity(weight=0.1), after=10_000)
    model = SparseMLPConfig(widths=(256,), k=None)
    return replace(topk_mlp(data=data), name="sparse-mlp", model=model, objective=objective)


def kl_sparse_mlp(*, data: str = "digits") -> Recipe:
    """Sigmoid units, each drawn toward being active for 5 % of the images."""
    model, objective = MLPConfig(widths=(256,), activation="sigmoid"), KLSparsity(weight=0.1, rate=0.05)
    training = replace(topk_mlp(data=data).training, optimization=Optimization(learning_rate=3e-3))
    return replace(topk_mlp(data=data), name="kl-sparse-mlp", model=model, objective=objective, training=training)
