import contextlib
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import ExifTags, Image, ImageCms

from copyist.data import open_split, output_names, pixels_for, read_pictures, write_picture
from copyist.errors import ArgumentError, DataError, OutputError, ShapeError, UnknownNameError
from copyist.files.decoding import Decoded, decoded, header
from copyist.files.encoding import encoded

from .conftest import png

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
    before = decoded(data)
    stored = before.pixels if before.alpha is None else np.dstack([before.pixels, before.alpha])
    np.testing.assert_array_equal(stored, upright_by_pillow(image, orientation))
    assert header(data).size == before.pixels.shape[:2]
    written = encoded(before)
    after = decoded(written)
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
    image = Decoded(
        pixels=values[:, :, : 3 if planes > 2 else 1],
        alpha=values[:, :, -1] if planes in (2, 4) else None,
        depth=16,
        format=form,
        orientation=orientation,
        icc=SRGB,
        exif=tags(orientation).tobytes(),
    )
    data = encoded(image)
    after = decoded(data)
    np.testing.assert_array_equal(after.pixels, image.pixels)
    assert (after.alpha is None) == (image.alpha is None)
    assert image.alpha is None or (after.alpha == image.alpha).all()
    assert (after.icc, after.orientation, after.depth, after.format) == (SRGB, orientation, 16, form)
    head = header(data)
    assert (head.size, head.channels, head.depth) == (values.shape[:2], image.pixels.shape[2], 16)
    with Image.open(io.BytesIO(data)) as opened:
        assert opened.getexif()[ExifTags.Base.Make] == "Maker"


def test_sixteen_bit_gray_is_what_pillow_reads() -> None:
    wide = np.array([[0, 1, 256], [65535, 3, 4]], dtype=np.uint16)
    for form in ("PNG", "TIFF", "PPM"):
        before = decoded(saved(Image.fromarray(wide), form))
        np.testing.assert_array_equal(before.pixels[:, :, 0], wide)
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(encoded(before)))), wide)


def test_one_clear_color_becomes_alpha() -> None:
    gray = np.array([[3, 9], [9, 200]], dtype=np.uint8)
    eight = decoded(saved(Image.fromarray(gray), "PNG", transparency=9))
    assert eight.alpha is not None
    np.testing.assert_array_equal(eight.alpha, [[255, 0], [0, 255]])
    wide = decoded(saved(Image.fromarray(gray.astype(np.uint16)), "PNG", transparency=9))
    assert wide.alpha is not None
    np.testing.assert_array_equal(wide.pixels[:, :, 0], gray)
    np.testing.assert_array_equal(wide.alpha, [[65535, 0], [0, 65535]])


def test_palettes_become_colors_or_gray() -> None:
    colors = Image.fromarray(np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype=np.uint8)).quantize(8)
    image = decoded(saved(colors, "PNG"))
    np.testing.assert_array_equal(image.pixels, np.asarray(colors.convert("RGB")))
    assert image.notices == ("its palette becomes full colors",)
    gray = Image.fromarray(np.array([[0, 1], [2, 1]], dtype=np.uint8), "L").convert("P")
    assert decoded(saved(gray, "PNG")).pixels.shape == (2, 2, 1)
    assert header(saved(gray, "PNG")).channels == 1


def test_cmyk_becomes_srgb() -> None:
    red = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    plain = decoded(saved(red, "JPEG", quality=100))
    assert plain.icc is None
    assert plain.notices == ("its CMYK colors become sRGB",)
    np.testing.assert_allclose(plain.pixels[8, 8], [255, 0, 0], atol=3)
    # A profile that does not fit is passed over.
    assert decoded(saved(red, "JPEG", quality=100, icc_profile=SRGB)).icc is None


def test_jpeg_stays_close_and_keeps_its_colors_sharp() -> None:
    half = np.zeros((16, 16, 3), np.uint8)
    half[:, ::2] = (255, 0, 0)
    image = decoded(saved(Image.fromarray(half), "PNG"))
    written = encoded(replace(image, format="JPEG"))
    assert Image.open(io.BytesIO(written)).layer[0][1:3] == (1, 1)
    assert np.abs(decoded(written).pixels.astype(int) - half).mean() < 4


