"""The contract of variational autoencoders, and the log importance weights of bounds on their likelihood."""

__all__ = ["Variational", "log_weights"]

import abc
from typing import ClassVar, final

import torch
from torch import Tensor

from copyist.models.contracts.copying import Autoencoder
from copyist.nn.gaussian import Gaussian, standard_log_prob
from copyist.nn.likelihoods import Likelihood
from copyist.tensors import Codes, Images


class Variational(Autoencoder):
    """An autoencoder that encodes to a Gaussian and decodes to a likelihood, under the prior N(0, I) of its codes.

    As an autoencoder its code is the posterior's mean, and it decodes to the likelihood's mean.
    """

    refusal: ClassVar[str] = "{verb} needs a model's likelihood, and {name} has none; take a variational autoencoder"

    @abc.abstractmethod
    def posterior(self, x: Images) -> Gaussian:
        """q(z | x), of codes for images (B, C, H, W)."""

    @abc.abstractmethod
    def likelihood(self, z: Codes) -> Likelihood:
        """p(x | z), of images (B, C, H, W) for codes."""

    @abc.abstractmethod
    def code_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of one code, of an image (C, H, W) or a row (D,)."""

    @final
    def encode(self, x: Images) -> Codes:
        return self.posterior(x).mean

    @final
    def decode(self, z: Codes) -> Images:
        return self.likelihood(z).mean()


def log_weights(model: Variational, x: Images, *, samples: int, generator: torch.Generator) -> Tensor:
    """Log importance weights of codes drawn from the posterior of each image.

        log w = log p(x | z) + log p(z) − log q(z | x),  z ~ q(z | x)

    Their mean is the ELBO in expectation, and w has the expectation p(x).

    Args:
        model: one with a likelihood.
        x: images (B, C, H, W).
        samples: K, codes per image.
        generator: of the codes.

    Returns:
        (K, B), in nats.

    Raises:
        DataError: the images have values that the model's likelihood gives no probability.

    Source:
        Burda et al. (2016), equation 8.
    """
    posterior = model.posterior(x)
    z = posterior.draw(samples=samples, generator=generator)  # (K, B, ...)
    repeated = x.expand(samples, *x.shape).flatten(0, 1)  # (K·B, C, H, W)
    likelihood = model.likelihood(z.flatten(0, 1)).log_prob(repeated).view(samples, len(x))
    return likelihood + standard_log_prob(z) - posterior.log_prob(z)
