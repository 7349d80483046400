"""Random probes are right in the mean, and spread as they do on paper."""

import math

import pytest
import torch
from torch import Tensor

from copyist.errors import ContractError
from copyist.metrics.jacobian_probes import probed_column_norms, probed_energy

MATRIX = torch.randn(4, 7, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
DRAWS = 4000


def linear(count: int) -> tuple[Tensor, Tensor]:
    x = torch.rand(count, 7, dtype=torch.float64).requires_grad_()
    return x @ MATRIX.T, x


def test_the_energy_is_the_frobenius_norm_in_the_mean_with_hutchinsons_variance() -> None:
    y, x = linear(DRAWS)
    energy = probed_energy(y, x, generator=torch.Generator().manual_seed(0)).detach().double()
    gram = MATRIX @ MATRIX.T
    variance = 2 * float((gram - gram.diag().diag()).square().sum())
    assert float(energy.mean()) == pytest.approx(float(MATRIX.square().sum()), abs=4 * math.sqrt(variance / DRAWS))
    assert float(energy.var()) == pytest.approx(variance, rel=0.15)


def test_one_probe_is_exact_where_rows_are_orthogonal() -> None:
    x = torch.rand(3, 2, 5).requires_grad_()
    energy = probed_energy(3 * x, x, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(energy.detach(), torch.full((3,), 9.0 * 10))


def test_column_norms_are_right_in_the_mean_and_off_as_on_paper() -> None:
    y, x = linear(DRAWS)
    norms = probed_column_norms(y, x, generator=torch.Generator().manual_seed(0)).detach().double()
    on_paper = MATRIX.norm(dim=0)
    off = math.sqrt(math.pi / 2 - 1)
    torch.testing.assert_close(norms.mean(0), on_paper, rtol=5 * off / math.sqrt(DRAWS), atol=0)
    torch.testing.assert_close(norms.std(0) / on_paper, torch.full((7,), off, dtype=torch.float64), rtol=0.1, atol=0)


def test_an_energy_can_be_differentiated_again() -> None:
    x = torch.tensor([[0.3], [2.0]], requires_grad=True)
    energy = probed_energy(x**3, x, generator=torch.Generator())
    # (3x²)² = 9x⁴, whose derivative is 36x³.
    energy.sum().backward()
    torch.testing.assert_close(x.grad, 36 * x.detach() ** 3)


def test_images_that_share_a_batch_share_their_energy() -> None:
    x = torch.rand(5, 2, dtype=torch.float64).requires_grad_()
    y = x - x.mean(0)
    draws = torch.Generator().manual_seed(0)
    energies = torch.stack([probed_energy(y, x, generator=draws).detach() for _ in range(DRAWS)]).mean(0)
    # Of x − mean, each value moves its own by 4/5 and four others by −1/5: 16/25 + 4/25, for two values.
    torch.testing.assert_close(energies, torch.full((5,), 1.6), rtol=0.1, atol=0)


def test_an_output_without_gradients_is_refused() -> None:
    x = torch.rand(3, 4)
    with pytest.raises(ContractError, match=r"^the output must let gradients through, and has none; compute it with"):
        probed_energy(x, x, generator=torch.Generator())
