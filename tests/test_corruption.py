"""Corruptions: closed forms, scipy as the oracle for blur, and the laws of randomness."""

import json

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from copyist import settings
from copyist.corruption import (
    CORRUPTIONS,
    Blend,
    Blur,
    Corruption,
    GaussianNoise,
    Identity,
    MaskingNoise,
    OneOf,
    SaltAndPepper,
    Shift,
    Structured,
    gaussian_blur,
)
from copyist.errors import ArgumentError, ShapeError

ALL: list[Corruption] = [
    Identity(),
    Blend(0.3),
    Blend((0.3, 0.7)),
    Shift(0.5),
    Shift((0.1, 0.9), mean=0.4),
    GaussianNoise(0.2),
    GaussianNoise((0.0, 0.5)),
    SaltAndPepper(0.1),
    MaskingNoise((0.1, 0.4)),
    Blur(1.3),
    Blur((0.5, 2.0)),
    OneOf((Blend(0.3), GaussianNoise(0.2), Blur(1.0))),
    Structured(),
    Structured(most=1, share=0.5),
]


def g(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(batch: int = 5, channels: int = 3, height: int = 12, width: int = 14) -> torch.Tensor:
    return torch.rand(batch, channels, height, width, generator=g(99))


@pytest.mark.parametrize("corruption", ALL, ids=str)
def test_the_generators_state_alone_decides_the_bits(corruption: Corruption) -> None:
    x = images()
    torch.manual_seed(1)
    first = corruption(x, generator=g(3))
    torch.manual_seed(2)
    assert torch.equal(first, corruption(x, generator=g(3)))
    assert first.shape == x.shape
    assert first.dtype == x.dtype


@pytest.mark.parametrize("corruption", ALL, ids=str)
def test_a_corruption_reads_back_from_its_json_as_itself(corruption: Corruption) -> None:
    catalogues = {Corruption: CORRUPTIONS}
    document = json.loads(json.dumps(settings.dump(corruption, catalogues)))
    assert settings.load(Corruption, document, catalogues) == corruption


@pytest.mark.parametrize("corruption", ALL, ids=str)
def test_the_input_is_left_as_it_was(corruption: Corruption) -> None:
    x = images()
    corruption(x, generator=g()).add_(1)
    assert torch.equal(x, images())


@pytest.mark.parametrize(
    "corruption",
    [Identity(), Blend(1.0), Shift(1.0), MaskingNoise(0.0), SaltAndPepper(0.0), Structured(share=0.0)],
)
def test_at_strength_nothing_the_image_stays_bit_for_bit(corruption: Corruption) -> None:
    assert torch.equal(corruption(images(), generator=g()), images())


def test_a_blend_has_the_mean_and_spread_of_its_formula() -> None:
    x_tilde = Blend(0.3)(torch.full((2, 3, 250, 260), 0.5), generator=g())
    assert x_tilde.mean().item() == pytest.approx(0.3 * 0.5 + 0.7 * 0.7, abs=3 * 0.14 / 390_000**0.5)
    assert x_tilde.std().item() == pytest.approx(0.7 * 0.2, rel=0.005)


def test_a_shift_is_the_mean_of_blends() -> None:
    x = images()
    blends = torch.stack([Blend(0.4)(x, generator=g(seed)) for seed in range(400)])
    torch.testing.assert_close(blends.mean(0), Shift(0.4)(x, generator=g()), rtol=0, atol=5 * 0.12 / 20)


def test_noise_leaves_the_unit_range_unclipped() -> None:
    x_tilde = GaussianNoise(0.4)(images(), generator=g())
    assert x_tilde.min() < 0
    assert x_tilde.max() > 1
    assert Blend(0.0)(images(64), generator=g()).max() > 1


def test_a_range_gives_each_image_its_own_value_inside_it() -> None:
    x = torch.zeros(64, 3, 20, 24)
    sigmas = GaussianNoise((0.1, 0.5))(x, generator=g()).flatten(1).std(1)
    assert sigmas.min() > 0.09
    assert sigmas.max() < 0.53
    assert sigmas.std().item() == pytest.approx(0.4 / 12**0.5, rel=0.25)
    alphas = 1 - Shift((0.2, 0.6), mean=1.0)(x, generator=g()).mean((1, 2, 3))
    assert len(alphas.unique()) == 64
    assert bool(((alphas >= 0.2) & (alphas <= 0.6)).all())


def test_salt_and_pepper_loses_its_share_half_to_each_side() -> None:
    x_tilde = SaltAndPepper(0.3)(torch.full((2, 3, 150, 160), 0.5), generator=g())
    assert (x_tilde == 0).float().mean().item() == pytest.approx(0.15, abs=0.005)
    assert (x_tilde == 1).float().mean().item() == pytest.approx(0.15, abs=0.005)
    assert (x_tilde == 0.5).float().mean().item() == pytest.approx(0.7, abs=0.005)


def test_masking_hides_its_share_and_keeps_the_rest() -> None:
    x = torch.full((2, 3, 150, 160), 0.5)
    x_tilde = MaskingNoise(0.25)(x, generator=g())
    assert (x_tilde == 0).float().mean().item() == pytest.approx(0.25, abs=0.005)
    assert set(x_tilde.unique().tolist()) == {0.0, 0.5}


@pytest.mark.parametrize("sigma", [0.0, 0.4, 1.0, 2.5, 9.0])
def test_blur_is_scipys_also_when_the_kernel_is_wider_than_the_image(sigma: float) -> None:
    x = images(2, 3, 7, 11)
    expected = gaussian_filter(x.double().numpy(), sigma=(0, 0, sigma, sigma), mode="reflect", truncate=4.0)
    np.testing.assert_allclose(gaussian_blur(x, sigma=sigma).numpy(), expected, atol=2e-6)


def test_blur_with_a_width_per_image_blurs_each_as_if_alone() -> None:
    x, sigma = images(3), torch.tensor([0.5, 3.0, 1.0])
    together = gaussian_blur(x, sigma=sigma)
    alone = torch.cat([gaussian_blur(x[i : i + 1], sigma=float(sigma[i])) for i in range(3)])
    torch.testing.assert_close(together, alone)


def test_one_of_gives_each_image_one_and_uses_each() -> None:
    x = torch.full((300, 2, 3, 4), 0.5)
    x_tilde = OneOf((Identity(), Shift(0.0, mean=0.9), Shift(0.0, mean=0.1)))(x, generator=g())
    values = x_tilde[:, 0, 0, 0]
    assert torch.equal(x_tilde, values[:, None, None, None].expand_as(x))
    counts = [int((values - value).abs().lt(1e-6).sum()) for value in (0.5, 0.9, 0.1)]
    assert sum(counts) == 300
    assert min(counts) > 70


def test_one_of_skips_what_nobody_drew() -> None:
    x = images(1)
    x_tilde = OneOf((Identity(), Identity(), Identity()))(x, generator=g())
    assert torch.equal(x_tilde, x)


def test_noise_corrupts_rows_of_a_table_too() -> None:
    table = torch.rand(6, 9, generator=g())
    for corruption in (Blend((0.1, 0.9)), GaussianNoise(0.1), Shift(0.3), MaskingNoise(0.5), SaltAndPepper(0.5)):
        assert corruption(table, generator=g()).shape == (6, 9)


def test_settings_outside_their_range_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"alpha must lie in \[0, 1\], got 1.5"):
        Blend(1.5)
    for nothing in (0, 0.0, (0.0, 0.0)):
        for kind in (GaussianNoise, Blur):
            with pytest.raises(ArgumentError, match=r"^sigma must be greater than 0, got "):
                kind(nothing)
    with pytest.raises(ArgumentError, match=r"^sigma must lie in \[0, 1000\], got 1000000000.0$"):
        Blur(1e9)
    with pytest.raises(ArgumentError, match=r"sigma must be at least 0, got -0.1"):
        GaussianNoise(-0.1)
    with pytest.raises(ArgumentError, match=r"share must be a range from low to high, got \(0.5, 0.2\); swap them"):
        MaskingNoise((0.5, 0.2))
    with pytest.raises(ArgumentError, match="at least one corruption"):
        OneOf(())


def test_images_that_are_none_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"must be floats, got torch.int64"):
        Blend(0.5)(torch.ones(2, 3, dtype=torch.long), generator=g())
    with pytest.raises(ShapeError, match=r"no side of 0, got \(0, 3\)"):
        Shift(0.5)(torch.ones(0, 3), generator=g())
    with pytest.raises(ShapeError, match=r"\(B, C, H, W\)"):
        Blur(1.0)(torch.ones(2, 3), generator=g())
