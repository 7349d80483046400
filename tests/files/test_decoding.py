import contextlib
import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import ExifTags, Image, ImageCms
from PIL.JpegImagePlugin import JpegImageFile

from copyist.errors import DataError, OutputError
from copyist.files.decoded import DecodedImage
from copyist.files.decoding import decode_image, read_header
from copyist.files.encoding import encode_image

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
PLANES = {"1": 1, "L": 1, "LA": 2, "RGB": 3, "RGBA": 4}


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    with io.BytesIO() as file:
        image.save(file, format=form, **options)
        return file.getvalue()


def tags(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make] = "Maker"
    return exif


@st.composite
def images(draw: st.DrawFn) -> Image.Image:
    mode = draw(st.sampled_from(sorted(PLANES)))
    shape = (draw(st.integers(1, 6)), draw(st.integers(1, 6)), PLANES[mode])
    values = draw(arrays.arrays(np.uint8, shape))
    if mode == "1":
        return Image.fromarray(values[:, :, 0] > 127)
    return Image.fromarray(values[:, :, 0] if shape[2] == 1 else values)


def upright_by_pillow(image: Image.Image, orientation: int) -> np.ndarray:
    """What `ImageOps.exif_transpose` does, spelled out by Pillow's own names."""
    turn = [
        None,
        Image.Transpose.FLIP_LEFT_RIGHT,
        Image.Transpose.ROTATE_180,
        Image.Transpose.FLIP_TOP_BOTTOM,
        Image.Transpose.TRANSPOSE,
        Image.Transpose.ROTATE_270,
        Image.Transpose.TRANSVERSE,
        Image.Transpose.ROTATE_90,
    ][orientation - 1]
    turned = image if turn is None else image.transpose(turn)
    values = np.asarray(turned.convert("L") if turned.mode == "1" else turned)
    return values[:, :, None] if values.ndim == 2 else values


@settings(deadline=None, max_examples=60)
@given(image=images(), form=st.sampled_from(["PNG", "TIFF"]), orientation=st.integers(1, 8))
def test_eight_bits_come_back_exactly(image: Image.Image, form: str, orientation: int) -> None:
    data = saved(image, form, exif=tags(orientation), icc_profile=SRGB)
    before = decode_image(data)
    stored = before.pixels if before.alpha is None else np.dstack([before.pixels, before.alpha])
    scale = 255 // int(before.values.white)
    np.testing.assert_array_equal(stored * np.uint8(scale), upright_by_pillow(image, orientation))
    assert read_header(data).size == before.pixels.shape[:2]
    written = encode_image(before)
    after = decode_image(written)
    np.testing.assert_array_equal(after.pixels, before.pixels)
    assert (after.alpha is None) == (before.alpha is None)
    assert before.alpha is None or (after.alpha == before.alpha).all()
    assert (after.icc, after.orientation, after.depth, after.format) == (SRGB, orientation, before.depth, form)
    assert Image.open(io.BytesIO(written)).getexif()[ExifTags.Base.Make] == "Maker"
    # Stored as before, not only seen as before.
    with Image.open(io.BytesIO(data)) as old, Image.open(io.BytesIO(written)) as new:
        assert (old.mode, old.size) == (new.mode, new.size)


@settings(deadline=None, max_examples=40)
@given(
    values=st.integers(1, 4).flatmap(
        lambda planes: arrays.arrays(np.uint16, st.tuples(st.integers(1, 5), st.integers(1, 5), st.just(planes)))
    ),
    form=st.sampled_from(["PNG", "TIFF"]),
    orientation=st.integers(1, 8),
)
def test_sixteen_bits_come_back_exactly(values: np.ndarray, form: str, orientation: int) -> None:
    planes = values.shape[2]
    if form == "TIFF" and planes == 2:
        values, planes = values[:, :, :1], 1
    image = DecodedImage(
        pixels=values[:, :, : 3 if planes > 2 else 1],
        alpha=values[:, :, -1] if planes in (2, 4) else None,
        depth=16,
        format=form,
        orientation=orientation,
        icc=SRGB,
        exif=tags(orientation).tobytes(),
    )
    data = encode_image(image)
    after = decode_image(data)
    np.testing.assert_array_equal(after.pixels, image.pixels)
    assert (after.alpha is None) == (image.alpha is None)
    assert image.alpha is None or (after.alpha == image.alpha).all()
    assert (after.icc, after.orientation, after.depth, after.format) == (SRGB, orientation, 16, form)
    head = read_header(data)
    assert (head.size, head.channels, head.pixel_type) == (values.shape[:2], image.pixels.shape[2], "uint16")
    if form == "PNG":
        with Image.open(io.BytesIO(data)) as opened:
            assert opened.getexif()[ExifTags.Base.Make] == "Maker"


def test_sixteen_bit_gray_is_what_pillow_reads() -> None:
    wide = np.array([[0, 1, 256], [65535, 3, 4]], dtype=np.uint16)
    for form in ("PNG", "TIFF", "PPM"):
        before = decode_image(saved(Image.fromarray(wide), form))
        np.testing.assert_array_equal(before.pixels[:, :, 0], wide)
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(encode_image(before)))), wide)


