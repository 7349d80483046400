"""What the demo shows of walking: the walk of a good copier, and how training stills a small one."""

__all__ = ["draw_walk", "walk_stage"]

from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from copyist.data import ExampleSet, Splits
from copyist.demo.document import Film, WalkStage
from copyist.drawing.video import write_video
from copyist.metrics.distortion import psnr
from copyist.models.contracts import Autoencoder
from copyist.procedures import denoise, walk_steps, walkers
from copyist.randomness import generator
from copyist.tensors import Images

WALKERS = 8
"""Walkers that are shown."""

NOISE = 0.2
"""In the code, at each step of the walk."""

FPS = 15
FRAMES_ON_PAPER = 12


def draw_walk(
    out: Path, model: Autoencoder, test: ExampleSet, *, steps: int, seed: int, progress: Callable[[int, int], None]
) -> tuple[Film, Images]:
    """A walk with noise in the code from test images, as a film and on paper; some of a whole batch is shown.

    Args:
        out: the folder of the demo.
        model: the copier.
        test: where the walk begins.
        steps: how many times to encode and decode.
        seed: of the noise.
        progress: is called after each step.

    Returns:
        The film, and where all images of the batch (B, C, H, W) are in the end.
    """
    x = test.images(0, model.batch_size).to(next(model.parameters()).device)
    kept: list[Images] = []
    frame = x
    chain = walk_steps(model, x, steps=steps, noise=NOISE, generator=generator(seed, "walk"))
    for step, frame in enumerate(chain):
        progress(step, steps)
        kept.append(frame[:WALKERS].cpu())
    return _film(out, "walk", torch.stack(kept)), frame.cpu()


def walk_stage(out: Path, name: str, model: Autoencoder, splits: Splits, *, steps: int, trained: int) -> WalkStage:
    """Copy training and held-out images again and again without noise, and count which walk away from where they began.

    An image walks when it ends farther from its first copy than half the median distance between two images' copies.

    Args:
        out: the folder of the demo.
        name: of the film.
        model: the small network at one stage of its training.
        splits: its data.
        steps: how many times to copy.
        trained: steps of its training so far.
    """
    found: dict[str, tuple[float, int, int]] = {}
    film = Film(video="", sheet="")
    for part, images in (("train", splits.train), ("test", splits.test)):
        x = images.images().to(next(model.parameters()).device)
        frames = torch.stack([frame.cpu() for frame in walk_steps(model, x, steps=steps, noise=0.0)])
        copies = denoise(model, x).cpu()
        walked = int(walkers(frames[-1], copies).walked.sum())
        found[part] = (float(psnr(copies, x.cpu()).mean()), walked, len(x))
        if part == "train":
            film = _film(out, name, frames[:, :WALKERS])
    (train_psnr, walked, of), (test_psnr, test_walked, test_of) = found["train"], found["test"]
    return WalkStage(
        steps=trained, psnr=train_psnr, walked=walked, of=of, held_out_psnr=test_psnr, held_out_walked=test_walked,
        held_out_of=test_of, film=film,
    )  # fmt: skip


def _film(out: Path, name: str, frames: Images) -> Film:
    """Frames (T, B, C, H, W) as a film, every other one, and as a contact sheet."""
    write_video(_some(frames), out / f"{name}.mp4", fps=FPS, columns=WALKERS)
    write_video(frames, out / "pictures" / f"{name}.png", columns=FRAMES_ON_PAPER)
    return Film(video=f"{name}.mp4", sheet=f"pictures/{name}.png")


def _some(frames: Images) -> Iterator[Images]:
    yield from frames[:: max(1, len(frames) // 150)]
