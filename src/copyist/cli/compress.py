"""`copyist compress` and `copyist decompress`."""

__all__ = ["compress", "decompress"]

from typing import Annotated, TypeAlias

import typer

from copyist.cli.options import ClassOf, Device, Force, Inputs, Json, Out
from copyist.cli.preamble import check_folder
from copyist.cli.terminal import bar, say, show
from copyist.drawing.wording import counted

ModelOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="A model file, the folder of a run, or the name of a model that comes with copyist; the usual one of "
        "these unless given, and for files the one that wrote them.",
        metavar="MODEL",
    ),
]


def compress(
    inputs: Inputs,
    out: Out,
    model: ModelOption = None,
    quality: Annotated[
        int | None,
        typer.Option(
            "--quality", help="From 1, the smallest files, to 8, the best; 5 unless given, and 1 with --lossless."
        ),
    ] = None,
    lossless: Annotated[
        bool, typer.Option("--lossless", help="Keep the very pixels; color profile and orientation are always kept.")
    ] = False,
    effort: Annotated[
        int,
        typer.Option("--effort", min=0, help="Steps of refining each file; 10 are enough. Decoding takes no longer."),
    ] = 0,
    compare: Annotated[
        bool, typer.Option("--compare", help="Set JPEG, WebP and AVIF of the same size beside it, also as a page.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes; as many as cores for many pictures.")
    ] = None,
    device: Device = None,
    class_of: ClassOf = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Compress images into small files, and say what they cost: bits per pixel, PSNR and MS-SSIM."""
    from copyist.evaluation.compressed import compress_files

    check_folder(out, overwrite=force)
    with bar("images") as update:
        report = compress_files(
            inputs,
            out=out,
            model=model,
            quality=quality,
            lossless=lossless,
            effort=effort,
            compare=compare,
            workers=workers,
            class_of=class_of,
            device=device,
            overwrite=force,
            progress=update,
            say=say,
        )

    beside = f"\nthe pictures side by side are in {out / 'compare.html'}" if compare else ""
    text = f"{report.text()}\ncompressed {counted(len(report.pictures), 'image')} into {out}{beside}"
    show(text, {**report.to_document(), "out": str(out)}, as_json=as_json)


def decompress(
    files: Annotated[list[str], typer.Argument(help="Compressed files, or folders of them.", metavar="FILES")],
    out: Out,
    model: ModelOption = None,
    device: Device = None,
    class_of: ClassOf = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Decompress files that 'copyist compress' wrote, each into a PNG; what is damaged is refused."""
    from copyist.evaluation.compressed import decompress_files

    check_folder(out, overwrite=force)
    with bar("files") as update:
        found = decompress_files(
            files,
            out=out,
            model=model,
            class_of=class_of,
            device=device,
            overwrite=force,
            progress=update,
            say=say,
        )

    text = f"decompressed {counted(len(found), 'file')} into {out}"
    show(text, {"images": len(found), "out": str(out), "files": list(found)}, as_json=as_json)
