"""Images as a few numbers each, in which distributions of images are compared where no labels exist."""

__all__ = ["PCAFeatures", "pixel_features"]

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from copyist.checks import check_examples, check_images, check_whole
from copyist.errors import ArgumentError, ShapeError
from copyist.tensors import Examples, Images


@dataclass(frozen=True, kw_only=True, eq=False)
class PCAFeatures:
    """The principal components of some images, as a map from images to features (N, D).

    Source:
        Pearson (1901), through scikit-learn.
    """

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
        rows = x.detach().flatten(1).double().cpu()
        most = min(rows.shape[0] - 1, rows.shape[1])
        if dimensions > most:
            raise ArgumentError(
                f"{len(x)} images of {rows.shape[1]} values have at most {most} components, got {dimensions}"
            )
        if bool((rows == rows[0]).all()):
            raise ArgumentError("principal components need images that differ, got equal ones")
        from sklearn.decomposition import PCA

        found = PCA(n_components=dimensions, random_state=seed).fit(rows.numpy())
        components = torch.from_numpy(found.components_).double()
        deviation = torch.from_numpy(found.explained_variance_).double().sqrt()
        if whiten and float(deviation[-1]) <= 1e-9 * float(deviation[0]):
            raise ArgumentError(f"{dimensions} whitened features need images that vary in as many directions")
        return cls(
            mean=torch.from_numpy(found.mean_).double(),
            components=components / deviation[:, None] if whiten else components,
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


def pixel_features(x: Images, *, side: int = 8) -> Tensor:
    """The images themselves, averaged over areas down to `side` × `side` pixels.

    Args:
        x: images (B, C, H, W).
        side: pixels per side afterwards, at most the shorter side.

    Returns:
        (B, C · side²), in units of pixel value.

    Raises:
        ShapeError: `x` is not (B, C, H, W).
        ArgumentError: `side` is below 1, or larger than the images.
    """
    check_images(x)
    check_whole("side", side, 1)
    if side > min(x.shape[-2:]):
        raise ArgumentError(f"side must be at most the images' {min(x.shape[-2:])}, got {side}")
    return F.adaptive_avg_pool2d(x.detach(), side).flatten(1)
