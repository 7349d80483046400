"""Recipes of detectors of anomalies: how the model is trained, and what measures the anomaly."""

__all__ = ["table_detector"]

from dataclasses import replace

from copyist.detection import DetectorRecipe
from copyist.detection.measures import Combined, CopyDistance, DenoisingError, ExampleDistance
from copyist.recipes.restorers import denoising_table

_TRIMMED = 0.3
"""Of the rows, where outliers may be among them."""

_SHARE = 0.02
"""Of the rows that are left, where outliers may be among them: which neighbor is measured to."""


def table_detector(*, data: str = "cancer", may_hold_outliers: bool = False) -> DetectorRecipe:
    """Rows of a table by a denoising autoencoder, whose noise in each column grows with the column's tails.

    The anomaly is the mean of three distances, each in units of held-out rows: of the row to its neighbors, of its copy
    to theirs, and of copies of the row with noise to the row.

    Args:
        data: the source of normal rows.
        may_hold_outliers: whether outliers may be among them: then the strangest three tenths are not learned, and
            neighborhoods are larger, a share of the rows.
    """
    training = denoising_table(data=data)
    if may_hold_outliers:
        training = replace(training, training=replace(training.training, trimmed=_TRIMMED))
    neighbors = _SHARE if may_hold_outliers else 5
    return DetectorRecipe(
        training=training,
        measure=Combined(
            measures=(ExampleDistance(neighbors=neighbors), CopyDistance(neighbors=neighbors), DenoisingError())
        ),
    )
