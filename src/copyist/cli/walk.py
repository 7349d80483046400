"""`copyist walk`."""

__all__ = ["walk"]

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from copyist.cli.options import Batch, ClassOf, Count, Device, Force, Json, Model, Out, Seed
from copyist.cli.terminal import bar, counted, say, show

if TYPE_CHECKING:
    from copyist.tensors import Images


def walk(
    model: Model,
    start: Annotated[list[str], typer.Argument(help="Where to start: files, folders or a source.", metavar="START")],
    out: Out,
    steps: Annotated[int, typer.Option("--steps", help="How often to encode and decode.")] = 300,
    noise: Annotated[float, typer.Option("--noise", help="Standard deviation of the noise in the code.")] = 0.2,
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
    from copyist.checkpoint import load
    from copyist.checks import check_at_least
    from copyist.cli.batch import stated
    from copyist.cli.pictures import stacked
    from copyist.data import read_pictures
    from copyist.data.video import check_video_format, write_video
    from copyist.outputs import check_output
    from copyist.procedures import walk_steps
    from copyist.randomness import generator

    check_at_least("count", count, 1)
    check_video_format(out)
    check_output(out, overwrite=force)
    autoencoder = load(model, class_of=class_of, device=device).as_autoencoder(verb="walk")
    x = stacked(autoencoder, read_pictures(start, say=say)[:count])
    statement = stated(autoencoder, num_images=len(x), batch=batch)
    frames = walk_steps(autoencoder, x, steps=steps, noise=noise, generator=generator(seed, "walk"), batch_size=batch)
    with bar("steps") as update:
        last = x

        def watched() -> Iterator["Images"]:
            nonlocal last
            for step, frame in enumerate(frames):
                update(step, steps)
                last = frame
                yield frame.cpu()

        write_video(watched(), out, fps=fps)

    moved = float((last - x).square().mean().sqrt())
    text = (
        f"walked {counted(steps, 'step')} from {counted(len(x), 'image')} with noise {noise:g} into {out}, "
        f"{statement['batch']}; they ended {moved:.3f} from where they started (root mean square over pixels)"
    )
    result = {"images": len(x), "steps": steps, "noise": noise, "moved": moved, "out": str(out), **statement}
    show(text, result, as_json=as_json)
