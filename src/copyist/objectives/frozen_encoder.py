"""Training a decoder for an encoder that stays as it is."""

__all__ = ["FrozenEncoder"]

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, cast, final

import torch
from torch import Tensor, nn

from copyist.errors import ContractError
from copyist.models.contracts import Autoencoder, Model, needs
from copyist.models.in_batches import evaluation_mode
from copyist.objectives.wrapper import Wrapper


@final
@dataclass(frozen=True, kw_only=True)
class FrozenEncoder(Wrapper):
    """Another objective, for the decoder alone: the weights that a decoded image does not depend on are left alone.

    The encoder is that of the weights the run starts from, such as those of a masked autoencoder.

    Source:
        Zheng et al. (2025), "Diffusion Transformers with Representation Autoencoders", arXiv 2510.11690.
    """

    trains: ClassVar[type[Model]] = Autoencoder

    def added_frozen_weights(self, model: Model) -> Iterator[nn.Parameter]:
        coder = needs(model, Autoencoder, verb="FrozenEncoder")
        if model.example_shape is None:
            raise ContractError("FrozenEncoder needs to know the images of a model, and this one names none")
        weights = list(coder.parameters())
        weight = next(iter(weights))
        x = torch.zeros(2, *model.example_shape, dtype=weight.dtype, device=weight.device)
        with evaluation_mode(coder), torch.enable_grad():
            decoded = coder.decode(coder.encode(x).detach())
            # None for a weight that is not reached, which its type does not say.
            reached = cast("tuple[Tensor | None, ...]", torch.autograd.grad(decoded.sum(), weights, allow_unused=True))
        for weight, gradient in zip(weights, reached, strict=True):
            if gradient is None:
                yield weight
