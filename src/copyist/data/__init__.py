"""Examples in, as images or rows of one shape: sources, their splits, and the order in which training sees them."""

__all__ = [
    "Batches",
    "EncodedRows",
    "EncodedSource",
    "ExampleSet",
    "Packed",
    "Picture",
    "Progress",
    "SceneFactors",
    "Source",
    "Splits",
    "TableEncoding",
    "TableFile",
    "draw_scenes",
    "encode_source",
    "flips",
    "indices",
    "open_source",
    "open_split",
    "open_table",
    "pack_source",
    "parse_source",
    "pixels_for",
    "read_pictures",
    "scene_factors",
    "write_picture",
]

from copyist.data.batches import Batches, flips, indices
from copyist.data.encoded_source import EncodedSource, encode_source
from copyist.data.examples import ExampleSet
from copyist.data.inputs import read_pictures
from copyist.data.opening import open_source, open_split
from copyist.data.packing import Packed, pack_source
from copyist.data.source import Source, parse_source
from copyist.data.splits import Splits
from copyist.data.synthetic import SceneFactors, draw_scenes, scene_factors
from copyist.data.table_encoding import EncodedRows, TableEncoding
from copyist.data.table_sets import open_table
from copyist.files.bulk import Progress
from copyist.files.picture import Picture, pixels_for, write_picture
from copyist.files.table_files import TableFile
