"""Images from codes that are drawn from normal laws of training images' codes, of any model that has codes."""

__all__ = ["GaussianCodes"]

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from copyist.checks import check_at_least, check_whole
from copyist.errors import DataError
from copyist.memory import check_memory
from copyist.models.contracts import Autoencoder, Model, needs
from copyist.procedures.method import ApplyPart, Method
from copyist.procedures.training_images import training_images, unlike_images
from copyist.randomness import draw_below, draw_normal, draw_normal_law
from copyist.tensors import Codes, Images


@final
@dataclass(frozen=True, kw_only=True)
class GaussianCodes(Method):
    """Decoded codes z ~ N(m, std²·S), with the mean m and all covariances S of the codes of training images that lie
    next to a random one; and copies of what was decoded.

    A model that was only trained to copy does not decode N(0, I), but it decodes this. Of all training images the law
    is the simplest density of codes; of few neighbors it follows the manifold that the codes lie on, and its samples
    are more like training images.

    Source:
        Vincent and Bengio (2002), "Manifold Parzen Windows", for normal laws with the covariances of neighbors, here
        around their mean; Ghosh et al. (2020), "From Variational to Deterministic Autoencoders", section 4, for
        estimating the density of codes after training, of which one normal law is the simplest.

    Raises:
        ArgumentError: a number is out of its range.
    """

    contract: ClassVar[type[Model]] = Autoencoder

    steps: int = 1
    """How many times to copy what was decoded."""

    std: float = 1.0
    """Factor on the spread of codes: less than 1 gives more typical samples, and fewer kinds."""

    neighbors: int | None = 64
    """How many codes next to that of a random training image, with it, a sample's law is of; None is all."""

    images: int = 4096
    """How many training images to encode, at most, evenly spaced over all of them; the law of fewer images than a code
    has numbers has no more directions than images."""

    source: str | None = None
    """Of the images whose codes are taken; None is what the model was trained on."""

    def __post_init__(self) -> None:
        check_at_least("steps", self.steps, 0)
        check_at_least("std", self.std, 0)
        check_whole("neighbors", 2 if self.neighbors is None else self.neighbors, 2)
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
            4 * len(images) * (math.prod(images.shape) + 2 * shape[0]) + 3 * 4 * (len(images) + shape[0]) * numbers,
            f"the codes of {len(images)} images",
            remedy="take fewer (--set images=…, --count)",
        )
        z = apply(autoencoder.encode, images.images().to(like))
        return self._chain(autoencoder, z, shape[0], apply=apply, generator=generator)

    def _chain(
        self, model: Autoencoder, z: Codes, count: int, *, apply: ApplyPart, generator: torch.Generator
    ) -> Iterator[Images]:
        if self.neighbors is None:
            drawn = draw_normal_law(z, count=count, scale=self.std, generator=generator)
        else:
            drawn = self._drawn_near(z, count, generator=generator)
        x = apply(model.decode, drawn)
        yield x
        for _ in range(self.steps):
            x = apply(model, x)
            yield x

    def _drawn_near(self, z: Codes, count: int, *, generator: torch.Generator) -> Codes:
        """Each of the normal law of the codes next to that of a random image."""
        assert self.neighbors is not None
        flat, chosen = z.flatten(1), draw_below(len(z), (count,), generator=generator).to(z.device)
        near = _nearest(flat, chosen, count=min(self.neighbors, len(z)))
        weights = draw_normal(tuple(near.shape), generator=generator, like=z) * (self.std / (near.shape[1] - 1) ** 0.5)
        drawn = torch.empty(count, flat.shape[1], dtype=z.dtype, device=z.device)
        for number, (own, places) in enumerate(zip(weights, near, strict=True)):
            codes = flat[places]
            mean = codes.mean(0)
            drawn[number] = mean + own @ (codes - mean)
        return drawn.view(count, *z.shape[1:])


def _nearest(x: Tensor, chosen: Tensor, *, count: int) -> Tensor:
    """Which rows of x (N, D) lie next to those chosen, themselves among them, (M, count)."""
    # Distances come of differences of squares, in which a mean far from 0 would leave nothing of the spread.
    centered = x - x.mean(0)
    return torch.cdist(centered[chosen], centered).topk(count, largest=False).indices
