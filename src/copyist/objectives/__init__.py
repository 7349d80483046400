"""What training minimizes; each objective trains any model that keeps the contract it asks for."""

__all__ = [
    "ELBO",
    "OBJECTIVES",
    "Classification",
    "Copying",
    "CrossEntropy",
    "Denoising",
    "ImportanceWeighted",
    "Objective",
    "ObjectiveLoss",
    "TopLayer",
    "WalkingBack",
]

from copyist.objectives.base import Objective, ObjectiveLoss
from copyist.objectives.classification import Classification
from copyist.objectives.cross_entropy import CrossEntropy
from copyist.objectives.denoising import Denoising
from copyist.objectives.reconstruction import Copying
from copyist.objectives.top_layer import TopLayer
from copyist.objectives.variational import ELBO, ImportanceWeighted
from copyist.objectives.walkback import WalkingBack

OBJECTIVES: dict[str, type[Objective]] = {
    "classification": Classification,
    "copying": Copying,
    "cross-entropy": CrossEntropy,
    "denoising": Denoising,
    "elbo": ELBO,
    "importance-weighted": ImportanceWeighted,
    "walking-back": WalkingBack,
    "top-layer": TopLayer,
}
"""By the name under which a recipe knows them."""
