"""What describes a picture comes back with it: resolution, place, texts, profile and details of the shot."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo
from skimage import io as skimage_io

from copyist.files.decoding import decode_image, decode_pages, read_headers
from copyist.files.encoding import encode_image, encode_pages

from .picture_cases import by_pillow, moving, tiff, values

GEOGRAPHIC: list[tuple[int, int, int, Any]] = [
    (33550, 12, 3, (10.0, 10.0, 0.0)),
    (33922, 12, 6, (0.0, 0.0, 0.0, 4e5, 5e6, 0.0)),
    (34735, 3, 8, (1, 1, 0, 1, 1024, 0, 1, 1)),
    (34736, 12, 1, (6378137.0,)),
    (34737, 2, 8, "WGS 84|\0"),
    (42112, 2, 15, "<GDALMetadata/>"),
    (42113, 2, 5, "-9999"),
]


def again(data: bytes) -> bytes:
    image = decode_image(data)
    return encode_image(image.with_floats(image.floats()))


@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_place_and_plain_tags_of_a_tiff_come_back(byteorder: str) -> None:
    data = tiff(
        values("u2"),
        photometric="minisblack",
        byteorder=byteorder,
        extratags=[(*tag, True) for tag in [*GEOGRAPHIC, (33432, 2, 3, "me"), (65000, 4, 2, (7, 8))]],
        description="a plain text",
        datetime="2020:01:02 03:04:05",
        resolution=((7200, 101), (300, 1)),
        resolutionunit=3,
    )
    with tifffile.TiffFile(io.BytesIO(data)) as old, tifffile.TiffFile(io.BytesIO(again(data))) as new:
        before = {tag.code: tag.value for tag in old.pages.first.tags}
        after = {tag.code: tag.value for tag in new.pages.first.tags}
    layout = {273, 279, 278, 339}
    assert {code: before[code] for code in before.keys() - layout} == {
        code: after[code] for code in after.keys() - layout
    }
    assert after[282] == (7200, 101)


def test_details_of_the_shot_in_a_tiff_come_back_with_its_compression() -> None:
    exif = Image.Exif()
    exif[ExifTags.IFD.Exif] = {
        ExifTags.Base.DateTimeOriginal: "2020:01:02 03:04:05",
        ExifTags.Base.ISOSpeedRatings: 200,
    }
    data = by_pillow(values("u1", samples=3), "TIFF", exif=exif.tobytes())
    with Image.open(io.BytesIO(again(data))) as image:
        details = image.getexif().get_ifd(ExifTags.IFD.Exif)
    assert details[ExifTags.Base.DateTimeOriginal] == "2020:01:02 03:04:05"
    assert details[ExifTags.Base.ISOSpeedRatings] == 200


def test_one_page_of_an_imagej_stack_does_not_speak_of_the_others(tmp_path: Path) -> None:
    stack = np.stack([values("u2") for _ in range(3)])
    with io.BytesIO() as file:
        tifffile.imwrite(file, stack, imagej=True, resolution=(2, 2), metadata={"unit": "um"})
        data = file.getvalue()
    (tmp_path / "one.tif").write_bytes(again(data))
    np.testing.assert_array_equal(skimage_io.imread(tmp_path / "one.tif"), stack[0])
    with tifffile.TiffFile(tmp_path / "one.tif") as one:
        assert one.imagej_metadata is not None
        assert one.imagej_metadata["unit"] == "um"
        assert "images" not in one.imagej_metadata
    with tifffile.TiffFile(io.BytesIO(encode_pages(decode_pages(data)))) as whole:
        np.testing.assert_array_equal(whole.asarray(), stack)
        assert whole.imagej_metadata is not None
        assert whole.imagej_metadata["images"] == 3


def test_one_page_of_an_ome_or_shaped_stack_does_not_speak_of_the_others() -> None:
    stack = np.stack([values("u2") for _ in range(3)])
    ways: list[dict[str, Any]] = [{"ome": True}, {"metadata": {"axes": "ZYX"}}]
    for options in ways:
        with io.BytesIO() as file:
            tifffile.imwrite(file, stack, photometric="minisblack", **options)
            data = file.getvalue()
        with tifffile.TiffFile(io.BytesIO(again(data))) as one:
            np.testing.assert_array_equal(one.asarray(), stack[0])
        with tifffile.TiffFile(io.BytesIO(encode_pages(decode_pages(data)))) as whole:
            np.testing.assert_array_equal(whole.asarray(), stack)


def test_pages_differ_in_size_and_depth() -> None:
    with io.BytesIO() as file:
        with tifffile.TiffWriter(file) as writer:
            writer.write(values("u1"), photometric="minisblack", metadata=None)
            writer.write(values("u2", samples=3)[:7], photometric="rgb", metadata=None)
        data = file.getvalue()
    assert [(head.size, head.channels, head.pixel_type) for head in read_headers(data)] == [
        ((19, 23), 1, "uint8"),
        ((7, 23), 3, "uint16"),
    ]
    with (
        tifffile.TiffFile(io.BytesIO(data)) as old,
        tifffile.TiffFile(io.BytesIO(encode_pages(decode_pages(data)))) as new,
    ):
        for one, other in zip(old.pages, new.pages, strict=True):
            np.testing.assert_array_equal(one.asarray(), other.asarray())


@pytest.mark.parametrize("form", ["PNG", "WEBP", "GIF"])
def test_a_moving_picture_keeps_its_pictures_and_their_times(form: str) -> None:
    data = moving(form, loop=0, **({"lossless": True} if form == "WEBP" else {}))
    with Image.open(io.BytesIO(data)) as old, Image.open(io.BytesIO(encode_pages(decode_pages(data)))) as new:
        assert [getattr(image, "n_frames", 1) for image in (old, new)] == [3, 3]
        for index in range(3):
            for image in (old, new):
                image.seek(index)
                image.load()
            np.testing.assert_array_equal(np.asarray(old.convert("RGB")), np.asarray(new.convert("RGB")))
            assert new.info["duration"] == old.info["duration"] == 40


@pytest.mark.parametrize("depth", [1, 8, 16])
def test_texts_gamma_and_resolution_of_a_png_come_back(depth: int) -> None:
    info = PngInfo()
    info.add_text("Title", "a title")
    info.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta/>")
    info.add(b"gAMA", (45455).to_bytes(4, "big"))
    array = values("u1") > 127 if depth == 1 else values(f"u{depth // 8}")
    with Image.open(io.BytesIO(again(by_pillow(array, "PNG", pnginfo=info, dpi=(300, 200))))) as image:
        image.load()
        assert image.info["Title"] == "a title"
        assert image.info["xmp"] == b"<x:xmpmeta/>"
        assert image.info["gamma"] == 0.45455
        assert [round(each) for each in image.info["dpi"]] == [300, 200]


def test_resolution_comment_and_xmp_of_a_jpeg_come_back() -> None:
    data = by_pillow(values("u1", samples=3), "JPEG", dpi=(300, 200), comment=b"a comment", xmp=b"<x:xmpmeta/>")
    with Image.open(io.BytesIO(again(data))) as image:
        assert image.info["dpi"] == (300, 200)
        assert image.info["comment"] == b"a comment"
        assert image.info["xmp"] == b"<x:xmpmeta/>"


def test_a_resolution_of_a_bmp_comes_back() -> None:
    with Image.open(io.BytesIO(again(by_pillow(values("u1"), "BMP", dpi=(300, 300))))) as image:
        assert [round(each) for each in image.info["dpi"]] == [300, 300]


def test_a_preview_of_the_picture_before_is_left_out_of_its_details() -> None:
    small = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(small, "JPEG")
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "camera"
    head = exif.tobytes()
    # A second directory behind the first, as cameras write it: tags 513 and 514, the preview's place and length.
    start = len(head) - 6
    entries = b"".join(
        tag.to_bytes(2, "little") + b"\4\0\1\0\0\0" + value.to_bytes(4, "little")
        for tag, value in ((513, start + 2 + 24 + 4), (514, len(small.getvalue())))
    )
    little = head[6:8] == b"II"
    assert little or head[6:8] == b"MM"
    exif_block = Image.Exif()
    exif_block[ExifTags.Base.Make] = "camera"
    first = 6 + int.from_bytes(head[10:14], "little" if little else "big")
    link = first + 2 + 12 * int.from_bytes(head[first : first + 2], "little" if little else "big")
    order = "little" if little else "big"
    if not little:
        entries = b"".join(
            tag.to_bytes(2, "big") + b"\0\4\0\0\0\1" + value.to_bytes(4, "big")
            for tag, value in ((513, start + 2 + 24 + 4), (514, len(small.getvalue())))
        )
    block = head[:link] + start.to_bytes(4, order) + head[link + 4 :]
    block += (2).to_bytes(2, order) + entries + bytes(4) + small.getvalue()
    file = io.BytesIO()
    Image.new("RGB", (24, 16), "blue").save(file, "JPEG", exif=block)
    before = Image.open(io.BytesIO(file.getvalue())).getexif()
    assert before.get_ifd(ExifTags.IFD.IFD1)[514] == len(small.getvalue())

    after = Image.open(io.BytesIO(encode_image(decode_image(file.getvalue())))).getexif()
    assert dict(after.get_ifd(ExifTags.IFD.IFD1)) == {}
    assert after[ExifTags.Base.Make] == "camera"


@pytest.mark.parametrize("progressive", [False, True])
def test_a_progressive_jpeg_stays_one(progressive: bool) -> None:
    file = io.BytesIO()
    Image.new("RGB", (24, 16), "blue").save(file, "JPEG", progressive=progressive)
    written = Image.open(io.BytesIO(encode_image(decode_image(file.getvalue()))))
    assert bool(written.info.get("progressive")) == progressive


def test_a_gray_animation_stays_gray() -> None:
    frames = [np.random.default_rng(seed).integers(0, 256, (9, 8), dtype=np.uint8) for seed in range(3)]
    with io.BytesIO() as data:
        first, *others = map(Image.fromarray, frames)
        first.save(data, "GIF", save_all=True, append_images=others)
        content = data.getvalue()
    assert [head.channels for head in read_headers(content)] == [1, 1, 1]
    for frame, page in zip(frames, decode_pages(content), strict=True):
        np.testing.assert_array_equal(page.pixels[:, :, 0], frame)
        assert page.pixels.shape == (9, 8, 1)
