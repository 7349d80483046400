"""Images of 0 and 1 from images of values between."""

__all__ = ["binarized"]

from typing import Any

import numpy as np
import numpy.typing as npt


def binarized(rows: npt.NDArray[Any], binarize: float | str, *, digest: str) -> npt.NDArray[Any]:
    """Rows (R, C, H, W) with each value the largest of its type (1 for floats), or 0.

    Args:
        rows: whole numbers without a sign, or floats in [0, 1].
        binarize: the share of the largest value from which on a value is 1; or `sample`, by which a value is 1 with
            the probability that it names.
        digest: of the image the rows come from: draws depend on it and on nothing else, so that an image is always
            binarized in the same way.

    Source:
        Larochelle & Murray (2011), after Salakhutdinov & Murray (2008), for images that are sampled once and for all.
    """
    largest = np.iinfo(rows.dtype).max if rows.dtype.kind == "u" else 1
    if isinstance(binarize, str):
        # In (0, 1], so that 0 stays 0 and the largest value stays as it is.
        bounds = 1 - np.random.default_rng([*digest.encode()]).random(rows.shape)
    else:
        bounds = np.float64(binarize)
    return np.where(rows / np.float64(largest) >= bounds, largest, 0).astype(rows.dtype)
