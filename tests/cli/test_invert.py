"""`copyist layers` and `copyist invert`: images that a layer finds alike, or an exit code that says otherwise."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import copyist as library
from copyist.data import read_pictures
from copyist.drawing.grids import rows
from copyist.metrics.distortion import aligned
from copyist.models import UNetConfig
from copyist.randomness import generator
from copyist.settings import dump
from copyist.training import CATALOGUES

from .conftest import BATCH, Trained, copyist, inside, noise, shown

Pictures = Callable[..., Path]


def refused(tmp_path: Path, *line: object) -> str:
    """Why a command is refused, which leaves everything as it was."""
    before = inside(tmp_path)
    sentence = copyist(*line).sentence
    assert inside(tmp_path) == before
    return sentence


@pytest.mark.parametrize("name", ["gray", "skips", "mlp", "names"])
def test_layers_are_those_that_the_library_finds(name: str, trained: Trained) -> None:
    found = library.layers(library.load(trained(name)))
    result = copyist("layers", trained(name), "--json").result
    assert [(each["name"], each["kind"], tuple(each["shape"])) for each in result["layers"]] == [
        (layer.name, layer.kind, layer.shape) for layer in found
    ]
    lines = copyist("layers", trained(name)).stdout.splitlines()
    assert [line.split()[0] for line in lines] == [layer.name for layer in found]
    last = {"gray": "UNet 1 x 16 x 16", "skips": "UNetSkips 1 x 16 x 16", "mlp": "MLP 1 x 8 x 8"}
    assert " ".join(lines[-1].split()) == f"output {last.get(name, 'ConvClassifier 10')}"


@pytest.mark.slow
def test_an_inversion_leaves_images_a_sheet_and_the_certificate_of_the_library(
    trained: Trained, tmp_path: Path
) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for index, picture in enumerate(read_pictures([f"digits?size=16&limit={BATCH}"])):
        values = picture.pixels[0].mul(255).round().byte().numpy()
        Image.fromarray(values).save(folder / f"{index:03d}.bmp")
    answer = copyist("invert", trained("gray"), folder, "--layer", "down.1", "--out", out)
    assert answer.code == 0, answer.stderr
    names = [f"{index:03d}.png" for index in range(BATCH)]
    assert set(inside(out)) == {*names, "sheet.png", "inversion.json"}
    document = json.loads((out / "inversion.json").read_text())
    assert (document["layer"], document["method"], document["converged"]) == ("down.1", "lbfgs", BATCH)
    assert document["batch_size"] == BATCH
    assert 0 < document["steps"] <= 300
    assert f"inverted {BATCH} images at down.1 into {out}" in answer.stdout
    assert f"; {BATCH} of {BATCH} converged: " in answer.stdout
    assert [each["file"] for each in document["images"]] == names

    a = torch.stack([picture.pixels for picture in read_pictures([str(folder)])])
    found = library.invert(library.load(trained("gray")), a, layer="down.1", generator=generator(0, "invert"))
    for index, (name, each) in enumerate(zip(names, document["images"], strict=True)):
        gray = found.x[index, 0].clamp(0, 1).mul(255).round().numpy()
        np.testing.assert_array_equal(shown(out / name), np.repeat(gray[:, :, None], 3, axis=2))
        for measured in ("distance", "yardstick", "input_distance", "aligned_distance"):
            assert each[measured] == float(getattr(found, measured)[index])
        assert each["converged"]
        assert each["distance"] < each["yardstick"]
    sheet = {"image": a, "inverted": found.x, "colors aligned": aligned(found.x, a)}
    np.testing.assert_array_equal(shown(out / "sheet.png"), rows({label: x[:16] for label, x in sheet.items()}))
    # Three rows of eight enlarged images, with their names on the left.
    height, width, _ = shown(out / "sheet.png").shape
    assert (height, width > 8 * 96) == (3 * 96 + 2 * 2, True)


def test_a_classifier_is_inverted_too(trained: Trained, pictures: Pictures, tmp_path: Path) -> None:
    line = (
        "invert",
        trained("names"),
        pictures(3, (8, 8)),
        "--layer",
        "blocks.0.block.layers.0.conv",
        "--out",
        tmp_path / "out",
    )
    result = copyist(*line, "--json").result
    assert result["converged"] == 3
    assert result["batch"] == "each image by itself"
    assert result["out"] == str(tmp_path / "out")


def test_what_has_not_converged_is_written_and_said_and_exits_with_1(
    trained: Trained, pictures: Pictures, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    answer = copyist("invert", trained("mlp"), pictures(5, (8, 8)), "--steps", 1, "--method", "adam", "--out", out)
    assert answer.code == 1
    assert answer.stdout.endswith("; 0 of 5 converged\n")
    assert answer.stderr == (
        "copyist: every inversion must converge to say what output knows, and 5 of 5 did not: 000.png, 001.png, "
        f"002.png, …; the nearest found are in {out}, so raise --steps or --restarts, or try another --method\n"
    )
    document = json.loads((out / "inversion.json").read_text())
    assert not any(each["converged"] for each in document["images"])
    assert all(each["distance"] >= each["yardstick"] for each in document["images"])
    assert len(inside(out)) == 7


def test_a_seed_decides_every_byte(trained: Trained, pictures: Pictures, tmp_path: Path) -> None:
    folder = pictures(3, (8, 8))

    def run(place: str, seed: int) -> dict[str, bytes]:
        line = ("--steps", 3, "--seed", seed, "--out", tmp_path / place)
        assert copyist("invert", trained("mlp"), folder, *line).code in (0, 1)
        return inside(tmp_path / place)

    one, same, other = run("one", 4), run("same", 4), run("other", 5)
    assert one == same
    assert all(one[file] != other[file] for file in one)


def test_rows_of_an_array_keep_their_numbers(trained: Trained, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", noise((2, 8, 8)))
    copyist("invert", trained("mlp"), tmp_path / "x.npy", "--steps", 1, "--out", tmp_path / "out")
    assert set(inside(tmp_path / "out")) == {"x#0.png", "x#1.png", "sheet.png", "inversion.json"}


def test_results_are_replaced_only_with_force(trained: Trained, pictures: Pictures, tmp_path: Path) -> None:
    line = ("invert", trained("mlp"), pictures(1, (8, 8)), "--steps", 1, "--out", tmp_path / "out")
    copyist(*line)
    assert refused(tmp_path, *line).endswith("exists already; choose another place, or add --force to replace it")
    before = inside(tmp_path / "out")
    copyist(*line, "--force", "--seed", 1)
    assert inside(tmp_path / "out") != before


def test_layers_of_a_file_that_names_no_image_shape_are_refused_with_what_to_do(tmp_path: Path) -> None:
    config, file = UNetConfig(channels=1, width=2, levels=2), tmp_path / "own.safetensors"
    header = library.checkpoint.Header(model=dump(config, CATALOGUES), batch_size=4)
    library.save(file, config.build(), header)
    assert copyist("layers", file).sentence == (
        f"{file} must name the shape of its images for its layers to be listed, and names none; "
        "train the model again with 'copyist train', or give images to copyist.layers in Python"
    )
    found = library.layers(library.load(file), torch.rand(1, 1, 8, 8))
    assert (found[-1].name, found[-1].shape) == ("output", (1, 8, 8))


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (["--layer", "decodr.0"], "there is no layer 'decodr.0'; did you mean 'decoder.0'?"),
        (["--method", "lbgfs"], "there is no method 'lbgfs'; did you mean 'lbfgs'?"),
        (["--start", "gray"], "there is no start 'gray'; there are "),
        (["--steps", "0"], "steps must be at least 1, got 0"),
        (["--restarts", "0"], "restarts must be at least 1, got 0"),
        (["--start", "constant", "--restarts", "2"], "restarts must be 1 from a start that is always the same, got 2"),
        (["--tolerance", "nan"], "tolerance must be greater than 0, got nan"),
        (["--batch", "0"], "batch must be at least 1, got 0"),
    ],
)
def test_an_inversion_that_cannot_be_done(
    line: list[str], wanted: str, trained: Trained, pictures: Pictures, tmp_path: Path
) -> None:
    folder, out = pictures(1, (8, 8)), tmp_path / "out"
    assert refused(tmp_path, "invert", trained("mlp"), folder, "--out", out, *line).startswith(wanted)


def test_inputs_whose_results_would_share_a_name_keep_their_endings(
    trained: Trained, pictures: Pictures, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    line = ("invert", trained("mlp"), pictures(2, (8, 8)), "--steps", 1, "--out", out)
    pictures(1, (8, 8), ending="bmp")
    (tmp_path / "in/001.png").rename(tmp_path / "in/sheet.png")
    copyist(*line)
    assert sorted(path.name for path in out.glob("*.png")) == ["000.bmp.png", "000.png", "sheet.png", "sheet.png.png"]


def test_pictures_that_the_model_does_not_take_are_refused(
    trained: Trained, pictures: Pictures, tmp_path: Path
) -> None:
    line = ("invert", trained("mlp"), pictures(1, (8, 9)), "--out")
    assert refused(tmp_path, *line, tmp_path / "out").startswith("the model takes images of shape (1, 8, 8) only")
    assert refused(tmp_path, *line, tmp_path / "out.png").startswith("--out must name a folder, ")


def test_nothing_is_left_when_the_certificate_cannot_be_written(
    trained: Trained, pictures: Pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, text: str) -> Any:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("copyist.outputs.write_text", full)
    line = ("invert", trained("mlp"), pictures(2, (8, 8)), "--steps", 1, "--out", tmp_path / "out")
    assert refused(tmp_path, *line) == (
        f"{tmp_path / 'out'} could not be written (no space left on device); choose another place"
    )
