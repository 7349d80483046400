"""Bad input: one sentence on stderr that says what is wrong and what to do, exit code 1, and nothing half-written."""

import io
import json
import pickle
import re
import resource
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from copyist.checkpoint import read_tensors, write_tensors

from .conftest import Answer, Trained, copyist, inside, noise, shown

Pictures = Callable[..., Path]
TRAINS = ("--steps", 1, "--set", "width=2", "--set", "levels=2", "--set", "batch_size=4")


@pytest.fixture
def refused(tmp_path: Path) -> Callable[..., str]:
    """Why a command is refused, which leaves everything as it was."""

    def run(*line: object) -> str:
        before = inside(tmp_path)
        answer: Answer = copyist(*line)
        assert "Traceback" not in answer.stderr
        assert inside(tmp_path) == before
        return answer.sentence

    return run


Refused = Callable[..., str]


def test_a_folder_without_images(trained: Trained, refused: Refused, tmp_path: Path) -> None:
    folder, out = tmp_path / "none", tmp_path / "out"
    folder.mkdir()
    (folder / "notes.txt").write_text("no image")
    assert refused("denoise", trained("gray"), folder, "--out", out) == (
        f"{folder} must hold images or .npy arrays, and there is none; check the folder"
    )
    assert "must hold images" in refused("train", "unet", "--data", folder, "--out", out)


def truncated(folder: Path) -> None:
    with io.BytesIO() as file:
        Image.fromarray(noise((64, 64))).save(file, "JPEG")
        (folder / "broken.jpg").write_bytes(file.getvalue()[:900])


def test_a_truncated_file_among_many_is_named_counted_and_left_out(
    trained: Trained, pictures: Pictures, refused: Refused, tmp_path: Path
) -> None:
    folder = pictures(99)
    truncated(folder)
    answer = copyist("denoise", trained("gray"), folder, "--out", tmp_path / "out")
    assert answer.code == 0
    assert "left out 1 of 100 pictures that cannot be read: broken.jpg (truncated)" in answer.stderr
    assert len(inside(tmp_path / "out")) == 99
    answer = copyist("train", "unet", "--data", f"{folder}?size=16", "--out", tmp_path / "run", *TRAINS)
    assert answer.code == 0
    assert "left out 1 of 100 files that cannot be read: broken.jpg (truncated)" in answer.stderr
    (folder / "text.png").write_text("a text")
    wanted = "got 2 of 101: broken.jpg (truncated), text.png (not an image); remove or repair them"
    assert refused("denoise", trained("gray"), folder, "--out", tmp_path / "o") == (
        f"at most 1 % of the pictures may be unreadable, {wanted}"
    )
    assert wanted in refused("train", "unet", "--data", f"{folder}?size=16", "--out", tmp_path / "o", *TRAINS)


def bomb(file: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    content = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + content)


