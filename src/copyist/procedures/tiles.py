"""A large picture through a model of small receptive field, tile by tile, as if it had gone through whole."""

__all__ = ["LARGEST_WHOLE", "apply_in_tiles", "takes_tiles"]

from collections.abc import Callable

import torch
from torch import Tensor

from copyist.models.contracts import Model
from copyist.tensors import Images

LARGEST_WHOLE = 2**22
"""Pixels (4 megapixels) above which a picture goes through in tiles, where the model allows it."""

SIDE = 1024
"""Pixels of an answer's tile along each side, about; the model also sees the margin around it."""


def takes_tiles(model: Model) -> bool:
    """Whether each pixel of an answer depends on a bounded neighborhood of the image alone."""
    return model.receptive_radius is not None and not model.uses_batch_statistics


def apply_in_tiles(
    model: Model, function: Callable[[Images], Images], x: Tensor, *, device: torch.device, side: int = SIDE
) -> Tensor:
    """Apply a verb, from images to images of the same shape, to one picture, one tile at a time.

    A tile is handed over with a margin as wide as the receptive field reaches, so that answers do not depend on where
    tiles meet. Both lie on the grid on which the model halves its maps.

    Args:
        model: one that `takes_tiles`.
        function: the verb.
        x: the picture (C, H, W), of sides that the model takes.
        device: where the model is.
        side: of a tile.

    Returns:
        The answer (C, H, W), float32 on the CPU.
    """
    radius, multiple = model.receptive_radius, model.size_multiple
    assert radius is not None
    margin, step = (-(-length // multiple) * multiple for length in (radius, side))
    _, height, width = x.shape
    answer = torch.empty(x.shape)
    for top in range(0, height, step):
        for left in range(0, width, step):
            above, beside = max(0, top - margin), max(0, left - margin)
            part = x[:, above : top + step + margin, beside : left + step + margin]
            x_hat = function(part[None].to(device))[0].float().cpu()
            tile = answer[:, top : top + step, left : left + step]
            tile.copy_(x_hat[:, top - above :, left - beside :][:, : tile.shape[1], : tile.shape[2]])
    return answer
