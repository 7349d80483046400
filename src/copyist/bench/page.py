"""The page of measured speeds, made from the files that benchmarks write."""

__all__ = ["PAGE_RATES", "TARGETS", "performance_page"]

import contextlib
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias, TypeVar

from copyist.bench.codec import CodecBench
from copyist.bench.denoising_folder import FolderBench
from copyist.bench.detection_result import DetectionBench
from copyist.bench.losses import LossBench
from copyist.bench.page_rate import PageRate
from copyist.bench.roofline_result import RooflineBench
from copyist.bench.table_detection import EMBEDDED_TABLES
from copyist.bench.timings import BenchResult, Comparison
from copyist.errors import DataError
from copyist.files.bulk import reason_of

_T = TypeVar("_T")

_Told: TypeAlias = FolderBench | LossBench | RooflineBench | PageRate | DetectionBench | CodecBench
"""Results that are no tables of ratios."""

TARGETS: dict[str, dict[int, float]] = {
    "train": {16: 3.5, 32: 2.5, 64: 1.9},
    "vae": {400: 3.0},
    "diffusion, sampling": {32: 1.0},
    "export": {16: 1.0, 32: 1.0},
    "scaling": {16: 1.7},
    "shards": {16: 0.9},
    "saved set": {16: 0.9},
}
"""How many times as fast as the reference ours must be, by what the benchmark's name begins with and by base width."""

PAGE_RATES: dict[int, tuple[float, float]] = {64: (5.0, 15.0)}
"""Pictures a second that an exported page must denoise, and that are aimed at, by the side of a picture."""

_COMMANDS = {
    "train": "train",
    "vae": "vae",
    "sample": "sample",
    "walk": "walk",
    "diffusion, training against diffusers, ours in auto": "diffusion --of training --precision auto",
    "diffusion, training": "diffusion --of training --precision float32",
    "diffusion, sampling against diffusers, ours in auto": "diffusion --of sampling --precision auto",
    "diffusion, sampling": "diffusion --of sampling --precision float32",
    "export": "export",
    "scaling": "scaling",
    "shards of npy": "shards --encoding npy",
    "shards": "shards",
    "saved set": "shards --source hf",
}

_ABOUT = {
    "train": "A step of `copyist train` against a textbook's loop in float32, PNG files read by two workers.",
    "vae": "A step of the variational autoencoder against another library's, same net and batch.",
    "sample": "A call is diffusion with no diffusion in 10 steps, against a plain loop, both in float32.",
    "walk": "A call is a walk of 10 steps, against a plain loop, both in float32.",
    "diffusion": "A step of training, or a call that samples a batch in 10 steps: nets of about as many parameters, "
    "images in memory; theirs in float32.",
    "export": "Copies by ONNX Runtime against the same model in PyTorch, both in float32.",
    "scaling": "A step that processes of one thread share against one process with the whole batch.",
    "shards": "A step of training on shards against the same images in memory.",
    "saved set": "A step of training on a set that `datasets` saved, decoded into a file and mapped from it, as one is "
    "that does not fit into memory, against the same images in memory.",
}

_HEAD = """# Performance

What `copyist bench` measured. Speed is given as ratios: both sides in one run, by turns, each in a process of its own;
medians, with the quartiles of the ratio over the rounds. This page is made by `copyist bench page` from the files that
it names; [what is compared, and where the factors come from](benchmarks.md).
"""


def performance_page(files: Iterable[Path]) -> str:
    """A Markdown page of the results of benchmarks.

    Args:
        files: what `--out` wrote, one benchmark each.

    Raises:
        DataError: one is no result of a benchmark that the page shows.
    """
    parts = [_HEAD]
    for file in sorted(files):
        found = _read(file)
        lines = _section(found, file.name) if isinstance(found, BenchResult) else _told(found, file.name)
        parts.append("\n".join(lines))
    return "\n".join(parts)


def _read(file: Path) -> BenchResult | _Told:
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError as error:
        raise DataError(f"there is no file {file}; check the name") from error
    except (OSError, ValueError) as error:
        raise _unreadable(file, reason_of(error)) from error
    for kind in (FolderBench, LossBench, RooflineBench, PageRate, DetectionBench, CodecBench):
        with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
            found = kind.from_json(text)
            if _has_content(found):
                return found
    with contextlib.suppress(ValueError):
        result = BenchResult.from_json(text)
        if result.comparisons and _known(_COMMANDS, result.name):
            return result
    raise _unreadable(file, "its fields are those of none")


def _has_content(result: _Told) -> bool:
    match result:
        case DetectionBench():
            return bool(result.trials)
        case RooflineBench():
            return bool(result.rows)
        case CodecBench():
            return bool(result.curves)
        case _:
            return True


def _unreadable(file: Path, reason: str) -> DataError:
    return DataError(
        f"{file} must be what a benchmark of speed, tables or the codec wrote by --out, and cannot be read as one "
        f"({reason}); leave it out"
    )


