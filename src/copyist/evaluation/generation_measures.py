"""Measuring what diffusion models generate, and the first stages that some of them generate in."""

__all__ = ["LEAST", "first_stages", "generation_table", "latent_table"]

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import torch

from copyist.baselines.instruments import JUDGE, FeatureMap, feature_maps
from copyist.data.splits import Splits
from copyist.evaluation.generation_table import Generated, GenerationTable
from copyist.evaluation.latent_table import LatentMeasures, LatentTable
from copyist.evaluation.sampling_memory import sampling_memory
from copyist.float32 import full_float32
from copyist.metrics.distortion import pooled_psnr
from copyist.metrics.distribution import coverage, frechet_distance
from copyist.metrics.moments import channel_moments
from copyist.metrics.neighbors import memorization
from copyist.metrics.scenes import LEAST_SIDE, scene_rules
from copyist.models.code_size import code_shape
from copyist.models.contracts import Autoencoder, Masked, Model, needs
from copyist.models.in_batches import in_batches
from copyist.models.latent_diffusion import LatentDiffusion, to_maps
from copyist.procedures.method import Method
from copyist.procedures.neighbor_interpolation import between_neighbors
from copyist.procedures.sampling import sample
from copyist.procedures.sampling_methods import METHODS, default_method, name_of
from copyist.randomness import draw_normal_law, generator
from copyist.tensors import Images

_NUM_TRAIN = 4096
"""At most so many training images tell the moments of codes and the axes."""

LEAST = 32
"""From fewer images a distance between sets says nothing."""


def first_stages(models: Mapping[str, Model], shape: tuple[int, ...]) -> dict[str, Autoencoder]:
    """Those of latent diffusion models, and the autoencoders whose code is maps of no more values than an image (C, H,
    W)."""
    found: dict[str, Autoencoder] = {}
    for name, model in models.items():
        if isinstance(model, LatentDiffusion):
            found[name] = model.first_stage
        elif isinstance(model, Autoencoder) and not isinstance(model, Masked) and len(shape) == 3:
            code = code_shape(model, shape)
            if code is not None and len(code) == 3 and math.prod(code) <= math.prod(shape):
                found[name] = model
    return found


def latent_table(
    stages: Mapping[str, Autoencoder], splits: Splits, *, num_images: int, batch_size: int | None = None
) -> LatentTable:
    """Measure first stages on test images.

    Args:
        stages: by name.
        splits: codes' moments and the axes come from its training images, and copies are of its test images.
        num_images: at most so many test images, spread evenly over all.
        batch_size: images per batch; None takes each model's own.

    Raises:
        ShapeError: a model does not take the images.
        ContractError: its codes or copies are not finite.
    """
    sets = _Sets(splits, num_images)
    measured = {name: _first_stage(model, sets, batch_size) for name, model in stages.items()}
    return LatentTable(num_images=len(sets.test), floor=sets.distance(sets.real), models=measured)


def generation_table(
    models: Mapping[str, Model],
    splits: Splits,
    *,
    num_images: int,
    methods: Mapping[str, str | Method] | None = None,
    batch_size: int | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> GenerationTable:
    """Sample models and compare the samples with test images.

    Args:
        models: by name.
        splits: samples are compared with its test images, and training images tell what real ones score.
        num_images: at most so many samples of each, and as many test images.
        methods: of sampling, or their names, by the model's name; each other model has its default method.
        batch_size: images per batch; None takes each model's own.
        seed: of the noise.
        progress: called after each model, with the number of those done and of all.

    Raises:
        ShapeError: a model does not sample images of the source's shape.
    """
    sets = _Sets(splits, num_images)
    found: dict[str, Generated] = {}
    for name, model in models.items():
        method = (methods or {}).get(name) or default_method(model)
        chosen, begun = METHODS[method]() if isinstance(method, str) else method, time.perf_counter()
        samples = sample(
            model,
            count=len(sets.test),
            method=chosen,
            shape=splits.test.shape,
            generator=generator(seed, "samples"),
            batch_size=batch_size,
        )
        seconds = (time.perf_counter() - begun) / len(samples)
        made = sets.generated(samples, method=name_of(chosen), steps=chosen.num_steps, seconds=seconds)
        found[name] = replace(
            made, memory=sampling_memory(model, chosen, shape=splits.test.shape, batch_size=batch_size)
        )
        if progress is not None:
            progress(len(found), len(models))
    law = draw_normal_law(sets.train, count=len(sets.test), generator=generator(seed, "pixel law"))
    return GenerationTable(
        num_images=len(sets.test),
        floor=sets.generated(sets.real, in_training=True),
        pixel_law=sets.generated(law),
        models=found,
    )


class _Sets:
    """Test images, as many training images, and the features in which sets of as many are compared."""

    def __init__(self, splits: Splits, num_images: int) -> None:
        self.train = splits.train.subset(_NUM_TRAIN).images()
        count = min(num_images, len(splits.test), len(self.train))
        self.test, self.real = splits.test.subset(count).images(), splits.train.subset(count).images()
        self.maps: dict[str, FeatureMap] = feature_maps(self.train, count=count)
        channels, *sides = self.test.shape[1:]
        named = splits.test.source.partition("?")[0]
        self.has_rules = named == "scenes" and channels == 3 and min(sides) >= LEAST_SIDE

    def distance(self, x: Images) -> dict[str, float]:
        """Fréchet distances of as many images (N, C, H, W), as they would be shown, to the test images."""
        shown = x.detach().cpu().clamp(0, 1)
        return {name: frechet_distance(features(shown), features(self.test)) for name, features in self.maps.items()}

    def generated(
        self, x: Images, *, in_training: bool = False, method: str = "", steps: int = 0, seconds: float = 0.0
    ) -> Generated:
        """All measures of as many images, which may be of the training set."""
        shown, features = x.detach().cpu().clamp(0, 1), self.maps[JUDGE]
        covered = coverage(features(self.test), features(shown))
        # An image of the training set has itself as the nearest one.
        nearest = None if in_training else memorization(shown, train=self.train, held_out=self.test, flipped=True)
        return Generated(
            distance=self.distance(x),
            precision=covered.precision,
            recall=covered.recall,
            density=covered.density,
            coverage=covered.coverage,
            nearest=1.0 if nearest is None else nearest.ratio,
            rules=float(scene_rules(shown).coherent.double().mean()) if self.has_rules else None,
            method=method,
            steps=steps,
            seconds_per_image=seconds,
        )


@torch.no_grad()
@full_float32()
def _first_stage(model: Autoencoder, sets: _Sets, batch_size: int | None) -> LatentMeasures:
    needs(model, Autoencoder, verb="evaluate")
    device = next(model.parameters()).device
    test = sets.test.to(device)
    model.check_batch(test)
    copies = in_batches(model, model, test, batch_size=batch_size).float()
    size = sets.train.shape[2:]
    codes = [
        to_maps(model, in_batches(model, model.encode, part.to(device), batch_size=batch_size), size).float()
        for part in sets.train.split(1024)
    ]
    moments = channel_moments(codes)
    channels, height, width = codes[0].shape[1:]
    return LatentMeasures(
        code_shape=(channels, height, width),
        psnr=pooled_psnr(copies, test),
        copies=sets.distance(copies),
        between=sets.distance(between_neighbors(model, test, batch_size=batch_size)),
        mean=tuple(moments.mean.tolist()),
        std=tuple(moments.std.tolist()),
        skewness=tuple(moments.skewness.tolist()),
        kurtosis=tuple(moments.kurtosis.tolist()),
    )
