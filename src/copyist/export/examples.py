"""Examples that an exported file is tried on, drawn from a fixed seed, since no data is at hand."""

__all__ = ["draw_examples"]

import torch

from copyist.models.contracts import Model
from copyist.nn.standardization import Standardization
from copyist.randomness import generator
from copyist.tensors import Examples


def draw_examples(model: Model, count: int, shape: tuple[int, ...]) -> Examples:
    """Images of noise of unlike contrast about an even color, or normal rows in the units of the table.

    Args:
        model: what is to take them.
        count: how many; the same ones for the same number and shape.
        shape: of one, (C, H, W) or (D,).

    Returns:
        (count, ...), float32; float64 where a column of the table needs it.
    """
    source = generator(0, "export", count, *shape)
    if len(shape) == 3:
        contrast = torch.logspace(-2, -0.3, count)[:, None, None, None]
        color = torch.rand(count, shape[0], 1, 1, generator=source)
        return color + contrast * (torch.rand(count, *shape, generator=source) - color)
    rows = torch.randn(count, *shape, generator=source)
    is_exact = any(isinstance(part, Standardization) and part.has_origin for part in model.modules())
    return model.restored(rows).to(torch.float64 if is_exact else torch.float32)
