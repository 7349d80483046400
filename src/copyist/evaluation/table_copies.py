"""How well models copy the rows of a table, beside principal axes as many as their codes have units."""

__all__ = ["PrincipalRow", "TableCopies", "TableRow", "table_copies"]

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, final

from copyist.checks import check_at_least
from copyist.drawing.text import text_table
from copyist.drawing.wording import answer, estimate
from copyist.evaluation.clean_copies import LESS
from copyist.evaluation.documents import Document
from copyist.evidence import Interval, Judgement

if TYPE_CHECKING:
    from torch import Tensor

    from copyist.data.splits import Splits
    from copyist.models.contracts import Model, Reconstructor
    from copyist.tensors import Rows


@final
@dataclass(frozen=True, kw_only=True)
class PrincipalRow:
    """Principal component analysis of a table, with as many axes as a model's code has units."""

    num_axes: int
    error: Interval
    """As `TableRow.error`."""

    column_errors: tuple[float, ...]
    """As `TableRow.column_errors`."""

    lead: Interval
    """The model's error minus that of the axes, row by row; below 0 the model copies better."""

    beats_pca: Judgement
    """Is that lead below 0?"""


@final
@dataclass(frozen=True, kw_only=True)
class TableRow:
    """One model on the test rows. An error of 0 is a perfect copy, and 1 is about that of the mean row."""

    model: str
    num_units: int | None
    """Numbers in the code of one row; None where the model has no code."""

    error: Interval
    """Mean of ((x̂ − x) / std)² over all columns, with its interval over rows."""

    column_errors: tuple[float, ...]
    """The same, column by column."""

    pca: PrincipalRow | None
    """None where there is no code, or it has as many units as there are columns: then PCA copies without error."""


@final
@dataclass(frozen=True, kw_only=True)
class TableCopies(Document):
    """All that was measured, and on what."""

    schema: Literal["copyist.table"] = "copyist.table"
    version: Literal[1] = 1

    source: str
    columns: tuple[str, ...]
    std: tuple[float, ...]
    """Standard deviation of each column over the training rows, in its own units: the unit of all errors."""

    num_train: int
    """Training rows the axes are fitted to."""

    num_test: int
    """Test rows every mean is over."""

    batch_size: int
    mean_error: Interval
    """The error of answering with the mean of the training rows."""

    rows: tuple[TableRow, ...]

    def text(self, *, details: bool = False) -> str:
        """The table for a terminal 100 columns wide.

        Args:
            details: whether to give the error of every column.
        """
        sections = [_head(self), _totals(self), *([_columns(self)] if details else [])]
        return "\n\n".join(sections) + "\n"


def table_copies(
    models: "Mapping[str, Model]", splits: "Splits", *, num_rows: int, batch_size: int | None = None
) -> TableCopies:
    """Measure models on test rows of a table, in batches of one stated size.

    Args:
        models: by name; all must copy, and take tables of these columns.
        splits: axes are fitted on its training rows, and everything is measured on its test rows.
        num_rows: at most so many test rows, spread evenly over all.
        batch_size: rows per batch; None takes the first model's.

    Returns:
        Errors in standard deviations of the columns, squared: in total and by column, beside PCA and the mean row.
        Columns that are constant in the training rows, of which there is no such unit, are not among them.

    Raises:
        ContractError: a model does not copy.
        ShapeError: a model does not take the table, or its columns are not those it was trained on.
        DataError: there is one training row only.
        ArgumentError: a number is out of its range.
    """
    import torch

    from copyist.metrics.intervals import mean_interval
    from copyist.models.contracts import Reconstructor, needs
    from copyist.training.run_data import fit_standardization

    copiers = {name: needs(model, Reconstructor, verb="evaluate") for name, model in models.items()}
    first = next(iter(copiers.values()))
    size = first.batch_size if batch_size is None else batch_size
    check_at_least("batch", size, 1)
    device = next(first.parameters()).device
    x = splits.test.subset(num_rows).examples().to(device)
    for model in copiers.values():
        model.check_batch(x)
        model.check_columns(splits.train.columns)
    standardization = fit_standardization(splits.train).to(device)
    own = splits.train.examples().to(device)
    varies = (own != own[:1]).any(0)

    def in_units(rows: "Rows") -> "Tensor":
        return standardization(rows)[:, varies]

    train = in_units(own)
    with torch.no_grad():
        rows = [_row(name, model, x, train, in_units, batch_size=size) for name, model in copiers.items()]
    return TableCopies(
        source=splits.test.source,
        columns=tuple(name for name, kept in zip(splits.train.columns, varies.tolist(), strict=True) if kept),
        std=tuple(standardization.std[varies].tolist()),
        num_train=len(train),
        num_test=len(x),
        batch_size=size,
        mean_error=mean_interval(in_units(x).square().mean(1)),
        rows=tuple(rows),
    )


