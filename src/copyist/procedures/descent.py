"""Gradient descent on images, toward a representation."""

__all__ = ["METHODS", "STEPS", "Method", "Nearest", "descend"]

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias, get_args

import torch
from torch import Tensor

from copyist.schedules import warmup_cosine
from copyist.tensors import Images, PerImage

Method: TypeAlias = Literal["lbfgs", "adam", "reference"]
"""The optimizer of the images.

lbfgs      L-BFGS with a line search, on the squared distance in yardsticks
adam       Adam on the same, with a step that falls as a cosine
reference  gradient steps of 0.1 on 0.005·‖h(x) − h(a)‖₁, all of them, as in the source
"""

METHODS: tuple[str, ...] = get_args(Method)
"""Their names."""

STEPS: Mapping[str, int] = {"lbfgs": 300, "adam": 1000, "reference": 500}
"""The default maximum of steps of each method."""

LEARNING_RATE = 0.03
"""Of Adam at its start, in units of pixel value."""

LEAST_PROGRESS = 0.01
"""Progress has stalled when a fifth of all steps has shortened the mean distance, in yardsticks, by less than this
share of it."""

LEAST_PATIENCE = 20
"""But never sooner than after so many steps."""


class Nearest:
    """The best iterates so far: of each image by itself or, where batch statistics couple them, of the whole batch."""

    def __init__(self, x: Images, *, together: bool) -> None:
        self.x = x.clone()
        """(B, C, H, W)."""

        self.ratio = torch.full((len(x),), float("inf"), device=x.device, dtype=x.dtype)
        """(B,), their distances in yardsticks."""

        self._together = together

    def see(self, x: Images, ratio: PerImage) -> None:
        """Take those of `x` that are nearer."""
        nearer = (ratio.mean() < self.ratio.mean()).expand(len(x)) if self._together else ratio < self.ratio
        self.x[nearer] = x[nearer]
        self.ratio[nearer] = ratio[nearer]


def descend(
    residual: Callable[[Images], Tensor],
    start: Images,
    *,
    yardstick: PerImage,
    together: bool,
    method: Method,
    steps: int,
    tolerance: float,
    stepped: Callable[[int], None],
) -> tuple[Nearest, int]:
    """Move images until their representations are near enough, or come no nearer, or the steps are over.

    Args:
        residual: h(x) − h(a), one row (B, n) per image.
        start: images (B, C, H, W).
        yardstick: the unit of distances, (B,), greater than 0.
        together: whether an image's representation depends on its neighbors.
        method: how to move.
        steps: at most.
        tolerance: near enough is this share of the yardstick, for every image; `reference` takes all steps anyway.
        stepped: called after each step with the number of steps taken.

    Returns:
        The nearest images, of `reference` the last ones; and the number of steps taken.
    """
    x = start.clone().requires_grad_()
    optimizer, nearest = _optimizer(method, x), Nearest(start, together=together)
    ratios: list[PerImage] = []
    means: list[float] = []

    def misfit() -> float:
        optimizer.zero_grad()
        rows = residual(x)
        ratios.append(rows.detach().norm(dim=1) / yardstick)
        loss = 0.005 * rows.abs().sum() if method == "reference" else (rows / yardstick[:, None]).square().sum()
        # A layer that does not look at the image has no gradient to give.
        if loss.requires_grad:
            loss.backward()
        return loss.item()

    for step in range(steps + 1):
        here = x.detach().clone()
        if method == "adam":
            optimizer.param_groups[0]["lr"] = LEARNING_RATE * warmup_cosine(step, steps=steps + 1, warmup=0)
        ratios.clear()
        _ = misfit() if step == steps else optimizer.step(misfit)
        # The first look of each step is at where it starts.
        if method == "reference":
            nearest = Nearest(start, together=together)
        nearest.see(here, ratios[0])
        means.append(float(nearest.ratio.mean()))
        stepped(step)
        near = bool((nearest.ratio <= tolerance).all())
        if step == steps or (method != "reference" and (near or _has_stalled(means, steps))):
            return nearest, step
    raise AssertionError("the last step returns")


def _optimizer(method: Method, x: Images) -> torch.optim.Optimizer:
    match method:
        case "lbfgs":
            # The line search may look as often as this; by default only once per step, which ends in a standstill.
            return torch.optim.LBFGS(
                [x],
                max_iter=1,
                max_eval=25,
                history_size=20,
                line_search_fn="strong_wolfe",
                tolerance_grad=0,
                tolerance_change=0,
            )
        case "adam":
            return torch.optim.Adam([x], lr=LEARNING_RATE)
        case "reference":
            return torch.optim.SGD([x], lr=0.1)


def _has_stalled(means: list[float], steps: int) -> bool:
    patience = max(LEAST_PATIENCE, steps // 5)
    return len(means) > patience and not means[-1] < (1 - LEAST_PROGRESS) * means[-1 - patience]
