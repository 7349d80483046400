"""Log-weights of codes drawn from a posterior: what bounds on the likelihood, and its estimates, are made of."""

__all__ = ["log_weights"]

import torch
from torch import Tensor

from copyist.models.families import Variational
from copyist.nn.gaussian import standard_log_prob
from copyist.tensors import Images


def log_weights(model: Variational, x: Images, *, samples: int, generator: torch.Generator) -> Tensor:
    """Draw codes from the posterior of each image, and weigh them.

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
