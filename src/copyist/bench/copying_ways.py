"""Ways to sample a model that was only trained to copy, of which some are worth keeping and some are not."""

__all__ = ["WAYS", "Averaged", "Restarted"]

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import final

import torch
from torch import Tensor

from copyist.models.contracts import Model
from copyist.procedures.gaussian_codes import GaussianCodes
from copyist.procedures.method import ApplyPart, Method
from copyist.procedures.no_diffusion import NoDiffusion
from copyist.procedures.repeated_copying import RepeatedCopying
from copyist.randomness import draw_normal
from copyist.tensors import Images


@final
@dataclass(frozen=True, kw_only=True)
class Restarted(Method):
    """Repeated copying that is begun again from its samples and new noise, mixed.

    x₀ = (1 − share)·sample + share·N(m, std²),  m that of the noise it began with
    """

    copying: RepeatedCopying = field(default_factory=RepeatedCopying)
    restarts: int = 2
    share: float = 0.5
    """Of the noise."""

    @property
    def fewest(self) -> int:
        return self.copying.fewest

    @property
    def num_steps(self) -> int:
        return (1 + self.restarts) * self.copying.steps

    def __call__(
        self, model: Model, shape: Sequence[int], *, apply: ApplyPart, generator: torch.Generator, like: Tensor
    ) -> Iterator[Images]:
        mean, std, start = self.copying.begin(model, shape, generator=generator, like=like)
        middle = float(mean.mean()) if self.copying.mean is None else self.copying.mean
        for _ in range(1 + self.restarts):
            x = start
            for x in self.copying.copies(start, mean, std, copy=partial(apply, model)):
                yield x
            noise = draw_normal(shape, mean=middle, std=self.copying.std, generator=generator, like=like)
            start = (1 - self.share) * x + self.share * noise


@final
@dataclass(frozen=True, kw_only=True)
class Averaged(Method):
    """Repeated copying of which each step is the mean of several copies, each of the state with noise of its own."""

    copying: RepeatedCopying = field(default_factory=RepeatedCopying)
    copies: int = 4
    sigma: float = 0.05
    """Standard deviation of that noise, in units of pixel value."""

    @property
    def fewest(self) -> int:
        return self.copying.fewest

    @property
    def num_steps(self) -> int:
        return self.copying.steps

    def __call__(
        self, model: Model, shape: Sequence[int], *, apply: ApplyPart, generator: torch.Generator, like: Tensor
    ) -> Iterator[Images]:
        def mean_copy(x: Images) -> Images:
            noise = (draw_normal(x.shape, std=self.sigma, generator=generator, like=x) for _ in range(self.copies))
            return torch.stack([apply(model, x + each) for each in noise]).mean(0)

        mean, std, noise = self.copying.begin(model, shape, generator=generator, like=like)
        return self.copying.copies(noise, mean, std, copy=mean_copy)


WAYS: Mapping[str, Method] = {
    "one copy of noise": NoDiffusion(steps=1),
    "schedule": NoDiffusion(),
    "schedule, 200 steps": NoDiffusion(steps=200),
    "schedule, cosine": NoDiffusion(schedule="cosine"),
    "schedule, geometric": NoDiffusion(schedule="geometric"),
    "schedule, noise of mean 0.5": NoDiffusion(mean=0.5),
    "schedule, noise of std 0.1": NoDiffusion(std=0.1),
    "schedule, noise of std 0.4": NoDiffusion(std=0.4),
    "plain copies": RepeatedCopying(statistics="none", mean=0.7),
    "plain copies, noise of the images' mean": RepeatedCopying(statistics="none"),
    "channels set": RepeatedCopying(statistics="channels"),
    "places set": RepeatedCopying(),
    "places set, 10 copies": RepeatedCopying(steps=10),
    "places set, 100 copies": RepeatedCopying(steps=100),
    "places set, noise of std 0.4": RepeatedCopying(std=0.4),
    "places set, restarted twice": Restarted(),
    "places set, mean of 4 copies": Averaged(),
    "law of all codes": GaussianCodes(neighbors=None),
    "law of 256 codes": GaussianCodes(neighbors=256),
    "law of 64 codes": GaussianCodes(),
    "law of 16 codes": GaussianCodes(neighbors=16),
    "law of 64 codes, not copied": GaussianCodes(steps=0),
    "law of 64 codes, copied 5 times": GaussianCodes(steps=5),
}
"""By name. Those that `copyist sample` has by default are `schedule`, `places set` and `law of 64 codes`."""
