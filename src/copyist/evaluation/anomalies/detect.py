"""A detector over a user's images or tables, into a folder: anomalies, where they lie, and a report."""

__all__ = ["Heatmaps", "detect"]

import contextlib
import csv
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast, final

import numpy as np

from copyist.checks import check_choice, check_whole
from copyist.data.inputs import result_names
from copyist.detection import Detector, Findings, load_detector
from copyist.drawing.grids import Sheet, write_png
from copyist.drawing.overlays import heat_levels, overlay
from copyist.errors import ArgumentError
from copyist.evaluation.anomalies.assembly import Found, assemble, extremes
from copyist.evaluation.anomalies.beside import SimpleDetectors
from copyist.evaluation.anomalies.masks import Masks, labels_of_masks
from copyist.evaluation.anomalies.page import ShownPicture, check_extras, page, shown_picture
from copyist.evaluation.anomalies.pictures import HeatedPicture, JudgedPictures, Pictures
from copyist.evaluation.anomalies.report import AnomalyReport
from copyist.evaluation.anomalies.rows import judge_rows
from copyist.evaluation.anomalies.truth import (
    Truth,
    labels_of_file,
    labels_of_folders,
    labels_of_names,
    learned_label,
)
from copyist.files.bulk import Progress, ignore, map_stream
from copyist.metrics.ranking import PixelCounts
from copyist.outputs import check_output, user_path, whole_file, whole_folder, write_text

Heatmaps: TypeAlias = Literal["all", "flagged", "none"]
"""Which pictures get one."""

MANY = 1000
"""From more pictures on only flagged ones get a heatmap, unless all are asked for."""


@final
@dataclass(frozen=True, kw_only=True)
class _Request:
    """What is asked, beside the anomalies."""

    detector: Detector
    inputs: Sequence[str]
    out: Path
    labels: Path | None
    normal: str | None
    masks: Path | None
    others: SimpleDetectors | None
    resize: bool
    ignore_extra: bool
    heatmaps: Heatmaps | None
    batch_size: int | None
    progress: Progress
    say: Callable[[str], None]


