"""Pictures of many sizes through one model: padded to what it takes, in batches of one size, and cut back."""

__all__ = ["apply_to_pictures"]

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from copyist.errors import ShapeError
from copyist.models.contracts import Model
from copyist.tensors import Images


def apply_to_pictures(
    model: Model,
    function: Callable[[Images], Images],
    pictures: Sequence[Tensor],
    *,
    names: Sequence[str],
    progress: Callable[[int, int], None] | None = None,
) -> list[Tensor]:
    """Apply a verb, from images to images of the same shape, to pictures of any sizes.

    Pictures of one size go through `function` together, in their order. Sides that are no multiples of what the model
    takes are padded by reflection at the right and bottom, and the answers cut back.

    Args:
        model: gives the sizes that it takes, and its device.
        function: the verb, which puts what it is given into batches.
        pictures: (C, H, W) each.
        names: of the pictures, for sentences about them.
        progress: called with the number of pictures done and of all.

    Returns:
        Pictures (C, H, W), in the order they came in, on the CPU.

    Raises:
        ShapeError: the model does not take a picture, which is named.
    """
    device = next((weight.device for weight in model.parameters()), torch.device("cpu"))
    groups: dict[torch.Size, list[int]] = {}
    for index, picture in enumerate(pictures):
        groups.setdefault(picture.shape, []).append(index)
    answers: dict[int, Tensor] = {}
    for shape, members in groups.items():
        height, width = shape[-2:]
        x = torch.stack([pictures[index] for index in members]).to(device)
        padded = _pad(x, model.size_multiple)
        _check(model, padded, x, name=names[members[0]])
        x_hat = function(padded)[..., :height, :width].float().cpu()
        answers |= dict(zip(members, x_hat, strict=True))
        if progress is not None:
            progress(len(answers), len(pictures))
    return [answers[index] for index in range(len(pictures))]


def _check(model: Model, padded: Images, x: Images, *, name: str) -> None:
    try:
        model.check_input(padded)
    except ShapeError:
        try:
            # The sentence is to name the sides that the picture has.
            model.check_input(x)
        except ShapeError as error:
            raise ShapeError(f"{name} cannot be taken: {error}") from error
        raise


def _pad(x: Images, multiple: int) -> Images:
    height, width = x.shape[-2:]
    below, right = -height % multiple, -width % multiple
    if not (below or right):
        return x
    # A reflection reaches at most one side less one pixel; smaller pictures repeat their edge.
    mode = "reflect" if below < height and right < width else "replicate"
    return F.pad(x, (0, right, 0, below), mode=mode)