def test_one_clear_color_becomes_alpha() -> None:
    gray = np.array([[3, 9], [9, 200]], dtype=np.uint8)
    eight = decode_image(saved(Image.fromarray(gray), "PNG", transparency=9))
    assert eight.alpha is not None
    np.testing.assert_array_equal(eight.alpha, [[255, 0], [0, 255]])
    wide = decode_image(saved(Image.fromarray(gray.astype(np.uint16)), "PNG", transparency=9))
    assert wide.alpha is not None
    np.testing.assert_array_equal(wide.pixels[:, :, 0], gray)
    np.testing.assert_array_equal(wide.alpha, [[65535, 0], [0, 65535]])


def test_palettes_become_colors_or_gray() -> None:
    colors = Image.fromarray(np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype=np.uint8)).quantize(8)
    image = decode_image(saved(colors, "PNG"))
    np.testing.assert_array_equal(image.pixels, np.asarray(colors.convert("RGB")))
    assert image.notices == ("its palette becomes full colors",)
    gray = Image.fromarray(np.array([[0, 1], [2, 1]], dtype=np.uint8), "L").convert("P")
    assert decode_image(saved(gray, "PNG")).pixels.shape == (2, 2, 1)
    assert read_header(saved(gray, "PNG")).channels == 1


def test_cmyk_becomes_srgb() -> None:
    red = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    plain = decode_image(saved(red, "JPEG", quality=100))
    assert plain.icc is None
    assert plain.notices == ("its CMYK colors become sRGB",)
    np.testing.assert_allclose(plain.pixels[8, 8], [255, 0, 0], atol=3)
    # A profile that does not fit is passed over.
    assert decode_image(saved(red, "JPEG", quality=100, icc_profile=SRGB)).icc is None


def test_jpeg_stays_close_and_keeps_its_colors_sharp() -> None:
    half = np.zeros((16, 16, 3), np.uint8)
    half[:, ::2] = (255, 0, 0)
    image = decode_image(saved(Image.fromarray(half), "PNG"))
    written = encode_image(replace(image, format="JPEG"))
    jpeg = Image.open(io.BytesIO(written))
    assert isinstance(jpeg, JpegImageFile)
    assert jpeg.layer[0][1:3] == (1, 1)
    assert np.abs(decode_image(written).pixels.astype(int) - half).mean() < 4


@pytest.mark.parametrize("lossless", [True, False])
def test_webp_stays_as_lossless_as_it_was(lossless: bool) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 8, 4), dtype=np.uint8)
    image = decode_image(saved(Image.fromarray(pixels), "WEBP", lossless=lossless, exact=True))
    assert image.lossless == lossless
    assert decode_image(encode_image(image)).lossless == lossless
    if lossless:
        np.testing.assert_array_equal(decode_image(encode_image(image)).pixels, pixels[:, :, :3])


def test_of_moving_pictures_the_first_is_taken() -> None:
    first, second = (Image.new("L", (3, 2), value) for value in (10, 200))
    image = decode_image(saved(first, "GIF", save_all=True, append_images=[second]))
    assert (image.pixels == 10).all()
    assert "only the first of its 2 pictures is taken; add ?pages=all to take each" in image.notices
    assert (decode_image(encode_image(image)).pixels == 10).all()


def test_whole_numbers_of_32_bits_are_refused() -> None:
    with pytest.raises(DataError, match=r"whole numbers of 32 bits.*scale them to 16 bits, or to floats in"):
        decode_image(saved(Image.fromarray(np.zeros((3, 4), np.int32)), "TIFF"))


def test_what_no_file_of_a_format_can_hold_is_refused() -> None:
    wide = DecodedImage(pixels=np.zeros((2, 70000, 1), np.uint8), alpha=None, depth=8, format="JPEG")
    with pytest.raises(OutputError, match="JPEG cannot hold this image"):
        encode_image(wide)


@settings(deadline=None, max_examples=60)
@given(
    form=st.sampled_from(["PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "PPM"]),
    damage=st.lists(st.tuples(st.integers(0, 250), st.integers(0, 255)), max_size=5),
    end=st.integers(0, 700),
)
def test_a_damaged_file_is_decoded_or_refused_and_nothing_else(
    form: str, damage: list[tuple[int, int]], end: int
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 11, 3), dtype=np.uint8)
    data = bytearray(
        saved(Image.fromarray(pixels), form, exif=tags(6)) if form != "PPM" else b"P6 11 9 255\n" + pixels.tobytes()
    )
    for place, value in damage:
        data[place % len(data)] = value
    for look in (read_header, decode_image):
        with contextlib.suppress(DataError):
            look(bytes(data[:end]))


def test_details_of_the_shot_are_kept() -> None:
    exif = tags(3)
    exif[ExifTags.IFD.Exif] = {ExifTags.Base.DateTimeOriginal: "2020:01:02 03:04:05"}
    image = Image.new("RGB", (4, 3))
    for form in ("JPEG", "PNG", "WEBP", "TIFF"):
        with Image.open(io.BytesIO(encode_image(decode_image(saved(image, form, exif=exif.tobytes()))))) as written:
            kept = written.getexif()
            assert kept[ExifTags.Base.Orientation] == 3
            assert kept.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] == "2020:01:02 03:04:05"


def test_a_damaged_exif_block_is_dropped() -> None:
    image = DecodedImage(
        pixels=np.zeros((3, 4, 3), np.uint8), alpha=None, depth=8, format="PNG", exif=b"Exif\0\0nonsense"
    )
    assert decode_image(encode_image(image)).exif is None
    turned = decode_image(encode_image(replace(image, orientation=6)))
    assert turned.orientation == 6
    assert turned.pixels.shape == (3, 4, 3)
