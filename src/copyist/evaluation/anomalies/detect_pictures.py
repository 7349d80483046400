"""The pictures of one call before a detector: judged, counted, and drawn with their heat."""

__all__ = ["Heatmaps", "Request", "detect_pictures"]

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, final

import numpy as np

from copyist.data.inputs import result_names
from copyist.detection import Detector, Findings
from copyist.drawing.grids import Sheet, write_png
from copyist.drawing.overlays import heat_levels, overlay
from copyist.evaluation.anomalies.assembly import Found, extremes
from copyist.evaluation.anomalies.beside import SimpleDetectors
from copyist.evaluation.anomalies.judge_in_jobs import DetectorFile, judge_in_jobs
from copyist.evaluation.anomalies.judging import Aims
from copyist.evaluation.anomalies.masks import Masks, labels_of_masks
from copyist.evaluation.anomalies.page import ShownPicture, shown_picture
from copyist.evaluation.anomalies.pictures import HeatedPicture, JudgedPictures, Pictures
from copyist.evaluation.anomalies.truth import Truth, labels_of_file, labels_of_folders, learned_label
from copyist.files.bulk import Progress, map_stream
from copyist.metrics.ranking import PixelCounts

Heatmaps: TypeAlias = Literal["all", "flagged", "none"]
"""Which pictures get one."""

MANY = 1000
"""From more pictures on only flagged ones get a heatmap, unless all are asked for."""


@final
@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked, beside the anomalies."""

    detector: Detector
    file: DetectorFile | None
    """Where it was read from, where it was."""
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
    jobs: int
    progress: Progress
    say: Callable[[str], None]


def detect_pictures(request: Request, folder: Path) -> Found:
    """Judge the pictures, and write the heatmaps that are asked for.

    Args:
        request: of images.
        folder: gets the heatmaps.

    Raises:
        CopyistError: as `detect`.
    """
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
    aims = Aims(
        others={} if request.others is None else request.others.rivals,
        masks=masks,
        is_clean=None if masks is None else is_clean,
    )
    batches = None
    if request.file is not None and request.jobs > 1:
        batches = judge_in_jobs(
            request.file,
            request.detector,
            pictures,
            aims,
            inputs=request.inputs,
            out=request.out,
            folder=folder,
            jobs=request.jobs,
            batch_size=request.batch_size,
            progress=request.progress,
        )
    judged = pictures.judge(aims, pixels=counts, batches=batches, progress=request.progress)
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
    request: Request, pictures: Pictures, judged: JudgedPictures, findings: Findings, folder: Path
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
