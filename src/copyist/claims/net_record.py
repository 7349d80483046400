"""How well a trained net copies, as a claim's result keeps it."""

__all__ = ["record_of"]

import math

import torch

from copyist.claims.model_folder import TrainedNet
from copyist.claims.result import NetRecord
from copyist.data.examples import ExampleSet
from copyist.data.splits import Splits
from copyist.metrics.distortion import pooled_psnr
from copyist.models.code_size import code_ratio
from copyist.models.contracts import Masked, Model, Reconstructor
from copyist.models.in_batches import in_batches

COUNT = 256
"""Images of each split that are copied, evenly spaced over it: as training validates by."""


def record_of(net: TrainedNet, name: str, splits: Splits, *, judged: bool, device: torch.device) -> NetRecord:
    """How well a net copies clean images, held out and of its training, through how large a code.

    Args:
        net: the net.
        name: under which it is kept.
        splits: its data.
        judged: whether the claim is about it.
        device: where it is.
    """
    return NetRecord(
        name=name,
        judged=judged,
        psnr=_psnr(net.model, splits.test, device),
        psnr_training=_psnr(net.model, splits.train, device),
        code_ratio=_code_ratio(net.model, splits.train),
        visits=net.visits,
        seconds=net.seconds,
    )


@torch.no_grad()
def _psnr(model: Model, examples: ExampleSet, device: torch.device) -> float:
    """Of the mean squared error, in dB, as training has it: batch statistics let it differ by a decibel between
    batches; not a number for what does not copy images, or never learned to copy whole ones."""
    if not isinstance(model, Reconstructor) or isinstance(model, Masked) or model.takes_tables:
        return math.nan
    x = examples.subset(COUNT).images().to(device)
    return pooled_psnr(in_batches(model, model, x).float(), x)


def _code_ratio(model: Model, examples: ExampleSet) -> float:
    """Values of the code over those of the image; not a number where there is no code of images."""
    if isinstance(model, Reconstructor) and model.takes_tables:
        return math.nan
    ratio = code_ratio(model, examples.image_shape)
    return math.nan if ratio is None else ratio