@pytest.mark.parametrize("lossless", [True, False])
def test_webp_stays_as_lossless_as_it_was(lossless: bool) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 8, 4), dtype=np.uint8)
    image = decoded(saved(Image.fromarray(pixels), "WEBP", lossless=lossless, exact=True))
    assert image.lossless == lossless
    assert decoded(encoded(image)).lossless == lossless
    if lossless:
        np.testing.assert_array_equal(decoded(encoded(image)).pixels, pixels[:, :, :3])


def test_of_moving_pictures_the_first_is_taken() -> None:
    first, second = (Image.new("L", (3, 2), value) for value in (10, 200))
    image = decoded(saved(first, "GIF", save_all=True, append_images=[second]))
    assert (image.pixels == 10).all()
    assert "only the first of its pictures is taken" in image.notices
    assert (decoded(encoded(image)).pixels == 10).all()


def test_values_of_32_bits_are_refused() -> None:
    for dtype in (np.int32, np.float32):
        with pytest.raises(DataError, match="values of 32 bits"):
            decoded(saved(Image.fromarray(np.zeros((3, 4), dtype)), "TIFF"))


def test_what_no_file_of_a_format_can_hold_is_refused() -> None:
    wide = Decoded(pixels=np.zeros((2, 70000, 1), np.uint8), alpha=None, depth=8, format="JPEG")
    with pytest.raises(OutputError, match="JPEG cannot hold this image"):
        encoded(wide)


def test_folders_keep_their_shape_on_the_way(tmp_path: Path) -> None:
    (tmp_path / "in/deep").mkdir(parents=True)
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    (tmp_path / "in/a.png").write_bytes(png(pixels))
    (tmp_path / "in/deep/b.png").write_bytes(png(255 - pixels))
    (tmp_path / "in/notes.txt").write_text("not a picture")
    pictures = read_pictures([str(tmp_path / "in")])
    assert [picture.name for picture in pictures] == ["a.png", "deep/b.png"]
    assert output_names([str(tmp_path / "in")]) == ["a.png", "deep/b.png"]
    torch.testing.assert_close(pictures[0].pixels, torch.from_numpy(pixels).permute(2, 0, 1) / 255)
    for picture in pictures:
        path = write_picture(picture, 1 - picture.pixels, tmp_path / "out")
        assert path == tmp_path / "out" / picture.name
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "out/a.png")), 255 - pixels)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "out/deep/b.png")), pixels)


def test_values_are_clipped_and_rounded(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(np.zeros((1, 5), np.uint8)))
    (picture,) = read_pictures([str(tmp_path / "a.png")])
    levels = torch.tensor([[[-3.0, 0.4 / 255, 0.6 / 255, 1.0, 7.0]]])
    path = write_picture(picture, levels, tmp_path / "out")
    assert np.asarray(Image.open(path)).tolist() == [[0, 0, 1, 255, 255]]


def test_gray_goes_through_a_color_model_and_back(tmp_path: Path, said: list[str]) -> None:
    gray = np.random.default_rng(0).integers(0, 256, (4, 5), dtype=np.uint8)
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(png(gray))
    pictures = read_pictures([str(tmp_path)])
    colors = pixels_for(pictures, 3, say=said.append)
    assert [tuple(each.shape) for each in colors] == [(3, 4, 5)] * 2
    assert said == [
        "a.png and 1 more: gray is given to the model as color, and written back as the mean of its channels"
    ]
    path = write_picture(pictures[0], colors[0], tmp_path / "out")
    np.testing.assert_array_equal(np.asarray(Image.open(path)), gray)