def detect(
    detector: Detector | str | Path,
    inputs: str | Path | Sequence[str | Path],
    *,
    out: str | Path,
    labels: str | Path | None = None,
    normal: str | None = None,
    masks: str | Path | None = None,
    compare: bool = False,
    watch_drift: bool = False,
    resize: bool = False,
    ignore_extra: bool = False,
    heatmaps: Heatmaps | None = None,
    batch_size: int | None = None,
    device: str | None = None,
    class_of: str | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    say: Callable[[str], None] | None = None,
) -> AnomalyReport:
    """Judge images or rows of tables, and write what was found into a folder.

    The folder gets `anomalies.csv` (name, anomaly, p_value, flagged; in the order of the inputs), of images
    `heatmaps/` at their own sizes, of tables `contributions.csv` (the share of each column in the anomaly of each row),
    and `report.html`, with `report.json` beside it. Pictures are read one batch at a time.

    Args:
        detector: fitted, or the folder or file that holds one.
        inputs: files, folders or sources; of tables `?label=` names a column of labels.
        out: the folder.
        labels: a `.csv` of names and labels; None takes those of folders, or of `?label=`, where there are any.
        normal: the label of normal examples; None takes the one that the detector was fitted on alone, or that is
            called good, normal or 0.
        masks: a folder of masks of defects, one for each picture of its name; a normal picture needs none.
        compare: set PCA of equal code size, neighbors at two sizes and an isolation forest beside it, fitted on the
            detector's own normal examples, which are read again.
        watch_drift: watch the examples, in their order, for a change, by a martingale.
        resize: bring images of another size to that of the training; else they are refused.
        ignore_extra: leave out columns of a table that the detector was not fitted on; else they are refused.
        heatmaps: of which pictures; None is all of up to 1,000, and of more the flagged ones.
        batch_size: examples at once; None takes the model's own.
        device: where to compute, where `detector` is a path.
        class_of: `package.module:Class` of a model of one's own, where `detector` is a path.
        overwrite: replace what an earlier report wrote into the folder; other files stay.
        progress: called with the number of pictures seen, and of all.
        say: takes notices, each one sentence.

    Returns:
        What was found, as the report tells it.

    Raises:
        CheckpointError: there is no detector.
        OutputError: the folder holds something already, or cannot be written.
        DataError, UnknownNameError, ArgumentError: an input, the labels or the masks cannot be read, or do not fit one
            another.
        ShapeError: images or tables are not such as the detector was fitted on.
        MissingExtraError: Jinja2 or matplotlib is not installed.
    """
    folder, said = user_path(out), say or ignore
    paths = _paths(inputs)
    check_output(folder, overwrite=overwrite)
    check_extras()
    if heatmaps is not None:
        check_choice("heatmaps=", heatmaps, ("all", "flagged", "none"))
    if batch_size is not None:
        check_whole("batch size", batch_size, 1)
    fitted = detector if isinstance(detector, Detector) else load_detector(detector, class_of=class_of, device=device)
    tables = fitted.model.takes_tables
    if masks is not None and tables:
        raise ArgumentError("masks are of pictures, and this detector takes tables; leave --masks out")
    if tables and (resize or heatmaps is not None):
        option = "--resize" if resize else "--heatmaps"
        raise ArgumentError(f"{option} is for pictures, and this detector takes tables; leave it out")
    if ignore_extra and not tables:
        raise ArgumentError("--ignore-extra is for tables, and this detector takes pictures; leave it out")
    if watch_drift and fitted.groups is not None:
        raise ArgumentError(
            "--drift watches examples that come one by one, and this detector was calibrated on groups of them; leave "
            "it out"
        )
    request = _Request(
        detector=fitted,
        inputs=paths,
        out=folder,
        labels=None if labels is None else user_path(labels),
        normal=normal,
        masks=None if masks is None else user_path(masks),
        others=SimpleDetectors.fit(fitted, say=said) if compare else None,
        resize=resize,
        ignore_extra=ignore_extra,
        heatmaps=heatmaps,
        batch_size=batch_size,
        progress=progress or (lambda done, total: None),
        say=said,
    )
    with whole_folder(folder) as unfinished:
        found = (_detect_rows if tables else _detect_pictures)(request, unfinished)
        report = assemble(found, fitted, request.inputs, others=request.others, watch_drift=watch_drift)
        _write_csv(unfinished / "anomalies.csv", ("name", "anomaly", "p_value", "flagged"), _lines(found.findings))
        write_text(unfinished / "report.json", report.to_json())
        write_text(unfinished / "report.html", page(report, found.pictures))
        written = {path.relative_to(unfinished) for path in unfinished.rglob("*")}
    _remove_earlier(folder, written)
    return report


def _paths(inputs: object) -> list[str]:
    """Those that are named, as texts; who does not check types may name none."""
    named: Sequence[Any] = [inputs] if isinstance(inputs, str | Path) else cast("Sequence[Any]", inputs)
    if not isinstance(named, list | tuple) or not all(isinstance(each, str | Path) for each in named):
        raise ArgumentError(
            f"inputs must be paths or sources, got {type(inputs).__name__}; judge a table in memory by "
            "Detector.judge_table, and images by calling the detector"
        )
    return list(map(str, named))


def _remove_earlier(folder: Path, written: Collection[Path]) -> None:
    """Take away what an earlier report left in the folder that this one has not written: heatmaps of other pictures."""
    for path in (folder / "contributions.csv", *sorted((folder / "heatmaps").rglob("*"), reverse=True)):
        if path.relative_to(folder) not in written:
            with contextlib.suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
    with contextlib.suppress(OSError):
        # Of an earlier report all of whose heatmaps are gone.
        (folder / "heatmaps").rmdir()


def _detect_rows(request: _Request, folder: Path) -> Found:
    rows = judge_rows(
        request.detector,
        request.inputs,
        batch_size=request.batch_size,
        others=request.others,
        ignore_extra=request.ignore_extra,
        say=request.say,
    )
    learned = learned_label(request.detector.model.trained_on.source)
    if request.labels is not None:
        truth = labels_of_file(request.labels, rows.findings.names, normal=request.normal, learned=learned)
    else:
        origin = "Labels come with the table" if any(rows.kinds) else ""
        truth = labels_of_names(rows.kinds, normal=request.normal, origin=origin, learned=learned)
    if rows.shares is not None:
        lines = ((name, *row) for name, row in zip(rows.findings.names, rows.shares.tolist(), strict=True))
        _write_csv(folder / "contributions.csv", ("name", *rows.columns), lines)
    return Found(findings=rows.findings, truth=truth, others=rows.others, rows=rows)


