"""Images, and rows of a table, from codes that are drawn from the prior of a variational autoencoder."""

__all__ = ["Prior"]

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from copyist.models.contracts import Model, Variational, needs
from copyist.procedures.method import ApplyPart, Method
from copyist.randomness import draw_normal
from copyist.tensors import Codes, Examples


@final
@dataclass(frozen=True, kw_only=True)
class Prior(Method):
    """Decoded codes of the prior: z ~ N(0, I), and the mean of p(x | z), or a draw from it. It takes one step.

    Means vary less than the data by what p(x | z) leaves open: of a table they have too small a spread, and draws have
    the right one. Rows come in the table's own units.

    Source:
        Kingma & Welling (2013), section 2.1.
    """

    contract: ClassVar[type[Model]] = Variational

    takes_tables: ClassVar[bool] = True

    with_noise: bool = False
    """Whether each value is drawn from p(x | z) on its own, where its mean is shown otherwise."""

    @property
    def num_steps(self) -> int:
        return 1

    def check(self, model: Model, shape: tuple[int, ...]) -> None:
        needs(model, Variational, verb="the prior")
        super().check(model, shape)

    def __call__(
        self, model: Model, shape: Sequence[int], *, apply: ApplyPart, generator: torch.Generator, like: Tensor
    ) -> Iterator[Examples]:
        variational = needs(model, Variational, verb="the prior")
        count, *example_shape = shape
        z = draw_normal((count, *variational.code_shape(tuple(example_shape))), generator=generator, like=like)

        def decode(z: Codes) -> Examples:
            law = variational.likelihood(z)
            return law.draw(generator=generator) if self.with_noise else law.mean()

        yield apply(decode, z)