def test_color_is_refused_by_a_gray_model_unless_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png(np.full((4, 5, 3), (255, 0, 0), np.uint8)))
    with pytest.raises(ShapeError, match=r"a.png must have 1 channel for this model, got 3; add \?channels=1"):
        pixels_for(read_pictures([str(path)]), 1)
    for text in (f"{path}?channels=1", f"{tmp_path}?channels=1"):
        (picture,) = read_pictures([text])
        torch.testing.assert_close(picture.pixels, torch.full((1, 4, 5), 76 / 255))
    with Image.open(write_picture(picture, picture.pixels, tmp_path / "out")) as written:
        assert written.mode == "L"


def test_pixels_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(np.zeros((4, 5, 3), np.uint8)))
    (picture,) = read_pictures([str(tmp_path)])
    for pixels in (torch.zeros(3, 5, 4), torch.zeros(1, 4, 5), torch.zeros(4, 5)):
        with pytest.raises(ShapeError, match=r"a.png"):
            write_picture(picture, pixels, tmp_path / "out")
    with pytest.raises(ArgumentError, match=r"a.png must be finite"):
        write_picture(picture, torch.full((3, 4, 5), float("nan")), tmp_path / "out")
    with pytest.raises(ShapeError, match="must have 5 channels"):
        picture.with_channels(5)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("shape", "images"), [((4, 5), 1), ((4, 5, 3), 1), ((2, 9, 8), 2), ((2, 9, 8, 3), 2), ((2, 3, 9, 8), 2)]
)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64", "float16"])
def test_arrays_come_back_as_arrays(tmp_path: Path, shape: tuple[int, ...], images: int, dtype: str) -> None:
    values = np.random.default_rng(0).random(shape) * 3 - 1
    array = values.astype(dtype) if dtype.startswith("f") else (np.abs(values) * 80).astype(dtype)
    np.save(tmp_path / "x.npy", array)
    pictures = read_pictures([str(tmp_path / "x.npy")])
    assert len(pictures) == images
    assert output_names([str(tmp_path / "x.npy")]) == ["x.npy"]
    for picture in pictures:
        assert not (tmp_path / "out/x.npy").exists()
        path = write_picture(picture, picture.pixels, tmp_path / "out")
    out = np.load(path)
    assert out.dtype == array.dtype
    np.testing.assert_array_equal(out, array.astype(np.float32) if dtype == "float64" else array)


def test_one_array_of_channels_first_needs_its_layout(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((3, 8, 9), np.float32))
    assert len(read_pictures([str(tmp_path)])) == 3
    (picture,) = read_pictures([f"{tmp_path / 'x.npy'}?layout=nchw"])
    assert picture.pixels.shape == (3, 8, 9)


def test_arrays_no_picture_can_be_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([[0.5, np.nan]]))
    with pytest.raises(DataError, match=r"x.npy cannot be read \(NaN or infinity in image 0\)"):
        read_pictures([str(tmp_path / "x.npy")])
    np.save(tmp_path / "x.npy", np.zeros((3, 4), np.int64))
    with pytest.raises(DataError, match="int64, which must be uint8, uint16 or float"):
        read_pictures([str(tmp_path / "x.npy")])


def test_sources_are_given_as_png(tmp_path: Path) -> None:
    pictures = read_pictures(["digits?limit=4"])
    assert len(pictures) == 4
    test = open_split("digits?limit=4", default="test")
    assert [picture.name for picture in pictures] == [f"{name}.png" for name in test.names]
    # Seventeen levels in sixteen bits.
    torch.testing.assert_close(pictures[1].pixels, test.images()[1], atol=1 / 65535, rtol=0)
    path = write_picture(pictures[1], pictures[1].pixels, tmp_path)
    assert decoded(path.read_bytes()).depth == 16
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.jpg").write_bytes(saved(Image.new("RGB", (9, 9)), "JPEG"))
    (sized,) = read_pictures([f"{tmp_path / 'in'}?size=4&split=all"])
    assert (sized.name, tuple(sized.pixels.shape)) == ("a.png", (3, 4, 4))


