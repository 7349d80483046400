"""What happens to an image before it is copied: noise, fading, blur, lost values, damaged regions."""

__all__ = [
    "CORRUPTIONS",
    "Blend",
    "Blur",
    "Corruption",
    "GaussianNoise",
    "Identity",
    "MaskingNoise",
    "OneOf",
    "SaltAndPepper",
    "Shift",
    "Structured",
    "gaussian_blur",
    "named_corruption",
]

from copyist.corruption.blur import Blur, gaussian_blur
from copyist.corruption.choice import CORRUPTIONS, OneOf, named_corruption
from copyist.corruption.contract import Corruption
from copyist.corruption.pixelwise import Blend, GaussianNoise, Identity, MaskingNoise, SaltAndPepper, Shift
from copyist.corruption.structured import Structured
