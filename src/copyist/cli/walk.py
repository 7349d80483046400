"""`copyist walk`."""

__all__ = ["walk"]

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from copyist.cli.options import Batch, ClassOf, Device, Force, Json, Model, Out, Seed
from copyist.cli.preamble import batch_statement, open_model, read_batch
from copyist.cli.terminal import bar, say, show
from copyist.drawing.wording import counted

if TYPE_CHECKING:
    from pathlib import Path

    from copyist.procedures import AtRest, Trajectory
    from copyist.tensors import Images

NOISE = 0.2
"""The default noise in the code."""

Starts: TypeAlias = Annotated[
    list[str], typer.Argument(help="Where to start: files, folders or a source.", metavar="START")
]
To: TypeAlias = Annotated[
    str | None, typer.Option("--to", help="Go straight to the code of this image instead.", metavar="IMAGE")
]
Steps: TypeAlias = Annotated[int, typer.Option("--steps", help="How many times to encode and decode.")]
Noise: TypeAlias = Annotated[
    float | None, typer.Option("--noise", help=f"Standard deviation of the noise in the code, {NOISE} unless given.")
]
UntilStill: TypeAlias = Annotated[
    float | None,
    typer.Option("--until-still", help="With --noise 0: stop when steps move no image by this share of its norm."),
]
TrainingData: TypeAlias = Annotated[
    str | None, typer.Option("--data", help="The training images, to measure the distance to them.", metavar="SOURCE")
]
Count: TypeAlias = Annotated[int, typer.Option("--count", help="How many of the images to start from, at most.")]
Fps: TypeAlias = Annotated[int, typer.Option("--fps", help="Frames per second of a video.", min=1)]


