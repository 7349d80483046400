"""From the loss of a batch to changed weights: gradients, clipping and the optimizer, on one device or several."""

__all__ = ["Descent"]

import contextlib
from collections.abc import Mapping
from typing import Any, final

import torch
from accelerate import Accelerator, DistributedType
from torch import Tensor, nn

from copyist.models.contracts import Model
from copyist.objectives import Objective, ObjectiveLoss
from copyist.training.config import Optimization
from copyist.training.optimization import build_optimizer
from copyist.training.sharding import Divided, is_divided, lent_layers, part_like, whole


@final
class Descent:
    """An objective on one model, and the optimizer of the model's weights."""

    loss: nn.Module
    """The `ObjectiveLoss`, spread over devices where there are several."""

    divided: Divided | None
    """The same, where processes divide the weights."""

    optimizer: torch.optim.Optimizer

    def __init__(
        self,
        objective: Objective,
        model: Model,
        config: Optimization,
        *,
        accelerator: Accelerator,
        sharded: bool = False,
    ) -> None:
        self._weights, self._clip, self._accelerator = [*model.parameters()], config.clip, accelerator
        # On one device Accelerate changes nothing in a step, but looks for packages in each of them, which takes as
        # long as a step of a small net. Its scaler is that of float16.
        self._is_plain = accelerator.distributed_type == DistributedType.NO and accelerator.scaler is None
        self.divided = None
        loss: Any = ObjectiveLoss(objective, model)
        if sharded:
            # Instead of what Accelerate does, whose saved states would be the parts of processes.
            lent = lent_layers(model, objective)
            loss = self.divided = Divided(
                loss, device=accelerator.device, world_size=accelerator.num_processes, lent=lent
            )
            self._weights, self._is_plain = [*model.parameters()], True
        optimizer: Any = build_optimizer(model, config)
        if sharded:
            self.loss, self.optimizer = loss, optimizer
        elif self._is_plain:
            self.loss, self.optimizer = accelerator.prepare(loss), optimizer
        else:
            self.loss, self.optimizer = accelerator.prepare(loss, optimizer)
            # Which may have put others in their place.
            self._weights = [*model.parameters()]

    def synchronized(self, *, last: bool) -> contextlib.AbstractContextManager[Any]:
        """Context manager: devices exchange gradients only after the last batch of a step."""
        if self.divided is not None:
            divided: Any = self.divided
            divided.set_requires_gradient_sync(last)
            return contextlib.nullcontext()
        return contextlib.nullcontext() if last else self._accelerator.no_sync(self.loss)

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of a loss to those of the step."""
        if self._is_plain:
            loss.backward()  # pyright: ignore[reportUnknownMemberType] torch does not say what its gradient is
        else:
            self._accelerator.backward(loss)

    def step(self) -> Tensor | None:
        """Change the weights by the gradients, which are then forgotten.

        Returns:
            The norm of all gradients before they were clipped, of which one that is not finite spoils the weights; None
            where they are not clipped.
        """
        norm: Any = None
        if self._clip > 0:
            clip = torch.nn.utils.clip_grad_norm_ if self._is_plain else self._accelerator.clip_grad_norm_
            norm = clip(self._weights, self._clip)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return None if norm is None else whole(torch.as_tensor(norm))

    def moments(self) -> dict[str, Tensor]:
        """What the optimizer has to remember, by the number of the weight and a name, to be resumed; divided as the
        weights are."""
        return {
            f"{index}.{name}": value
            for index, each in self.optimizer.state_dict()["state"].items()
            for name, value in each.items()
            if isinstance(value, Tensor)
        }

    def restore(self, moments: Mapping[str, Tensor]) -> None:
        """Let the optimizer remember what `moments` gave."""
        weights = [weight for group in self.optimizer.param_groups for weight in group["params"]]
        found: dict[int, dict[str, Tensor]] = {}
        for key, value in moments.items():
            index, _, name = key.partition(".")
            found.setdefault(int(index), {})[name] = _laid_out_like(weights[int(index)], value)
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": found, "param_groups": groups})


def _laid_out_like(weight: Tensor, value: Tensor) -> Tensor:
    """A moment in its weight's layout, since a fused optimizer walks through memory; and divided as its weight is."""
    if value.shape != weight.shape:
        return value
    if is_divided(weight):
        return part_like(value, weight)
    return torch.empty_like(weight, dtype=value.dtype).copy_(value)
