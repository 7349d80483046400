"""Denoising a folder of pictures, against what decoding, computing and encoding take by themselves."""

__all__ = ["FolderBench", "bench_denoising_folder"]

import contextlib
import shutil
import tempfile
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import final

import numpy as np
import torch
from PIL import Image

from copyist.bench.measure import machine
from copyist.bench.timings import JsonResult, Machine, Quartiles
from copyist.data.inputs import find_inputs
from copyist.data.opening import open_split
from copyist.devices import keep_freed_memory, one_thread
from copyist.drawing.text import text_table
from copyist.drawing.wording import counted
from copyist.evaluation.restore_files import restore_files
from copyist.files.picture import write_picture
from copyist.files.picture_files import PicturesOfFiles
from copyist.models.contracts import Reconstructor
from copyist.models.unet import UNetConfig
from copyist.procedures import reconstruct

STAGES: tuple[str, ...] = ("decode", "compute on one core", "compute on all", "encode", "all at once")


@final
@dataclass(frozen=True, kw_only=True)
class FolderBench(JsonResult):
    """What was measured; each time is of all pictures, in seconds."""

    images: int
    size: int
    format: str
    width: int
    batch: int
    rounds: int
    machine: Machine

    wall: dict[str, Quartiles]
    """By a clock, over rounds. One stage is on one core, but for `compute on all` and `all at once`."""

    processor: dict[str, Quartiles]
    """Of the processor, which other work on the machine changes less."""

    bound: Quartiles
    """The larger of compute, on one core or all, whichever takes less, and (decode + compute on one core + encode) /
    cores; by the clock."""

    ratio: Quartiles
    """`all at once` over the bound of the same round."""

    def __str__(self) -> str:
        where = self.machine
        rows = [
            (stage, f"{self.wall[stage].median:.2f}", f"{self.processor[stage].median:.2f}", f"{self._rate(stage):.1f}")
            for stage in STAGES
        ]
        return "\n".join(
            [
                f"denoising {counted(self.images, f'{self.format} file')} of {self.size}x{self.size}, "
                f"base width {self.width}, batches of {self.batch}: {where}",
                text_table([("", "seconds", "of processor", "images/s"), *rows], sides=("left", "right")),
                f"all at once takes {self.ratio.median:.2f} ({self.ratio.low:.2f}–{self.ratio.high:.2f}) times the "
                f"larger of compute and (decode + compute on one core + encode) / {where.cores}, which is "
                f"{self.bound.median:.2f} s; {counted(self.rounds, 'round')}",
            ]
        )

    def _rate(self, stage: str) -> float:
        return self.images / self.wall[stage].median


def bench_denoising_folder(
    *,
    num_images: int = 1000,
    size: int = 256,
    ending: str = "png",
    width: int = 16,
    batch: int = 32,
    rounds: int = 3,
    levels: int = 4,
    source: str = "photos",
    say: Callable[[str], None] = lambda sentence: None,
) -> FolderBench:
    """Time each stage by itself and then `copyist denoise` of the same folder, in turns, in one process.

    Args:
        num_images: pictures in the folder, crops of a source, which are repeated where they are too few.
        size: side of a picture.
        ending: of the files: png, jpg, webp, …
        width: base width of the U-Net, whose weights do not matter.
        batch: pictures at once.
        rounds: times that each is measured.
        levels: of the U-Net.
        source: of the pictures.
        say: takes one sentence a round.
    """
    keep_freed_memory()
    model, where = UNetConfig(channels=3, width=width, levels=levels).build().eval(), machine()
    clocks: list[_Clock] = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "in"
        _write_pictures(folder, source=f"{source}?size={size}&channels=3", ending=ending, count=num_images)
        reconstruct(model, torch.rand(batch, 3, size, size), batch_size=batch)  # Kernels are chosen at the first call.
        for number in range(rounds):
            clocks.append(_measure(model, folder, batch=batch))
            ratio = clocks[-1].wall["all at once"] / clocks[-1].bound(where.cores)
            say(f"round {number + 1} of {rounds}: {ratio:.2f} times the bound")
    return FolderBench(
        images=num_images,
        size=size,
        format=ending,
        width=width,
        batch=batch,
        rounds=rounds,
        machine=where,
        wall={stage: Quartiles.of([clock.wall[stage] for clock in clocks]) for stage in STAGES},
        processor={stage: Quartiles.of([clock.processor[stage] for clock in clocks]) for stage in STAGES},
        bound=Quartiles.of([clock.bound(where.cores) for clock in clocks]),
        ratio=Quartiles.of([clock.wall["all at once"] / clock.bound(where.cores) for clock in clocks]),
    )


@final
class _Clock:
    """Adds up seconds, by the clock and of the processor, by stage."""

    def __init__(self) -> None:
        self.wall = dict.fromkeys(STAGES, 0.0)
        self.processor = dict.fromkeys(STAGES, 0.0)

    @contextlib.contextmanager
    def stage(self, name: str) -> Generator[None, None, None]:
        began, spent = time.perf_counter(), time.process_time()
        yield
        self.wall[name] += time.perf_counter() - began
        self.processor[name] += time.process_time() - spent

    def bound(self, cores: int) -> float:
        """No way of sharing the cores takes less, by the clock."""
        decode, alone, together, encode, _ = (self.wall[stage] for stage in STAGES)
        return max(min(alone, together), (decode + alone + encode) / cores)


def _measure(model: Reconstructor, folder: Path, *, batch: int) -> _Clock:
    """Each stage by itself, a batch at a time, and then all at once."""
    clock, verb = _Clock(), partial(reconstruct, model, batch_size=batch)
    out = folder.with_name("out")
    with clock.stage("decode"):
        pictures = PicturesOfFiles(find_inputs([str(folder)]))
    first = torch.stack([pictures.read_alone(row).pixels for row in range(min(batch, len(pictures)))])
    for start in range(0, len(pictures), batch):
        with clock.stage("decode"):
            members = [pictures.read_alone(row) for row in range(start, min(start + batch, len(pictures)))]
            x = torch.stack([picture.pixels for picture in members])
        x = torch.cat((x, first[: len(first) - len(x)]))  # The command fills its last batch so, too.
        with one_thread(), clock.stage("compute on one core"):
            verb(x)
        with clock.stage("compute on all"):
            x_hat = verb(x)
        with clock.stage("encode"):
            for picture, answer in zip(members, x_hat[: len(members)], strict=True):
                write_picture(picture, answer, out)
    shutil.rmtree(out)
    with clock.stage("all at once"):
        pictures = PicturesOfFiles(find_inputs([str(folder)]))
        restore_files(model, verb, pictures, out=out, channels=3, batch_size=batch)
    shutil.rmtree(out)
    return clock


def _write_pictures(folder: Path, *, source: str, ending: str, count: int) -> None:
    """So many files of a source, whose pictures are repeated where they are too few."""
    array = open_split(source, default="all").array
    folder.mkdir()
    for index in range(count):
        picture = Image.fromarray(np.moveaxis(np.asarray(array[index % len(array)]), 0, 2))
        picture.save(folder / f"{index:06d}.{ending}")
