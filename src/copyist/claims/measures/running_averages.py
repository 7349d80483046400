"""A net with batch statistics, given stored averages in their place, as batch normalization is used elsewhere."""

__all__ = ["with_running_averages"]

from dataclasses import replace

import torch
from torch import nn

from copyist.models.contracts import Reconstructor, needs
from copyist.models.unet import UNetConfig
from copyist.tensors import Images


@torch.no_grad()
def with_running_averages(model: Reconstructor, train: Images, *, batch_size: int) -> Reconstructor:
    """The same weights, normalized by the mean over clean training batches of each layer's mean and variance.

    Args:
        model: a U-Net of batch statistics; it stays as it is.
        train: clean training images (N, C, H, W), of which whole batches are taken.
        batch_size: of these, and of the answers.

    Source:
        Ioffe & Szegedy (2015), algorithm 2, which averages over training batches.
    """
    config = model.config
    assert isinstance(config, UNetConfig)
    averaged = needs(replace(config, statistics="running").build(), Reconstructor, verb="an experiment").to(
        train.device
    )
    averaged.load_state_dict(model.state_dict(), strict=False)
    averaged.trained_on = model.trained_on
    layers = [part for part in averaged.modules() if isinstance(part, nn.BatchNorm2d)]
    for layer in layers:
        layer.momentum = None  # a plain mean over all batches
        layer.reset_running_stats()
    averaged.train()
    for start in range(0, len(train) - batch_size + 1, batch_size):
        averaged(train[start : start + batch_size])
    return averaged.eval()
