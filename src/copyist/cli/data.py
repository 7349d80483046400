"""`copyist data show` and `copyist data pack`."""

__all__ = ["app"]

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from copyist.cli.options import Force, Json, Out, as_path
from copyist.cli.terminal import bar, say, show
from copyist.drawing.wording import counted

if TYPE_CHECKING:
    from copyist.data import ExampleSet

_MEASURED = 1024
"""At most so many images give the mean and standard deviation."""

app = typer.Typer(help="Look at data, or pack it into shards.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Look at data, or pack it into shards."""


@app.command("show", short_help="Say what a source holds, and draw its first images or list its columns.")
def show_source(
    source: Annotated[str, typer.Argument(help="A source, such as faces/?size=64.", metavar="SOURCE")],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write a .png of the first images here.", parser=as_path, metavar="PATH"),
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Say what a source holds and how it is split, and draw its first images; of a table, say what its columns hold."""
    from copyist.cli.columns import column_text, describe_table
    from copyist.data import open_source, open_split, parse_source
    from copyist.drawing.grids import grid, write_png
    from copyist.errors import OutputError
    from copyist.outputs import check_output

    if out is not None and out.suffix.lower() != ".png":
        raise OutputError(f"images are drawn as .png, got {out}; choose a name that ends in .png")
    if out is not None:
        check_output(out, overwrite=force)
    with bar("images") as update:
        if parse_source(source).split is None:
            splits = open_source(source, without=out, say=say, progress=update)
            parts = {"train": splits.train, "test": splits.test}
        else:
            parts = {"images": open_split(source, default="all", without=out, say=say, progress=update)}
    first = next(iter(parts.values()))
    if first.is_table:
        if out is not None:
            raise OutputError(f"a table has no picture to draw into {out}; leave --out out")
        document = describe_table(source, parts)
        show(column_text(document), document, as_json=as_json)
        return
    if out is not None:
        write_png(out, grid(first.images(0, 64)))
    document = _image_document(source, parts)
    show(_image_text(document), document, as_json=as_json)


@app.command("pack", short_help="Pack images into shards, for data larger than memory.")
def pack(
    source: Annotated[str, typer.Argument(help="A source of images, such as photos/?size=64.", metavar="SOURCE")],
    out: Out,
    encoding: Annotated[
        str | None,
        typer.Option(help="png, or npy, which takes more disk and no decoding; png for 8 bits unless given."),
    ] = None,
    per_shard: Annotated[
        int | None, typer.Option(help="Images of the source in a shard; about 100 MB of pixels unless given.", min=1)
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Pack images, brought to one shape, into shards that 'train --data DIR' reads one by one; what stopped goes on."""
    from copyist.data import pack_source
    from copyist.memory import bytes_text

    with bar("images") as update:
        packed = pack_source(
            source, out, encoding=encoding, per_shard=per_shard, overwrite=force, say=say, progress=update
        )
    channels, height, width = packed.image_shape
    text = (
        f"packed {counted(packed.images, 'image')} of {counted(channels, 'channel')}, {height} x {width}, into "
        f"{counted(packed.shards, 'shard')} in {out}, {bytes_text(packed.bytes)}; train on them with --data {out}"
    )
    result = {
        "out": str(out),
        "images": packed.images,
        "shards": packed.shards,
        "bytes": packed.bytes,
        "image_shape": list(packed.image_shape),
        "left_out": packed.left_out,
    }
    show(text, result, as_json=as_json)


def _image_document(source: str, parts: Mapping[str, "ExampleSet"]) -> dict[str, Any]:
    """The shape and splits of images; their mean and classes by the first of the parts, which is the one trained on."""
    from copyist.cli.columns import classes

    first = next(iter(parts.values()))
    x = first.images(0, _MEASURED)
    return {
        "source": source,
        "image_shape": list(first.image_shape),
        "dtype": str(first.array.dtype),
        "parts": {name: {"images": len(part), "fingerprint": part.fingerprint} for name, part in parts.items()},
        "mean": float(x.mean()),
        "std": float(x.std()),
        "labels": first.labels is not None,
        "classes": classes(source, first),
    }


def _image_text(document: Mapping[str, Any]) -> str:
    from copyist.cli.columns import class_text

    channels, height, width = document["image_shape"]
    images = counted(channels, "channel")
    lines = [f"{document['source']}: images of {images}, {height} x {width}, {document['dtype']}"]
    for name, part in document["parts"].items():
        lines.append(f"  {name:6} {part['images']:7,} images, fingerprint {part['fingerprint'][:16]}")
    mean, std = document["mean"], document["std"]
    lines.append(f"  mean {mean:.3f}, standard deviation {std:.3f}; {class_text(document['classes'])}")
    return "\n".join(lines)
