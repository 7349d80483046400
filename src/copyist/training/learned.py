"""The examples of a run as they are learned: images, rows in units of their columns, or codes."""

__all__ = ["LearnedExamples"]

import functools
import math
from dataclasses import replace
from typing import final

import numpy as np
import torch
from accelerate import Accelerator

from copyist.data import Batches
from copyist.data.examples import ExampleSet
from copyist.errors import DataError
from copyist.float32 import full_float32
from copyist.memory import check_memory
from copyist.models.contracts import Model
from copyist.models.in_batches import in_batches
from copyist.models.latent_diffusion import LatentDiffusion
from copyist.tensors import Codes
from copyist.training.config import Training
from copyist.training.held_out import HeldOut
from copyist.training.processes import statistics_batch
from copyist.training.run_data import RunData

_CHUNK = 1024
"""Images that are read at once to be encoded."""


@final
class LearnedExamples:
    """Batches of steps, and held-out examples. Those of a latent diffusion model are codes, which are computed when
    they are first asked for and then kept in memory."""

    def __init__(self, data: RunData, config: Training, model: Model, *, seed: int, accelerator: Accelerator) -> None:
        self._data, self._config, self._seed = data, config, seed
        self._latent = model if isinstance(model, LatentDiffusion) else None
        self._device = accelerator.device
        self._rank, self._world_size = accelerator.process_index, accelerator.num_processes
        if self._latent is None:
            # What they refuse is refused before anything is written; codes have to wait for their first stage.
            _ = self.batches

    @functools.cached_property
    def batches(self) -> Batches:
        """Those of every step."""
        train, mirrored = (self._data.train, None) if self._latent is None else self._codes
        return Batches(
            train,
            batch_size=self._config.batch_size,
            seed=self._seed,
            flip=self._config.flip,
            mirrored=mirrored,
            device=self._device,
            rank=self._rank,
            world_size=self._world_size,
        )

    @functools.cached_property
    def held_out(self) -> HeldOut:
        """Those of every validation."""
        examples = self._data.held_out(self._config.validation_images)
        if self._latent is not None:
            examples = _standardized(self._latent, _encoded(self._latent, examples))
        return HeldOut(
            examples,
            count=self._config.validation_images,
            batch_size=statistics_batch(self._config, num_processes=self._world_size),
            seed=self._seed,
            device=self._device,
            rank=self._rank,
            world_size=self._world_size,
        )

    def measure_codes(self) -> None:
        """Standardize a latent diffusion model's codes by their moments, now that its first stage is final.

        Raises:
            ArgumentError: codes do not fit into memory.
            DataError: a code is not finite.
        """
        assert self._latent is not None
        self.forget()
        raw = self._raw_codes
        parts = [part for codes in raw if codes is not None for part in _parts(codes)]
        if not all(part.isfinite().all() for part in parts):
            raise DataError(
                f"codes of {self._data.train.source} must be finite, got others; train the first stage again with a "
                "lower learning rate (--set first_stage.training.optimization.learning_rate=1e-4)"
            )
        self._latent.set_moments(parts)

    def forget(self) -> None:
        """Compute all of them anew when they are next asked for: the first stage is another one."""
        for name in ("batches", "held_out", "_raw_codes", "_codes"):
            self.__dict__.pop(name, None)

    @functools.cached_property
    def _raw_codes(self) -> tuple[ExampleSet, ExampleSet | None]:
        """Of the training images, and of their mirror images where the recipe turns them."""
        assert self._latent is not None
        train = self._data.train
        code = math.prod(self._latent.space_shape(train.shape))
        check_memory(
            4 * code * len(train) * (2 if self._config.flip else 1),
            f"codes of {len(train)} images",
            remedy="take fewer images (?limit=10000), or a first stage with a smaller code",
        )
        mirrored = _encoded(self._latent, train, mirrored=True) if self._config.flip else None
        return _encoded(self._latent, train), mirrored

    @functools.cached_property
    def _codes(self) -> tuple[ExampleSet, ExampleSet | None]:
        """The same in the units that are learned."""
        assert self._latent is not None
        train, mirrored = self._raw_codes
        # In place, since nothing else asks for the raw ones.
        del self.__dict__["_raw_codes"]
        turned = None if mirrored is None else _standardized(self._latent, mirrored)
        return _standardized(self._latent, train), turned


@torch.no_grad()
def _encoded(latent: LatentDiffusion, images: ExampleSet, *, mirrored: bool = False) -> ExampleSet:
    """The codes of images, or of their mirror images, in units of their own; names and labels stay."""
    device = next(latent.parameters()).device
    codes = np.empty((len(images), *latent.space_shape(images.shape)), np.float32)
    # Whole batches, so that one chunk's images do not fill up another's.
    chunk = max(1, _CHUNK // latent.batch_size) * latent.batch_size
    for begin in range(0, len(images), chunk):
        x = images.images(begin, begin + chunk).to(device)
        with full_float32():
            found = in_batches(latent, latent.encode_maps, x.flip(-1) if mirrored else x)
        codes[begin : begin + chunk] = found.float().cpu().numpy()
    return replace(images, array=codes)


def _standardized(latent: LatentDiffusion, codes: ExampleSet) -> ExampleSet:
    """Codes in units of their own, in place, in those of the model's moments."""
    moments = latent.moments
    mean, std = (each.float().cpu().numpy()[:, None, None] for each in (moments.mean, moments.std))
    np.divide(np.subtract(codes.array, mean, out=codes.array), std, out=codes.array)
    return codes


def _parts(codes: ExampleSet) -> list[Codes]:
    return [torch.from_numpy(codes.array[begin : begin + _CHUNK]) for begin in range(0, len(codes), _CHUNK)]
