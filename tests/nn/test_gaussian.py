"""Gaussians of independent units agree with torch's own distributions."""

import torch
from torch.distributions import Independent, Normal, kl_divergence

from copyist.nn.gaussian import Gaussian, standard_log_prob


def some(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


POSTERIOR = Gaussian(mean=some(5, 3, 2), log_variance=some(5, 3, 2, seed=1))
TORCHS = Normal(POSTERIOR.mean, (POSTERIOR.log_variance / 2).exp())


def test_the_divergence_from_the_prior_is_that_of_torch() -> None:
    standard = Normal(torch.zeros(5, 3, 2).double(), torch.ones(5, 3, 2).double())
    torch.testing.assert_close(POSTERIOR.divergence(), kl_divergence(TORCHS, standard))


def test_log_densities_are_those_of_torch() -> None:
    z = some(7, 5, 3, 2, seed=2)
    torch.testing.assert_close(POSTERIOR.log_prob(z), Independent(TORCHS, 2).log_prob(z))
    standard = Normal(torch.zeros(3, 2).double(), torch.ones(3, 2).double())
    torch.testing.assert_close(standard_log_prob(z), Independent(standard, 2).log_prob(z))


def test_draws_have_the_mean_and_the_variance_they_are_drawn_from() -> None:
    z = POSTERIOR.draw(samples=20_000, generator=torch.Generator().manual_seed(3))
    assert z.shape == (20_000, 5, 3, 2)
    sigma = (POSTERIOR.log_variance / 2).exp()
    # Five standard errors of a mean, and of a relative variance.
    assert ((z.mean(0) - POSTERIOR.mean).abs() < 5 * sigma / 20_000**0.5).all()
    assert ((z.var(0) / sigma**2 - 1).abs() < 5 * (2 / 20_000) ** 0.5).all()


def test_gradients_pass_through_a_draw() -> None:
    mean, log_variance = some(2, 3).requires_grad_(), some(2, 3, seed=1).requires_grad_()
    posterior = Gaussian.of(mean=mean, log_variance=log_variance)
    z = posterior.draw(samples=4, generator=torch.Generator().manual_seed(0))
    z.sum().backward()
    assert mean.grad is not None
    assert log_variance.grad is not None
    torch.testing.assert_close(mean.grad, torch.full((2, 3), 4.0, dtype=torch.float64))
    # Of σε, the derivative by log σ² is σε / 2.
    torch.testing.assert_close(log_variance.grad, ((z - mean) / 2).sum(0).detach())


def test_what_comes_in_half_precision_is_widened() -> None:
    posterior = Gaussian.of(mean=torch.zeros(2, 3).bfloat16(), log_variance=torch.zeros(2, 3).bfloat16())
    assert posterior.mean.dtype == posterior.log_variance.dtype == torch.float32
