"""What it costs to draw a picture and to train: counted, and so the same on every machine."""

__all__ = ["equal_distance_time", "held_for_backward", "multiplications", "parameters"]

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from copyist.claims.trial import Trial
from copyist.models.contracts import Model
from copyist.procedures.method import Method
from copyist.procedures.sampling import sample

_COUNTED = 32
"""Pictures: as many as a method that sets statistics over its samples asks for."""


def parameters(model: nn.Module) -> int:
    """How many numbers a model has."""
    return sum(parameter.numel() for parameter in model.parameters())


def multiplications(model: Model, method: Method, trial: Trial) -> float:
    """Millions of multiply-adds per picture that is drawn, counted for 32 of them.

    Args:
        model: is drawn from.
        method: by which it is.
        trial: gives the noise.
    """
    with FlopCounterMode(display=False) as counter:
        sample(model, count=_COUNTED, method=method, generator=trial.generator("count"), precision="float32")
    return counter.get_total_flops() / 2e6 / _COUNTED


def held_for_backward(model: nn.Module, x: Tensor) -> float:
    """Megabytes per example that wait for the backward pass when a model's answer to a batch (B, ...) is
    differentiated, without its weights: what the memory of training grows with."""
    x = x.clone()  # A slice of a larger set would count with all of it.
    weights = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    held: dict[int, int] = {}

    def hold(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            held[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(hold, lambda tensor: tensor):
        answer = model(x)  # Until it is gone nothing is freed, and no place in memory is taken twice.
    del answer
    return sum(held.values()) / 1e6 / len(x)


def equal_distance_time(found: Mapping[float, float], other: Mapping[float, float]) -> float:
    """The time of training until one kind of model is as near as the other, over the time that this one takes.

    Both were trained for a short and for a long time; "as near" is the larger of the two smallest distances, which both
    reach. Between the times the logarithm of the distance is linear in that of the time. A kind that is as near after
    the short time counts as having taken that, so that the answer is between the ratio of the two times and its
    inverse.

    Args:
        found: distance, above 0, by time of training, for the two times.
        other: the same of the model it is compared with, for the same times.

    Raises:
        ValueError: there are not two times.
    """
    target = max(min(found.values()), min(other.values()))
    return _time_until(target, found) / _time_until(target, other)


def _time_until(target: float, found: Mapping[float, float]) -> float:
    (short, before), (long, after) = sorted(found.items())
    if before <= target:
        return short
    share = math.log(before / target) / math.log(before / after)
    return short * (long / short) ** share
