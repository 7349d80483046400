"""Linear interpolation between the codes of two images, decoded."""

__all__ = ["interpolate"]

import torch
from torch import Tensor

from copyist.checks import check_at_least
from copyist.devices import Precision, autocast
from copyist.errors import ShapeError
from copyist.models.contracts import Autoencoder, check_answer, needs, take_batch
from copyist.models.in_batches import in_batches
from copyist.procedures.walk import check_held_frames
from copyist.tensors import ExamplesLike, Images


@torch.no_grad()
def interpolate(
    model: Autoencoder,
    x: ExamplesLike,
    y: ExamplesLike,
    *,
    steps: int = 30,
    batch_size: int | None = None,
    precision: Precision = "float32",
) -> Images:
    """Decode the codes between those of two images.

        x̂ₜ = D((1 − t)·E(x) + t·E(y)),  t = 0, 1/steps, …, 1

    Each end is the copy that the model makes of it. With batch statistics an image keeps its neighbors on the whole
    way: at each t a batch holds the same pairs as at the ends.

    Args:
        model: one with a code.
        x: where to start, images (B, C, H, W), or a single one (1, C, H, W) for all of `y`.
        y: where to end, one for each of `x`, or a single one for all.
        steps: from one end to the other.
        batch_size: images per batch, which decides the answer of a model that uses batch statistics; None takes the
            model's own.
        precision: `float32`, in which every verb computes unless another is requested; `auto` is bf16, faster and
            less exact, where the hardware computes in it.

    Returns:
        Frames (steps + 1, B, C, H, W) on the model's device; values may leave [0, 1] a little.

    Raises:
        ShapeError: `x` or `y` is not (B, C, H, W), they do not pair up, or the model does not take them.
        ContractError: the model has no code, or takes tables.
        ArgumentError: `steps` or `batch_size` is less than 1, or the frames do not fit into memory.
    """
    coder = needs(model, Autoencoder, verb="interpolate")
    coder.check_pictures(verb="interpolate")
    check_at_least("steps", steps, 1)
    pairs = _pairs(take_batch(coder, x), take_batch(coder, y))
    check_held_frames(pairs[:, 0], steps)
    shares = [step / steps for step in range(steps + 1)]

    def between(pairs: Tensor) -> Tensor:
        start, end = (coder.encode(images).float() for images in pairs.unbind(1))
        return torch.stack([coder.decode(torch.lerp(start, end, t)).float() for t in shares], dim=1)  # (b, T, C, H, W)

    with autocast(precision, pairs.device):
        return check_answer(in_batches(coder, between, pairs, batch_size=batch_size)).transpose(0, 1)


def _pairs(x: Images, y: Images) -> Tensor:
    """Both ends side by side, (B, 2, C, H, W)."""
    if x.shape[1:] != y.shape[1:]:
        raise ShapeError(f"both ends must be images of one shape, got {tuple(x.shape[1:])} and {tuple(y.shape[1:])}")
    if len(x) != len(y) and 1 not in (len(x), len(y)):
        raise ShapeError(f"both ends must be as many images, or one of them a single image, got {len(x)} and {len(y)}")
    count = max(len(x), len(y))
    return torch.stack([x.expand(count, -1, -1, -1), y.expand(count, -1, -1, -1)], dim=1)