def _told(result: _Told, file: str) -> Iterator[str]:
    """A result that is no table of ratios, as its command prints it, and whether what is asked of it is reached."""
    title, command = _told_as(result)
    yield f"## {title}"
    yield f"`copyist bench {command}`, `{file}`.\n"
    asked = _asked(result) if isinstance(result, PageRate) else ""
    yield f"```text\n{result}{asked}\n```\n"


def _asked(result: PageRate) -> str:
    """One line, where something is asked of pictures of this size."""
    if result.size not in PAGE_RATES:
        return ""
    (least, aim), rate = PAGE_RATES[result.size], result.pictures_per_second.median
    asked, aimed = ("reached" if rate >= each else "not reached" for each in (least, aim))
    return f"\nat least {least:g} asked: {asked}; {aim:g} aimed at: {aimed}"


def _told_as(result: _Told) -> tuple[str, str]:
    """A heading, and the command that measures it again."""
    if isinstance(result, DetectionBench):
        tables = {trial.table for trial in result.trials}
        folder = "" if tables == EMBEDDED_TABLES.keys() else " FOLDER"
        most = "" if result.most_train is None else f" --most {result.most_train}"
        return "Detectors of tables", f"tables{folder} --splits {1 + max(trial.split for trial in result.trials)}{most}"
    if isinstance(result, CodecBench):
        source = "FOLDER" if result.source is None else shlex.quote(result.source)
        models = "".join(f" --model {shlex.quote(name)}" for name in result.model_names)
        return "Pictures in files", f"codec {source}{models} --effort {result.effort}"
    if isinstance(result, PageRate):
        page = "--page FILE" if result.width is None else f"--width {result.width}"
        served = " --served" if result.served else ""
        title = f"An exported page, {'served' if result.served else 'opened as a file'}"
        return title, f"web {page} --size {result.size} --rounds {result.rounds}{served}"
    if isinstance(result, RooflineBench):
        options = f"--precision {result.precision}" + "".join(f" --width {row.width}" for row in result.rows)
        options += f" --size {result.size} --batch {result.batch} --rounds {result.rounds}"
        return "Roofline of a training step", f"roofline {options}"
    shape = f"--width {result.width} --size {result.size} --batch {result.batch}"
    if isinstance(result, FolderBench):
        options = f"--count {result.images} --format {result.format} --rounds {result.rounds}"
        return "Denoising a folder", f"denoise {options} {shape}"
    return "Held-out losses", f"losses --steps {result.steps} {shape}"


def _section(result: BenchResult, file: str) -> Iterator[str]:
    yield f"## {result.name[:1].upper()}{result.name[1:]}, {_shape(result)}"
    yield _known(_ABOUT, result.name) or ""
    yield f"{result.machine}; `{_command(result)}`, `{file}`.\n"
    yield f"| width | size | batch | rounds | ours, ms a {result.unit} | reference, ms | times as fast | asked |"
    yield "|---|---|---|---|---|---|---|---|"
    targets = _known(TARGETS, result.name) or {}
    for row in result.comparisons:
        yield _row(row, targets.get(row.width))
    yield ""


def _shape(result: BenchResult) -> str:
    """Size and widths, by which results of one benchmark differ."""
    widths = [str(row.width) for row in result.comparisons]
    listed = f"widths {', '.join(widths[:-1])} and {widths[-1]}" if len(widths) > 1 else f"width {widths[0]}"
    return f"{result.comparisons[0].size}×{result.comparisons[0].size}, {listed}"


def _command(result: BenchResult) -> str:
    """That which measures it again. All rows of a result are of one size, and differ in width."""
    row, command = result.comparisons[0], f"copyist bench {_known(_COMMANDS, result.name)}"
    if not result.name.startswith(("diffusion", "vae")):  # Whose widths are not for choosing.
        command += "".join(f" --width {each.width}" for each in result.comparisons)
    if result.name.startswith("scaling") and "per-device" in result.name:
        command += " --batch-statistics per-device"
    return f"{command} --size {row.size} --batch {row.batch} --rounds {row.rounds}"


def _known(values: Mapping[str, _T], name: str) -> _T | None:
    """What is known under the beginning of a benchmark's name."""
    return next((value for beginning, value in values.items() if name.startswith(beginning)), None)


def _row(row: Comparison, target: float | None) -> str:
    asked = "–"
    if target is not None:
        asked = f"{target:g}: {'reached' if row.ratio.median >= target else '**not reached**'}"
    ratio = f"**{row.ratio.median:.2f}** ({row.ratio.low:.2f}–{row.ratio.high:.2f})"
    times = (f"{1000 * seconds.median:.1f}" for seconds in (row.ours, row.reference))
    cells = [*map(str, (row.width, row.size, row.batch, row.rounds)), *times, ratio, asked]
    return f"| {' | '.join(cells)} |"
