"""What a detector found in many examples, as one result that knows its document and its text."""

__all__ = ["AnomalyReport"]

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, final

from copyist.drawing.text import text_table
from copyist.drawing.wording import bounds, estimate, number, short
from copyist.evaluation.anomalies.report_parts import Beside, DriftPath, Expected, Histogram, Judged, KindOfExample
from copyist.evaluation.documents import Document
from copyist.evidence import Interval
from copyist.metrics.ranking import Ranking


@final
@dataclass(frozen=True, kw_only=True)
class AnomalyReport(Document):
    """What a detector found in images, or in the rows of tables."""

    schema: Literal["copyist.anomalies"] = "copyist.anomalies"
    version: Literal[1] = 1

    detector: str
    """Its recipe."""

    measure: str
    """The name of its measure of anomaly."""

    trained_on: str
    """The source of its normal examples."""

    inputs: tuple[str, ...]
    """What was judged, as it was named."""

    noun: Literal["images", "rows"]

    false_alarms: float
    """The stated rate, in (0, 0.5]."""

    threshold: float
    """The anomaly above which an example is flagged."""

    num_calibration: int
    """Normal examples that the threshold comes from."""

    num_examples: int
    num_flagged: int

    expected: Expected

    discoveries: int
    """Examples that Benjamini and Hochberg's procedure selects at a false discovery rate of `false_alarms`; of groups
    Benjamini and Yekutieli's, for examples that depend on one another."""

    histogram: Histogram

    strangest: tuple[Judged, ...]
    """The strangest first."""

    most_normal: tuple[Judged, ...]
    """The most normal first."""

    num_groups: int | None = None
    """Groups that these come in, where the rate is to hold for examples of new ones."""

    unseen: float = 0.0
    """The share of the pixels that were cut away when images were brought to the size of the training."""

    columns: tuple[tuple[str, float], ...] = ()
    """Of a table: the mean share of each column over the flagged rows, or all where none is flagged, largest first."""

    labels: str = ""
    """Where labels come from, or why there are no curves, in a sentence."""

    kinds: tuple[KindOfExample, ...] = ()
    ranking: Ranking | None = None
    """Of examples whose label is known; None without labels of both kinds."""

    pixels: Ranking | None = None
    """Of the pixels of images with masks."""

    pixel_pictures: int = 0
    """Images whose pixels are counted there."""

    drift: DriftPath | None = None
    beside: tuple[Beside, ...] = ()

    @property
    def least_p_value(self) -> float:
        """The smallest p-value that so many calibration examples can give."""
        return 1 / ((self.num_groups or self.num_calibration) + 1)

    @property
    def about(self) -> str:
        """How many would be flagged on average if all were normal, as a rough number."""
        return f"{self.expected.mean:,.0f}" if self.expected.mean >= 10 else f"{self.expected.mean:.1g}"

    @property
    def is_beaten(self) -> bool:
        """Whether a simple detector is better by more than chance explains, though there are several of them."""
        return bool(self._beside_where(lambda difference: difference.low > 0))

    def text(self) -> str:
        """What to know of it in a terminal."""
        one = self.noun.removesuffix("s")
        expected = f"about {self.about} would be expected, {self.expected.low} to {self.expected.high} in 95 % of cases"
        if self.num_groups is not None:
            expected = f"{self.about} would be expected on average; those of a group are often flagged together"
        lines = [
            f"{self.num_flagged} of {self.num_examples} {one if self.num_examples == 1 else self.noun} flagged; if all "
            f"were normal, {expected}"
        ]
        rows = [["strangest", "anomaly", "p-value", ""]]
        for each in self.strangest[:5]:
            rows.append([each.name, short(each.anomaly), f"{each.p_value:.4f}", _clause(each)])
        lines += ["", text_table(rows, sides=("left", "right", "right", "left"))]
        if self.labels:
            lines += ["", self.labels]
        for what, found in ((self.noun, self.ranking), ("pixels", self.pixels)):
            if found is not None:
                precision = estimate(found.average_precision, 3)
                lines.append(f"{what}: AUROC {estimate(found.auroc, 3)}, average precision {precision}")
        if self.beside:
            lines += ["", _table_of_others(self), *([self.comparison] if self.comparison else [])]
        if self.drift is not None:
            lines += ["", self.drift_sentence]
        return "\n".join(lines)

    @property
    def comparison(self) -> str:
        """How the detector stands beside simple ones, in two sentences; empty where labels do not tell."""
        better = self._beside_where(lambda difference: difference.low > 0)
        if better:
            return (
                f"The simple detector is better: {better[0].name} ranks these {self.noun} better than the one with a "
                f"network ({self._difference(better[0])}). Take it, or train another model."
            )
        worse = self._beside_where(lambda difference: difference.high < 0)
        alike = self._beside_where(lambda difference: difference.low <= 0 <= difference.high)
        if worse and not alike:
            return (
                f"The detector ranks these {self.noun} better than every simple one. The best of them is "
                f"{worse[0].name} ({self._difference(worse[0])})."
            )
        if not alike:
            return ""
        than = f"The detector ranks these {self.noun} better than {_names(worse)}. " if worse else ""
        one = alike[0].difference is not None and alike[0].difference.mean >= 0
        rest = "The simple one will do" if one else "More labelled ones would"
        return (
            f"{than}These {self.noun} do not decide between the detector and {_names(alike)} "
            f"({alike[0].name}: {self._difference(alike[0])}). {rest}."
        )

    def _beside_where(self, holds: Callable[[Interval], bool]) -> list[Beside]:
        """Simple detectors whose difference from this one is such, the best first; none where labels do not tell."""
        found = [
            (each.auroc.mean, each)
            for each in self.beside
            if each.auroc is not None and each.difference is not None and holds(each.difference)
        ]
        return [each for _, each in sorted(found, key=lambda pair: -pair[0])]

    def _difference(self, beside: Beside) -> str:
        assert beside.auroc is not None
        assert beside.difference is not None
        assert self.ranking is not None
        together = f", which holds for all {len(self.beside)} at once" if len(self.beside) > 1 else ""
        return (
            f"AUROC {beside.auroc.mean:.3f} against {self.ranking.auroc.mean:.3f}, a difference of "
            f"{number(beside.difference.mean, 3)} {bounds(beside.difference, 3)}{together}"
        )

    @property
    def drift_sentence(self) -> str:
        """What the martingale says; empty where it was not asked."""
        if self.drift is None:
            return ""
        if self.drift.alarm is None:
            return (
                f"No drift: the martingale stays below {1 / self.drift.level:g} over all {self.num_examples} "
                f"{self.noun}."
            )
        return (
            f"Drift: at {self.drift.alarm_name}, number {self.drift.alarm + 1} of {self.num_examples}, the martingale "
            f"reaches {1 / self.drift.level:g}, which it would do on unchanged data with a probability of at most "
            f"{self.drift.level:g}."
        )


def _names(beside: Sequence[Beside]) -> str:
    *others, last = [each.name for each in beside]
    return f"{', '.join(others)} and {last}" if others else last


def _clause(judged: Judged) -> str:
    """What else is known of an example: its label, or its strangest columns."""
    columns = ", ".join(f"{each.name} = {each.value} ({each.share:.0%})" for each in judged.columns[:3])
    return ", ".join(filter(None, (judged.kind, columns)))


def _table_of_others(report: AnomalyReport) -> str:
    ours = report.ranking
    rows: list[Sequence[str]] = [["", "flagged", "agreement", *(["AUROC", "average precision"] if ours else [])]]
    areas = [estimate(ours.auroc, 3), estimate(ours.average_precision, 3)] if ours else []
    rows.append(["the detector", str(report.num_flagged), "", *areas])
    for each in report.beside:
        found = [each.auroc, each.average_precision] if ours else []
        rows.append(
            [
                each.name,
                str(each.flagged),
                f"{each.agreement:.2f}",
                *("" if a is None else estimate(a, 3) for a in found),
            ]
        )
    return text_table(rows)
