"""Compressing on the command line: real files, any picture, what it costs, and refusals in a sentence."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms

import copyist as library
from codecs_to_test import codec
from copyist.checkpoint import MODEL_CATALOGUES, Header, save
from copyist.compression.raster import Raster
from copyist.evaluation.compressed import one_picture
from copyist.settings import dump

from .conftest import copyist, inside, noise, shown


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a small codec."""
    path = tmp_path_factory.mktemp("codec") / "model.safetensors"
    made = codec()
    save(path, made, Header(model=dump(made.config, MODEL_CATALOGUES), batch_size=8))
    return path


def smooth(height: int, width: int) -> np.ndarray:
    down, across = np.mgrid[:height, :width]
    planes = [np.sin(down / (9 + each)) + np.cos(across / (7 + each)) for each in range(3)]
    return np.rint(127.5 + 60 * np.stack(planes, axis=2)).clip(0, 255).astype(np.uint8)


def test_folders_are_compressed_and_decompressed_under_their_names(model: Path, tmp_path: Path) -> None:
    for name, size in (("a.png", (20, 30)), ("deep/b.png", (200, 180))):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(smooth(*size)).save(tmp_path / "in" / name)
    found = copyist("compress", tmp_path / "in", "--model", model, "--out", tmp_path / "z", "--quality", 3, "--json")
    pictures = found.result["pictures"]
    assert [each["name"] for each in pictures] == ["a.png", "deep/b.png"]
    for each in pictures:
        size = (tmp_path / "z" / each["name"]).with_suffix(".cpz").stat().st_size
        assert each["bytes"] == size
        pixels = each["width"] * each["height"]
        assert each["bits_per_pixel"] == 8 * size / pixels
        assert abs(each["estimated_bits_per_pixel"] * pixels / 8 - size) <= max(32, 0.01 * size)
    again = copyist("decompress", tmp_path / "z", "--model", model, "--out", tmp_path / "out", "--json").result
    assert again["images"] == 2
    for each in pictures:
        error = np.square(shown(tmp_path / "out" / each["name"]) - shown(tmp_path / "in" / each["name"]).astype(float))
        assert each["psnr"] == pytest.approx(10 * np.log10(255**2 / error.mean()))
    assert pictures[0]["ms_ssim"] is None
    assert 0 < pictures[1]["ms_ssim"] < 1


