"""A detector: a trained model or none, a measure of anomaly, and what normal examples were measured to be."""

__all__ = ["Detector"]

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from copyist.checkpoint import Header
from copyist.checks import check_whole
from copyist.data.decoded_table import decode_rows
from copyist.data.table_encoding import TableEncoding
from copyist.data.table_matching import TableLike
from copyist.detection.conformal import check_false_alarms, num_units, p_values, threshold
from copyist.detection.copies import Copies, at_least_float32, examples_at_once
from copyist.detection.findings import Findings
from copyist.detection.measures.contract import AnomalyMeasure, Statistics
from copyist.detection.no_model import NoModel
from copyist.errors import ContractError
from copyist.files.bulk import ignore
from copyist.models.contracts import Reconstructor, take_batch
from copyist.tensors import ExamplesLike, PerImage


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Detector:
    """Tells examples that are not as those it was fitted on, with a rate of false alarms that was stated before."""

    model: Reconstructor | NoModel
    """In evaluation mode; `NoModel` where the measure looks at examples alone."""

    measure: AnomalyMeasure
    """Of the anomaly, larger is stranger."""

    statistics: Statistics
    """What the measure learned of normal examples."""

    calibration: PerImage
    """(N,), float32 at least: the anomalies of normal examples that nothing was fitted on."""

    false_alarms: float
    """α: the share of normal examples that is flagged at most, on average."""

    groups: Tensor | None = None
    """(N,), int64: which examples of the calibration belong together, where the stated rate is to hold for examples of
    new groups; None where each stands alone."""

    header: Header
    """Of the model: its settings, data and training."""

    encoding: TableEncoding | None = None
    """Of a table as it is, to rows that the model takes; None for images, and where it was fitted on rows."""

    departure: float = 0.0
    """What each cell of a table of which training says nothing adds to the anomaly of its row: ten times the largest
    anomaly of held-out normal rows."""

    def __post_init__(self) -> None:
        what = "normal examples" if self.groups is None else "normal groups"
        check_false_alarms(self.false_alarms, calibration=self.num_units, what=what)

    @property
    def num_units(self) -> int:
        """How many examples, or groups of them, the calibration counts as."""
        return num_units(self.calibration, self.groups)

    @property
    def threshold(self) -> float:
        """The anomaly above which an example is flagged."""
        return threshold(self.calibration, false_alarms=self.false_alarms, groups=self.groups)

    @property
    def columns(self) -> tuple[str, ...]:
        """What the parts of `judge_table` are of: the columns of the table; of rows of numbers those of the model."""
        return self.model.trained_on.columns if self.encoding is None else self.encoding.columns

    def anomaly(self, x: ExamplesLike) -> PerImage:
        """How strange each example is.

        Args:
            x: images (B, C, H, W) or rows (B, D), as the model takes them.

        Returns:
            (B,), larger is stranger, float32; or float64 where the model computes in that.

        Raises:
            ShapeError, ArgumentError: the model does not take them.
        """
        return self(x).anomaly

    def parts(self, x: ExamplesLike) -> Tensor | None:
        """Where the anomaly of each example lies: (B, D) by column, or (B, H, W) by pixel; None where it is not known.

        Raises:
            ShapeError, ArgumentError: the model does not take `x`.
        """
        return self(x, parts=True).parts

    def __call__(
        self,
        x: ExamplesLike,
        *,
        names: Sequence[str] | None = None,
        parts: bool = False,
        batch_size: int | None = None,
    ) -> Findings:
        """Judge examples.

        Args:
            x: images (B, C, H, W) or rows (B, D), as the model takes them.
            names: one per example; by default they are numbered from 0.
            parts: whether to say where the anomaly lies.
            batch_size: examples per batch; None takes the model's own.

        Raises:
            ShapeError, ArgumentError: the model does not take them.
        """
        batch = take_batch(self.model, x)
        found: list[tuple[Tensor, Tensor | None]] = []
        with torch.no_grad():
            for part in batch.split(examples_at_once(self.model, batch_size)):
                copies = Copies(self.model, part, batch_size=batch_size)
                where = self.measure.parts(copies, self.statistics) if parts else None
                found.append((at_least_float32(self.measure(copies, self.statistics)).cpu(), where))
        places = [at_least_float32(where).cpu() for _, where in found if where is not None]
        return self.judge(
            torch.cat([anomaly for anomaly, _ in found]), names=names, parts=torch.cat(places) if places else None
        )

    def judge_table(
        self,
        data: TableLike,
        *,
        parts: bool = False,
        ignore_extra: bool = False,
        say: Callable[[str], None] = ignore,
    ) -> Findings:
        """Judge the rows of a table as it is: with texts, dates and missing cells, and its columns in any order.

        Args:
            data: a source or path, a data frame, a mapping of columns, or an array with the same columns in order.
            parts: whether to say where the anomaly lies: (B, C), by `encoding.columns`.
            ignore_extra: whether columns that the detector was not fitted on are left out; they are refused otherwise.
            say: takes notices, each one sentence.

        Raises:
            ContractError: the detector was not fitted on a table.
            DataError, ShapeError, ArgumentError: as `TableEncoding.encode`.
        """
        encoded = self._table_encoding("judges").encode(data, ignore_extra=ignore_extra, say=say)
        found = self(encoded.rows, names=encoded.names, parts=parts)
        return self.with_departures(found, encoded.departures)

    @torch.no_grad()
    def repair_table(
        self,
        data: TableLike,
        *,
        passes: int = 1,
        ignore_extra: bool = False,
        say: Callable[[str], None] = ignore,
    ) -> dict[str, list[str]]:
        """The copies of the rows of a table: what the model takes them to be if they are normal.

        Args:
            data: as for `judge_table`.
            passes: how many times to copy the copy, at least 1.
            ignore_extra: as for `judge_table`.
            say: takes notices, each one sentence.

        Returns:
            The cells of each column as texts, as `decode_rows` makes them.

        Raises:
            ContractError: the detector was not fitted on a table.
            ArgumentError: `passes` is less than 1.
            DataError, ShapeError: as `TableEncoding.encode`.
        """
        check_whole("passes", passes, 1)
        encoding = self._table_encoding("repairs")
        encoded = encoding.encode(data, ignore_extra=ignore_extra, say=say)
        x = take_batch(self.model, encoded.rows)
        for _ in range(passes):
            x = Copies(self.model, x).x_hat
        return decode_rows(encoding, x, encoded)

    def _table_encoding(self, verb: str) -> TableEncoding:
        if self.encoding is None:
            raise ContractError(
                f"a detector that {verb} a table must have been fitted on one, and this one was fitted on images or on "
                "rows of numbers; call it with these, or fit it on the table's source"
            )
        return self.encoding

    def with_departures(self, found: Findings, departures: Tensor) -> Findings:
        """The findings for rows that `encoding` has made, with what their departures add.

        Args:
            found: of B rows, with parts (B, D) or without.
            departures: (B, C), bool, of the same rows.

        Returns:
            The findings, with parts (B, C), by the columns of the table.
        """
        assert self.encoding is not None
        beyond = self.departure * departures.to(found.anomaly)
        parts = None if found.parts is None else self.encoding.fold(found.parts) + beyond
        return self.judge(found.anomaly + beyond.sum(1), names=found.names, parts=parts)

    def judge(self, anomaly: PerImage, *, names: Sequence[str] | None = None, parts: Tensor | None = None) -> Findings:
        """The findings for anomalies (B,) that `anomaly` gave, and their parts."""
        p = p_values(anomaly, self.calibration, groups=self.groups)
        return Findings(
            names=tuple(map(str, range(len(anomaly)))) if names is None else tuple(names),
            anomaly=anomaly,
            p_value=p,
            flagged=p <= self.false_alarms,
            parts=parts,
        )
