"""Training and sampling of a diffusion model: ours against diffusers'."""

__all__ = ["bench_diffusion", "our_diffusion_samples", "our_diffusion_steps", "peer_samples", "peer_steps"]

import importlib
import importlib.util
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from copyist.bench.measure import Turn, check_batch, compare, count_flops, machine, race
from copyist.bench.timings import BenchResult
from copyist.bench.unet_training import NEVER, TurnObserver
from copyist.data import open_source
from copyist.devices import Precision
from copyist.errors import MissingExtraError
from copyist.models.diffusion_unet import DiffusionUNetConfig
from copyist.procedures.diffusion import DPMSolver
from copyist.procedures.sampling import sample
from copyist.recipes import diffusion
from copyist.training import train

_WIDTH, _PEER_WIDTH, _LEVELS = 32, 16, 4
"""Of ours 2.54 million parameters, of diffusers' net 2.69: theirs has more convolutions at every level. Ours multiplies
23 % more often."""


def bench_diffusion(
    of: Literal["training", "sampling"],
    *,
    size: int = 32,
    batch: int = 32,
    rounds: int = 10,
    steps: int = 10,
    precision: Precision = "float32",
    say: Callable[[str], None] = lambda sentence: None,
) -> BenchResult:
    """Time ours and diffusers by turns, each in its own process: nets of about as many parameters on images in memory.

    Sampling is by DPM-Solver++(2M) in both; training is of the prediction that each has by default, by AdamW of
    PyTorch's on their side, where no average of the weights is kept. Theirs computes in float32.

    Args:
        of: what is timed, a step of training or a call that samples a batch.
        size: side of an image, a multiple of 8.
        batch: images at once.
        rounds: turns of each.
        steps: of the sampler.
        precision: of ours.
        say: takes one sentence a round.

    Raises:
        MissingExtraError: diffusers is not installed.
    """
    check_batch(batch, size=size)
    if importlib.util.find_spec("diffusers") is None:
        raise MissingExtraError(
            "the benchmark of diffusion models needs diffusers, which is not installed; "
            "pip install 'copyist[bench-peers]'"
        )
    config = DiffusionUNetConfig(width=_WIDTH, levels=_LEVELS).fitted((3, size, size))
    where, is_training = machine(), of == "training"
    flops = count_flops(config.build(), torch.rand(batch, 3, size, size), backward=is_training)
    say("warming up")
    if is_training:
        loops = (
            partial(loop, size, batch, *rest) for loop, rest in ((our_diffusion_steps, (precision,)), (peer_steps, ()))
        )
        times = race(*loops, steps=10, rounds=rounds, say=say)
    else:
        loops = (
            partial(loop, size, batch, steps, *rest)
            for loop, rest in ((our_diffusion_samples, (precision,)), (peer_samples, ()))
        )
        times = race(*loops, steps=1, rounds=rounds, say=say)
        flops *= steps
    return BenchResult(
        name=f"diffusion, {of} against diffusers, ours in {precision}",
        unit="step" if is_training else "call",
        images_per_unit=batch,
        machine=where,
        comparisons=(compare(times, width=_WIDTH, size=size, batch=batch, flops=flops),),
    )


def our_diffusion_steps(size: int, batch: int, precision: Precision, turn: Turn) -> None:
    """`copyist.train` of the recipe `diffusion`, for as long as `turn` allows."""
    base = diffusion(data=_source(size))
    training = replace(
        base.training,
        steps=NEVER,
        batch_size=batch,
        precision=precision,
        validate_every=NEVER,
        save_every=NEVER,
        averaging=0.0,
        flip=False,
    )
    recipe = replace(base, model=DiffusionUNetConfig(width=_WIDTH, levels=_LEVELS), training=training)
    with tempfile.TemporaryDirectory() as folder:
        train(recipe, out=Path(folder) / "run", observer=TurnObserver(turn))


def our_diffusion_samples(size: int, batch: int, steps: int, precision: Precision, turn: Turn) -> None:
    """`copyist.sample` by DPM-Solver++(2M), for as long as `turn` allows."""
    config = DiffusionUNetConfig(width=_WIDTH, levels=_LEVELS).fitted((3, size, size))
    model = config.build().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    method, shape = DPMSolver(steps=steps), (3, size, size)
    while True:
        sample(model, count=batch, method=method, shape=shape, batch_size=batch, precision=precision)
        turn()


def peer_steps(size: int, batch: int, turn: Turn) -> None:
    """The loop of diffusers' tutorial on training, for as long as `turn` allows."""
    peer: Any = importlib.import_module("diffusers")
    model, images = _peer(size), open_source(_source(size)).train.images() * 2 - 1
    schedule = peer.DDPMScheduler(num_train_timesteps=1000)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    while True:
        for rows in torch.randperm(len(images)).split(batch):
            if len(rows) < batch:
                continue
            x, noise = images[rows], torch.randn(batch, 3, size, size)
            times = torch.randint(0, 1000, (batch,))
            loss = F.mse_loss(model(schedule.add_noise(x, noise, times), times, return_dict=False)[0], noise)
            loss.backward()  # pyright: ignore[reportUnknownMemberType]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            turn()


def peer_samples(size: int, batch: int, steps: int, turn: Turn) -> None:
    """Sampling by diffusers' scheduler of DPM-Solver++(2M), for as long as `turn` allows."""
    peer: Any = importlib.import_module("diffusers")
    model = _peer(size).eval()
    schedule = peer.DPMSolverMultistepScheduler(num_train_timesteps=1000, solver_order=2)
    while True:
        with torch.inference_mode():
            schedule.set_timesteps(steps)
            x: Tensor = torch.randn(batch, 3, size, size)
            for time in schedule.timesteps:
                x = schedule.step(model(x, time).sample, time, x).prev_sample
        turn()


def _peer(size: int) -> Any:
    peer: Any = importlib.import_module("diffusers")
    return peer.UNet2DModel(
        sample_size=size,
        in_channels=3,
        out_channels=3,
        layers_per_block=1,
        block_out_channels=tuple(_PEER_WIDTH * 2**level for level in range(_LEVELS)),
        down_block_types=(*("DownBlock2D",) * (_LEVELS - 1), "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", *("UpBlock2D",) * (_LEVELS - 1)),
        norm_num_groups=8,
    )


def _source(size: int) -> str:
    return f"scenes?size={size}&limit=512"
