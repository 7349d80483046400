"""Recipes of detectors of anomalies: how the model is trained, and what measures the anomaly."""

__all__ = ["image_detector", "repairing_detector", "table_detector"]

from dataclasses import replace

from copyist.data import parse_source
from copyist.data.shards import find_index
from copyist.data.source import with_option
from copyist.detection import DetectorRecipe
from copyist.detection.detector_recipe import Untrained
from copyist.detection.measures import (
    Combined,
    CopyDistance,
    DenoisingError,
    ExampleDistance,
    LocalCodeDistance,
    LocalContrast,
    LocalError,
)
from copyist.recipes.restorers import denoising_table, repairing_unet

_SIDE = 128
"""Pixels along both sides of images whose contrasts are measured."""

_REPAIRED_SIDE = 64
"""Pixels along both sides of images that a net repairs, which takes four times as long for twice as many."""

_TRIMMED = 0.1
"""Of the rows, where outliers may be among them."""

_NEIGHBORS = {True: 0.05, False: 5}
"""Which neighbor is measured to: a share of the rows that are learned where outliers may be among them."""


def image_detector(*, data: str = "photos") -> DetectorRecipe:
    """Images of parts by their contrasts and textures at each place, at five scales; no net has a part in it.

    On photographs of real defects these contrasts tell more than the error of
    nets that `repairing_detector` trains in two minutes.

    Args:
        data: the source of normal images. Those whose size it does not name are stretched to 128×128, since all must
            have one size, and a part fills its image.
    """
    return DetectorRecipe(
        training=Untrained(name="contrasts", data=_sized(data, _SIDE)),
        measure=LocalContrast(
            scales=(1.0, 2.0, 4.0, 8.0, 16.0), cell=2, with_textures=True, neighborhoods=(1 / 16, 1 / 8, 1 / 4)
        ),
    )


def repairing_detector(*, data: str = "photos") -> DetectorRecipe:
    """Images of parts by a U-Net trained to undo structured damage: stains, streaks, pasted and shifted patches, blur.

    The anomaly is the mean of two numbers, each in units of held-out images: how far the copy is from the image, over
    neighborhoods of three sizes, and how far the codes of its places are from those of places in normal images.

    Args:
        data: the source of normal images. Those whose size it does not name are stretched to 64×64.
    """
    return DetectorRecipe(
        training=repairing_unet(data=_sized(data, _REPAIRED_SIDE)),
        measure=Combined(
            measures=(
                LocalCodeDistance(layers=("model.down.2", "model.down.3", "model.up.levels.1")),
                LocalError(sigmas=(0.5, 1.0, 2.0)),
            )
        ),
    )


def table_detector(*, data: str = "cancer", may_hold_outliers: bool = False) -> DetectorRecipe:
    """Rows of a table by a denoising autoencoder, whose noise in each column grows with the column's tails.

    The anomaly is the mean of several distances, each in units of held-out rows: of the row to its neighbors, of its
    copy to theirs, and of copies of the row with noise to the row.

    Args:
        data: the source of normal rows.
        may_hold_outliers: whether outliers may be among them: then the strangest tenth is not learned, and
            neighborhoods are larger, a twentieth of the rows.
    """
    training = denoising_table(data=data)
    if may_hold_outliers:
        training = replace(training, training=replace(training.training, trimmed=_TRIMMED))
    k = _NEIGHBORS[may_hold_outliers]
    return DetectorRecipe(
        training=training,
        measure=Combined(measures=(ExampleDistance(neighbors=k), CopyDistance(neighbors=k), DenoisingError())),
    )


def _sized(data: str, side: int) -> str:
    """The source, with all images stretched to one size unless it names one, or is packed at one."""
    source = parse_source(data)
    if source.size is not None or source.is_embedded or find_index(source.place) is not None:
        return data
    named = [option.partition("=")[0] for option in data.removeprefix(source.place).strip("?").split("&")]
    return with_option(data if "fit" in named else with_option(data, "fit=resize"), f"size={side}")