def _row(
    name: str,
    model: "Reconstructor",
    x: "Rows",
    train: "Rows",
    in_units: "Callable[[Rows], Tensor]",
    *,
    batch_size: int,
) -> TableRow:
    from copyist.metrics.intervals import mean_interval
    from copyist.models.contracts import Autoencoder, needs
    from copyist.models.in_batches import in_batches

    x_hat = in_batches(model, model, x, batch_size=batch_size).to(x)
    errors = (in_units(x_hat) - in_units(x)).square()
    units = None
    if isinstance(model, Autoencoder):
        units = needs(model, Autoencoder, verb="evaluate").encode(x[:1])[0].numel()
    undercomplete = units is not None and units < train.shape[1]
    return TableRow(
        model=name,
        num_units=units,
        error=mean_interval(errors.mean(1)),
        column_errors=tuple(errors.mean(0).tolist()),
        pca=_pca(errors, in_units(x), train, num_axes=units) if undercomplete and units else None,
    )


def _pca(errors: "Tensor", x: "Rows", train: "Rows", *, num_axes: int) -> PrincipalRow:
    from copyist.baselines.linear_copier import principal_copier
    from copyist.metrics.intervals import mean_interval

    copier = principal_copier(train, num_axes=num_axes)
    linear = (copier(x) - x).square()
    lead = mean_interval(errors.mean(1) - linear.mean(1))
    return PrincipalRow(
        num_axes=len(copier.axes),
        error=mean_interval(linear.mean(1)),
        column_errors=tuple(linear.mean(0).tolist()),
        lead=lead,
        beats_pca=LESS.judge(lead),
    )


def _head(found: TableCopies) -> str:
    return (
        f"Copies of {found.num_test} test rows of {found.source}: {len(found.columns)} columns, in batches of "
        f"{found.batch_size}; PCA fitted on {found.num_train} training rows\n"
        "error = mean of ((x̂ − x) / std)² over columns, std of the training rows, ± 95 % interval over rows:\n"
        "0 is a perfect copy; > a model\n"
        "beats PCA: yes or no where the interval of the difference lies on one side, ? where it straddles 0"
    )


def _totals(found: TableCopies) -> str:
    lines = [["", "code", "error", "beats PCA"]]
    for row in found.rows:
        code = "–" if row.num_units is None else str(row.num_units)
        verdict = "–" if row.pca is None else answer(row.pca.beats_pca)
        lines.append([f"> {row.model}", code, _error(row.error), verdict])
        if row.pca is not None:
            lines.append(["    PCA of equal code", str(row.pca.num_axes), _error(row.pca.error), ""])
        elif row.num_units is not None:
            lines.append(["    PCA of equal code copies all: the code is no smaller than a row", "", "0.000", ""])
    lines.append(["the mean row", "0", _error(found.mean_error), ""])
    return text_table(lines)


def _columns(found: TableCopies) -> str:
    header, errors = ["column", "std"], list[tuple[float, ...]]()
    for row in found.rows:
        header += [f"> {row.model}", *([] if row.pca is None else [f"PCA of {row.num_units}"])]
        errors += [row.column_errors, *([] if row.pca is None else [row.pca.column_errors])]
    lines = [header]
    for place, (name, std) in enumerate(zip(found.columns, found.std, strict=True)):
        lines.append([name, f"{std:.4g}", *(f"{each[place]:.3f}" for each in errors)])
    return f"Error by column; std in the units of the column\n{text_table(lines)}"


def _error(measured: Interval) -> str:
    return estimate(measured, 3, half_width=True)
