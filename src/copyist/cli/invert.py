"""`copyist invert`."""

__all__ = ["invert"]

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, cast

import typer

from copyist.cli.options import Batch, ClassOf, Device, Force, Inputs, Json, Model, Out, Seed
from copyist.cli.preamble import batch_statement, check_folder, open_model, read_batch
from copyist.cli.terminal import bar, say, show
from copyist.drawing.wording import counted

if TYPE_CHECKING:
    from copyist.procedures import Inversion
    from copyist.procedures.descent import Method
    from copyist.procedures.inversion import InversionStart
    from copyist.tensors import Images

SHEET, CERTIFICATE = "sheet.png", "inversion.json"

SHOWN = 16
"""How many images the sheet shows at most."""

Layer: TypeAlias = Annotated[str, typer.Option("--layer", help="The layer, as 'copyist layers' names it.")]
MethodName: TypeAlias = Annotated[str, typer.Option("--method", help="lbfgs, adam or reference.")]
Start: TypeAlias = Annotated[str, typer.Option("--start", help="noise or constant.")]
Restarts: TypeAlias = Annotated[
    int, typer.Option("--restarts", help="How many noises to start from; the nearest is kept.")
]
Steps: TypeAlias = Annotated[
    int | None,
    typer.Option("--steps", help="How many steps at most; 300, 1000 or 500 for the three methods unless given."),
]
Tolerance: TypeAlias = Annotated[
    float, typer.Option("--tolerance", help="Stop within this share of the distance of a hardly visible shift.")
]


def invert(
    model: Model,
    inputs: Inputs,
    out: Out,
    layer: Layer = "output",
    method: MethodName = "lbfgs",
    start: Start = "noise",
    restarts: Restarts = 1,
    steps: Steps = None,
    tolerance: Tolerance = 0.5,
    seed: Seed = 0,
    batch: Batch = None,
    device: Device = None,
    class_of: ClassOf = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Reconstruct images from their representation at a layer, and print how near the layer finds them."""
    from copyist.data.inputs import result_names
    from copyist.procedures import invert as verb
    from copyist.procedures.layers import check_runs_on_images
    from copyist.randomness import generator

    check_folder(out, overwrite=force)
    network = open_model(model, class_of=class_of, device=device)
    network.check_pictures(verb="invert")
    check_runs_on_images(network, verb="invert")
    names, x = read_batch(network, inputs, without=out)
    network.check_input(x)
    files = result_names(names, ".png", taken=[SHEET], say=say)
    statement = batch_statement(network, num_images=len(x), batch=batch)
    with bar("steps") as update:
        found = verb(
            network,
            x,
            layer=layer,
            # What is neither is refused there.
            method=cast("Method", method),
            start=cast("InversionStart", start),
            restarts=restarts,
            steps=steps,
            tolerance=tolerance,
            generator=generator(seed, "invert"),
            batch_size=batch,
            progress=update,
        )
    settings = {"layer": layer, "method": method, "start": start, "restarts": restarts, "tolerance": tolerance}
    measured = {"steps": found.steps, "converged": int(found.converged.sum())}
    images = {"images": _certificates(found, files)}
    result = {"model": model, **settings, "seed": seed, **measured, **statement, **images}
    _write(found, x, files, result, out)

    show(_text(result, out), {"out": str(out), **result}, as_json=as_json)
    _check_converged(result, out)


def _certificates(found: "Inversion", files: Sequence[str]) -> list[dict[str, Any]]:
    """How near each image came, beside the name of its file."""
    measured = ("distance", "yardstick", "input_distance", "aligned_distance")
    columns = {name: cast("list[float]", getattr(found, name).tolist()) for name in measured}
    converged = cast("list[bool]", found.converged.tolist())
    return [
        {"file": file, "converged": converged[index]}
        # JSON has no word for what is not finite.
        | {name: values[index] if math.isfinite(values[index]) else None for name, values in columns.items()}
        for index, file in enumerate(files)
    ]


def _write(found: "Inversion", x: "Images", files: Sequence[str], result: dict[str, Any], out: Path) -> None:
    from copyist.drawing.grids import grid, rows, write_png
    from copyist.metrics.distortion import aligned
    from copyist.outputs import whole_folder, write_text

    with whole_folder(out) as folder:
        for file, x_hat in zip(files, found.x, strict=True):
            write_png(folder / file, grid(x_hat[None], gap=0, scale=1))
        # Behind normalization a layer does not tell brightness and contrast, and the eye is misled by them.
        shown = {"image": x, "inverted": found.x, "colors aligned": aligned(found.x, x)}
        write_png(folder / SHEET, rows({label: images[:SHOWN] for label, images in shown.items()}))
        write_text(folder / CERTIFICATE, json.dumps(result, indent=2) + "\n")


def _text(result: dict[str, Any], out: Path) -> str:
    images, converged = len(result["images"]), result["converged"]
    text = (
        f"inverted {counted(images, 'image')} at {result['layer']} into {out} in {counted(result['steps'], 'step')}, "
        f"{result['batch']}; {converged} of {images} converged"
    )
    if not converged:
        return text
    return (
        f"{text}: the layer finds these nearer to their originals than a hardly visible shift would be, and what each "
        "shares with its original is what the layer knows"
    )


def _check_converged(result: dict[str, Any], out: Path) -> None:
    """Refuse to call an inversion done that is not.

    Raises:
        ConvergenceError: an image has not converged.
    """
    from copyist.errors import ConvergenceError

    far = [each["file"] for each in result["images"] if not each["converged"]]
    if far:
        first = ", ".join(far[:3]) + (", …" if len(far) > 3 else "")
        raise ConvergenceError(
            f"every inversion must converge to say what {result['layer']} knows, and {len(far)} of "
            f"{len(result['images'])} did not: {first}; the nearest found are in {out}, so raise --steps or "
            "--restarts, or try another --method"
        )
