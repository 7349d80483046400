"""A step of training on what is read from a disk, shards or a set that `datasets` saved, against images in memory."""

__all__ = ["bench_shards", "save_hub_set"]

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch

from copyist.bench.measure import Turn, check_batch, compare, count_flops, machine, race
from copyist.bench.timings import BenchResult
from copyist.bench.unet_training import our_steps
from copyist.checks import require
from copyist.data import open_split, pack_source
from copyist.data.cache import kept_in_files
from copyist.data.shard_array import stored_form
from copyist.models.unet import UNetConfig

_STEPS_PER_TURN = 10


def bench_shards(
    *,
    source: Literal["shards", "hf"] = "shards",
    width: int = 16,
    size: int = 64,
    batch: int = 32,
    rounds: int = 10,
    levels: int = 4,
    num_images: int = 2000,
    encoding: str = "png",
    say: Callable[[str], None] = lambda sentence: None,
) -> BenchResult:
    """Time our training loop on images from a disk and on the same in memory by turns, each in its own process.

    Args:
        source: shards; or `hf`, a set that `datasets` saved, whose decoded images are mapped from a file, as they are
            where they do not fit into a quarter of the free memory.
        width: base width of the U-Net.
        size: side of an image.
        batch: images per step.
        rounds: turns of each; one is 10 steps.
        levels: of the U-Net.
        num_images: scenes that are trained on.
        encoding: of images in the shards.
        say: takes one sentence a round.

    Raises:
        ArgumentError: a batch does not fit into memory.
        MissingExtraError: `datasets` is not installed, which `hf` needs.
    """
    check_batch(batch, size=size)
    if source == "hf":
        require("datasets", extra="hf", purpose="a set that is saved and read by the library of the Hugging Face hub")
    scenes, config = f"scenes?size={size}&limit={num_images}", UNetConfig(channels=3, width=width, levels=levels)
    flops = count_flops(config.build(), torch.rand(batch, 3, size, size), backward=True)
    where = machine()
    with tempfile.TemporaryDirectory() as folder:
        if source == "hf":
            name = "saved set of datasets, mapped, against memory"
            ours = partial(mapped_steps, config, save_hub_set(scenes, Path(folder) / "saved"), batch)
        else:
            name = f"shards of {encoding} against memory"
            shards = pack_source(scenes, Path(folder) / "shards", encoding=encoding).folder
            ours = partial(our_steps, config, str(shards), batch)
        times = race(ours, partial(our_steps, config, scenes, batch), steps=_STEPS_PER_TURN, rounds=rounds, say=say)
    row = compare(times, width=width, size=size, batch=batch, flops=flops)
    return BenchResult(name=name, unit="step", images_per_unit=batch, machine=where, comparisons=(row,))


def save_hub_set(source: str, folder: Path) -> str:
    """Save all images of a source by `datasets`, as PNG files in one split, and name the source that they are then."""
    import datasets

    cells = [{"bytes": stored_form(image, "png"), "path": None} for image in open_split(source, default="all").array]
    features = datasets.Features({"image": datasets.Image()})
    rows: Any = datasets.Dataset.from_dict({"image": cells}, features=features)
    rows.save_to_disk(folder)
    return f"hf:{folder}"


def mapped_steps(config: UNetConfig, source: str, batch: int, turn: Turn) -> None:
    """`copyist.train` on a source that is mapped from a file, for as long as `turn` allows."""
    with tempfile.TemporaryDirectory() as folder, kept_in_files(Path(folder)):
        our_steps(config, source, batch, turn)
