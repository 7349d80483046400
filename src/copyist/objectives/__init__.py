"""What training minimizes; each objective trains any model that keeps the contract it asks for."""

__all__ = ["OBJECTIVES", "Classification", "Copying", "Denoising", "MaskedCopying", "Objective", "ObjectiveLoss"]

from copyist.objectives.base import Objective, ObjectiveLoss
from copyist.objectives.classification import Classification
from copyist.objectives.denoising import Denoising
from copyist.objectives.masked import MaskedCopying
from copyist.objectives.reconstruction import Copying

OBJECTIVES: dict[str, type[Objective]] = {
    "classification": Classification,
    "copying": Copying,
    "denoising": Denoising,
    "masked": MaskedCopying,
}
"""By the name under which a recipe knows them."""
