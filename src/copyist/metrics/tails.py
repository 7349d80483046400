"""How seldom one coordinate of a random point in many dimensions is large: exactly, bounded, and if it were normal."""

__all__ = ["ball_tail", "normal_tail", "sphere_tail", "sphere_tail_bound"]

import math

from copyist.checks import check_at_least, check_whole


def sphere_tail(n: int, epsilon: float) -> float:
    """P(|x₁| > ε) for a uniformly random point on the unit sphere in n dimensions, exactly.

    x₁² has the law Beta(1/2, (n − 1)/2), with the mean 1/n.

    Args:
        n: dimensions of the space, at least 2.
        epsilon: ε, at least 0, in units of the sphere's radius.

    Raises:
        ArgumentError: `n` is no whole number of at least 2, or `epsilon` is below 0.
    """
    check_whole("n", n, 2)
    return _beta_tail(epsilon, (n - 1) / 2)


def ball_tail(n: int, epsilon: float) -> float:
    """P(|x₁| > ε) for a uniformly random point in the unit ball in n dimensions, exactly.

    x₁² has the law Beta(1/2, (n + 1)/2): it is the sphere's tail with two dimensions more.

    Args:
        n: dimensions, at least 1.
        epsilon: ε, at least 0, in units of the ball's radius.

    Raises:
        ArgumentError: `n` is no whole number of at least 1, or `epsilon` is below 0.
    """
    check_whole("n", n, 1)
    return _beta_tail(epsilon, (n + 1) / 2)


def sphere_tail_bound(n: int, epsilon: float) -> float:
    """2·exp(−nε²/4), which neither the sphere's tail nor the ball's exceeds for ε < 1.

    It is loose: the exponent of the truth comes near nε²/2, that of the normal law.

    Args:
        n: dimensions, at least 1.
        epsilon: ε, at least 0.

    Returns:
        In [0, 2]; above 1 it is vacuous.

    Raises:
        ArgumentError: `n` is no whole number of at least 1, or `epsilon` is below 0.

    Source:
        Badger, "Autoencoders: Learning by Copying", on non-invertibility.
    """
    check_whole("n", n, 1)
    check_at_least("epsilon", epsilon, 0)
    return 2 * math.exp(-n * epsilon**2 / 4)


def normal_tail(n: int, epsilon: float) -> float:
    """P(|x| > ε) for x ~ N(0, 1/n), the normal law with the variance of a coordinate on the unit sphere.

    It is erfc(ε√(n/2)), at most exp(−nε²/2). The exp(−2nε²) that stands in the source belongs to the variance 1/(4n),
    that of a mean of n fair coins, and is a bound there, not the probability.

    Args:
        n: dimensions, at least 1.
        epsilon: ε, at least 0.

    Raises:
        ArgumentError: `n` is no whole number of at least 1, or `epsilon` is below 0.
    """
    check_whole("n", n, 1)
    check_at_least("epsilon", epsilon, 0)
    return math.erfc(epsilon * math.sqrt(n / 2))


def _beta_tail(epsilon: float, b: float) -> float:
    from scipy.special import betainc

    check_at_least("epsilon", epsilon, 0)
    # The mirrored function keeps the digits of tails that are almost 0.
    return float(betainc(b, 0.5, max(0.0, 1 - epsilon**2)))
