"""`copyist info`."""

__all__ = ["info"]

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from copyist.cli.options import Json
from copyist.cli.terminal import say, show

if TYPE_CHECKING:
    from copyist.checkpoint import Header


def info(
    file: Annotated[
        str, typer.Argument(help="A model file, the folder of a run, or a compressed image.", metavar="FILE")
    ],
    as_json: Json = False,
) -> None:
    """Show what a model file holds: model, data, recipe and how training went; nothing in it is run.

    Of a compressed image the header alone is read.

    Where the model has a code, its size is shown beside that of the images or rows that the model was trained on; of a
    diffusion model, what it takes noise off. Of a run that is not finished it is the model of the last saved state. Of
    a detector its threshold is shown too.
    """
    import json
    from dataclasses import asdict

    from copyist.checkpoint import DETECTOR_FILE, model_file, read_model, recorded_code, recorded_space, unfinished
    from copyist.evaluation.anomalies.summary import DetectorSummary
    from copyist.outputs import user_path

    folder = user_path(file)
    if _is_compressed(folder):
        _show_compressed(folder, as_json=as_json)
        return
    path = folder / DETECTOR_FILE if (folder / DETECTOR_FILE).exists() else model_file(file)
    header, tensors = read_model(path)
    notice = unfinished(path, header)
    if notice is not None:
        say(notice)
    parameters = sum(tensor.numel() for tensor in tensors.values())
    code, space = recorded_code(header), recorded_space(header)
    document: dict[str, Any] = {
        "file": str(path),
        "bytes": path.stat().st_size,
        "parameters": parameters,
        "code": None if code is None else code.to_document(),
        "works_on": None if space is None else space.to_document(),
        **asdict(header),
    }
    detector = DetectorSummary.read(path)
    if detector is not None:
        document["detector"] = detector.to_document()
    lines = [f"{path}: {_model(header, parameters)}, {path.stat().st_size:,} bytes"]
    lines += [] if code is None else [code.text()]
    lines += [] if space is None else [space.text()]
    lines += [] if detector is None else ["", f"a detector: {detector.text()}"]
    for part in ("model", "data", "training") if header.training else ("data",):
        lines += ["", f"{part}:"] + [f"  {name} = {json.dumps(value)}" for name, value in document[part].items()]
    lines += ["", f"batch size {header.batch_size}; written by copyist {header.package_version}"]
    show("\n".join(lines), document, as_json=as_json)


def _model(header: "Header", parameters: int) -> str:
    from copyist.checkpoint import NO_MODEL

    kind = header.model["kind"]
    return "no model" if kind == NO_MODEL else f"{kind}, {parameters:,} numbers"


def _is_compressed(path: Path) -> bool:
    from copyist.compression.container import MAGIC

    if not path.is_file():
        return False
    if path.suffix == ".cpz":
        return True
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def _show_compressed(path: Path, *, as_json: bool) -> None:
    from copyist.compression.container import Header, read_header
    from copyist.errors import DataError

    with path.open("rb") as file:
        beginning = file.read(Header.SIZE)
    try:
        head = read_header(beginning)
    except DataError as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    size = path.stat().st_size
    kind = ("RGB" if head.colors else "gray") + (" and alpha" if head.alpha else "")
    how = "lossless" if head.lossless else f"quality {head.quality}"
    text = (
        f"{path}: a compressed image, {head.width}x{head.height}, {kind}, {head.depth} bits, {how}\n"
        f"{size:,} bytes, {8 * size / (head.width * head.height):.3f} bits per pixel; "
        f"written by the model {head.fingerprint.hex()}"
    )
    document = {
        "file": str(path),
        "bytes": size,
        "width": head.width,
        "height": head.height,
        "channels": head.channels,
        "depth": head.depth,
        "alpha": head.alpha,
        "lossless": head.lossless,
        "quality": head.quality,
        "bits_per_pixel": 8 * size / (head.width * head.height),
        "fingerprint": head.fingerprint.hex(),
    }
    show(text, document, as_json=as_json)