def test_a_file_that_is_no_image_or_claims_to_be_huge(trained: Trained, refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("a text")
    (tmp_path / "nothing.png").touch()
    truncated(tmp_path)
    bomb(tmp_path / "bomb.png")
    reasons = {
        "text.png": "not an image",
        "nothing.png": "empty",
        "broken.jpg": "truncated",
        "bomb.png": "more pixels than any real image",
    }
    for name, reason in reasons.items():
        sentence = refused("reconstruct", trained("gray"), tmp_path / name, "--out", tmp_path / "out")
        assert sentence == f"{name} cannot be read ({reason}); check the file"


def test_images_too_small_for_the_levels(
    trained: Trained, pictures: Pictures, refused: Refused, tmp_path: Path
) -> None:
    folder = pictures(20, (3, 2))
    remedy = (
        "image sides must be at least 4 for 2 levels, got 3x2; enlarge the images (?size=4), "
        "or build the model with fewer levels (--set levels=1)"
    )
    sentence = refused("denoise", trained("gray"), folder, "--out", tmp_path / "out")
    assert sentence == f"000.png cannot be taken: {remedy}"
    assert refused("encode", trained("gray"), folder, "--out", tmp_path / "z.npz") == sentence
    assert refused("train", "unet", "--data", folder, "--out", tmp_path / "run", *TRAINS) == remedy


@pytest.mark.parametrize(
    ("name", "mode", "notice"),
    [
        ("cmyk.jpg", "CMYK", "note: cmyk.jpg: its CMYK colors become sRGB\n"),
        ("palette.png", "P", "note: palette.png: its palette becomes full colors\n"),
        ("alpha.png", "RGBA", ""),
    ],
)
def test_other_colors_work_and_a_note_says_what_is_converted(
    name: str, mode: str, notice: str, trained: Trained, refused: Refused, tmp_path: Path
) -> None:
    rgb = Image.fromarray(noise((16, 18, 3)))
    image = rgb.quantize(16) if mode == "P" else rgb.convert(mode)
    image.save(tmp_path / name)
    answer = copyist("denoise", trained("color"), tmp_path / name, "--out", tmp_path / "out")
    assert answer.code == 0
    assert "".join(line for line in answer.stderr.splitlines(keepends=True) if "batch" not in line) == notice
    sentence = refused("denoise", trained("gray"), tmp_path / name, "--out", tmp_path / "o")
    assert sentence == f"{name} must have 1 channel for this model, got 3; add ?channels=1 to the input to turn it gray"
    assert copyist("denoise", trained("gray"), f"{tmp_path / name}?channels=1", "--out", tmp_path / "o").code == 0


def test_sixteen_bits_and_gray_for_a_color_model_work(trained: Trained, tmp_path: Path) -> None:
    Image.fromarray(np.random.default_rng(0).integers(0, 65536, (16, 18), dtype=np.uint16)).save(tmp_path / "w.png")
    answer = copyist("denoise", trained("color"), tmp_path / "w.png", "--out", tmp_path / "out")
    assert answer.code == 0
    assert "w.png: gray is given to the model as color, and written back as the mean of its channels" in answer.stderr
    assert shown(tmp_path / "out/w.png").dtype == np.uint16
    # What is no file of its own is not written back as gray.
    coded = copyist("encode", trained("color"), tmp_path / "w.png", "--out", tmp_path / "z.npz").stderr
    assert "w.png: gray is given to the model as color\n" in coded


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.array([[[0.5] * 8] * 8, [[0.5] * 8] * 7 + [[np.nan] * 8]], np.float32), "NaN or infinity in image 1"),
        (np.full((8, 8), 1e300), "NaN or infinity in image 0"),
        (np.zeros((8, 8), np.int64), "values of type int64, which must be uint8, uint16, bool or float"),
        (np.zeros((0, 8, 8), np.uint8), "no image in it: its shape is (0, 8, 8)"),
    ],
)
def test_arrays_that_hold_no_images(
    array: np.ndarray, reason: str, trained: Trained, refused: Refused, tmp_path: Path
) -> None:
    np.save(tmp_path / "x.npy", array)
    sentence = refused("denoise", trained("mlp"), tmp_path / "x.npy", "--out", tmp_path / "out")
    assert sentence == f"x.npy cannot be read ({reason}); check the file"


def test_arrays_that_cannot_be_trained_on(refused: Refused, tmp_path: Path) -> None:
    file, line = tmp_path / "x.npy", ("train", "unet", "--out", tmp_path / "run", *TRAINS, "--data")
    np.save(file, np.array([[[0.5] * 8] * 8] * 20 + [[[np.nan] * 8] * 8], np.float32))
    assert refused(*line, file) == f"{file} must hold finite values, got nan in image 20; replace or drop it"
    np.save(file, np.zeros((0, 8, 8), np.uint8))
    assert refused(*line, file) == f"{file} must hold at least one image, got an array of shape (0, 1, 8, 8)"
    np.save(file, np.array([{}], dtype=object), allow_pickle=True)
    assert refused(*line, file) == f"{file} holds Python objects, which are never loaded; save plain numbers"
    file.write_text("no array")
    assert refused(*line, file) == f"{file} must be a NumPy file, and is not, or is damaged"


