"""What training minimizes; each objective trains any model that keeps the contract it asks for."""

__all__ = [
    "OBJECTIVES",
    "Classification",
    "Contraction",
    "Copying",
    "Denoising",
    "KLSparsity",
    "L1Sparsity",
    "Objective",
    "ObjectiveLoss",
    "Reviving",
]

from copyist.objectives.base import Objective, ObjectiveLoss
from copyist.objectives.classification import Classification
from copyist.objectives.contraction import Contraction
from copyist.objectives.denoising import Denoising
from copyist.objectives.reconstruction import Copying
from copyist.objectives.reviving import Reviving
from copyist.objectives.sparsity import KLSparsity, L1Sparsity

OBJECTIVES: dict[str, type[Objective]] = {
    "classification": Classification,
    "contraction": Contraction,
    "copying": Copying,
    "denoising": Denoising,
    "kl-sparsity": KLSparsity,
    "l1-sparsity": L1Sparsity,
    "reviving": Reviving,
}
"""By the name under which a recipe knows them."""
