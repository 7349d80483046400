"""A detector over a user's images or tables, into a folder: anomalies, where they lie, and a report."""

__all__ = ["detect"]

import contextlib
import csv
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from copyist.checks import check_choice, check_whole
from copyist.detection import Detector, Findings
from copyist.errors import ArgumentError
from copyist.evaluation.anomalies.assembly import Found, assemble
from copyist.evaluation.anomalies.beside import SimpleDetectors
from copyist.evaluation.anomalies.detect_pictures import Heatmaps, Request, detect_pictures
from copyist.evaluation.anomalies.judge_in_jobs import DetectorFile
from copyist.evaluation.anomalies.page import check_extras, page
from copyist.evaluation.anomalies.report import AnomalyReport
from copyist.evaluation.anomalies.rows import judge_rows
from copyist.evaluation.anomalies.truth import labels_of_file, labels_of_names, learned_label
from copyist.files.bulk import Progress, ignore
from copyist.jobs import refuse_jobs
from copyist.outputs import check_output, user_path, whole_file, whole_folder, write_text


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
    jobs: int = 1,
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
        jobs: processes that share the pictures, which read the detector from its path; with more than one they run
            where `joblib.parallel_config` says, and write what one with as many threads of torch as each has writes.
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
        JobError: a process has died.
    """
    folder, said = user_path(out), say or ignore
    paths = _paths(inputs)
    check_output(folder, overwrite=overwrite)
    check_extras()
    if heatmaps is not None:
        check_choice("heatmaps=", heatmaps, ("all", "flagged", "none"))
    if batch_size is not None:
        check_whole("batch size", batch_size, 1)
    check_whole("jobs", jobs, 1)
    if isinstance(detector, Detector):
        fitted, file = detector, None
        if jobs > 1:
            raise ArgumentError("with jobs each process reads the detector, got one in memory; give its path")
    else:
        file = DetectorFile(path=str(detector), class_of=class_of, device=device)
        fitted = file.open()
    tables = fitted.model.takes_tables
    if masks is not None and tables:
        raise ArgumentError("masks are of pictures, and this detector takes tables; leave --masks out")
    if tables and (resize or heatmaps is not None):
        option = "--resize" if resize else "--heatmaps"
        raise ArgumentError(f"{option} is for pictures, and this detector takes tables; leave it out")
    if tables and jobs > 1:
        refuse_jobs(jobs, None, what="detector")
    if ignore_extra and not tables:
        raise ArgumentError("--ignore-extra is for tables, and this detector takes pictures; leave it out")
    if watch_drift and fitted.groups is not None:
        raise ArgumentError(
            "--drift watches examples that come one by one, and this detector was calibrated on groups of them; leave "
            "it out"
        )
    request = Request(
        detector=fitted,
        file=file,
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
        jobs=jobs,
        progress=progress or (lambda done, total: None),
        say=said,
    )
    with whole_folder(folder) as unfinished:
        found = (_detect_rows if tables else detect_pictures)(request, unfinished)
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


def _detect_rows(request: Request, folder: Path) -> Found:
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
