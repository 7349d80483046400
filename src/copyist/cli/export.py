"""`copyist export`."""

__all__ = ["Runtime", "Size", "export", "open_exported", "parse_size"]

from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from copyist.cli.options import ClassOf, Force, Json, Model, Out
from copyist.cli.preamble import open_model
from copyist.cli.terminal import show

if TYPE_CHECKING:
    from copyist.detection import Detector
    from copyist.models import Model as Network


Size: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--size",
        help="Sides of the images it is exported at, such as 64 or 48x64; those of the training unless given.",
        metavar="SIDE",
    ),
]
Runtime: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--runtime",
        help="onnxruntime-web for a page: a folder, or the package as npm packs it; npm fetches it unless given.",
        metavar="PATH",
    ),
]


def export(
    model: Model,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            help="onnx, for ONNX Runtime and its kin (.onnx); torch, for PyTorch without copyist (.pt2); or web, one "
            "page that denoises, walks and samples in a browser, or shows what a detector finds (.html).",
            metavar="FORMAT",
        ),
    ],
    out: Out,
    part: Annotated[
        str | None,
        typer.Option(
            "--part",
            help="encoder or decoder of a model with a code, analysis or synthesis of a codec; the whole unless given.",
            metavar="NAME",
        ),
    ] = None,
    size: Size = None,
    runtime: Runtime = None,
    class_of: ClassOf = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Write a model or a detector for another runtime, once it is checked to compute what the original does."""
    from copyist.export import export_model
    from copyist.export.exporting import check_target

    check_target(out, to, overwrite=force)
    exported = export_model(
        open_exported(model, class_of=class_of),
        out,
        to=to,  # pyright: ignore[reportArgumentType] it was checked
        part=part,
        size=parse_size(size),
        runtime=runtime,
        overwrite=force,
    )
    show(exported.text(), exported.to_document(), as_json=as_json)


def parse_size(text: str | None) -> tuple[int, int] | None:
    """(H, W) of a text such as 64 or 48x64.

    Raises:
        ArgumentError: it is none.
    """
    from copyist.errors import ArgumentError

    if text is None:
        return None
    sides = text.lower().split("x")
    if len(sides) > 2 or not all(side.isdecimal() and int(side) > 0 for side in sides):
        raise ArgumentError(f"--size must be one side or two, in pixels, got {text!r}; write 64 or 48x64")
    return int(sides[0]), int(sides[-1])


def open_exported(path: str, *, class_of: str | None) -> "Network | Detector":
    """A detector where the path is that of one, and else a model."""
    from copyist.detection.detector_file import holds_detector, load_detector

    if holds_detector(path):
        return load_detector(path, class_of=class_of, device="cpu")
    return open_model(path, class_of=class_of, device="cpu")
