"""Likelihoods are normalized, agree with torch's, and refuse what they give no probability."""

import math

import pytest
import torch
from torch.distributions import Bernoulli as TorchBernoulli
from torch.distributions import Independent, Normal

from copyist.errors import DataError
from copyist.nn.likelihoods import Bernoulli, DiscretizedLogistic, GaussianPixels, LikelihoodHead, Pixels


def some(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def spread_of(value: float) -> torch.Tensor:
    return torch.tensor(math.log(value), dtype=torch.float64)


ONE_PIXEL = torch.linspace(-0.4, 1.3, 18, dtype=torch.float64).view(18, 1, 1, 1)
"""Answers, some of them beyond the range of pixels."""


def test_bernoulli_probabilities_of_0_and_1_sum_to_1() -> None:
    law = Bernoulli(logits=20 * ONE_PIXEL)
    both = [law.log_prob(torch.full_like(ONE_PIXEL, value)).exp() for value in (0.0, 1.0)]
    torch.testing.assert_close(both[0] + both[1], torch.ones(18).double())
    torch.testing.assert_close(both[1], law.mean().flatten())


@pytest.mark.parametrize("scale", [1e-4, 0.003, 0.05, 1.0, 30.0])
def test_logistic_probabilities_of_all_8_bit_values_sum_to_1(scale: float) -> None:
    law = DiscretizedLogistic(center=ONE_PIXEL, log_scale=spread_of(scale))
    total = sum(law.log_prob(torch.full_like(ONE_PIXEL, level / 255)).exp() for level in range(256))
    torch.testing.assert_close(total, torch.ones(18).double(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("sigma", [0.02, 0.3])
def test_the_gaussian_density_integrates_to_1(sigma: float) -> None:
    law = GaussianPixels(center=ONE_PIXEL, log_sigma=spread_of(sigma))
    x = torch.linspace(-4, 5, 90_001, dtype=torch.float64)
    density = torch.stack([law.log_prob(torch.full_like(ONE_PIXEL, float(value))).exp() for value in x[::30]])
    torch.testing.assert_close(torch.trapezoid(density, x[::30], dim=0), torch.ones(18).double(), rtol=1e-6, atol=1e-6)


def test_sums_over_pixels_are_those_of_torch() -> None:
    answer, x = some(4, 2, 3, 5), torch.rand(4, 2, 3, 5).double()
    normal = Independent(Normal(answer, 0.3), 3)
    torch.testing.assert_close(GaussianPixels(center=answer, log_sigma=spread_of(0.3)).log_prob(x), normal.log_prob(x))
    bits = x.round()
    torch.testing.assert_close(
        Bernoulli(logits=answer).log_prob(bits), Independent(TorchBernoulli(logits=answer), 3).log_prob(bits)
    )


def test_the_logistic_mass_is_a_difference_of_its_distribution_function() -> None:
    center, level = 0.4, 100 / 255
    law = DiscretizedLogistic(center=torch.full((1, 1, 1, 1), center).double(), log_scale=spread_of(0.07))

    def below(value: float) -> float:
        return 1 / (1 + math.exp(-(value - center) / 0.07))

    by_hand = math.log(below(level + 1 / 510) - below(level - 1 / 510))
    assert law.log_prob(torch.full((1, 1, 1, 1), level).double()).item() == pytest.approx(by_hand, rel=1e-9)


def test_no_probability_is_lost_to_rounding_in_float32() -> None:
    law = DiscretizedLogistic(center=torch.full((1, 1, 2, 3), 0.2), log_scale=torch.tensor(math.log(0.002)))
    # So far in the tail, 0.8 / 0.002 = 400 scales, a difference of two distribution functions would be 0.
    found = law.log_prob(torch.full((1, 1, 2, 3), 254 / 255)).item()
    by_hand = 6 * (-(254 / 255 - 1 / 510 - 0.2) / 0.002 + math.log(1 - math.exp(-1 / (255 * 0.002))))
    assert found == pytest.approx(by_hand, rel=1e-4)


def test_values_are_drawn_as_often_as_they_are_likely() -> None:
    generator = torch.Generator().manual_seed(0)
    size = (1, 1, 300, 200)
    bits = Bernoulli(logits=torch.full(size, -1.0)).draw(generator=generator)
    assert bits.mean().item() == pytest.approx(1 / (1 + math.e), abs=5 * 0.44 / 60_000**0.5)
    normal = GaussianPixels(center=torch.full(size, 0.4), log_sigma=torch.tensor(math.log(0.2))).draw(
        generator=generator
    )
    assert normal.mean().item() == pytest.approx(0.4, abs=5 * 0.2 / 60_000**0.5)
    assert normal.std().item() == pytest.approx(0.2, rel=5 / 120_000**0.5)
    law = DiscretizedLogistic(center=torch.full(size, 0.1), log_scale=torch.tensor(math.log(0.05)))
    found = law.draw(generator=generator)
    law.log_prob(found)
    for level in (0, 20, 40, 90):
        value = torch.full((1, 1, 1, 1), level / 255)
        likely = DiscretizedLogistic(center=torch.full((1, 1, 1, 1), 0.1), log_scale=law.log_scale).log_prob(value)
        share = likely.exp().item()
        drawn = (found * 255).round().eq(level).double().mean().item()
        assert drawn == pytest.approx(share, abs=5 * (share / 60_000) ** 0.5)


def test_binary_likelihood_refuses_what_is_not_binary_and_says_what_to_do() -> None:
    with pytest.raises(
        DataError,
        match=r"^a Bernoulli likelihood must be given images of 0 and 1 alone, got values between; "
        r"add \?binarize=sample to the source, or build the model with a Gaussian likelihood \(--set "
        r"likelihood=gaussian\)$",
    ):
        Bernoulli(logits=torch.zeros(2, 1, 2, 3)).log_prob(torch.full((2, 1, 2, 3), 0.5))


def test_the_law_of_8_bits_refuses_what_lies_between() -> None:
    law = DiscretizedLogistic(center=torch.zeros(2, 1, 2, 3), log_scale=torch.tensor(0.0))
    for wrong in (100.5 / 255, 256 / 255):
        with pytest.raises(DataError, match=r"^a discretized logistic likelihood must be given 8-bit images, got"):
            law.log_prob(torch.full((2, 1, 2, 3), wrong))


@pytest.mark.parametrize("kind", ["gaussian", "logistic"])
def test_a_spread_is_learned_until_it_is_that_of_the_data(kind: Pixels) -> None:
    head = LikelihoodHead(kind)
    values = (0.5 + 0.1 * some(1, 1, 60, 50)).mul(255).round().div(255).clamp(0, 1).float()
    optimizer = torch.optim.Adam(head.parameters(), lr=1e-2)
    for _ in range(200):
        optimizer.zero_grad()
        (-head(torch.full_like(values, 0.5)).log_prob(values).mean()).backward()
        optimizer.step()
    law = head(torch.zeros(1, 1, 1, 1))
    # A logistic law of scale s has a standard deviation of πs / √3, but is fitted to a normal one by its tails.
    if isinstance(law, GaussianPixels):
        assert math.exp(law.log_sigma.detach()) == pytest.approx(0.1, rel=0.05)
    else:
        assert isinstance(law, DiscretizedLogistic)
        assert math.pi / 3**0.5 * math.exp(law.log_scale.detach()) == pytest.approx(0.1, rel=0.1)


def test_an_answer_in_half_precision_is_widened() -> None:
    law = LikelihoodHead("bernoulli")(torch.zeros(2, 1, 2, 3).bfloat16())
    assert law.mean().dtype == torch.float32
