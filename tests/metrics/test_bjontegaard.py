"""BD-rate: on paper, and as the published tables have it."""

import pytest

from copyist.errors import ArgumentError
from copyist.metrics.bjontegaard import bd_rate, rate_at

JPEG = [(0.22115, 23.77989), (0.32661, 26.57723), (0.42313, 28.04225), (0.50839, 29.04181), (0.58787, 29.78473),
        (0.66013, 30.37831), (0.72895, 30.90316), (0.78603, 31.30783), (0.84972, 31.70485), (0.90600, 32.05865),
        (0.96438, 32.39930), (1.03721, 32.78992), (1.12740, 33.23474), (1.23985, 33.79259), (1.36883, 34.39430),
        (1.57181, 35.23900), (1.85882, 36.32886), (2.35020, 37.91212), (3.40134, 40.55666)]  # fmt: skip
"""Bits per pixel and PSNR on Kodak's 24 pictures, as CompressAI has them: Pillow 7.1.2."""

BPG = [(0.06777, 26.19513), (0.16102, 28.68155), (0.35155, 31.59467), (0.68470, 34.85747), (1.19967, 38.25989),
       (1.92971, 41.47888), (3.05788, 44.70311), (4.70314, 47.63252)]  # fmt: skip
"""Likewise: BPG 0.9.8, 4:4:4."""


def test_a_curve_of_half_the_rate_is_50_per_cent_less() -> None:
    half = [(rate / 2, quality) for rate, quality in JPEG]
    assert bd_rate(half, JPEG) == pytest.approx(-50)
    assert bd_rate(JPEG, half) == pytest.approx(100)
    assert bd_rate(JPEG, JPEG, rates=(0.2, 1)) == pytest.approx(0)


def test_published_curves_have_the_bd_rate_that_the_package_of_that_name_gives() -> None:
    """bjontegaard 1.3.0, method pchip, gives -58.855367."""
    assert bd_rate(BPG, JPEG) == pytest.approx(-58.855367, abs=1e-6)


def test_a_range_of_rates_counts_the_qualities_of_the_reference_there() -> None:
    """Where two curves differ by a third up to 1 bit per pixel and not at all beyond, only the first part counts."""
    bent = [(rate * (2 / 3 if rate < 1 else 1), quality) for rate, quality in JPEG]
    assert bd_rate(bent, JPEG, rates=(0.2, 0.9)) == pytest.approx(-100 / 3, abs=0.01)
    assert -30 < bd_rate(bent, JPEG) < -5


def test_a_rate_is_found_between_two_points() -> None:
    assert rate_at(JPEG, 29.04181) == pytest.approx(0.50839)
    assert 0.50839 < rate_at(JPEG, 29.5) < 0.58787
    assert rate_at(JPEG, 50) != rate_at(JPEG, 50)


@pytest.mark.parametrize(
    ("curve", "words"),
    [
        ([(0.1, 30.0)], "needs two points"),
        ([(0.1, 30.0), (0.2, 29.0)], "must rise"),
        ([(0.1, 30.0), (0.2, float("inf"))], "must be finite"),
        ([(0.1, 50.0), (0.2, 60.0)], "must reach some qualities"),
    ],
)
def test_curves_that_cannot_be_compared_are_refused(curve: list[tuple[float, float]], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        bd_rate(curve, JPEG)
