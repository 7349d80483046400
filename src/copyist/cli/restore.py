"""`copyist reconstruct` and `copyist denoise`: images in, images out; tables in, tables out."""

__all__ = ["denoise", "reconstruct"]

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from copyist.cli.options import (
    Backend,
    Batch,
    ClassOf,
    Device,
    Force,
    Inputs,
    Jobs,
    Json,
    Model,
    Out,
    parse_noise_level,
)
from copyist.cli.preamble import (
    batch_statement,
    check_folder,
    find_pictures,
    open_model,
    read_tables,
    sharing,
)
from copyist.cli.terminal import bar, show
from copyist.drawing.wording import counted

if TYPE_CHECKING:
    from copyist.evaluation.restore_in_jobs import NetworkFile
    from copyist.models import Reconstructor
    from copyist.tensors import Examples

    Verb: TypeAlias = Callable[[Examples], Examples]


def reconstruct(
    model: Model,
    inputs: Inputs,
    out: Out,
    batch: Batch = None,
    device: Device = None,
    class_of: ClassOf = None,
    jobs: Jobs = None,
    backend: Backend = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Copy images, or tables: the same names, sizes, formats, bit depths, alpha, orientation and profiles come out.

    By the detector of a table its rows come out as they would be if they were normal, in units and categories of the
    table, as CSV.
    """
    from copyist.evaluation.restore_in_jobs import NetworkFile
    from copyist.jobs import refuse_jobs
    from copyist.models.contracts import Reconstructor, needs

    check_folder(out, overwrite=force)
    with sharing(jobs, backend) as at_once:
        network = needs(open_model(model, class_of=class_of, device=device), Reconstructor, verb="reconstruct")
        if network.takes_tables:
            refuse_jobs(jobs, backend, what="model")
        file = NetworkFile(path=model, class_of=class_of, device=device)
        result = _restore(network, file, inputs, out, batch=batch, jobs=at_once)
    show(f"copied {_summary(result)}", result, as_json=as_json)


def denoise(
    model: Model,
    inputs: Inputs,
    out: Out,
    passes: Annotated[int, typer.Option("--passes", help="How many times to copy the copy.")] = 1,
    sigma: Annotated[
        str | None,
        typer.Option(
            "--sigma",
            help="Of a diffusion model: the noise's standard deviation, in units of pixel value: 0.1, or 25/255.",
            metavar="SIGMA",
        ),
    ] = None,
    batch: Batch = None,
    device: Device = None,
    class_of: ClassOf = None,
    jobs: Jobs = None,
    backend: Backend = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Remove noise from images, or tables, by copying them, once or repeatedly; or by a diffusion model, at --sigma.

    By the detector of a table its rows come out as they would be if they were normal, in units and categories of the
    table, as CSV.
    """
    from copyist.checks import check_at_least
    from copyist.evaluation.restore_in_jobs import NetworkFile
    from copyist.jobs import refuse_jobs
    from copyist.procedures.denoising import denoiser

    check_at_least("passes", passes, 1)
    level = None if sigma is None else parse_noise_level(sigma)
    check_folder(out, overwrite=force)
    with sharing(jobs, backend) as at_once:
        network = denoiser(open_model(model, class_of=class_of, device=device), sigma=level, passes=passes)
        if network.takes_tables:
            refuse_jobs(jobs, backend, what="model")
        file = NetworkFile(path=model, class_of=class_of, device=device, sigma=level, passes=passes)
        result = _restore(network, file, inputs, out, batch=batch, jobs=at_once)
    result |= {"passes": passes} if level is None else {"passes": passes, "sigma": level}
    show(f"denoised {_summary(result)}", result, as_json=as_json)


def _restore(
    model: "Reconstructor", file: "NetworkFile", inputs: Sequence[str], out: Path, *, batch: int | None, jobs: int
) -> dict[str, Any]:
    """Write copies of each picture, or table, under its own name into a folder, and say what was written.

    What the encoding of a detector brings to rows is written as CSV.
    """
    from copyist.procedures import reconstruct as verb

    copy = lambda x: verb(model, x, batch_size=batch)  # noqa: E731
    if model.takes_tables:
        return _restore_tables(model, file, inputs, out, copy, batch=batch)
    return _restore_pictures(model, file, inputs, out, copy, batch=batch, jobs=jobs)


def _restore_pictures(
    model: "Reconstructor",
    file: "NetworkFile",
    inputs: Sequence[str],
    out: Path,
    copy: "Verb",
    *,
    batch: int | None,
    jobs: int,
) -> dict[str, Any]:
    from copyist.evaluation.restore_files import restore_files
    from copyist.evaluation.restore_in_jobs import restore_in_jobs

    pictures, channels = find_pictures(model, inputs, without=out, written_back=True)
    statement = batch_statement(model, num_images=len(pictures), batch=batch)
    with bar("images") as update:
        if jobs > 1:
            files = restore_in_jobs(
                file,
                model,
                pictures,
                inputs=inputs,
                out=out,
                channels=channels,
                jobs=jobs,
                batch_size=batch,
                progress=update,
            )
        else:
            files = restore_files(
                model, copy, pictures, out=out, channels=channels, passes=file.passes, batch_size=batch, progress=update
            )
    count = sum(map(pictures.is_whole, range(len(pictures))))
    return {"images": count, "out": str(out), "files": [str(path) for path in files], **statement}


def _restore_tables(
    model: "Reconstructor", file: "NetworkFile", inputs: Sequence[str], out: Path, copy: "Verb", *, batch: int | None
) -> dict[str, Any]:
    from copyist.detection.detector_file import read_encoding
    from copyist.outputs import whole_folder

    tables = read_tables(model, inputs, encoding=read_encoding(file.path))
    rows = sum(len(table.x) for table in tables)
    statement = batch_statement(model, num_images=rows, batch=batch)
    device = next(model.parameters()).device
    with whole_folder(out) as folder:
        written: list[Path] = []
        for table in tables:
            x = table.x.to(device)
            for _ in range(file.passes):
                x = copy(x)
            written.append(table.write(x, folder))
        files = [str(out / path.relative_to(folder)) for path in written]
    return {"rows": rows, "out": str(out), "files": files, **statement}


def _summary(result: dict[str, Any]) -> str:
    if "rows" in result:
        return f"{counted(result['rows'], 'row')} into {', '.join(result['files'])}, {result['batch']}"
    return f"{counted(result['images'], 'image')} into {result['out']}, {result['batch']}"