def walk(
    model: Model,
    start: Starts,
    out: Out,
    to: To = None,
    steps: Steps = 300,
    noise: Noise = None,
    until_still: UntilStill = None,
    data: TrainingData = None,
    count: Count = 8,
    fps: Fps = 15,
    seed: Seed = 0,
    batch: Batch = None,
    device: Device = None,
    class_of: ClassOf = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Walk along the manifold: encode, perturb the code, decode, again; as video, contact sheet or frames."""
    from copyist.checks import check_at_least
    from copyist.drawing.video import write_video
    from copyist.models.contracts import Autoencoder, needs
    from copyist.outputs import write_text
    from copyist.procedures import AtRest, Trajectory, interpolate, reconstruct, walk_steps
    from copyist.procedures.sizes import padded
    from copyist.procedures.walk import check_held_frames
    from copyist.randomness import generator

    check_at_least("count", count, 1)
    _check_together(to, noise, until_still)
    noise = NOISE if noise is None else noise
    table = out.with_suffix(".csv")
    _check_files(out, table, overwrite=force)
    network = open_model(model, class_of=class_of, device=device)
    network.check_pictures(verb="walk")
    autoencoder = needs(network, Autoencoder, verb="walk")
    names, x = read_batch(autoencoder, start, without=out, limit=count)
    course = Trajectory(references=None if data is None else _references(data, x))
    height, width = x.shape[2:]
    x = padded(autoencoder, x, name=names[0])
    stillness = None if until_still is None else AtRest(tolerance=until_still)
    if to is None:
        statement = batch_statement(autoencoder, num_images=len(x), batch=batch)
        frames = walk_steps(
            autoencoder,
            x,
            steps=steps,
            noise=noise,
            generator=generator(seed, "walk"),
            until_still=until_still,
            batch_size=batch,
        )
    else:
        ends, y = read_batch(autoencoder, [to], limit=count)
        y = padded(autoencoder, y, name=ends[0])
        statement = batch_statement(autoencoder, num_images=max(len(x), len(y)), batch=batch)
        frames = interpolate(autoencoder, x, y, steps=steps, batch_size=batch)
    if to is None and out.suffix.lower() in (".png", ".gif", ".webp"):
        # These are put together from all frames; others are written as they come.
        check_held_frames(x, steps)
    shown = (frame[..., :height, :width] for frame in frames)
    with bar("steps") as update:
        write_video(_watch(course.follow(shown), stillness, lambda step: update(step, steps)), out, fps=fps)
    write_text(table, course.to_csv())

    copies = reconstruct(autoencoder, x, batch_size=batch)[..., :height, :width] if to is None else None
    result = {"noise": noise} if to is None else {"to": to}
    result |= {"out": str(out), "course": str(table), **statement, **_measures(course, copies, stillness)}
    show(_sentence(result), result, as_json=as_json)


def _check_files(out: "Path", table: "Path", *, overwrite: bool) -> None:
    from copyist.drawing.video import check_video_format
    from copyist.outputs import check_output

    check_video_format(out)
    for file in (out, table):
        check_output(file, overwrite=overwrite)


def _check_together(to: str | None, noise: float | None, until_still: float | None) -> None:
    from copyist.checks import check_at_least, check_positive
    from copyist.errors import ArgumentError

    if to is not None and (noise or until_still is not None):
        raise ArgumentError("--to must come without --noise and --until-still, because the way there is straight")
    check_at_least("noise", NOISE if noise is None else noise, 0)
    if until_still is not None:
        check_positive("until-still", until_still)
        if noise != 0:
            got = f"--noise {NOISE if noise is None else noise:g}"
            raise ArgumentError(f"--until-still must come with --noise 0, got {got}; with noise nothing stands still")


def _watch(frames: Iterable["Images"], stillness: "AtRest | None", update: Callable[[int], None]) -> Iterator["Images"]:
    """The frames on the CPU, each counted and looked at as it passes."""
    for step, frame in enumerate(frames):
        update(step)
        if stillness is not None:
            stillness.observe(frame)
        yield frame.cpu()


def _references(data: str, x: "Images") -> "Images":
    from copyist.data import open_split
    from copyist.errors import ShapeError

    images = open_split(data, default="train", say=say)
    channels, height, width = shape = tuple(x.shape[1:])
    if images.image_shape != shape:
        raise ShapeError(
            f"--data must hold images of the walk's shape {shape}, got {images.image_shape}; "
            f"add ?size={height}x{width}&channels={channels} to bring them to it"
        )
    return images.images()


def _measures(course: "Trajectory", copies: "Images | None", stillness: "AtRest | None") -> dict[str, Any]:
    """How a walk ended.

    Args:
        course: of all its frames.
        copies: of the images it started from, from which those that walked got away; None where that is not measured.
        stillness: which watched the frames, where it was requested.
    """
    last = course.positions[-1]
    result: dict[str, Any] = {
        "images": len(last.motion),
        "steps": len(course.positions) - 1,
        "moved": float(last.from_start.square().mean().sqrt()),
        "last_motion": float(last.motion.mean()),
    }
    near = [float(position.nearest.mean()) for position in course.positions if position.nearest is not None]
    if near:
        result |= {"nearest_at_start": near[0], "nearest_at_end": near[-1]}
    if copies is not None:
        result |= _walkers(course, copies)
    if stillness is not None:
        # -1 and a period of 0 are of images that still move.
        result |= {"still_since": stillness.since.tolist(), "period": stillness.period.tolist()}
    return result


def _sentence(result: dict[str, Any]) -> str:
    """The same for people."""
    steps, images = counted(result["steps"], "step"), counted(result["images"], "image")
    way = f"to {result['to']}" if "to" in result else f"with noise {result['noise']:g}"
    parts = [
        f"walked {steps} from {images} {way} into {result['out']}, {result['batch']}",
        f"they ended {result['moved']:.3f} from where they started (root mean square over pixels)",
    ]
    if "walked" in result:
        parts.append(
            f"{sum(result['walked'])} of {images} walked: they ended farther from their copies than "
            f"{result['threshold']:.3f}, half the median distance between two images' copies"
        )
    if "nearest_at_end" in result:
        near = f"{result['nearest_at_start']:.3f} away at the start and {result['nearest_at_end']:.3f} at the end"
        parts.append(f"the nearest image of --data was {near}")
    rest = zip(result.get("still_since", ()), result.get("period", ()), strict=True)
    stood = [_standstill(image, since, period) for image, (since, period) in enumerate(rest)]
    parts += [", ".join(stood)] if stood else []
    return "; ".join([*parts, f"every step is in {result['course']}"])


def _walkers(course: "Trajectory", copies: "Images") -> dict[str, Any]:
    """Which images walked; of a single one that is not known."""
    from copyist.procedures import walkers

    if len(copies) < 2:
        return {}
    found = walkers(course.last, copies)
    return {
        "walked": found.walked.tolist(),
        "displacement": found.displacement.tolist(),
        "threshold": found.threshold,
    }


def _standstill(image: int, since: int, period: int) -> str:
    if period == 0:
        return f"image {image} still moves"
    after = f"after {counted(since, 'step')}"
    return f"image {image} stood still {after}" if period == 1 else f"image {image} went round {period} steps {after}"