def test_an_array_that_is_refused_is_named_once(trained: Trained, refused: Refused, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((2, 5, 16, 16), np.float32))
    assert refused("denoise", trained("mlp"), tmp_path / "x.npy", "--out", tmp_path / "out") == (
        "x.npy#0 must have 1 channel for this model, got 5; take other images, or a model trained on such as these"
    )
    (tmp_path / "y.npy").write_text("no array")
    sentence = refused("denoise", trained("mlp"), tmp_path / "y.npy", "--out", tmp_path / "out")
    assert sentence == f"{tmp_path / 'y.npy'} must be a NumPy file, and is not, or is damaged"


def test_too_few_images_for_both_splits(pictures: Pictures, refused: Refused, tmp_path: Path) -> None:
    sentence = refused("train", "unet", "--data", pictures(1), "--out", tmp_path / "run", *TRAINS)
    assert "must have images to train and to test on, got " in sentence
    assert sentence.endswith("; add images, of which a tenth is held out, or part them into folders train and test")


@pytest.mark.parametrize(
    ("name", "damage", "wanted"),
    [
        ("truncated", lambda data: data[: len(data) // 2], "is truncated or damaged, or no safetensors file"),
        ("empty", lambda data: b"", "is truncated or damaged, or no safetensors file"),
        ("flipped", lambda data: flip(data, data.index(b"batch_size")), "is damaged: its header is not the one"),
        ("weights", lambda data: flip(data, len(data) - 20), "is damaged: its weights are not those"),
    ],
)
def test_a_damaged_model_file(
    name: str,
    damage: Callable[[bytes], bytes],
    wanted: str,
    trained: Trained,
    pictures: Pictures,
    refused: Refused,
    tmp_path: Path,
) -> None:
    file = tmp_path / f"{name}.safetensors"
    file.write_bytes(damage((trained("gray") / "model.safetensors").read_bytes()))
    for line in (("denoise", file, pictures(1), "--out", tmp_path / "out"), ("info", file)):
        sentence = refused(*line)
        assert sentence.startswith(f"{file} {wanted}")
        assert sentence.endswith("; use another copy")


def flip(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def test_a_pickle_as_model_is_never_opened(pictures: Pictures, refused: Refused, tmp_path: Path) -> None:
    folder, weights = pictures(1), {"a": torch.zeros(2)}
    torch.save(weights, tmp_path / "new.pt")
    torch.save(weights, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    (tmp_path / "plain.pkl").write_bytes(pickle.dumps({"a": 1}))
    for name in ("new.pt", "old.pt", "plain.pkl"):
        file = tmp_path / name
        assert refused("denoise", file, folder, "--out", tmp_path / "out") == (
            f"{file} is a pickle, and reading one can run any code; save the weights as safetensors instead"
        )


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        (
            {"format_version": 3, "package_version": "9.1"},
            "has format version 3, written by copyist 9.1, and this copyist reads up to 2; upgrade copyist",
        ),
        ({"model": {"kind": "unett"}}, "cannot be rebuilt: there is no model 'unett'; did you mean 'unet'?"),
        ({"batch_size": 0}, "must have a batch size of at least 1, got 0"),
        (
            {"data": {"image_shape": [1, 2]}},
            "must have an image shape of three whole numbers, got [1, 2]",
        ),
        (
            {"model": {"kind": "my.package:Net"}},
            "holds a model of the class my.package:Net; add --class-of my.package:Net, which runs that package's code",
        ),
        ({"recipe": None}, "is no model file: its header has no valid 'recipe'; train the model again"),
    ],
)
def test_a_model_file_that_this_copyist_cannot_take(
    changes: dict[str, Any], wanted: str, trained: Trained, pictures: Pictures, refused: Refused, tmp_path: Path
) -> None:
    document, tensors = read_tensors(trained("gray") / "model.safetensors")
    file = tmp_path / "changed.safetensors"
    write_tensors(file, tensors, document | changes)
    assert refused("denoise", file, pictures(1), "--out", tmp_path / "out") == f"{file} {wanted}"


def test_a_model_file_of_others_and_none_at_all(
    trained: Trained, pictures: Pictures, refused: Refused, tmp_path: Path
) -> None:
    folder, out = pictures(1), ("--out", tmp_path / "out")
    save_file({"a": torch.zeros(2)}, tmp_path / "foreign.safetensors")
    sentence = refused("denoise", tmp_path / "foreign.safetensors", folder, *out)
    assert sentence.endswith(
        "was not written by copyist: its header does not describe a model; give a file that copyist trained"
    )
    for place in (tmp_path / "nowhere", folder):
        sentence = refused("denoise", place, folder, *out)
        assert sentence == f"there is no model at {place}; give a .safetensors file, or the folder of a finished run"
    sentence = refused("denoise", trained("gray"), folder, *out, "--class-of", "a:B")
    assert sentence.endswith("holds a unet, which needs no --class-of; leave it out")


def test_a_size_the_model_does_not_take(trained: Trained, pictures: Pictures, refused: Refused, tmp_path: Path) -> None:
    sentence = refused("denoise", trained("mlp"), pictures(1, (8, 9)), "--out", tmp_path / "out")
    assert sentence.startswith(
        "000.png cannot be taken: the model takes images of shape (1, 8, 8) only, got (1, 8, 9); "
    )
    sentence = refused("sample", trained("gray"), "--size", "33", "--out", tmp_path / "s.png")
    assert sentence == "sides of samples must be multiples of 2, got 33x33; try --size 34x34"


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (["unett"], "there is no recipe 'unett'; did you mean 'unet'?"),
        (["unet", "--data", "photoz"], "there is no source, file or folder 'photoz'; did you mean 'photos'?"),
        (["unet", "--data", "photos?sise=3"], "there is no source option 'sise'; did you mean 'size'?"),
        (
            ["unet", "--data", "digits?fit=corp"],
            "fit= must be one of crop, resize, pad, tile, got 'corp'; did you mean 'crop'?",
        ),
        (["unet", "--set", "widht=3"], "there is no setting 'widht'; did you mean 'width'?"),
        (["unet", "--set", "model.widht=3"], "there is no setting 'model.widht'; "),
        (["unet", "--set", "width"], "a setting must be written name=value, got 'width'; write --set width=32"),
        (["unet", "--set", "width=many"], "model.width must be a whole number, got 'many'"),
        (["unet", "--steps", "0"], "steps must be at least 1, got 0"),
        (["unet", "--steps", "-3"], "steps must be at least 1, got -3"),
        (["unet", "--data", "digits?size=16", "--resume"], "there is no run to resume in "),
        (["unet", "--data", "no/such/folder"], "there is no file or folder no/such/folder; "),
        (
            ["unet", "--data", ""],
            "a source must name a file, a folder or embedded data, got nothing before the options",
        ),
    ],
)
def test_training_that_cannot_begin(line: list[str], wanted: str, refused: Refused, tmp_path: Path) -> None:
    assert refused("train", *line, "--out", tmp_path / "run").startswith(wanted)


