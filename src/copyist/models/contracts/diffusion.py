"""The contract of diffusion models: denoisers that are told the noise level, of images or of codes of images."""

__all__ = ["NO_CLASS", "Diffusion", "Path"]

import abc
from typing import ClassVar, Literal, TypeAlias, final

from torch import Tensor

from copyist.models.contracts.model import Model
from copyist.tensors import Examples

NO_CLASS = -1
"""The label of an example whose class the model is not given."""

Path: TypeAlias = Literal["straight", "exploding"]
"""How noise levels are spaced, in training and by default in sampling.

straight    evenly in t of the straight path (1 − t)·x + t·ε, where σ / spread = t / (1 − t)
exploding   as Karras et al. (2022) space them for x + σ·ε
"""


class Diffusion(Model):
    """A denoiser of known noise levels: D(x + σ·ε; σ) ≈ E[x | x + σ·ε], with ε ~ N(0, I).

    It works in a space of its own, in which examples have mean `center` and standard deviation `spread`: that of
    images, in [0, 1], or that of codes, which `to_space` makes of images and `from_space` makes images of. σ is in
    units of that space.
    """

    refusal: ClassVar[str] = (
        "{verb} needs a diffusion model, and {name} is none; train one by the recipe diffusion or latent-diffusion"
    )

    center: float
    """Mean of the values of examples in the model's space."""

    spread: float
    """Standard deviation of the values of examples in the model's space: σ_data."""

    path: Path
    """How noise levels were spaced in training."""

    num_classes: int | None = None
    """How many classes it can be asked for; None of a model that was trained without labels."""

    lacks_first_stage: bool = False
    """Whether its space is that of codes, and nothing here makes images of them: it is a part of another model."""

    @abc.abstractmethod
    def forward(self, x: Tensor, sigma: Tensor | None = None, labels: Tensor | None = None) -> Tensor:
        """The estimate of the clean examples.

        Args:
            x: noisy examples (B, C, H, W) in the model's space.
            sigma: (B,), their noise levels; None says that there is next to none.
            labels: (B,), int64, their classes, `NO_CLASS` for none; None gives no class to any.

        Returns:
            D(x; σ), (B, C, H, W).
        """

    @final
    @property
    def takes_noisy_images(self) -> bool:
        """Whether its space is that of images, so that a noise level is one of pixels."""
        return type(self).to_space is Diffusion.to_space and not self.lacks_first_stage

    def space_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape in the model's space of an example of this shape."""
        return shape

    def to_space(self, x: Examples) -> Tensor:
        """Images (B, C, H, W) as the model's space has them."""
        return x

    def from_space(self, z: Tensor) -> Examples:
        """Images (B, C, H, W) of what the model's space has."""
        return z
