"""Recipes of detectors of anomalies: how the model is trained, and what measures the anomaly."""

__all__ = ["table_detector"]

from dataclasses import replace

from copyist.detection import DetectorRecipe
from copyist.detection.measures import Combined, CopyDistance, DenoisingError, ExampleDistance
from copyist.recipes.restorers import denoising_table

_TRIMMED = 0.1
"""Of the rows, where outliers may be among them."""

_NEIGHBORS = {True: (0.02, 0.05), False: (5,)}
"""Which neighbors are measured to: shares of the rows that are learned where outliers may be among them."""


def table_detector(*, data: str = "cancer", may_hold_outliers: bool = False) -> DetectorRecipe:
    """Rows of a table by a denoising autoencoder, whose noise in each column grows with the column's tails.

    The anomaly is the mean of several distances, each in units of held-out rows: of the row to its neighbors, of its
    copy to theirs, and of copies of the row with noise to the row.

    Args:
        data: the source of normal rows.
        may_hold_outliers: whether outliers may be among them: then the strangest tenth is not learned, and
            neighborhoods are larger, two and five hundredths of the rows.
    """
    training = denoising_table(data=data)
    if may_hold_outliers:
        training = replace(training, training=replace(training.training, trimmed=_TRIMMED))
    distances = [kind(neighbors=k) for kind in (ExampleDistance, CopyDistance) for k in _NEIGHBORS[may_hold_outliers]]
    return DetectorRecipe(
        training=training,
        measure=Combined(measures=(*distances, DenoisingError())),
    )
