"""When a walk without noise has come to rest: each image at a fixed point, or on a short cycle."""

__all__ = ["LONGEST_CYCLE", "AtRest"]

from collections import deque
from typing import final

import torch
from torch import Tensor

from copyist.checks import check_images, check_positive
from copyist.tensors import Images, PerImage

LONGEST_CYCLE = 8
"""The longest period, in steps, that counts as a cycle."""


@final
class AtRest:
    """Detects, from the frames of a walk, which images have reached a fixed point or a cycle.

        ‖xₘ − xₘ₋ₚ‖ ≤ tolerance · max(‖x₀‖, ‖xₘ‖)  for m = n − p + 1 … n,  with a period p of 1 … LONGEST_CYCLE

    A period of 1 is a fixed point: one step that moved nothing. Of longer cycles each frame must have come back once.
    """

    def __init__(self, *, tolerance: float) -> None:
        """Watch for motion below a share of the image's own norm.

        Raises:
            ArgumentError: `tolerance` is not greater than 0.
        """
        check_positive("tolerance", tolerance)
        self._tolerance = tolerance
        self._seen: deque[Images] = deque(maxlen=LONGEST_CYCLE)
        self._step = -1

    def observe(self, frame: Images) -> None:
        """Take in the next frame (B, C, H, W), the start first."""
        check_images(frame, name="frames")
        norm = frame.flatten(1).norm(dim=1)
        if not self._seen:
            self._start = norm
            self._returns = torch.zeros(LONGEST_CYCLE, len(frame), dtype=torch.long, device=frame.device)
        allowed = self._tolerance * torch.maximum(norm, self._start)
        back = torch.zeros_like(self._returns, dtype=torch.bool)
        for index, earlier in enumerate(reversed(self._seen)):
            back[index] = (frame - earlier).flatten(1).norm(dim=1) <= allowed
        self._returns = torch.where(back, self._returns + 1, 0)
        self._seen.append(frame)
        self._step += 1

    @property
    def period(self) -> Tensor:
        """(B,), int64: steps after which each image is back, 1 at a fixed point; 0 where it still moves."""
        periods = torch.arange(1, LONGEST_CYCLE + 1, device=self._returns.device)[:, None]
        return torch.where(self._returns >= periods, periods, LONGEST_CYCLE + 1).amin(0) % (LONGEST_CYCLE + 1)

    @property
    def since(self) -> PerImage:
        """(B,), int64: the step at which each image reached its fixed point or cycle; -1 where it still moves."""
        period = self.period
        returns = self._returns.gather(0, (period - 1).clamp(min=0)[None])[0]
        return torch.where(period > 0, self._step - returns - period + 1, -1)

    @property
    def is_reached(self) -> bool:
        """Whether every image has reached a fixed point or a cycle."""
        return bool((self.period > 0).all())
