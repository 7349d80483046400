"""`copyist reconstruct` and `copyist denoise`: images in, images out; tables in, tables out."""

__all__ = ["denoise", "reconstruct"]

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from copyist.cli.options import Batch, ClassOf, Device, Force, Inputs, Json, Model, Out
from copyist.cli.tables import restored_tables, table_summary
from copyist.cli.terminal import bar, counted, say, show

if TYPE_CHECKING:
    from copyist.models import Model as AnyModel
    from copyist.tensors import Images


def reconstruct(
    model: Model,
    inputs: Inputs,
    out: Out,
    batch: Batch = None,
    device: Device = None,
    class_of: ClassOf = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Copy images, or tables: the same names, sizes, formats, bit depths, alpha, orientation and profiles come out."""
    from copyist.procedures import reconstruct as verb

    result = _restore("reconstruct", model, inputs, out, verb, batch, device, class_of, force=force)
    show(f"copied {_summary(result)}", result, as_json=as_json)


def denoise(
    model: Model,
    inputs: Inputs,
    out: Out,
    passes: Annotated[int, typer.Option("--passes", help="How many times to copy the copy.")] = 1,
    batch: Batch = None,
    device: Device = None,
    class_of: ClassOf = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Remove noise from images, or tables, by copying them, once or repeatedly."""
    from copyist.checks import check_at_least
    from copyist.procedures import denoise as verb

    check_at_least("passes", passes, 1)

    def repeated(model: "AnyModel", x: "Images", *, batch_size: int | None) -> "Images":
        return verb(model, x, passes=passes, batch_size=batch_size)

    result = _restore("denoise", model, inputs, out, repeated, batch, device, class_of, force=force) | {
        "passes": passes
    }
    show(f"denoised {_summary(result)}", result, as_json=as_json)


def _restore(
    name: str,
    model_path: str,
    inputs: list[str],
    out: Path,
    verb: Callable[..., "Images"],
    batch: int | None,
    device: str | None,
    class_of: str | None,
    *,
    force: bool,
) -> dict[str, Any]:
    from copyist.checkpoint import load
    from copyist.cli.batch import stated
    from copyist.cli.pictures import check_folder
    from copyist.data import pixels_for, read_pictures, write_picture
    from copyist.models.contracts import Reconstructor, needs
    from copyist.outputs import whole_folder
    from copyist.procedures.sizes import apply_to_pictures

    check_folder(out, overwrite=force)
    model = needs(load(model_path, class_of=class_of, device=device), Reconstructor, verb=name)
    if model.takes_tables:
        return restored_tables(model, inputs, out, lambda x: verb(model, x, batch_size=batch), batch=batch)
    pictures = read_pictures(inputs, say=say)
    statement = stated(model, num_images=len(pictures), batch=batch)
    channels = model.image_shape[0] if model.image_shape else pictures[0].pixels.shape[0]
    pixels = pixels_for(pictures, channels, say=say)
    with bar("images") as update:
        answers = apply_to_pictures(
            model,
            lambda x: verb(model, x, batch_size=batch),
            pixels,
            names=[picture.name for picture in pictures],
            progress=update,
        )
    with whole_folder(out) as folder:
        written = [write_picture(picture, x, folder) for picture, x in zip(pictures, answers, strict=True)]
        files = [str(out / path.relative_to(folder)) for path in written]
    return {"images": len(files), "out": str(out), "files": files, **statement}


def _summary(result: dict[str, Any]) -> str:
    if "rows" in result:
        return table_summary(result)
    return f"{counted(result['images'], 'image')} into {result['out']}, {result['batch']}"