def test_a_run_is_not_written_over_nor_into_a_file(trained: Trained, refused: Refused, tmp_path: Path) -> None:
    line = ("train", "unet", "--data", "digits?size=16&limit=40", *TRAINS, "--out")
    run = trained("gray")
    assert refused(*line, run) == f"{run} holds a run already; add --resume to go on with it, or --force to replace it"
    (tmp_path / "file").write_text("in the way")
    assert refused(*line, tmp_path / "file/run") == (
        f"{tmp_path / 'file/run'} cannot be written, because {tmp_path / 'file'} is a file; choose another place"
    )


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (["denoise", "MODEL", "IN", "--passes", "0", "--out", "o"], "passes must be at least 1, got 0"),
        (["denoise", "MODEL", "IN", "--batch", "0", "--out", "o"], "batch must be at least 1, got 0"),
        (["denoise", "MODEL", "IN", "--device", "nonsense", "--out", "o"], "there is no device 'nonsense'; there are "),
        (
            ["denoise", "MODEL", "IN", "--device", "meta", "--out", "o"],
            "device 'meta' cannot be used on this machine; ",
        ),
        (["denoise", "MODEL", "IN", "IN", "--out", "o"], "two inputs would be written to 000.png; rename one, or "),
        (["denoise", "MODEL", "absent.png", "--out", "o"], "there is no file or folder absent.png; check the path"),
        (
            ["denoise", "MODEL", "IN", "--out", "o.png"],
            "--out must name a folder, in which files keep their names, got ",
        ),
        (["encode", "MODEL", "IN", "--out", "codes"], "codes are written as .npz, got "),
        (["walk", "MODEL", "IN", "--noise", "nan", "--out", "w.gif"], "noise must be at least 0, got nan"),
        (["walk", "MODEL", "IN", "--count", "0", "--out", "w.gif"], "count must be at least 1, got 0"),
        (["walk", "MODEL", "IN", "--steps", "0", "--out", "w.gif"], "steps must be at least 1, got 0"),
        (["walk", "MODEL", "IN", "--out", "w.txt"], "a video's name must end in .mp4, .gif, .webp or .png, "),
        (["sample", "MODEL", "--count", "0", "--out", "s.png"], "count must be at least 1, got 0"),
        (["sample", "MODEL", "--steps", "0", "--out", "s.png"], "--steps must be at least 1, got 0"),
        (["sample", "MODEL", "--set", "steps=0", "--out", "s.png"], "steps must be at least 1, got 0"),
        (
            ["sample", "MODEL", "--method", "gaussian-codes", "--steps", "-1", "--out", "s.png"],
            "--steps must be at least 0, got -1",
        ),
        (["sample", "MODEL", "--noise-mean", "nan", "--out", "s.png"], "--noise-mean must be a number, got nan"),
        (["sample", "MODEL", "--noise-std", "nan", "--out", "s.png"], "--noise-std must be a number, got nan"),
        (["sample", "MODEL", "--grow", "64", "--grow-steps", "0", "--out", "s.png"], "--grow-steps must be at least 1"),
        (["sample", "MODEL", "--grow-steps", "3", "--out", "s.png"], "--grow-steps must come with sizes to grow to, "),
        (["sample", "MODEL", "--grow", "abc", "--out", "s.png"], "--grow must be a whole number greater than 0 like "),
        (["sample", "MODEL", "--grow", "16", "--out", "s.png"], "each size to grow to must be larger than the one "),
        (["sample", "MODEL", "--grow", "33", "--out", "s.png"], "sides of samples must be multiples of 2, got 33x33"),
        (["sample", "MODEL", "--schedule", "cosin", "--out", "s.png"], "there is no schedule 'cosin'; did you mean "),
        (["psnr", "MODEL", "IN", "--sigma", "0"], "sigma must be greater than 0, got 0.0"),
        (["psnr", "MODEL", "IN", "--sigma", "-1/255"], "sigma must be greater than 0, got -0.0039"),
        (
            ["psnr", "MODEL", "IN", "--sigma", "25"],
            "--sigma is in units of pixel value, got 25; write 25/255",
        ),
        (
            ["psnr", "MODEL", "IN", "--sigma", "300/255"],
            "--sigma is in units of pixel value, got 300/255; images have values in [0, 1]",
        ),
        (
            ["psnr", "MODEL", "IN", "--sigma", "low"],
            "--sigma must be a number like 0.1, or a fraction like 25/255, got ",
        ),
        (
            ["psnr", "MODEL", "IN", "--sigma", "1/0"],
            "--sigma must be a number like 0.1, or a fraction like 25/255, got ",
        ),
        (["sample", "MODEL", "--method", "prior", "--out", "s.png"], "sample needs a model's likelihood, and UNet "),
        (
            ["sample", "MODEL", "--method", "prior", "--steps", "3", "--out", "s.png"],
            "there is no setting 'steps' of prior; there are with_noise",
        ),
        (["sample", "MODEL", "--method", "langevn", "--out", "s.png"], "there is no method 'langevn'; did you mean "),
        (
            ["sample", "MODEL", "--method", "langevin", "--grow", "32", "--out", "s.png"],
            "there is no setting 'grow' of langevin; there are last_sigma, levels, mean, rate, sigma, steps",
        ),
        (
            ["sample", "MODEL", "--method", "implicit-prior", "--noise-std", "0", "--out", "s.png"],
            "there is no setting 'std' of implicit-prior; did you mean 'steps'?",
        ),
        (["sample", "MODEL", "--set", "meen=1", "--out", "s.png"], "there is no setting 'meen' of no-diffusion; did "),
        (["sample", "MODEL", "--set", "std", "--out", "s.png"], "a setting must be written name=value, got 'std'"),
        (
            ["sample", "MODEL", "--method", "langevin", "--set", "sigma=0", "--out", "s.png"],
            "sigma must be greater than 0, got 0",
        ),
        (
            ["sample", "MODEL", "--method", "implicit-prior", "--set", "levels=3", "--out", "s.png"],
            "there is no setting 'levels' of implicit-prior; ",
        ),
        (["sample", "MODEL", "--out", "s.bmp"], "samples are written as .png, .npy, .mp4, .gif, .webp or a folder, "),
        (["corrupt", "IN", "--alpha", "2", "--out", "o"], "alpha must lie in [0, 1], got 2.0"),
        (["corrupt", "IN", "--alpha", "0.3", "--mean", "inf", "--out", "o"], "mean must be a finite number, got inf"),
        (["corrupt", "IN", "--out", "o"], "blend must be given alpha; add --alpha, such as --alpha 0.3"),
        (
            ["corrupt", "IN", "--with", "blur", "--share", "1", "--out", "o"],
            "blur has no setting 'share'; it has sigma",
        ),
        (["corrupt", "IN", "--with", "blen", "--out", "o"], "there is no corruption 'blen'; did you mean 'blend'?"),
        (["evaluate", "MODEL", "MODEL", "--data", "digits"], "models side by side must be different ones, got "),
        (
            ["evaluate", "MODEL", "--data", "digits?split=all", "--fit-on", "digits"],
            "baselines must learn from other images than those that are measured, got none in digits that digits?split",
        ),
        (["evaluate", "MODEL", "--images", "0", "--data", "digits"], "images must be at least 1, got 0"),
    ],
)
def test_a_command_that_cannot_be_done(
    line: list[str], wanted: str, trained: Trained, pictures: Pictures, refused: Refused, tmp_path: Path
) -> None:
    stands_for = {"MODEL": trained("gray"), "IN": pictures(1)}
    arguments = [tmp_path / each if before == "--out" else stands_for.get(each, each) for before, each in pairs(line)]
    assert refused(*arguments).startswith(wanted)


