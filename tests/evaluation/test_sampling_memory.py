"""Memory of sampling, where it is known on paper."""

import pytest
import torch
from torch import nn

from copyist.evaluation.sampling_memory import LiveTensors, sampling_memory
from copyist.models.unet import UNetConfig
from copyist.procedures.no_diffusion import NoDiffusion


def test_what_lives_at_one_time_is_counted_once() -> None:
    with torch.no_grad(), LiveTensors() as tensors:
        x = torch.zeros(1000)
        y = x + 1
        for _ in range(5):
            x = y * 2  # The old x, y and the new x.
            y = x + 1
        view = x.view(10, 100)
    assert tensors.peak == 3 * 4000
    assert tensors.current == 2 * 4000
    del x, y
    assert tensors.current == 4000
    del view
    assert tensors.current == 0


def test_a_chain_of_layers_holds_two_of_its_tensors() -> None:
    layers = nn.Sequential(*(nn.Linear(100, 100, bias=False) for _ in range(20)))
    with torch.no_grad(), LiveTensors() as tensors:
        layers(torch.zeros(50, 100))
    # The input, and what a layer reads and writes; what it makes of its weights is a view of them.
    assert tensors.peak == 3 * 50 * 100 * 4


def test_twice_as_many_samples_take_twice_the_tensors_but_no_more_parameters() -> None:
    model = UNetConfig(channels=1, width=8, levels=2).build().eval()
    method = NoDiffusion(steps=2)
    few, more, most = (sampling_memory(model, method, shape=(1, 32, 32), batch_size=count) for count in (8, 16, 24))
    assert more - few > 0
    assert abs((most - more) / (more - few) - 1) < 0.02
    own = sum(each.numel() * each.element_size() for each in (*model.parameters(), *model.buffers()))
    assert few - (more - few) == pytest.approx(own / 1e6, rel=0.5)


def test_what_was_there_before_is_not_counted() -> None:
    old, weights = torch.zeros(1000), torch.zeros(1000)
    with torch.no_grad(), LiveTensors() as tensors:
        row = old.view(10, 100)[0]
        row += 1
        row += weights[:100]
        new = row * 2
    assert tensors.peak == new.nbytes
