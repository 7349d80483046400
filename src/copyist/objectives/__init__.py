"""Training objectives; each trains any model that keeps the contract it requires."""

__all__ = [
    "EDM",
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
    "Repair",
    "StraightPath",
    "TopLayer",
    "WalkingBack",
    "Wrapper",
]

from copyist.objectives.base import Objective, ObjectiveLoss, Repair
from copyist.objectives.classification import Classification
from copyist.objectives.contraction import Contraction
from copyist.objectives.dead_units import DeadUnitResampling
from copyist.objectives.diffusion import EDM, StraightPath
from copyist.objectives.masked import MaskedCopying
from copyist.objectives.reconstruction import Copying, CrossEntropy, Denoising, WalkingBack
from copyist.objectives.sparsity import KLSparsity, L1Sparsity
from copyist.objectives.variational import ELBO, ImportanceWeighted
from copyist.objectives.wrapper import TopLayer, Wrapper

OBJECTIVES: dict[str, type[Objective]] = {
    "classification": Classification,
    "contraction": Contraction,
    "copying": Copying,
    "cross-entropy": CrossEntropy,
    "denoising": Denoising,
    "edm": EDM,
    "elbo": ELBO,
    "importance-weighted": ImportanceWeighted,
    "walking-back": WalkingBack,
    "straight-path": StraightPath,
    "top-layer": TopLayer,
    "kl-sparsity": KLSparsity,
    "l1-sparsity": L1Sparsity,
    "dead-unit-resampling": DeadUnitResampling,
    "masked": MaskedCopying,
}
"""The class of each objective, by its name in a recipe."""
