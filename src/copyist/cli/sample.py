"""`copyist sample`."""

__all__ = ["sample"]

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from copyist.cli.options import Batch, ClassOf, Count, Device, Force, Json, Model, Out, Seed
from copyist.cli.terminal import bar, counted, show

if TYPE_CHECKING:
    from copyist.tensors import Images


def sample(
    model: Model,
    out: Out,
    count: Count = 64,
    steps: Annotated[int, typer.Option("--steps", help="How many times to copy.")] = 30,
    schedule: Annotated[str, typer.Option("--schedule", help="linear, cosine or geometric.")] = "linear",
    size: Annotated[str | None, typer.Option("--size", help="Of the images, such as 64 or 64x48.")] = None,
    mean: Annotated[float, typer.Option("--noise-mean", help="Mean of the noise.")] = 0.7,
    std: Annotated[float, typer.Option("--noise-std", help="Standard deviation of the noise.")] = 0.2,
    seed: Seed = 0,
    batch: Batch = None,
    device: Device = None,
    class_of: ClassOf = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Make images out of pure noise: a .png grid, an .npy array, a video of the steps, or a folder of images."""
    from copyist.checkpoint import load
    from copyist.checks import check_choice
    from copyist.cli.batch import stated
    from copyist.data.source import parse_size
    from copyist.outputs import check_output
    from copyist.procedures import SCHEDULES, sample_steps
    from copyist.randomness import generator

    check_choice("schedule", schedule, SCHEDULES)
    check_sample_format(out)
    check_output(out, overwrite=force)
    network = load(model, class_of=class_of, device=device).as_reconstructor(verb="sample")
    shape = network.image_shape
    if size is not None and shape is not None:
        shape = (shape[0], *parse_size(size))
        _check_multiples(shape[1:], network.size_multiple)
    statement = stated(network, num_images=count, batch=batch)
    stages: list[Images] = []
    with bar("steps") as update:
        chain = sample_steps(
            network,
            count=count,
            shape=shape,
            steps=steps,
            schedule=SCHEDULES[schedule](steps),
            mean=mean,
            std=std,
            generator=generator(seed, "sample"),
            batch_size=batch,
        )
        for step, x_hat in enumerate(chain, start=1):
            update(step, steps)
            stages = [*(stages if out.suffix.lower() in _FILMS else []), x_hat.cpu()]
    _write(stages, out)

    text = (
        f"sampled {counted(count, 'image')} in {counted(steps, 'step')} on a {schedule} schedule into {out}, "
        f"{statement['batch']}"
    )
    show(text, {"images": count, "steps": steps, "schedule": schedule, "out": str(out), **statement}, as_json=as_json)


_FILMS = (".mp4", ".gif", ".webp")


def _check_multiples(size: tuple[int, int], multiple: int) -> None:
    from copyist.errors import ShapeError

    if any(side % multiple for side in size):
        near = "x".join(str(max(1, round(side / multiple)) * multiple) for side in size)
        raise ShapeError(
            f"sides of samples must be multiples of {multiple}, got {size[0]}x{size[1]}; try --size {near}"
        )


def check_sample_format(out: Path) -> None:
    """Refuse a file name whose ending names no format of samples.

    Raises:
        OutputError: the ending is unknown.
    """
    from copyist.errors import OutputError

    if out.suffix.lower() not in ("", ".png", ".npy", *_FILMS):
        raise OutputError(
            f"samples are written as .png, .npy, {', '.join(_FILMS)} or a folder, got {out.name}; choose one of these"
        )


def _write(stages: list["Images"], out: Path) -> None:
    import numpy as np

    from copyist.data.grids import grid, write_png
    from copyist.data.video import write_video
    from copyist.outputs import whole_file, whole_folder

    last, ending = stages[-1], out.suffix.lower()
    if ending == ".png":
        write_png(out, grid(last))
    elif ending == ".npy":
        with whole_file(out) as temporary, temporary.open("wb") as file:
            np.save(file, last.numpy())
    elif ending == "":
        with whole_folder(out) as folder:
            for index, x in enumerate(last):
                write_png(folder / f"sample-{index:04d}.png", grid(x[None], gap=0, scale=1))
    else:
        write_video(stages, out, fps=10)