def _detect_pictures(request: _Request, folder: Path) -> Found:
    pictures = Pictures(
        request.detector,
        request.inputs,
        resize=request.resize,
        batch_size=request.batch_size,
        without=request.out,
        say=request.say,
    )
    names, learned = pictures.names, learned_label(request.detector.model.trained_on.source)
    truth = (
        labels_of_folders(names, normal=request.normal, learned=learned)
        if request.labels is None
        else labels_of_file(request.labels, names, normal=request.normal, learned=learned)
    )
    masks = None if request.masks is None else Masks(request.masks, names, pictures.sizes, say=request.say)
    truth = truth if masks is None else labels_of_masks(truth, masks)
    counts, is_clean = PixelCounts(), truth.is_known & ~truth.is_anomaly
    if masks is not None:
        unmasked = sum(bool(anomaly) and row not in masks for row, anomaly in enumerate(truth.is_anomaly))
        if unmasked:
            request.say(
                f"{unmasked} pictures with an anomaly have no mask, and are left out of what is said of pixels; add "
                "their masks to judge them too"
            )
    judged = pictures.judge(
        masks=masks,
        clean=lambda row: bool(is_clean[row]),
        pixels=counts,
        others={} if request.others is None else request.others.rivals,
        progress=request.progress,
    )
    findings = request.detector.judge(judged.anomaly, names=[names[row] for row in judged.rows])
    shown = _draw(request, pictures, judged, findings, folder)
    kinds = tuple(truth.kinds[row] for row in judged.rows)
    return Found(
        findings=findings,
        truth=Truth(kinds=kinds, normal=truth.normal, origin=truth.origin),
        others=judged.others,
        pixels=counts.ranking(),
        pixel_pictures=len(counts),
        unseen=pictures.unseen,
        pictures=shown,
    )


def _draw(
    request: _Request, pictures: Pictures, judged: JudgedPictures, findings: Findings, folder: Path
) -> dict[str, ShownPicture]:
    """Write the heatmaps that are asked for, and give the pictures that the report shows, by name."""
    flagged = findings.flagged.numpy()
    usual, greatest = judged.usual_heat.numpy(), judged.greatest_heat.numpy()
    levels = heat_levels(usual[~flagged].tolist(), greatest[flagged if flagged.any() else ~flagged].tolist())
    which = request.heatmaps or ("all" if len(findings) <= MANY else "flagged")
    if request.heatmaps is None and which == "flagged":
        request.say(f"heatmaps are written of the {int(flagged.sum())} flagged pictures; add --heatmaps all for each")
    wanted = np.full(len(findings), which == "all") | (flagged & (which == "flagged"))
    strangest, most_normal = extremes(findings)
    shown = {*strangest, *most_normal}
    names = dict(zip(findings.names, result_names(findings.names, ".png"), strict=True))
    places = {judged.rows[place]: place for place in sorted({*np.flatnonzero(wanted).tolist(), *shown})}

    def sheets() -> "Iterator[tuple[int, HeatedPicture, Sheet | None]]":
        for heated in pictures.read_with_heat(list(places)):
            sheet = None if heated.heat is None else overlay(heated.pixels, heated.heat, levels)
            yield places[heated.row], heated, sheet

    def write(item: "tuple[int, HeatedPicture, Sheet | None]") -> tuple[str, ShownPicture] | None:
        place, heated, sheet = item
        name = findings.names[place]
        if sheet is not None and wanted[place]:
            write_png(folder / "heatmaps" / names[name], sheet)
        return (name, shown_picture(heated.pixels.numpy(), sheet)) if place in shown else None

    # Each batch is written behind the next.
    stream = map_stream(write, sheets(), size=lambda item: 2 * item[1].pixels.numel(), ahead=False)
    with closing(stream):
        return dict(each for each in stream if each is not None)


def _lines(findings: Findings) -> Iterator[tuple[str, str, str, int]]:
    """Name, anomaly, p-value and 1 or 0, each number in the fewest digits that tell it from others of its type."""
    anomaly, p_value = findings.anomaly.numpy(), findings.p_value.numpy()
    for place, name in enumerate(findings.names):
        yield name, str(anomaly[place]), str(p_value[place]), int(findings.flagged[place])


def _write_csv(path: Path, head: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    with whole_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(lines)
