"""How likely images are under a model: by importance sampling, and by the bound it was trained on."""

__all__ = ["Nats", "likelihood", "negative_log_likelihood"]

import math

import torch
from torch import Tensor

from copyist.checks import check_whole
from copyist.metrics.nats import Nats
from copyist.models.contracts import Model, Variational, log_weights, needs, take_batch
from copyist.models.in_batches import in_batches
from copyist.objectives.variational import ACTIVE
from copyist.tensors import ExamplesLike, Images, PerImage

_VALUES = 2**22
"""Values of decoded images held at once: 16 MB of each, and a few times that with what led to them."""


@torch.no_grad()
def negative_log_likelihood(
    model: Model, x: ExamplesLike, *, samples: int = 200, generator: torch.Generator | None = None
) -> PerImage:
    """Estimate the negative log-likelihood of each image, by importance sampling from its posterior.

        −log p(x) ≈ −log (1/K) Σₖ p(x | zₖ) p(zₖ) / q(zₖ | x),  zₖ ~ q(z | x)

    Args:
        model: one with a likelihood.
        x: images (B, C, H, W), with values that the model's likelihood takes.
        samples: K, codes per image.
        generator: of the codes; without one, seed 0.

    Returns:
        (B,), in nats per image; too large by a little in expectation, and less with more samples.

    Raises:
        ContractError: the model has no likelihood.
        ShapeError: `x` is not (B, C, H, W), or the model does not take images of this shape.
        DataError: the images have values that the model's likelihood gives no probability.
        ArgumentError: `samples` is not a whole number of at least 1.

    Source:
        Burda et al. (2016), equation 8; Rezende et al. (2014), appendix E.
    """
    variational = needs(model, Variational, verb="negative_log_likelihood")
    return -_log_weights(variational, take_batch(model, x), samples, generator)[0]


@torch.no_grad()
def likelihood(model: Model, x: ExamplesLike, *, samples: int = 200, generator: torch.Generator | None = None) -> Nats:
    """Measure a model's likelihood of images: the estimate, the ELBO and its two terms, and the active units.

    Args:
        model: one with a likelihood.
        x: images (B, C, H, W), with values that the model's likelihood takes.
        samples: codes per image.
        generator: of the codes; without one, seed 0.

    Returns:
        Means over the images, in nats per image.

    Raises:
        ContractError, ShapeError, DataError, ArgumentError: as `negative_log_likelihood`.

    Source:
        Burda et al. (2016), section 5.1, for active units.
    """
    variational, taken = needs(model, Variational, verb="likelihood"), take_batch(model, x)
    log_p, mean_weight = _log_weights(variational, taken, samples, generator)
    means = in_batches(variational, lambda part: variational.posterior(part).mean.flatten(1), taken)
    units = in_batches(variational, lambda part: variational.posterior(part).divergence().flatten(1), taken).mean(0)
    nll, sampled = -float(log_p.double().mean()), -float(mean_weight.double().mean())
    divergence = float(units.sum())
    return Nats(
        num_images=len(taken),
        samples=samples,
        negative_log_likelihood=nll,
        negative_elbo=sampled,
        reconstruction=sampled - divergence,
        divergence=divergence,
        divergence_per_unit=tuple(units.sort(descending=True).values.tolist()),
        active_units=int((means.var(0, correction=0) > ACTIVE).sum()),
        bits_per_value=nll / (math.log(2) * taken[0].numel()),
    )


def _log_weights(
    model: Variational, x: Images, samples: int, generator: torch.Generator | None
) -> tuple[PerImage, PerImage]:
    """log p(x) as estimated, and the mean of log-weights, whose expectation is the ELBO: (B,) each."""
    check_whole("samples", samples, 1)
    draws = generator or torch.Generator().manual_seed(0)
    rows = max(1, _VALUES // x[0].numel())
    images_at_once = max(1, rows // samples)

    def both(part: Images) -> Tensor:
        return _estimates(model, part, samples, rows, draws)

    found = in_batches(model, both, x, batch_size=images_at_once)
    return found[:, 0], found[:, 1]


def _estimates(model: Variational, x: Images, samples: int, rows: int, generator: torch.Generator) -> Tensor:
    """(B, 2), with as many codes at a time as may be held."""
    at_once = max(1, rows // len(x))
    log_sum = torch.full((len(x),), -math.inf, dtype=torch.float64, device=x.device)
    total = torch.zeros_like(log_sum)
    for start in range(0, samples, at_once):
        count = min(at_once, samples - start)
        found = log_weights(model, x, samples=count, generator=generator).double()
        log_sum = torch.logaddexp(log_sum, found.logsumexp(0))
        total += found.sum(0)
    return torch.stack([log_sum - math.log(samples), total / samples], dim=1)
