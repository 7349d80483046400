"""What training minimizes; each objective trains any model that keeps the contract it asks for."""

__all__ = [
    "ELBO",
    "OBJECTIVES",
    "Classification",
    "Contraction",
    "Copying",
    "CrossEntropy",
    "DeadUnitResampling",
    "Denoising",
    "ImportanceWeighted",
    "KLSparsity",
    "L1Sparsity",
    "MaskedCopying",
    "Objective",
    "ObjectiveLoss",
    "TopLayer",
    "WalkingBack",
]

from copyist.objectives.base import Objective, ObjectiveLoss
from copyist.objectives.classification import Classification
from copyist.objectives.contraction import Contraction
from copyist.objectives.cross_entropy import CrossEntropy
from copyist.objectives.dead_units import DeadUnitResampling
from copyist.objectives.denoising import Denoising
from copyist.objectives.masked import MaskedCopying
from copyist.objectives.reconstruction import Copying
from copyist.objectives.sparsity import KLSparsity, L1Sparsity
from copyist.objectives.top_layer import TopLayer
from copyist.objectives.variational import ELBO, ImportanceWeighted
from copyist.objectives.walkback import WalkingBack

OBJECTIVES: dict[str, type[Objective]] = {
    "classification": Classification,
    "contraction": Contraction,
    "copying": Copying,
    "cross-entropy": CrossEntropy,
    "denoising": Denoising,
    "elbo": ELBO,
    "importance-weighted": ImportanceWeighted,
    "walking-back": WalkingBack,
    "top-layer": TopLayer,
    "kl-sparsity": KLSparsity,
    "l1-sparsity": L1Sparsity,
    "reviving": DeadUnitResampling,
    "masked": MaskedCopying,
}
"""By the name under which a recipe knows them."""
