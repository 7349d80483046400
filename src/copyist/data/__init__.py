"""Examples in, as images or rows of one shape: sources, their splits, and the order in which training sees them."""

__all__ = [
    "Batches",
    "ExampleSet",
    "Picture",
    "Progress",
    "SceneFactors",
    "Source",
    "Splits",
    "draw_scenes",
    "flips",
    "indices",
    "open_source",
    "open_split",
    "output_names",
    "parse_source",
    "pixels_for",
    "read_pictures",
    "scene_factors",
    "write_picture",
]

from copyist.data.base import ExampleSet, Splits
from copyist.data.batches import Batches
from copyist.data.cache import Progress
from copyist.data.opening import open_source, open_split
from copyist.data.order import flips, indices
from copyist.data.pictures import Picture, output_names, pixels_for, read_pictures, write_picture
from copyist.data.source import Source, parse_source
from copyist.data.synthetic import SceneFactors, draw_scenes, scene_factors