def test_an_archive_is_read_like_a_folder_and_names_never_escape(tmp_path: Path) -> None:
    data = png(np.zeros((3, 4), np.uint8))
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as file:
        file.writestr("b/a.png", data)
        file.writestr("__MACOSX/._a.png", data)
    assert output_names([str(tmp_path / "x.zip")]) == ["b/a.png"]
    assert len(read_pictures([str(tmp_path / "x.zip")])) == 1
    for name in ("../a.png", "/a.png", "b\\..\\a.png"):
        with zipfile.ZipFile(tmp_path / "bad.zip", "w") as file:
            file.writestr(zipfile.ZipInfo(name), data)
        with pytest.raises(DataError, match="leads out of its folder"):
            output_names([str(tmp_path / "bad.zip")])
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as file:
        file.writestr("notes.txt", "no image")
    with pytest.raises(DataError, match=r"empty.zip must hold images"):
        read_pictures([str(tmp_path / "empty.zip")])


def test_an_archive_member_that_inflates_hugely_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.png", bytes(100_000))
    monkeypatch.setattr("copyist.data.files.LARGEST_FILE", 1000)
    with pytest.raises(DataError, match=r"a.png \(inflates to 100000 bytes\)"):
        read_pictures([str(tmp_path / "x.zip")])


def test_two_pictures_of_one_name_are_refused(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.png").write_bytes(png(np.zeros((3, 4), np.uint8)))
    with pytest.raises(ArgumentError, match=r"two inputs would be written to x.png"):
        read_pictures([str(tmp_path / "a"), str(tmp_path / "b" / "x.png")])


def test_pictures_that_cannot_be_read_are_named(tmp_path: Path, said: list[str]) -> None:
    (tmp_path / "z.png").write_text("no picture")
    with pytest.raises(DataError, match=r"z.png cannot be read \(not an image\)"):
        read_pictures([str(tmp_path / "z.png")])
    with pytest.raises(DataError, match=r"at most 1 % .* got 1 of 1: z.png \(not an image\)"):
        read_pictures([str(tmp_path)])
    for index in range(100):
        (tmp_path / f"{index}.png").write_bytes(png(np.zeros((1, 1), np.uint8)))
    assert len(read_pictures([str(tmp_path)], say=said.append)) == 100
    assert said == ["left out 1 of 101 pictures that cannot be read: z.png (not an image)"]


@pytest.mark.parametrize("name", ["nothing.png", "x.txt", "empty"])
def test_inputs_that_are_no_pictures_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.txt").write_text("text")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=name):
        read_pictures([str(tmp_path / name)])
    with pytest.raises(UnknownNameError):
        read_pictures(["digitz"])


def test_palettes_are_mentioned_once(tmp_path: Path, said: list[str]) -> None:
    palette = Image.fromarray(np.zeros((2, 2, 3), np.uint8)).quantize(2)
    for name in ("a.png", "b.png", "c.png"):
        palette.save(tmp_path / name)
    read_pictures([str(tmp_path)], say=said.append)
    assert said == ["a.png and 2 more: its palette becomes full colors"]


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
    for look in (header, decoded):
        with contextlib.suppress(DataError):
            look(bytes(data[:end]))


def test_details_of_the_shot_are_kept() -> None:
    exif = tags(3)
    exif[ExifTags.IFD.Exif] = {ExifTags.Base.DateTimeOriginal: "2020:01:02 03:04:05"}
    image = Image.new("RGB", (4, 3))
    for form in ("JPEG", "PNG", "WEBP", "TIFF"):
        with Image.open(io.BytesIO(encoded(decoded(saved(image, form, exif=exif.tobytes()))))) as written:
            kept = written.getexif()
            assert kept[ExifTags.Base.Orientation] == 3
            assert kept.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] == "2020:01:02 03:04:05"


def test_a_damaged_exif_block_is_dropped() -> None:
    image = Decoded(pixels=np.zeros((3, 4, 3), np.uint8), alpha=None, depth=8, format="PNG", exif=b"Exif\0\0nonsense")
    assert decoded(encoded(image)).exif is None
    turned = decoded(encoded(replace(image, orientation=6)))
    assert turned.orientation == 6
    assert turned.pixels.shape == (3, 4, 3)
