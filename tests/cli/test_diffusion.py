"""Diffusion models on the command line: what they sample, and what every other verb makes of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import copyist as library
from copyist.procedures import Method, sample_steps
from copyist.procedures.diffusion import Ancestral, Conditions, DPMSolver, Heun
from copyist.randomness import generator

from .conftest import BATCH, Trained, copyist, inside, noise, shown


@pytest.fixture
def digit(tmp_path: Path) -> Path:
    file = tmp_path / "digit.png"
    Image.fromarray(noise((8, 8))).save(file)
    return file


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    file = tmp_path / "mask.png"
    values = np.zeros((8, 8), np.uint8)
    values[:, 5:] = 255
    Image.fromarray(values).save(file)
    return file


def pixels(file: Path) -> torch.Tensor:
    return torch.from_numpy(np.array(shown(file), np.float32) / 255)[None, None]


@pytest.mark.parametrize(
    ("options", "method", "calls"),
    [
        ([], DPMSolver(steps=3), 3),
        (["--method", "heun"], Heun(steps=3), 5),
        (["--method", "ancestral", "--set", "eta=0.5"], Ancestral(steps=3, eta=0.5), 3),
    ],
)
def test_samples_are_the_library_s_however_they_are_written(
    options: list[str], method: Method, calls: int, trained: Trained, tmp_path: Path
) -> None:
    count = BATCH + 3
    line = ["sample", trained("diffusion"), "--count", count, "--steps", 3, "--seed", 1, *options]
    result = copyist(*line, "--out", tmp_path / "s.npy", "--json").result
    assert (result["steps"], result["calls_per_sample"], result["image_shape"]) == (3, calls, [1, 8, 8])
    assert result["seconds_per_sample"] > 0
    model, draws = library.load(trained("diffusion")), generator(1, "sample")
    wanted = library.sample(model, count=count, method=method, generator=draws)
    np.testing.assert_array_equal(np.load(tmp_path / "s.npy"), wanted.numpy())
    assert copyist(*line, "--out", tmp_path / "folder").code == 0
    files = sorted((tmp_path / "folder").iterdir())
    assert [file.name for file in files] == [f"sample-{index:04d}.png" for index in range(count)]
    last = np.round(wanted[-1, 0].clamp(0, 1).numpy() * 255)
    np.testing.assert_array_equal(shown(files[-1])[..., 0], last)
    # In other batches the same, but for the rounding of sums.
    copyist(*line, "--batch", 2, "--out", tmp_path / "pairs.npy")
    np.testing.assert_allclose(np.load(tmp_path / "pairs.npy"), wanted.numpy(), atol=1e-4)


def test_many_samples_take_the_memory_of_a_batch(
    trained: Trained, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: list[int] = []
    model = library.load(trained("diffusion"))
    handle = type(model).forward

    def forward(self: Any, x: torch.Tensor, *rest: Any) -> torch.Tensor:
        seen.append(len(x))
        return handle(self, x, *rest)

    monkeypatch.setattr(type(model), "forward", forward)
    monkeypatch.setattr("copyist.memory.available_memory", lambda: 40_000)
    line = ["sample", trained("diffusion"), "--steps", 1, "--count", 100]
    assert "100 samples of shape (1, 8, 8) must fit into memory" in copyist(*line, "--out", tmp_path / "s.png").sentence
    assert copyist(*line, "--out", tmp_path / "s.npy").code == 0
    assert max(seen) == BATCH
    assert np.load(tmp_path / "s.npy").shape == (100, 1, 8, 8)


def test_a_film_shows_estimates_of_the_clean_images_and_ends_on_the_samples(trained: Trained, tmp_path: Path) -> None:
    line = ["sample", trained("diffusion"), "--count", 2, "--steps", 4]
    copyist(*line, "--out", tmp_path / "f.gif")
    with Image.open(tmp_path / "f.gif") as film:
        assert getattr(film, "n_frames", 1) == 4
    frames = list(sample_steps(library.load(trained("diffusion")), count=2, method=DPMSolver(steps=4)))
    # Of noise of a thousand spreads no frame is noise.
    assert max(float(frame.abs().max()) for frame in frames) < 4


def test_a_film_from_an_image_is_refused_where_its_steps_do_not_fit_into_memory(
    trained: Trained, digit: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    line = ["sample", trained("diffusion"), "--count", 10, "--like", digit]
    sentence = "sampled 10 images in 0 steps by"
    assert sentence in copyist(*line, "--strength", 0, "--out", tmp_path / "s.png").stdout
    monkeypatch.setattr("copyist.memory.available_memory", lambda: 20_000)
    refused = copyist(*line, "--steps", 40, "--out", tmp_path / "f.gif")
    assert "the 20 steps of 10 samples must fit into memory" in refused.sentence


@pytest.mark.parametrize(
    ("options", "conditions", "sentence"),
    [
        (["--class", "7", "--class", "2", "--guidance", "3"], {"classes": (7, 2), "guidance": 3.0}, ", of class 7 and"),
        (["--like", "DIGIT"], {"like": True}, "in 2 steps by dpm-solver, from {digit} with strength 0.5 into "),
        (["--like", "DIGIT", "--strength", "0.3"], {"like": True, "strength": 0.3}, "with strength 0.3 into "),
        (["--like", "DIGIT", "--strength", "0"], {"like": True, "strength": 0.0}, "sampled 3 images in 0 steps by"),
        (["--like", "DIGIT", "--deterministic"], {"like": True, "deterministic": True}, "with strength 0.5 into "),
        (
            ["--like", "DIGIT", "--inpaint", "MASK", "--resample", "2"],
            {"like": True, "visible": True, "times": 2},
            "white of {mask} made anew in {digit} into ",
        ),
    ],
)
def test_conditions_are_the_library_s(
    options: list[str],
    conditions: dict[str, Any],
    sentence: str,
    trained: Trained,
    digit: Path,
    mask: Path,
    tmp_path: Path,
) -> None:
    named = [{"DIGIT": str(digit), "MASK": str(mask)}.get(option, option) for option in options]
    line = ["sample", trained("diffusion"), "--count", 3, "--steps", 4, *named, "--out", tmp_path / "s.npy"]
    text = copyist(*line).stdout
    assert sentence.format(digit=digit, mask=mask) in text
    visible = torch.ones(8, 8, dtype=torch.bool)
    visible[:, 5:] = False
    given: dict[str, Any] = conditions | ({"like": pixels(digit)} if "like" in conditions else {})
    given |= {"visible": visible} if "visible" in conditions else {}
    wanted = library.sample(
        library.load(trained("diffusion")),
        count=3,
        method=DPMSolver(steps=4),
        conditions=Conditions(**given),
        generator=generator(0, "sample"),
    )
    np.testing.assert_array_equal(np.load(tmp_path / "s.npy"), wanted.numpy())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--class", "12"], "the number of a class must lie in [0, 9], got 12; take one of these"),
        (["--class", "-1"], "the number of a class must lie in [0, 9], got -1; take one of these"),
        (["--class", "+10"], "the number of a class must lie in [0, 9], got 10; take one of these"),
        (["--class", "1.5"], "there is no class '1.5'; "),
        (["--class", "²"], "there is no class '²'; "),
        (["--class", "cat"], "there is no class 'cat'; there are 0, 1, 2, 3, 4, 5, 6, 7, 8, 9"),
        (["--guidance", "2"], "guidance must come with a class to guide to, got 2 and none; name one (--class)"),
        (["--strength", "0.5"], "--strength must come with an image, got none; name one (--like IMAGE)"),
        (["--inpaint", "MASK"], "--inpaint must come with an image, got none; name one (--like IMAGE)"),
        (["--like", "DIGIT", "--inpaint", "MASK", "--resample", "0"], "--resample must be at least 1, got 0"),
        (["--resample", "2"], "--resample must come with a mask, got 2 and none; name one (--inpaint MASK)"),
        (["--like", "DIGIT", "--strength", "1.5"], "--strength must lie in [0, 1], got 1.5"),
        (
            ["--like", "DIGIT", "--inpaint", "BLACK"],
            "a mask must keep a part of the image and leave another to be made",
        ),
        (
            ["--like", "DIGIT", "--inpaint", "DIM"],
            "a mask must be white where the image is to be made anew, got at most ",
        ),
        (["--like", "DIGIT", "--inpaint", "SMALL"], "a mask must have the size of the image, 8x8, got 4x6; draw it on"),
        (["--like", "nowhere.png"], "there is no file or folder nowhere.png; check the path"),
        (
            ["--like", "DIGIT", "--deterministic", "--method", "ancestral"],
            "the noise of an image is found by a sampler ",
        ),
        (["--steps", "0"], "--steps must be at least 1, got 0"),
        (["--precision", "half"], "there is no precision 'half'; there are auto, bf16, float32"),
        (["--method", "no-diffusion"], "sample needs a model that copies, and DiffusionUNet does not; take a model"),
        (["--set", "levels=flat"], "levels must be 'straight' or 'exploding' or none, got 'flat'"),
    ],
)
def test_what_cannot_be_sampled_is_refused(
    options: list[str], message: str, trained: Trained, digit: Path, mask: Path, tmp_path: Path
) -> None:
    for name, array in (
        ("BLACK", np.zeros((8, 8), np.uint8)),
        ("DIM", np.ones((8, 8), np.uint8)),
        ("SMALL", np.pad(np.full((2, 3), 255, np.uint8), ((0, 2), (0, 3)))),
    ):
        Image.fromarray(array).save(tmp_path / f"{name}.png")
    places = {"DIGIT": digit, "MASK": mask} | {name: tmp_path / f"{name}.png" for name in ("BLACK", "DIM", "SMALL")}
    before = inside(tmp_path)
    named = [places.get(option, option) for option in options]
    sentence = copyist("sample", trained("diffusion"), "--count", 2, *named, "--out", tmp_path / "s.png").sentence
    assert sentence.startswith(message), sentence
    assert inside(tmp_path) == before


def test_samples_of_another_size_than_the_training_images_are_said_to_be(trained: Trained, tmp_path: Path) -> None:
    Image.fromarray(noise((16, 12))).save(tmp_path / "big.png")
    Image.fromarray(noise((8, 8))).save(tmp_path / "own.png")
    line = ["sample", trained("diffusion"), "--count", 2, "--steps", 2, "--out"]
    for name, options, size in (
        ("like", ["--like", tmp_path / "big.png"], "16x12"),
        ("size", ["--size", "16"], "16x16"),
        ("same", ["--size", "8"], None),
        ("own", ["--like", tmp_path / "own.png"], None),
        ("plain", [], None),
    ):
        answer = copyist(*line, tmp_path / f"{name}.npy", *options)
        said = [each for each in answer.stderr.splitlines() if "training images" in each]
        assert said == ([f"note: samples are {size}, training images were 8x8"] if size else []), name
    assert np.load(tmp_path / "like.npy").shape == (2, 1, 16, 12)


def test_info_says_what_a_diffusion_model_works_on(trained: Trained) -> None:
    assert "works on images 1x8x8 in [0, 1]; center 0.5, spread 0.25\n" in copyist("info", trained("diffusion")).stdout
    assert copyist("info", trained("diffusion"), "--json").result["works_on"]["image_range"] == [0, 1]
    assert copyist("info", trained("gray"), "--json").result["works_on"] is None


def test_a_model_that_copies_is_not_asked_for_a_class(trained: Trained, tmp_path: Path) -> None:
    sentence = copyist("sample", trained("gray"), "--class", 3, "--out", tmp_path / "s.png").sentence
    assert sentence.startswith("classes, images and masks need a sampler of diffusion models, got NoDiffusion; take su")


def test_denoise_and_encode_are_the_library_s(trained: Trained, digit: Path, tmp_path: Path) -> None:
    model, x = library.load(trained("diffusion")), pixels(digit)
    result = copyist(
        "denoise", trained("diffusion"), digit, "--sigma", "51/255", "--out", tmp_path / "d", "--json"
    ).result
    assert result["sigma"] == 0.2
    wanted = library.denoise(model, x, sigma=0.2)[0, 0].clamp(0, 1).numpy()
    np.testing.assert_allclose(shown(tmp_path / "d" / "digit.png") / 255, wanted, atol=0.5 / 255 + 1e-6)
    assert copyist("encode", trained("diffusion"), digit, "--out", tmp_path / "z.npz").code == 0
    np.testing.assert_allclose(np.load(tmp_path / "z.npz")["z"], library.encode(model, x).numpy(), atol=1e-5)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["denoise", "MODEL", "DIGIT", "--out", "OUT"], "denoise needs the noise level, which DiffusionUNet is told, "),
        (["denoise", "MODEL", "DIGIT", "--sigma", "0", "--out", "OUT"], "sigma must be greater than 0, got 0.0"),
        (
            ["denoise", "MODEL", "DIGIT", "--sigma", "25", "--out", "OUT"],
            "--sigma is in units of pixel value, got 25; ",
        ),
        (
            ["reconstruct", "MODEL", "DIGIT", "--out", "OUT"],
            "reconstruct needs a model that copies, and DiffusionUNet ",
        ),
        (["walk", "MODEL", "DIGIT", "--out", "OUT.gif"], "walk works in a model's code, and DiffusionUNet has none; "),
    ],
)
def test_a_verb_of_other_models_is_refused_in_a_sentence(
    line: list[str], message: str, trained: Trained, digit: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    places = {"MODEL": trained("diffusion"), "DIGIT": digit, "OUT": out, "OUT.gif": tmp_path / "out.gif"}
    before = inside(tmp_path)
    assert copyist(*[places.get(word, word) for word in line]).sentence.startswith(message)
    assert inside(tmp_path) == before
