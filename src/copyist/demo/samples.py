"""What the demo shows of sampling: landscapes out of noise, the controls beside them, and whether they are memories."""

__all__ = ["draw_samples", "in_order"]

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from copyist.data import Splits
from copyist.demo.document import (
    PLAIN_COPIES,
    SAMPLE_STEPS,
    SCHEDULED,
    Film,
    HeldOutDistances,
    InOrder,
    Neighbor,
    SampleNeighbors,
    Shown,
)
from copyist.demo.pictures import SHOWN, write_strips
from copyist.drawing.grids import grid, write_png
from copyist.drawing.video import write_video
from copyist.metrics.neighbors import memorization, nearest
from copyist.metrics.scenes import scene_rules
from copyist.models.contracts import Reconstructor
from copyist.outputs import write_text
from copyist.procedures import NoDiffusion, denoise, sample_steps
from copyist.randomness import draw_normal, generator
from copyist.tensors import Images

STAGES = (1, 3, 6, 10, 15, 20, 25, 30)
"""Steps of sampling that are shown; after the first, an image is one pass over noise."""

ROWS = 6
"""Samples whose way out of noise is shown."""

FILM_COLUMNS, FILM_ROWS = 4, 6


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """What `draw_samples` leaves for the report."""

    pictures: dict[str, Shown]
    film: Film
    in_order: tuple[InOrder, ...]


def draw_samples(
    out: Path,
    model: Reconstructor,
    control: Reconstructor,
    splits: Splits,
    *,
    count: int,
    seed: int,
    rules: bool,
    progress: Callable[[int, int], None],
) -> Sampled:
    """Samples over steps as a picture and a film, the controls, and the training images nearest to them.

    Args:
        out: the folder of the demo.
        model: the copier.
        control: the one with skips, sampled in the same way.
        splits: the data of both.
        count: how many samples; at least 24 fill the film.
        seed: of the noise.
        rules: whether to count what keeps the rules of landscapes.
        progress: is called after each step.
    """
    steps: list[Images] = []
    skipped = torch.empty(0)
    noise = draw_normal(
        (count, *splits.train.image_shape), mean=0.7, std=0.2, generator=generator(seed, "sample"),
        like=next(model.parameters()),
    )  # fmt: skip
    for x_hat in _chain(model, count, seed):
        steps.append(x_hat.cpu())
        progress(len(steps), 2 * SAMPLE_STEPS)
    for done, x_hat in enumerate(_chain(control, count, seed), start=1):
        skipped = x_hat.cpu()
        progress(SAMPLE_STEPS + done, 2 * SAMPLE_STEPS)
    made = {
        SCHEDULED: steps[-1],
        "one pass": steps[0],
        PLAIN_COPIES: denoise(model, noise, passes=SAMPLE_STEPS).cpu(),
        f"{SAMPLE_STEPS} steps of the network with skips": skipped,
    }
    _write_neighbors(out, steps[-1], splits)
    write_png(out / "pictures" / "arising-film.png", grid(steps[-1][: FILM_COLUMNS * FILM_ROWS], columns=FILM_COLUMNS))
    write_video(_frames(noise.cpu(), steps), out / "arising.mp4", fps=8, scale=2, columns=FILM_COLUMNS)
    ways = torch.stack([noise.cpu()[:ROWS], *(steps[step - 1][:ROWS] for step in STAGES)], dim=1)  # (B, T, C, H, W)
    heads = ("noise", "1 step", *map(str, STAGES[1:]))
    pictures = {
        "steps": write_strips(out, "steps", {"": ways.flatten(0, 1)}, heads=heads, columns=ways.shape[1]),
        "samples": write_strips(out, "samples", {"": steps[-1]}, columns=16),
        "beside": write_strips(out, "beside", {name: x[:SHOWN] for name, x in made.items()}),
        "neighbors": _neighbors(out, steps[-1], splits),
    }
    judged = ({"held-out landscapes": splits.test.subset(count).images()} | made) if rules else {}
    return Sampled(
        pictures=pictures,
        film=Film(video="arising.mp4", sheet="pictures/arising-film.png"),
        in_order=tuple(in_order(name, x) for name, x in judged.items()),
    )


def in_order(name: str, x: Images) -> InOrder:
    """How many of these landscapes (B, 3, H, W) keep every rule."""
    return InOrder(name=name, kept=int(scene_rules(x).coherent.sum()), of=len(x))


def _chain(model: Reconstructor, count: int, seed: int) -> Iterator[Images]:
    return sample_steps(model, count=count, method=NoDiffusion(steps=SAMPLE_STEPS), generator=generator(seed, "sample"))


def _frames(noise: Images, steps: list[Images]) -> Iterator[Images]:
    """The film: noise for half a second, the steps, and what came of them for two seconds."""
    shown = FILM_COLUMNS * FILM_ROWS
    for frame in [noise] * 4 + steps + steps[-1:] * 16:
        yield frame[:shown]


def _neighbors(out: Path, samples: Images, splits: Splits) -> Shown:
    train = splits.train.images()
    index = nearest(samples[:SHOWN], train, flipped=True).index
    return write_strips(
        out, "neighbors", {"samples": samples[:SHOWN], "nearest training image, mirrored or not": train[index]}
    )


def _write_neighbors(out: Path, samples: Images, splits: Splits) -> None:
    train, held_out = splits.train.images(), splits.test.images()
    found = memorization(samples, train=train, held_out=held_out, flipped=True)
    # As many training images as there are held-out ones, so that neither has more chances to be near.
    some = torch.randperm(len(train), generator=torch.Generator().manual_seed(0))[: len(held_out)]
    near_training = nearest(samples, train[some], flipped=True).distance.median()
    near_held_out = nearest(samples, held_out[: len(some)], flipped=True).distance.median()
    low, median, high = (float(found.held_out.distance.quantile(share)) for share in (0.25, 0.5, 0.75))
    document = SampleNeighbors(
        samples=tuple(
            Neighbor(index=index, distance=float(distance), neighbor_name=splits.train.names[int(place)])
            for index, (distance, place) in enumerate(zip(found.samples.distance, found.samples.index, strict=True))
        ),
        held_out=HeldOutDistances(low=low, median=median, high=high),
        verdict=_verdict(found.ratio, float(near_training), float(near_held_out)),
    )
    write_text(out / "samples.json", document.to_json())


def _verdict(ratio: float, near_training: float, near_held_out: float) -> str:
    beside = (
        f"against equally many images of each, a sample is {near_training:.3f} from the nearest training image and "
        f"{near_held_out:.3f} from the nearest held-out one"
    )
    if ratio < 0.5:
        return f"The samples lie so near to training images that some are memory: {beside}."
    if near_training < 0.9 * near_held_out:
        return f"The samples are no copies of training images, but lie nearer to these than to others: {beside}."
    return f"The samples are no copies of training images: {beside}."
