"""What a comparison of detectors on labelled tables found, as JSON and as text."""

__all__ = ["DetectionBench", "DetectionTrial", "FalseAlarms", "MethodSummary"]

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

from copyist.bench.timings import JsonResult, Machine
from copyist.drawing.text import Side, text_table
from copyist.drawing.wording import counted, number
from copyist.evidence import Interval
from copyist.evidence.estimates import student_interval

OURS = "copyist"
"""The name of our detector among the methods."""


@dataclass(frozen=True, kw_only=True)
class FalseAlarms:
    """How many normal rows that were held back are flagged at a stated rate."""

    rate: float
    """As stated."""

    flagged: int
    normal: int
    """How many there are."""

    low: int
    high: int
    """Bounds of the number that is flagged in 95 % of cases, over calibrations too."""

    @property
    def is_within(self) -> bool:
        """Whether the number of flagged ones lies between `low` and `high`, both included."""
        return self.low <= self.flagged <= self.high


@dataclass(frozen=True, kw_only=True)
class DetectionTrial:
    """One detector, fitted on one part of one table and ranked on the rest."""

    table: str
    split: int
    """The seed of the parts."""

    outliers: bool
    """Whether outliers were left among the training rows."""

    method: str
    num_train: int
    num_test: int
    auroc: float
    average_precision: float
    fit_seconds: float
    score_seconds: float
    false_alarms: tuple[FalseAlarms, ...] = ()
    """Of ours on normal rows, at each rate that so many rows of calibration allow."""


@dataclass(frozen=True, kw_only=True)
class MethodSummary:
    """One detector over all tables; each counts the same, by its mean over the splits."""

    method: str
    auroc: float
    average_precision: float
    rank: float
    """Mean over the tables of the place by AUROC among all methods, 1 for the best; ties share theirs."""

    fit_seconds: float
    score_seconds: float
    behind_ours: Interval
    """Our AUROC minus its own, paired by table, with Student's 95 % interval over the tables."""


@dataclass(frozen=True, kw_only=True)
class DetectionBench(JsonResult):
    """All trials."""

    trials: tuple[DetectionTrial, ...]

    most_train: int | None = None
    """Rows of a table that were trained on, at most; None in results of before it was kept."""

    machine: Machine | None = None
    """None in results of before it was kept."""

    def summary(self, *, outliers: bool, tables: tuple[str, ...] = ()) -> tuple[MethodSummary, ...]:
        """The methods, best first.

        Args:
            outliers: whether outliers were among the training rows.
            tables: those that count; all where none is named.
        """
        chosen = [each for each in self.trials if each.outliers == outliers and (not tables or each.table in tables)]
        methods, names = (sorted({read(each) for each in chosen}) for read in (_method, _table))

        def means(read: Callable[[DetectionTrial], float]) -> dict[str, list[float]]:
            return {method: [_mean(chosen, method, name, read) for name in names] for method in methods}

        auroc, precision = means(lambda each: each.auroc), means(lambda each: each.average_precision)
        fit, score = means(lambda each: each.fit_seconds), means(lambda each: each.score_seconds)
        found = [
            MethodSummary(
                method=method,
                auroc=sum(auroc[method]) / len(names),
                average_precision=sum(precision[method]) / len(names),
                rank=sum(_place(method, auroc, table) for table in range(len(names))) / len(names),
                fit_seconds=sum(fit[method]) / len(names),
                score_seconds=sum(score[method]) / len(names),
                behind_ours=student_interval(
                    [ours - its for ours, its in zip(auroc.get(OURS, auroc[method]), auroc[method], strict=True)]
                ),
            )
            for method in methods
        ]
        return tuple(sorted(found, key=lambda each: -each.auroc))

    def to_json(self) -> str:
        """One JSON object, with a line for each trial."""
        machine = json.dumps(None if self.machine is None else asdict(self.machine))
        lines = ",\n".join(json.dumps(asdict(each)) for each in self.trials)
        return f'{{"most_train": {json.dumps(self.most_train)}, "machine": {machine}, "trials": [\n{lines}\n]}}'

    def alarm_lines(self) -> list[str]:
        """A sentence for each rate on the normal rows that ours flagged."""
        found = [each for trial in self.trials for each in trial.false_alarms]
        lines: list[str] = []
        for rate in sorted({each.rate for each in found}):
            of_rate = [each for each in found if each.rate == rate]
            share = sum(each.flagged / each.normal for each in of_rate) / len(of_rate)
            within = sum(each.is_within for each in of_rate)
            lines.append(
                f"at a stated rate of {rate:.0%} {share:.2%} of the held-back normal rows are flagged, a mean over "
                f"{counted(len(of_rate), 'fit')}; in {within} of these their number lies in its interval of 95 %"
            )
        return lines

    def __str__(self) -> str:
        tables = [] if self.machine is None else [str(self.machine)]
        for outliers in sorted({each.outliers for each in self.trials}):
            found = self.summary(outliers=outliers)
            peer = next((each for each in found if each.method == "pyod"), None)
            title = "outliers among the training rows" if outliers else "trained on normal rows"
            rows = [_HEADINGS, *(_row(each, peer) for each in found)]
            tables.append(f"{title}\n{text_table(rows, sides=_SIDES)}")
        told = "" if "pyod" not in map(_method, self.trials) else "× pyod: times as fast as pyod's detector"
        together = "the methods without a time of their own are fitted together"
        told = f"{told}; {together}" if told else together
        return "\n\n".join(filter(None, [*tables, told, "\n".join(self.alarm_lines())]))


_HEADINGS = (
    "method", "AUROC", "average precision", "mean rank", "fit, s", "fit × pyod", "score, s", "score × pyod",
    "ours − its AUROC (95 %)",
)  # fmt: skip


_SIDES: list[Side] = ["left", "right"]


def _row(each: MethodSummary, peer: MethodSummary | None) -> tuple[str, ...]:
    """Its cells, times over those of pyod where that was measured."""
    behind, is_alone = each.behind_ours, each.method in (OURS, "pyod")
    return (
        each.method,
        f"{each.auroc:.4f}",
        f"{each.average_precision:.4f}",
        f"{each.rank:.1f}",
        f"{each.fit_seconds:.2f}" if is_alone else "",
        number(None if peer is None or not is_alone else peer.fit_seconds / each.fit_seconds),
        f"{each.score_seconds:.2f}",
        number(None if peer is None else peer.score_seconds / each.score_seconds),
        "" if each.method == OURS else f"{behind.mean:+.4f} ({behind.low:+.4f} to {behind.high:+.4f})",
    )


def _method(each: DetectionTrial) -> str:
    return each.method


def _table(each: DetectionTrial) -> str:
    return each.table


def _mean(trials: list[DetectionTrial], method: str, table: str, read: Callable[[DetectionTrial], float]) -> float:
    values = [read(each) for each in trials if each.method == method and each.table == table]
    return sum(values) / len(values)


def _place(method: str, auroc: dict[str, list[float]], table: int) -> float:
    own = auroc[method][table]
    others = [auroc[other][table] for other in auroc if other != method]
    return 1 + sum(1.0 if its > own else 0.5 if its == own else 0.0 for its in others)
