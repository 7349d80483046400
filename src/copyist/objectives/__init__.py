"""Training objectives; each trains any model that keeps the contract it requires."""

__all__ = [
    "EDM",
    "ELBO",
    "OBJECTIVES",
    "BoundedRate",
    "Classification",
    "Contraction",
    "Copying",
    "CrossEntropy",
    "DeadUnitResampling",
    "Denoising",
    "FrozenEncoder",
    "ImportanceWeighted",
    "KLSparsity",
    "L1Sparsity",
    "LatentDenoising",
    "MaskedCopying",
    "Objective",
    "ObjectiveLoss",
    "RateDistortion",
    "Repair",
    "ScaleEquivariance",
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
from copyist.objectives.equivariance import ScaleEquivariance
from copyist.objectives.frozen_encoder import FrozenEncoder
from copyist.objectives.masked import MaskedCopying
from copyist.objectives.noisy_codes import BoundedRate, LatentDenoising
from copyist.objectives.rate_distortion import RateDistortion
from copyist.objectives.reconstruction import Copying, CrossEntropy, Denoising, WalkingBack
from copyist.objectives.sparsity import KLSparsity, L1Sparsity
from copyist.objectives.variational import ELBO, ImportanceWeighted
from copyist.objectives.wrapper import TopLayer, Wrapper

OBJECTIVES: dict[str, type[Objective]] = {
    "bounded-rate": BoundedRate,
    "classification": Classification,
    "contraction": Contraction,
    "copying": Copying,
    "cross-entropy": CrossEntropy,
    "denoising": Denoising,
    "edm": EDM,
    "elbo": ELBO,
    "frozen-encoder": FrozenEncoder,
    "importance-weighted": ImportanceWeighted,
    "latent-denoising": LatentDenoising,
    "scale-equivariance": ScaleEquivariance,
    "walking-back": WalkingBack,
    "rate-distortion": RateDistortion,
    "straight-path": StraightPath,
    "top-layer": TopLayer,
    "kl-sparsity": KLSparsity,
    "l1-sparsity": L1Sparsity,
    "dead-unit-resampling": DeadUnitResampling,
    "masked": MaskedCopying,
}
"""The class of each objective, by its name in a recipe."""