def pairs(line: list[str]) -> list[tuple[str, str]]:
    return list(zip(["", *line[:-1]], line, strict=True))


@pytest.mark.parametrize("verb", ["encode", "walk"])
def test_a_model_with_skips_has_no_code(
    verb: str, trained: Trained, pictures: Pictures, refused: Refused, tmp_path: Path
) -> None:
    out = tmp_path / {"encode": "z.npz", "walk": "w.gif"}[verb]
    sentence = refused(verb, trained("skips"), pictures(1), "--out", out)
    reason = f"{verb} works in a model's code, and UNetSkips has none; "
    assert sentence == f"{reason}take a model with a code, such as a U-Net without skips"


def test_pictures_of_several_sizes_have_no_common_code(
    trained: Trained, pictures: Pictures, refused: Refused, tmp_path: Path
) -> None:
    pictures(1, (16, 18), place="in/deeper")
    sentence = refused("encode", trained("gray"), pictures(1), "--out", tmp_path / "z.npz")
    assert sentence == (
        "all images must have one size, got 16x16 (000.png) and 16x18 (deeper/000.png); "
        "add ?size=16x16 to a folder to bring them to one"
    )


def test_a_film_without_its_extra_names_what_to_install(
    trained: Trained, pictures: Pictures, refused: Refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    sentence = refused("walk", trained("gray"), pictures(1), "--steps", 1, "--out", tmp_path / "w.mp4")
    assert sentence == "writing an .mp4 needs av, which is not installed; pip install 'copyist[video]'"


def test_nothing_is_written_when_one_of_many_cannot_be(
    trained: Trained, pictures: Pictures, refused: Refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = pictures(3)
    import copyist.files.picture as module

    written, whole = [], module.write_bytes

    def full(path: Path, data: bytes) -> None:
        if len(written) == 2:
            raise OSError(28, "No space left on device", str(path))
        written.append(path)
        whole(path, data)

    monkeypatch.setattr(module, "write_bytes", full)
    sentence = refused("denoise", trained("gray"), folder, "--out", tmp_path / "out")
    assert sentence == f"{tmp_path / 'out'} could not be written (no space left on device); choose another place"
    assert len(written) == 2
    assert not (tmp_path / "out").exists()


def test_an_archive_whose_names_lead_out_of_it(
    trained: Trained, pictures: Pictures, refused: Refused, tmp_path: Path
) -> None:
    data = (pictures(1) / "000.png").read_bytes()
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr("../evil.png", data)
    sentence = refused("denoise", trained("gray"), tmp_path / "evil.zip", "--out", tmp_path / "out")
    assert sentence == "the name '../evil.png' leads out of its folder; rename it"
    with zipfile.ZipFile(tmp_path / "good.zip", "w") as archive:
        archive.writestr("a/b/c.png", data)
    assert copyist("denoise", trained("gray"), tmp_path / "good.zip", "--out", tmp_path / "out").code == 0
    assert list(inside(tmp_path / "out")) == ["a/b/c.png"]


def test_names_in_any_script_and_in_no_encoding(trained: Trained, pictures: Pictures, tmp_path: Path) -> None:
    data = (pictures(1) / "000.png").read_bytes()
    folder = tmp_path / "Über ß"
    folder.mkdir()
    names = ["日本 語.png", "\udcff.png"]
    for name in names:
        (folder / name).write_bytes(data)
    answer = copyist("denoise", trained("gray"), folder, "--out", tmp_path / "öut", "--json")
    assert sorted(Path(file).name for file in answer.result["files"]) == sorted(names)
    assert answer.stdout.isascii()
    assert json.loads(answer.stdout)["out"] == str(tmp_path / "öut")


def test_a_link_to_nowhere_says_so_in_words(
    trained: Trained, pictures: Pictures, refused: Refused, tmp_path: Path
) -> None:
    folder = pictures(1)
    (folder / "link.png").symlink_to("nowhere.png")
    sentence = refused("denoise", trained("gray"), folder, "--out", tmp_path / "out")
    assert "got 1 of 2: link.png (no such file or directory); remove or repair them" in sentence


COPIES = "{} needs a model that copies, and ConvClassifier does not; take a model trained to copy"
CODES = (
    "{} works in a model's code, and ConvClassifier has none; take a model with a code, such as a U-Net without skips"
)


@pytest.mark.parametrize(
    ("verb", "options", "out", "sentence"),
    [
        ("reconstruct", ["{in}"], "out", COPIES),
        ("denoise", ["{in}"], "out", COPIES),
        ("sample", ["--count", 2, "--steps", 2], "out.png", COPIES),
        ("encode", ["{in}"], "out.npz", CODES),
        ("walk", ["{in}", "--steps", 2], "out.gif", CODES),
    ],
)
def test_a_classifier_is_asked_for_copies_or_codes(
    verb: str,
    options: list[Any],
    out: str,
    sentence: str,
    trained: Trained,
    pictures: Pictures,
    refused: Refused,
    tmp_path: Path,
) -> None:
    folder = pictures(2, (8, 8))
    line = [folder if option == "{in}" else option for option in options]
    assert refused(verb, trained("names"), *line, "--out", tmp_path / out) == sentence.format(verb)


def test_a_classifier_is_trained_on_images_without_labels(refused: Refused, pictures: Pictures, tmp_path: Path) -> None:
    folder = pictures(20, (8, 8))
    assert refused("train", "conv-classifier", "--data", folder, "--out", tmp_path / "run") == (
        f"{folder} must have labels to be learned, and has none; take digits, faces or scenes, an .npz "
        "with y beside x, one folder per class, or a table with ?label="
    )


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        (["data", "show", "digits?size=100000"], "take smaller ones (?size=64)"),
        (["data", "show", "scenes?size=100000"], "take smaller ones (?size=64) or fewer (?limit=100)"),
        (["data", "show", "blobs?size=100000"], "take smaller ones (?size=64) or fewer (?limit=100)"),
        (
            ["sample", "MODEL", "--count", "10000000000", "--out", "s.png"],
            "take fewer (--count 64) or smaller ones (--size 64)",
        ),
        (
            ["sample", "MODEL", "--size", "1000000", "--out", "s.png"],
            "take fewer (--count 64) or smaller ones (--size 64)",
        ),
        (
            ["sample", "MODEL", "--count", "2000", "--steps", "1000000", "--out", "s.gif"],
            "take fewer samples (--count 16) or steps (--steps 30)",
        ),
        (
            ["walk", "MODEL", "IN", "--steps", "10000000000", "--out", "w.gif"],
            "take fewer steps (--steps 100), or fewer or smaller images",
        ),
        (
            ["walk", "MODEL", "IN", "--to", "IN", "--steps", "10000000000", "--out", "w.mp4"],
            "take fewer steps (--steps 100), or fewer or smaller images",
        ),
        (
            ["train", "unet", "--data", "digits?size=16", "--out", "r", "--set", "width=100000"],
            "build a smaller model (--set width=64)",
        ),
        (
            ["train", "unet", "--data", "digits?size=16", "--out", "r", "--set", "batch_size=1000000000"],
            "take smaller ones (--set batch_size=64)",
        ),
    ],
)
def test_what_cannot_fit_into_memory_is_refused_before_it_takes_any(
    line: list[str],
    remedy: str,
    trained: Trained,
    pictures: Pictures,
    refused: Refused,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = str(pictures(2))
    before = inside(tmp_path)
    taken = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sentence = refused(*[{"MODEL": str(trained("gray")), "IN": folder}.get(word, word) for word in line])
    assert re.search(r" must fit into memory, which has [\d.]+ GB left, got about [\d.,]+ [GT]B; ", sentence)
    assert sentence.endswith(f"; {remedy}")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - taken < 300_000
    assert inside(tmp_path) == before


@pytest.mark.parametrize("line", [("claims", "train", "--models", ""), ("train", "unet", "--out", "")])
def test_a_path_that_is_empty_as_an_unset_variable_is_wrong_usage(line: tuple[str, ...], tmp_path: Path) -> None:
    before = inside(tmp_path)
    answer = copyist(*line)
    assert answer.code == 2
    assert answer.stderr.splitlines()[-1].endswith("a path must not be empty; write . for the folder you are in")
    assert inside(tmp_path) == before
