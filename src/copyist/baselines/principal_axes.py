"""Principal component analysis, by scikit-learn: of images, or of the rows of a table."""

__all__ = ["PCAFeatures", "PrincipalAxes", "principal_axes"]

from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch import Tensor

from copyist.checks import check_at_least, check_examples, check_whole
from copyist.errors import ArgumentError, ShapeError
from copyist.tensors import Examples

LEAST_VARIANCE = 1e-10
"""An axis with less than this share of the first one's variance holds rounding errors alone."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class PrincipalAxes:
    """The directions along which examples vary, the largest variance first."""

    mean: Tensor
    """(D,), of the D values of an example, float64."""

    axes: Tensor
    """(K, D), orthonormal rows, float64."""

    variances: Tensor
    """(K,), of the examples along each axis, float64."""

    @property
    def spanned(self) -> Tensor:
        """The axes (R, D) along which the examples vary by more than rounding: at most N − 1 of them."""
        return self.axes[self.variances > LEAST_VARIANCE * self.variances.max()]


def principal_axes(x: Examples, *, num_axes: int | None = None, seed: int | None = None) -> PrincipalAxes:
    """Find the principal axes of examples.

    Args:
        x: examples (N, ...), at least 2, of any range; D values each.
        num_axes: K, at most N and D; None finds all.
        seed: of the randomized solver that scikit-learn takes for few axes of a large set; None finds them exactly.

    Returns:
        Mean, axes and variances on the CPU.

    Raises:
        ArgumentError: there are fewer than 2 examples.

    Source:
        Pearson (1901), through scikit-learn.
    """
    check_at_least("the number of examples", len(x), 2)
    from sklearn.decomposition import PCA

    rows = x.detach().flatten(1).double().cpu().numpy()
    # Of the two exact solvers, the one that takes less time.
    exact = "covariance_eigh" if rows.shape[0] >= rows.shape[1] else "full"
    pca = PCA(n_components=num_axes, svd_solver=exact if seed is None else "auto", random_state=seed)
    # Of equal examples scikit-learn divides no variance by none.
    with np.errstate(invalid="ignore"):
        found = pca.fit(rows)
    return PrincipalAxes(
        mean=torch.from_numpy(found.mean_).double(),
        axes=torch.from_numpy(found.components_).double(),
        variances=torch.from_numpy(found.explained_variance_).double(),
    )


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class PCAFeatures:
    """The principal components of some images, as a map from images to features (N, D)."""

    mean: Tensor
    """(n,), of the n = C·H·W values, float64."""

    components: Tensor
    """(D, n), the directions of largest variance; whitened ones are over their standard deviation."""

    image_shape: tuple[int, ...]
    """(C, H, W) of the images they were found on."""

    @classmethod
    def fit(cls, x: Examples, *, dimensions: int, whiten: bool = False, seed: int = 0) -> "PCAFeatures":
        """Find the first components of training images.

        Args:
            x: training images (N, C, H, W), or rows of a table (N, D).
            dimensions: D, how many components.
            whiten: whether each feature gets variance 1 over `x`.
            seed: of the randomized solver, which scikit-learn takes for large sets.

        Raises:
            ShapeError: `x` is neither.
            ArgumentError: `dimensions` is below 1, or not below N, or above C·H·W; the images are equal; or whitened
                features ask for more directions than vary.
        """
        check_examples(x)
        check_whole("dimensions", dimensions, 1)
        num_values = x[0].numel()
        most = min(len(x) - 1, num_values)
        if dimensions > most:
            raise ArgumentError(
                f"{len(x)} images of {num_values} values have at most {most} components, got {dimensions}"
            )
        if bool((x == x[0]).all()):
            raise ArgumentError("principal components need images that differ, got equal ones")
        found = principal_axes(x, num_axes=dimensions, seed=seed)
        deviation = found.variances.sqrt()
        if whiten and float(deviation[-1]) <= 1e-9 * float(deviation[0]):
            raise ArgumentError(f"{dimensions} whitened features need images that vary in as many directions")
        return cls(
            mean=found.mean,
            components=found.axes / deviation[:, None] if whiten else found.axes,
            image_shape=tuple(x.shape[1:]),
        )

    def __call__(self, x: Examples) -> Tensor:
        """The features of images (B, C, H, W) or rows: (B, D), float64, on the device of `x`.

        Raises:
            ShapeError: `x` is not images of the shape that the components were found on.
        """
        check_examples(x)
        if tuple(x.shape[1:]) != self.image_shape:
            raise ShapeError(f"images must have shape (B, *{self.image_shape}), got {tuple(x.shape)}")
        rows = x.detach().flatten(1).double()
        return (rows - self.mean.to(rows)) @ self.components.to(rows).T
