"""From gradients to steps: the optimizer, its learning rate at each step, and an average of the weights."""

__all__ = ["build_optimizer", "learning_rate", "set_rate", "update_average"]

import torch
from torch import nn

from copyist.schedules import warmup_cosine
from copyist.training.config import Optimization, Training


def build_optimizer(model: nn.Module, config: Optimization) -> torch.optim.Optimizer:
    """The optimizer of all parameters of `model`; Adam in its fused form where the device has one."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    rate = config.learning_rate
    fused = all(parameter.device.type in ("cpu", "cuda") for parameter in parameters)
    match config.optimizer:
        case "adam":
            return torch.optim.Adam(parameters, lr=rate, fused=fused)
        case "adamw":
            return torch.optim.AdamW(parameters, lr=rate, weight_decay=config.weight_decay, fused=fused)
        case "sgd":
            return torch.optim.SGD(parameters, lr=rate, momentum=0.9)


def learning_rate(step: int, config: Training) -> float:
    """The rate of the step with this number, counted from 0."""
    warmup = round(config.optimization.warmup * config.steps)
    if config.optimization.schedule == "constant":
        share = min(1.0, (step + 1) / (warmup + 1))
    else:
        share = warmup_cosine(step, steps=config.steps, warmup=warmup)
    return config.optimization.learning_rate * share


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Use `rate` from now on."""
    for group in optimizer.param_groups:
        group["lr"] = rate


@torch.no_grad()
def update_average(average: nn.Module, model: nn.Module, *, decay: float, step: int) -> None:
    """average ← d·average + (1 − d)·model for every weight, with d = min(decay, (1 + step) / (10 + step)).

    The rising d lets the average forget where it started. Running statistics of a normalization are copied.

    Source:
        Polyak & Juditsky (1992) for averaging; the rising decay is that of TensorFlow's ExponentialMovingAverage.
    """
    rate = 1 - min(decay, (1 + step) / (10 + step))
    for kept, weight in zip(average.parameters(), model.parameters(), strict=True):
        kept.lerp_(weight, rate)
    for kept, buffer in zip(average.buffers(), model.buffers(), strict=True):
        kept.copy_(buffer)
