"""What the demo shows: restored images, samples beside their nearest training images, and a walk."""

__all__ = ["draw_denoising", "draw_samples", "draw_walk"]

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import torch

from copyist.corruption import Blend
from copyist.data import ExampleSet, Splits
from copyist.demo.document import HeldOutDistances, Neighbor, SampleNeighbors, Shown, Walk
from copyist.drawing.grids import grid, rows, write_png
from copyist.drawing.video import write_video
from copyist.metrics.neighbors import memorization, nearest
from copyist.models.contracts import Autoencoder, Reconstructor
from copyist.outputs import write_text
from copyist.procedures import NoDiffusion, denoise, sample_steps, walk_steps
from copyist.randomness import generator
from copyist.tensors import Images

_SHOWN = 10
"""Images side by side."""

_NUM_SAMPLES = 64
_SAMPLE_STEPS = 30
_LONG_SAMPLE_STEPS = 200
_STAGES = (1, 3, 6, 10, 15, 20, 25, 30)
"""Steps of sampling that are shown."""

_WALKERS = 8
_WALK_STEPS = 300
_WALK_NOISE = 0.2
_FRAMES_ON_PAPER = 12


def draw_denoising(out: Path, models: Mapping[str, Reconstructor], test: ExampleSet, *, seed: int) -> dict[str, Shown]:
    """Rows of images, the same in noise, and what becomes of them: by one model, by several, and over passes."""
    copier = next(iter(models.values()))
    # A whole batch is judged, as in the table; some of it is shown.
    x = test.images(0, copier.batch_size).to(_device(copier))
    noisy = {
        alpha: Blend(alpha)(x, generator=generator(seed, "test", "blend", str(alpha))) for alpha in (0.7, 0.5, 0.3)
    }
    restored = {"image": x}
    for alpha, x_tilde in noisy.items():
        restored |= {f"α = {alpha}": x_tilde, f"its copy\n(α = {alpha})": denoise(copier, x_tilde)}
    _write_rows(out, "rows", restored)
    compared = {"image": x, "α = 0.3": noisy[0.3]} | {name: denoise(each, noisy[0.3]) for name, each in models.items()}
    _write_rows(out, "skips", compared)
    passes = {"α = 0.3": noisy[0.3]}
    passes |= {_times(count): denoise(copier, noisy[0.3], passes=count) for count in (1, 2, 4, 8, 16)}
    _write_rows(out, "passes", passes)
    batch = f"judged in one batch of {copier.batch_size}"
    return {
        "rows": Shown(
            "pictures/rows.png",
            "Held-out images, the same with more and more noise (1 − α is the share of noise), and the copies, "
            f"{batch}. The network has seen no noise in training.",
        ),
        "skips": Shown(
            "pictures/skips.png",
            f"The same noisy images through three networks, {batch}: trained to copy without skips, trained to copy "
            "with skips, and trained to denoise.",
        ),
        "passes": Shown(
            "pictures/passes.png",
            "The copy of the copy of the copy: each pass moves the image further along what the network has learned.",
        ),
    }


def draw_samples(
    out: Path, model: Reconstructor, splits: Splits, *, seed: int, progress: Callable[[int, int], None]
) -> dict[str, Shown]:
    """Samples over steps, the samples, and the training images nearest to them."""
    total = _SAMPLE_STEPS + _LONG_SAMPLE_STEPS
    short: list[Images] = []
    brief, patient = (NoDiffusion(steps=steps) for steps in (_SAMPLE_STEPS, _LONG_SAMPLE_STEPS))
    for x_hat in sample_steps(model, count=_NUM_SAMPLES, method=brief, generator=generator(seed, "sample")):
        short.append(x_hat)
        progress(len(short), total)
    write_png(out / "pictures" / "samples.png", grid(short[-1].cpu(), columns=16))
    _write_rows(out, "steps", {f"n = {step}": short[step - 1] for step in _STAGES})
    long = short[-1]
    chain = sample_steps(model, count=_NUM_SAMPLES, method=patient, generator=generator(seed, "sample"))
    for step, x_hat in enumerate(chain, start=1):
        long = x_hat
        progress(_SAMPLE_STEPS + step, total)
    write_png(out / "pictures" / "samples-long.png", grid(long.cpu(), columns=16))
    _write_neighbors(out, short[-1].cpu(), splits)
    return {
        "steps": Shown(
            "pictures/steps.png",
            f"From pure noise (mean 0.7, deviation 0.2) in {_SAMPLE_STEPS} steps: the copy at step n, which is then "
            f"mixed with new noise, n/{_SAMPLE_STEPS} of copy to the rest of noise.",
        ),
        "samples": Shown("pictures/samples.png", f"The {_NUM_SAMPLES} samples after {_SAMPLE_STEPS} steps."),
        "neighbors": Shown(
            "pictures/neighbors.png", "Samples, and below each the training image nearest to it, mirrored or not."
        ),
        "samples-long": Shown(
            "pictures/samples-long.png", f"Samples from the same first noise after {_LONG_SAMPLE_STEPS} steps."
        ),
    }


def draw_walk(
    out: Path, model: Autoencoder, test: ExampleSet, *, seed: int, progress: Callable[[int, int], None]
) -> Walk:
    """A walk from held-out images, as a film and as a contact sheet."""
    x = test.images(0, _WALKERS).to(_device(model))
    kept: list[Images] = []

    def frames() -> Iterator[Images]:
        chain = walk_steps(model, x, steps=_WALK_STEPS, noise=_WALK_NOISE, generator=generator(seed, "walk"))
        for step, frame in enumerate(chain):
            progress(step, _WALK_STEPS)
            kept.append(frame.cpu())
            yield kept[-1]

    write_video(frames(), out / "walk.mp4", fps=15, columns=_WALKERS)
    write_video(torch.stack(kept), out / "pictures" / "walk.png", columns=_FRAMES_ON_PAPER)
    return Walk(
        video="walk.mp4",
        contact_sheet="pictures/walk.png",
        caption=f"{_WALKERS} walks of {_WALK_STEPS} steps from held-out images. Each step encodes the image, adds "
        f"noise of deviation {_WALK_NOISE} to the code, and decodes it; the statistics are those of the {_WALKERS} "
        "images.",
    )


def _write_neighbors(out: Path, samples: Images, splits: Splits) -> None:
    train, held_out = splits.train.images(), splits.test.images()
    found = memorization(samples, train=train, held_out=held_out, flipped=True)
    neighbors = train[found.samples.index[:_SHOWN]]
    _write_rows(out, "neighbors", {"sample": samples, "nearest in\ntraining": neighbors})
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


def _times(count: int) -> str:
    return f"{count} pass" if count == 1 else f"{count} passes"


def _write_rows(out: Path, name: str, images: Mapping[str, Images]) -> None:
    write_png(out / "pictures" / f"{name}.png", rows({label: x[:_SHOWN].cpu() for label, x in images.items()}))


def _device(model: Reconstructor) -> torch.device:
    return next(model.parameters()).device