def test_lossless_files_keep_pixels_alpha_profile_and_orientation(model: Path, tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    rgba = np.concatenate([smooth(25, 40), noise((25, 40, 1))], axis=2)
    exif = Image.Exif()
    exif[0x0112] = 6
    source = tmp_path / "a.png"
    Image.fromarray(rgba).save(source, icc_profile=profile, exif=exif)
    report = copyist("compress", source, "--model", model, "--out", tmp_path / "z", "--lossless", "--compare", "--json")
    (picture,) = report.result["pictures"]
    assert picture["psnr"] == "inf"
    assert {each["codec"] for each in picture["beside"]} == {"PNG", "WebP, lossless"}
    copyist("decompress", tmp_path / "z" / "a.cpz", "--model", model, "--out", tmp_path / "out")
    with Image.open(tmp_path / "out" / "a.png") as found:
        assert np.array_equal(np.asarray(found), rgba)
        assert found.info["icc_profile"] == profile
        assert found.getexif()[0x0112] == 6


def test_other_codecs_stand_beside_it_at_the_nearest_size(model: Path, tmp_path: Path) -> None:
    Image.fromarray(smooth(180, 190)).save(tmp_path / "a.png")
    arguments = ("--model", model, "--out", tmp_path / "z", "--compare", "--effort", 2, "--json")
    (picture,) = copyist("compress", tmp_path / "a.png", *arguments).result["pictures"]
    assert [each["codec"] for each in picture["beside"]] == ["JPEG", "JPEG, optimized", "WebP", "AVIF"]
    for each in picture["beside"]:
        assert each["psnr"] > 20
        assert each["ms_ssim"] < 1
    page = (tmp_path / "z" / "compare.html").read_text()
    assert page.count("<figure>") == 4
    assert f"JPEG, {picture['beside'][0]['bytes']:,} bytes" in page
    assert "http" not in page.replace("http-equiv", "")


def test_info_reads_the_header_alone(model: Path, tmp_path: Path) -> None:
    Image.fromarray(smooth(20, 30)).save(tmp_path / "a.png")
    copyist("compress", tmp_path / "a.png", "--model", model, "--out", tmp_path / "z", "--quality", 1)
    file = tmp_path / "z" / "a.cpz"
    whole = copyist("info", file).stdout
    assert "30x20, RGB, 8 bits, quality 1" in whole
    file.write_bytes(file.read_bytes()[:40])
    assert copyist("info", file, "--json").result["width"] == 30
    file.write_bytes(file.read_bytes()[:9])
    assert "ends within its header" in copyist("info", file).sentence
    file.write_bytes(b"")
    assert "a.cpz cannot be read: it is empty" in copyist("info", file).sentence


def test_arrays_go_in_and_out_in_python() -> None:
    model = codec()
    for image in (smooth(9, 14), smooth(9, 14)[:, :, 0], np.dstack([smooth(9, 14), noise((9, 14))])):
        data = library.compress(image, model=model, lossless=True)
        assert np.array_equal(library.decompress(data, model=model), image)
    with pytest.raises(library.errors.DataError, match=r"shape \(H, W\) or \(H, W, C\) with C from 1 to 4"):
        library.compress(np.zeros((3, 4, 5, 6), np.uint8), model=model)
    with pytest.raises(library.errors.DataError, match="whole numbers of 8 or 16 bits, got float64"):
        library.compress(np.zeros((3, 4)), model=model)


def test_what_is_no_array_or_no_file_in_python_is_refused_with_a_remedy() -> None:
    model = codec()
    data = library.compress(smooth(9, 14), model=model, lossless=True)
    for kind in (bytearray, memoryview):
        assert np.array_equal(library.decompress(kind(data), model=model), smooth(9, 14))  # type: ignore[arg-type]
    with pytest.raises(library.errors.DataError, match=r"by its bytes, got str; read them by Path.read_bytes"):
        library.decompress("a.cpz", model=model)  # type: ignore[arg-type]
    with pytest.raises(library.errors.DataError, match=r"an array of NumPy, got Image; turn it into one by np.asarray"):
        library.compress(Image.new("P", (3, 3)), model=model)  # type: ignore[arg-type]
    with pytest.raises(library.errors.ArgumentError, match="effort must be a whole number of at least 0, got -1"):
        library.compress(smooth(9, 14), model=model, effort=-1)


def test_other_codecs_that_are_given_less_are_not_passed_off_as_equals(model: Path, tmp_path: Path) -> None:
    Image.fromarray(np.concatenate([smooth(25, 40), noise((25, 40, 1))], axis=2)).save(tmp_path / "clear.png")
    Image.fromarray(smooth(25, 40)[:, :, 0].astype(np.uint16) * 257).save(tmp_path / "deep.png")
    Image.fromarray(smooth(25, 40)).save(tmp_path / "plain.png")
    pictures = [tmp_path / f"{name}.png" for name in ("plain", "clear", "deep")]
    found = copyist("compress", *pictures, "--model", model, "--out", tmp_path / "z", "--lossless", "--compare")
    assert "clear.png and 1 more: the other codecs are given the colors alone, in 8 bits" in found.stderr
    page = (tmp_path / "z" / "compare.html").read_text()
    assert "from which nothing may differ" in page
    assert "JPEG" not in page
    plain = copyist("compress", pictures[0], "--model", model, "--out", tmp_path / "y", "--compare")
    assert "the other codecs" not in plain.stderr


def test_processes_are_told_the_class_of_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(model: str, **options: object) -> None:
        raise LookupError(model, options)

    monkeypatch.setattr(one_picture, "coder_of", found)
    picture = Raster(pixels=smooth(8, 8))
    job = one_picture.Job(name="a", file="a.cpz", picture=picture, quality=1, lossless=False, effort=0, compare=False)
    with pytest.raises(LookupError, match="'verb': 'compress', 'class_of': 'mine:Codec', 'device': 'cpu'"):
        one_picture.do_named_job(job, "model", "mine:Codec", "cpu", torch.get_num_threads())


@pytest.mark.slow
def test_several_processes_write_the_same_files(model: Path, pictures: Callable[..., Path], tmp_path: Path) -> None:
    folder = pictures(3, (20, 24, 3))
    for count in (1, 2):
        copyist("compress", folder, "--model", model, "--out", tmp_path / str(count), "--workers", count)
    one, two = (inside(tmp_path / each) for each in "12")
    assert one == two
    assert len(one) == 3


@pytest.mark.slow
def test_a_trained_codec_compresses(tmp_path: Path) -> None:
    small = "code_channels=8", "width=4", "synthesis_width=4", "side_channels=2", "batch_size=4"
    settings = [part for each in small for part in ("--set", each)]
    run = tmp_path / "run"
    answer = copyist(
        "train", "image-codec", "--data", "digits?size=16&limit=100", "--steps", 3, "--out", run, *settings
    )
    assert answer.code == 0, answer.stderr
    Image.fromarray(smooth(30, 50)[:, :, 0]).save(tmp_path / "a.png")
    arguments = ("--model", run, "--out", tmp_path / "z", "--json")
    assert copyist("compress", tmp_path / "a.png", *arguments).result["quality"] == 5
    assert copyist("decompress", tmp_path / "z", "--model", run, "--out", tmp_path / "out").code == 0
    assert shown(tmp_path / "out" / "a.png").shape == (30, 50)


def test_what_cannot_be_compressed_is_refused_in_a_sentence(model: Path, tmp_path: Path) -> None:
    moving, deep, plain = (tmp_path / name for name in ("a.gif", "a.tif", "a.png"))
    frames = [Image.fromarray(smooth(8, 8) // each) for each in (1, 2)]
    frames[0].save(moving, save_all=True, append_images=frames[1:])
    Image.fromarray(np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)).save(deep)
    Image.fromarray(smooth(8, 8)).save(plain)
    out = tmp_path / "z"

    def refusal(*arguments: object) -> str:
        sentence = copyist("compress", *arguments, "--out", out).sentence
        assert not out.exists()
        return sentence

    assert "one of 2 pictures" in refusal(moving, "--model", model)
    assert "8 or 16 bits per value" in refusal(deep, "--model", model)
    assert "at most 3 for this model, got 4" in refusal(plain, "--model", model, "--quality", 4)
    assert "at least 1, got 0" in refusal(plain, "--model", model, "--quality", 0)
    assert "there is no model at nothing" in refusal(plain, "--model", "nothing")
    out.mkdir()
    (out / "a.cpz").write_bytes(b"mine")
    assert "exists already" in copyist("compress", plain, "--model", model, "--out", out).sentence
    assert inside(out) == {"a.cpz": b"mine"}
    for name in ("b.png", "b.cpz"):
        assert "must name a folder" in copyist("compress", plain, "--model", model, "--out", tmp_path / name).sentence
    file = tmp_path / "file"
    file.write_bytes(b"mine")
    for command in ("compress", "decompress"):
        sentence = copyist(command, plain, "--model", model, "--out", file, "--force").sentence
        assert sentence == f"{file} is a file, and results need a folder; choose another place"
    assert file.read_bytes() == b"mine"


def test_a_model_without_an_entropy_model_is_refused(trained: Callable[[str], Path], tmp_path: Path) -> None:
    Image.fromarray(smooth(8, 8)).save(tmp_path / "a.png")
    sentence = copyist("compress", tmp_path / "a.png", "--model", trained("gray"), "--out", tmp_path / "z").sentence
    assert "needs a model with an entropy model for its code" in sentence


def test_what_cannot_be_decompressed_is_refused_by_its_name(model: Path, tmp_path: Path) -> None:
    Image.fromarray(smooth(8, 8)).save(tmp_path / "a.png")
    copyist("compress", tmp_path / "a.png", "--model", model, "--out", tmp_path / "z")
    file = tmp_path / "z" / "a.cpz"
    fingerprint = file.read_bytes()[5:13].hex()
    sentence = copyist("decompress", file, "--out", tmp_path / "out").sentence
    assert sentence.startswith(f"a.cpz cannot be decompressed: it was written by the model {fingerprint}")
    assert "no compressed image" in copyist("decompress", tmp_path / "a.png", "--out", tmp_path / "out").sentence
    endless = copyist("decompress", "/dev/zero", "--out", tmp_path / "out").sentence
    assert endless.startswith("zero cannot be decompressed: it is no compressed image")
    file.write_bytes(file.read_bytes()[:-1])
    sentence = copyist("decompress", tmp_path / "z", "--model", model, "--out", tmp_path / "out").sentence
    assert "a.cpz (it is truncated" in sentence
    assert not (tmp_path / "out").exists()
    assert "there is no file or folder" in copyist("decompress", tmp_path / "x.cpz", "--out", tmp_path / "o").sentence
    assert "must hold compressed files" in copyist("decompress", model.parent, "--out", tmp_path / "o").sentence
