"""Every kind of picture comes back exactly, or what is not kept is said, or it is refused: the table in the docs."""

import io
import itertools
import re
from pathlib import Path
from typing import Any

import numpy as np
import png
import pytest
import tifffile
from PIL import Image

from copyist.errors import DataError
from copyist.files.decoding import decode_image, read_header
from copyist.files.encoding import encode_image
from copyist.files.formats import OF_PILLOW, SUFFIXES

from .picture_cases import CASES, SHAPE, tiff, values

DOCS = Path(__file__).parents[2] / "docs" / "pictures.md"
_ROW = re.compile(r"^\| ([^|]+?) \| ([^|]+?) \|$", re.MULTILINE)


def promises() -> dict[str, str]:
    """What the docs say of each kind."""
    rows = dict(_ROW.findall(DOCS.read_text().partition("## What is kept of each kind")[2]))
    return {kind: said for kind, said in rows.items() if kind in CASES}


def stored(data: bytes) -> np.ndarray:
    """The values of a file as a reader that is not ours has them."""
    if data[:2] in (b"II", b"MM"):
        return tifffile.imread(io.BytesIO(data), key=0)
    if data[:4] == b"\x89PNG" and data[24] != 8:
        width, height, rows, info = png.Reader(bytes=data).read()
        return np.vstack(list(rows)).reshape(height, width, info["planes"])
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


def outcome(data: bytes) -> str:
    """What becomes of a file whose values a model leaves as they are."""
    try:
        image = decode_image(data)
    except DataError as error:
        return f"refused: {error}"
    head = read_header(data)
    assert (head.size, head.channels, head.pixel_type) == (SHAPE, image.pixels.shape[2], image.pixel_type)
    written = encode_image(image.with_floats(image.floats()))
    after = decode_image(written)
    if image.lossless:
        np.testing.assert_array_equal(after.pixels, image.pixels)
        for mine, its in ((image.alpha, after.alpha), (image.others, after.others)):
            assert (mine is None) == (its is None)
            assert mine is None or its is None or (mine == its).all()
    said = "; ".join(image.notices)
    if not image.lossless and image.format != "GIF":
        return f"stays lossy, at quality 95{said and '; '}{said}"
    old, new = stored(data), stored(written)
    is_same = old.dtype == new.dtype and old.shape == new.shape and (old == new).all()
    assert is_same or said, "values changed, and nothing is said"
    return f"exact{said and '; '}{said}" if is_same else said


@pytest.mark.parametrize("kind", CASES)
def test_what_the_docs_say_of_a_kind_of_picture_is_what_becomes_of_it(kind: str) -> None:
    assert outcome(CASES[kind]()) == promises()[kind]


def test_every_way_to_lay_out_a_tiff_comes_back_as_it_was() -> None:
    meanings = [("minisblack", 1, ()), ("miniswhite", 1, ()), ("rgb", 3, ()), ("rgb", 4, (2,)), ("rgb", 4, (1,))]
    meanings += [("rgb", 5, (0, 2)), ("minisblack", 2, (2,)), ("minisblack", 3, (0, 0))]
    layouts: list[dict[str, Any]] = [{}, {"rowsperstrip": 8}, {"tile": (16, 32)}, {"planarconfig": "separate"}]
    packings = [(None, None), ("lzw", 2), ("zlib", None), ("packbits", None), ("zstd", 2), ("lzma", None)]
    types = ["u1", "u2", "i1", "i2", "f2", "f4", "f8"]
    everything = itertools.product(types, meanings, layouts, packings)
    # Every eleventh: each value meets each value of another axis, and all of them take a second.
    for place, (dtype, meaning, layout, packing) in enumerate(itertools.islice(everything, 0, None, 11)):
        (photometric, samples, extra), (compression, predictor) = meaning, packing
        array = values(dtype, samples=samples)
        options = dict(layout)
        if samples > 1 and "planarconfig" in layout:
            array = np.moveaxis(array, 2, 0)
        elif samples > 1:
            options["planarconfig"] = "contig"
        else:
            options.pop("planarconfig", None)
        data = tiff(
            array,
            photometric=photometric,
            extrasamples=list(extra) or None,
            compression=compression,
            predictor=3 if predictor and dtype[0] == "f" else predictor,
            byteorder="<>"[place % 2],
            bigtiff=place % 3 == 0,
            resolution=(300, 300),
            software="its writer",
            **options,
        )
        image = decode_image(data)
        assert_stored_alike(data, encode_image(image.with_floats(image.floats())))


def assert_stored_alike(before: bytes, after: bytes) -> None:
    """Compare two TIFFs by tifffile: values, layout and tags."""
    with tifffile.TiffFile(io.BytesIO(before)) as old, tifffile.TiffFile(io.BytesIO(after)) as new:
        np.testing.assert_array_equal(old.asarray(), new.asarray())
        assert (old.byteorder, old.is_bigtiff, len(old.pages)) == (new.byteorder, new.is_bigtiff, len(new.pages))
        one, other = old.pages.first, new.pages.first
        for name in ("dtype", "photometric", "planarconfig", "bitspersample", "sampleformat", "compression"):
            assert getattr(one, name) == getattr(other, name), name
        for name in ("predictor", "extrasamples", "is_tiled", "tilewidth", "tilelength"):
            assert getattr(one, name) == getattr(other, name), name
        assert (other.tags[282].value, other.tags[305].value) == ((300, 1), "its writer")


def test_names_that_are_taken_for_pictures_are_those_that_pillow_reads() -> None:
    Image.init()
    no_pixels = {"EPS", "WMF", "PDF", "MPEG", "HDF5", "GRIB", "BUFR", "IPTC", "FITS", "PALM"}
    there = {suffix for suffix, form in Image.registered_extensions().items() if form not in no_pixels}
    assert there <= SUFFIXES
    assert {"HEIF", *Image.OPEN} >= set(OF_PILLOW)
