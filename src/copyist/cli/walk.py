"""`copyist walk`."""

__all__ = ["walk"]

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from copyist.cli.options import Batch, ClassOf, Count, Device, Force, Json, Model, Out, Seed
from copyist.cli.terminal import bar, say, show

if TYPE_CHECKING:
    from copyist.procedures import AtRest
    from copyist.tensors import Images

NOISE = 0.2
"""In the code, where nothing else is asked for."""


def walk(
    model: Model,
    start: Annotated[list[str], typer.Argument(help="Where to start: files, folders or a source.", metavar="START")],
    out: Out,
    to: Annotated[
        str | None, typer.Option("--to", help="Go straight to the code of this image instead.", metavar="IMAGE")
    ] = None,
    steps: Annotated[int, typer.Option("--steps", help="How often to encode and decode.")] = 300,
    noise: Annotated[
        float | None,
        typer.Option("--noise", help=f"Standard deviation of the noise in the code, {NOISE} unless given."),
    ] = None,
    until_still: Annotated[
        float | None,
        typer.Option("--until-still", help="With --noise 0: stop when steps move no image by this share of its norm."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option("--data", help="The training images, to measure the distance to them.", metavar="SOURCE"),
    ] = None,
    count: Count = 8,
    fps: Annotated[int, typer.Option("--fps", help="Frames per second of a video.", min=1)] = 15,
    seed: Seed = 0,
    batch: Batch = None,
    device: Device = None,
    class_of: ClassOf = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Walk along the manifold: encode, perturb the code, decode, again; as video, contact sheet or frames."""
    from copyist.checks import check_at_least
    from copyist.cli.batch import stated
    from copyist.cli.opening import opened
    from copyist.cli.pictures import stacked
    from copyist.cli.walk_text import measured, sentence
    from copyist.data import read_pictures
    from copyist.drawing.video import check_video_format, write_video
    from copyist.models.contracts import Autoencoder, needs
    from copyist.outputs import check_output, write_text
    from copyist.procedures import AtRest, Trajectory, interpolate, reconstruct, walk_steps
    from copyist.randomness import generator

    check_at_least("count", count, 1)
    _check_together(to, noise, until_still)
    noise = NOISE if noise is None else noise
    table = out.with_suffix(".csv")
    check_video_format(out)
    for file in (out, table):
        check_output(file, overwrite=force)
    network = opened(model, class_of=class_of, device=device)
    network.check_pictures(verb="walk")
    autoencoder = needs(network, Autoencoder, verb="walk")
    x = stacked(autoencoder, read_pictures(start, say=say)[:count])
    course = Trajectory(references=None if data is None else _references(data, x))
    stillness = None if until_still is None else AtRest(tolerance=until_still)
    y = None if to is None else stacked(autoencoder, read_pictures([to], say=say)[:count])
    statement = stated(autoencoder, num_images=len(x) if y is None else max(len(x), len(y)), batch=batch)
    frames: Iterable[Images] = (
        interpolate(autoencoder, x, y, steps=steps, batch_size=batch)
        if y is not None
        else walk_steps(
            autoencoder,
            x,
            steps=steps,
            noise=noise,
            generator=generator(seed, "walk"),
            until_still=until_still,
            batch_size=batch,
        )
    )
    with bar("steps") as update:
        write_video(_watched(course.follow(frames), stillness, lambda step: update(step, steps)), out, fps=fps)
    write_text(table, course.to_csv())

    copies = reconstruct(autoencoder, x, batch_size=batch) if y is None else None
    result = {"to": to} if to is not None else {"noise": noise}
    result |= {"out": str(out), "course": str(table), **statement, **measured(course, copies, stillness)}
    show(sentence(result), result, as_json=as_json)


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


def _watched(
    frames: Iterable["Images"], stillness: "AtRest | None", update: Callable[[int], None]
) -> Iterator["Images"]:
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
    if images.image_shape != tuple(x.shape[1:]):
        raise ShapeError(
            f"--data must hold images of the walk's shape {tuple(x.shape[1:])}, got {images.image_shape}; "
            "add ?size= or ?channels= to bring them to it"
        )
    return images.images()
