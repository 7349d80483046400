"""Images from codes that are drawn from the normal law of training images' codes, of any model that has codes."""

__all__ = ["GaussianCodes"]

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from copyist.checks import check_at_least
from copyist.errors import DataError
from copyist.memory import check_memory
from copyist.models.contracts import Autoencoder, Model, needs
from copyist.procedures.method import ApplyPart, Method
from copyist.procedures.training_images import training_images, unlike_images
from copyist.randomness import draw_normal
from copyist.tensors import Codes, Images


@final
@dataclass(frozen=True, kw_only=True)
class GaussianCodes(Method):
    """Decoded codes z ~ N(m, std²·S), with the mean m and all covariances S of the codes of training images; and copies
    of what was decoded.

        z = m + std · Σᵢ εᵢ·(zᵢ − m) / √(n − 1),  ε ~ N(0, I)

    has this law, and S need not be written down. A model that was only trained to copy does not decode N(0, I), but it
    decodes this.

    Source:
        Ghosh et al. (2020), "From Variational to Deterministic Autoencoders", section 4, for density estimation of the
        codes after training, of which one Gaussian is the simplest.

    Raises:
        ArgumentError: a number is out of its range.
    """

    contract: ClassVar[type[Model]] = Autoencoder

    steps: int = 1
    """How many times to copy what was decoded."""

    std: float = 1.0
    """Factor on the spread of codes: less than 1 gives more typical samples, and fewer kinds."""

    images: int = 4096
    """How many training images to encode, at most, evenly spaced over all of them; the law of fewer images than a code
    has numbers has no more directions than images."""

    source: str | None = None
    """Of the images whose codes are taken; None is what the model was trained on."""

    def __post_init__(self) -> None:
        check_at_least("steps", self.steps, 0)
        check_at_least("std", self.std, 0)
        check_at_least("images", self.images, 2)

    @property
    def num_steps(self) -> int:
        return 1 + self.steps

    def __call__(
        self, model: Model, shape: Sequence[int], *, apply: ApplyPart, generator: torch.Generator, like: Tensor
    ) -> Iterator[Images]:
        autoencoder = needs(model, Autoencoder, verb="sample")
        images = training_images(model, self.source, what="the law of the codes")
        if tuple(images.shape) != tuple(shape[1:]):
            raise unlike_images(shape[1:], images.shape, what="codes")
        if len(images) < 2:
            raise DataError("a law of codes must be of at least 2 images, got 1; name more (--set source=…)")
        images = images.subset(min(self.images, len(images)))
        with torch.no_grad():
            numbers = apply(autoencoder.encode, images.images(0, 1).to(like)).numel()
        check_memory(
            4 * len(images) * math.prod(images.shape) + 3 * 4 * (len(images) + shape[0]) * numbers,
            f"the codes of {len(images)} images",
            remedy="take fewer (--set images=…, --count)",
        )
        z = apply(autoencoder.encode, images.images().to(like))
        return self._chain(autoencoder, z, shape[0], apply=apply, generator=generator)

    def _chain(
        self, model: Autoencoder, z: Codes, count: int, *, apply: ApplyPart, generator: torch.Generator
    ) -> Iterator[Images]:
        mean = z.mean(0)
        weights = draw_normal((count, len(z)), generator=generator, like=z)
        away = weights @ (z - mean).flatten(1) * (self.std / (len(z) - 1) ** 0.5)
        x = apply(model.decode, mean + away.view(count, *mean.shape))
        yield x
        for _ in range(self.steps):
            x = apply(model, x)
            yield x
