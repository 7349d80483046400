"""`copyist info`."""

__all__ = ["info"]

from typing import Annotated, Any

import typer

from copyist.cli.options import Json
from copyist.cli.terminal import say, show


def info(
    file: Annotated[str, typer.Argument(help="A model file, or the folder of a run.", metavar="MODEL")],
    as_json: Json = False,
) -> None:
    """Show what a model file holds: model, data, recipe and how training went; nothing in it is run.

    Where the model has a code, its size is shown beside that of the images or rows that the model was trained on. Of a
    run that is not finished it is the model of the last saved state. Of a detector its threshold is shown too.
    """
    import json
    from dataclasses import asdict

    from copyist.checkpoint import model_file, read_model, recorded_code, unfinished
    from copyist.detection.detector_file import DETECTOR_FILE
    from copyist.evaluation.anomalies.summary import DetectorSummary
    from copyist.outputs import user_path

    folder = user_path(file)
    path = folder / DETECTOR_FILE if (folder / DETECTOR_FILE).exists() else model_file(file)
    header, tensors = read_model(path)
    notice = unfinished(path, header)
    if notice is not None:
        say(notice)
    parameters = sum(tensor.numel() for tensor in tensors.values())
    code = recorded_code(header)
    document: dict[str, Any] = {
        "file": str(path),
        "bytes": path.stat().st_size,
        "parameters": parameters,
        "code": None if code is None else code.to_document(),
        **asdict(header),
    }
    detector = DetectorSummary.read(path)
    if detector is not None:
        document["detector"] = detector.to_document()
    lines = [f"{path}: {header.model['kind']}, {parameters:,} numbers, {path.stat().st_size:,} bytes"]
    lines += [] if code is None else [code.text()]
    lines += [] if detector is None else ["", f"a detector: {detector.text()}"]
    for part in ("model", "data", "training"):
        lines += ["", f"{part}:"] + [f"  {name} = {json.dumps(value)}" for name, value in document[part].items()]
    lines += ["", f"batch size {header.batch_size}; written by copyist {header.package_version}"]
    show("\n".join(lines), document, as_json=as_json)
