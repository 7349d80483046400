"""The learning rate at each step, and how many numbers each optimizer is told."""

import math
from typing import Literal

import pytest
import torch
from torch import nn

from copyist.training import Optimization, Training
from copyist.training.optimization import build_optimizer, learning_rate, set_rate, update_average


def rates(steps: int, **settings: object) -> list[float]:
    optimization = Optimization(learning_rate=2.0, **settings)  # pyright: ignore[reportArgumentType]
    return [learning_rate(step, Training(steps=steps, optimization=optimization)) for step in range(steps)]


def test_the_rate_warms_up_and_falls_as_a_cosine() -> None:
    assert rates(10, warmup=0.3)[:4] == pytest.approx([0.5, 1.0, 1.5, 2.0])
    assert rates(10, warmup=0.3)[3:] == pytest.approx([1 + math.cos(math.pi * k / 7) for k in range(7)])


def test_the_rate_warms_up_and_stays() -> None:
    assert rates(6, warmup=0.5, schedule="constant") == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.0, 2.0])
    assert rates(3, warmup=0, schedule="constant") == [2.0, 2.0, 2.0]


def test_a_run_that_only_warms_up_has_a_rate_at_every_step() -> None:
    assert rates(3, warmup=1) == pytest.approx([0.5, 1.0, 1.5])


def test_optimizers_are_those_of_pytorch_and_leave_frozen_weights_out() -> None:
    model = nn.Linear(3, 2)
    model.bias.requires_grad_(False)
    kinds: dict[Literal["adam", "adamw", "sgd"], type[torch.optim.Optimizer]]
    kinds = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}
    for name, kind in kinds.items():
        optimizer = build_optimizer(model, Optimization(optimizer=name, weight_decay=0.3))
        assert type(optimizer) is kind
        assert [len(group["params"]) for group in optimizer.param_groups] == [1]
        assert optimizer.param_groups[0]["weight_decay"] == (0.3 if name == "adamw" else 0)
        set_rate(optimizer, 0.125)
        assert optimizer.param_groups[0]["lr"] == 0.125


def test_an_average_of_constant_weights_is_they_and_buffers_are_copied() -> None:
    model, average = nn.BatchNorm2d(3), nn.BatchNorm2d(3)
    nn.init.constant_(model.weight, 0.3)
    nn.init.constant_(average.weight, 0.3)
    model.running_mean = torch.tensor([1.0, 2.0, 3.0])
    for step in range(5):
        update_average(average, model, decay=0.99, step=step)
    assert torch.equal(average.weight, model.weight)
    assert torch.equal(average.running_mean, model.running_mean)  # pyright: ignore[reportArgumentType]


def test_the_average_forgets_where_it_started() -> None:
    model, average = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, 1.0)
    nn.init.constant_(average.weight, 0.0)
    expected = 0.0
    for step in range(30):
        update_average(average, model, decay=0.9, step=step)
        decay = min(0.9, (1 + step) / (10 + step))
        expected = decay * expected + 1 - decay
        assert float(average.weight.detach()) == pytest.approx(expected, rel=1e-5)
