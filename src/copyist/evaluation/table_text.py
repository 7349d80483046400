"""The evaluation of a table as plain text, for a terminal 100 columns wide."""

__all__ = ["table_text"]

from copyist.evaluation.denoising_text import WORDS, aligned, plus_minus
from copyist.evaluation.table_evaluation import TableEvaluation, TableRow


def table_text(found: TableEvaluation, *, details: bool = False) -> str:
    """Write an evaluation out in aligned columns.

    Args:
        found: what was measured.
        details: whether to give the error of every column.
    """
    sections = [_head(found), _totals(found)]
    if details:
        sections.append(_columns(found))
    return "\n\n".join(sections) + "\n"


def _head(found: TableEvaluation) -> str:
    return (
        f"Copies of {found.num_test} test rows of {found.source}: {len(found.columns)} columns, in batches of "
        f"{found.batch_size}; PCA fitted on {found.num_train} training rows\n"
        "error = mean of ((x̂ − x) / std)² over columns, std of the training rows, ± 95 % interval over rows:\n"
        "0 is a perfect copy; > a model\n"
        "beats PCA: yes or no where the interval of the difference lies on one side, ? where it straddles 0"
    )


def _totals(found: TableEvaluation) -> str:
    lines = [["", "code", "error", "beats PCA"]]
    for row in found.rows:
        code = "–" if row.num_units is None else str(row.num_units)
        verdict = "–" if row.pca is None else WORDS[row.pca.beats_pca]
        lines.append([f"> {row.model}", code, plus_minus(row.error), verdict])
        if row.pca is not None:
            lines.append(["    PCA of equal code", str(row.pca.num_axes), plus_minus(row.pca.error), ""])
        elif row.num_units is not None:
            lines.append(["    PCA of equal code copies all: the code is no smaller than a row", "", "0.000", ""])
    lines.append(["the mean row", "0", plus_minus(found.mean_error), ""])
    return aligned(lines)


def _columns(found: TableEvaluation) -> str:
    header, errors = ["column", "std"], list[tuple[float, ...]]()
    for row in found.rows:
        header += [f"> {row.model}", *([] if row.pca is None else [_named(row)])]
        errors += [row.column_errors, *([] if row.pca is None else [row.pca.column_errors])]
    lines = [header]
    for place, (name, std) in enumerate(zip(found.columns, found.std, strict=True)):
        lines.append([name, f"{std:.4g}", *(f"{each[place]:.3f}" for each in errors)])
    return f"Error by column; std in the units of the column\n{aligned(lines)}"


def _named(row: TableRow) -> str:
    return f"PCA of {row.num_units}"
