"""What was found in images or rows, put together as one report."""

__all__ = ["Found", "assemble", "extremes"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

import numpy as np

from copyist.detection import Detector, Findings, benjamini_hochberg, drift
from copyist.detection.detector_recipe import CATALOGUES
from copyist.evaluation.anomalies.beside import SimpleDetectors
from copyist.evaluation.anomalies.counts import drift_path, expected_flags, histogram, ranked_by_kind
from copyist.evaluation.anomalies.page import ShownPicture
from copyist.evaluation.anomalies.report import AnomalyReport
from copyist.evaluation.anomalies.report_parts import Judged
from copyist.evaluation.anomalies.rows import JudgedRows
from copyist.evaluation.anomalies.truth import Truth
from copyist.metrics.ranking import Ranking, ranking
from copyist.settings import dump
from copyist.tensors import PerImage

_STRANGEST, _MOST_NORMAL, _COLUMNS = 12, 6, 5
"""Examples and columns that a report shows."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """What was found, before it is told."""

    findings: Findings
    truth: Truth
    others: Mapping[str, PerImage]
    rows: JudgedRows | None = None
    pixels: Ranking | None = None
    pixel_pictures: int = 0
    unseen: float = 0.0
    pictures: Mapping[str, ShownPicture] = field(default_factory=dict[str, ShownPicture])


def assemble(
    found: Found, detector: Detector, inputs: Sequence[str], *, others: SimpleDetectors | None, watch_drift: bool
) -> AnomalyReport:
    """The report.

    Args:
        found: what was found in the inputs.
        detector: that found it.
        inputs: as they were named.
        others: the simple detectors beside it.
        watch_drift: whether the examples are watched for a change.
    """
    findings, truth, rows = found.findings, found.truth, found.rows
    anomaly, known = findings.anomaly.double().numpy(), truth.is_known
    strangest, most_normal = extremes(findings)
    num_groups = None if detector.groups is None else detector.num_units
    moved = drift(findings.anomaly, detector.calibration) if watch_drift else None
    return AnomalyReport(
        detector=str(detector.header.recipe.get("name", "")),
        measure=_measure_name(detector),
        trained_on=detector.model.trained_on.source,
        inputs=tuple(inputs),
        noun="images" if rows is None else "rows",
        false_alarms=detector.false_alarms,
        threshold=detector.threshold,
        num_calibration=len(detector.calibration),
        num_examples=len(findings),
        num_flagged=int(findings.flagged.sum()),
        num_groups=num_groups,
        expected=expected_flags(
            len(findings),
            false_alarms=detector.false_alarms,
            num_calibration=detector.num_units,
            in_groups=num_groups is not None,
        ),
        discoveries=int(
            benjamini_hochberg(
                findings.p_value, rate=detector.false_alarms, any_dependence=num_groups is not None
            ).sum()
        ),
        histogram=histogram(findings.anomaly, detector.calibration),
        strangest=tuple(_example(found, place) for place in strangest),
        most_normal=tuple(_example(found, place) for place in most_normal),
        unseen=found.unseen,
        columns=() if rows is None else _mean_shares(rows),
        labels=truth.sentence,
        kinds=ranked_by_kind(truth, anomaly, findings.flagged.numpy()),
        ranking=ranking(anomaly[known], truth.is_anomaly[known]) if truth.has_both else None,
        pixels=found.pixels,
        pixel_pictures=found.pixel_pictures,
        drift=None if moved is None else drift_path(moved, findings.names),
        beside=() if others is None else others.compare(found.others, findings.anomaly, truth),
    )


def _example(found: Found, place: int) -> Judged:
    findings = found.findings
    return Judged(
        name=findings.names[place],
        anomaly=float(findings.anomaly[place]),
        p_value=float(findings.p_value[place]),
        flagged=bool(findings.flagged[place]),
        kind=found.truth.kinds[place],
        columns=() if found.rows is None else found.rows.strangest_columns(place, most=_COLUMNS),
    )


def extremes(findings: Findings) -> tuple[list[int], list[int]]:
    """Places of the strangest examples and of the most normal ones, from the ends on; none is in both."""
    order: list[int] = np.argsort(-findings.anomaly.double().nan_to_num(nan=np.inf).numpy(), kind="stable").tolist()
    strangest = order[: min(_STRANGEST, (len(order) + 1) // 2)]
    return strangest, order[len(strangest) :][::-1][:_MOST_NORMAL]


def _mean_shares(rows: JudgedRows) -> tuple[tuple[str, float], ...]:
    """By column over the flagged rows, or over all where none is flagged; the largest first."""
    if rows.shares is None:
        return ()
    flagged = rows.findings.flagged
    mean = (rows.shares[flagged] if flagged.any() else rows.shares).mean(0)
    order = mean.argsort(descending=True).tolist()
    return tuple((rows.columns[place], float(mean[place])) for place in order[:_STRANGEST])


def _measure_name(detector: Detector) -> str:
    return str(dump(detector.measure, CATALOGUES)["kind"])
