"""`copyist walk`: to rest, to another image, and what it says of the way."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import copyist as library
from copyist.data import open_split, read_pictures
from copyist.metrics.neighbors import nearest
from copyist.models.contracts import Autoencoder, needs
from copyist.procedures import AtRest, walkers
from copyist.randomness import generator

from .conftest import BATCH, Trained, copyist, inside

Pictures = Callable[..., Path]


def start_and_model(folder: Path, run: Path) -> tuple[torch.Tensor, Autoencoder]:
    x = torch.stack([picture.pixels for picture in read_pictures([str(folder)])])
    return x, needs(library.load(run), Autoencoder, verb="test")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_a_walk_until_still_stops_where_the_library_does_and_says_when_each_image_stood(
    trained: Trained, pictures: Pictures, tmp_path: Path
) -> None:
    folder = pictures(3, (8, 8))
    x, model = start_and_model(folder, trained("mlp"))
    frames = library.walk(model, x, steps=400, noise=0, until_still=0.01)
    assert len(frames) < 401
    stillness = AtRest(tolerance=0.01)
    for frame in frames:
        stillness.observe(frame)
    line = ["walk", trained("mlp"), folder, "--noise", 0, "--until-still", 0.01, "--steps", 400]
    result = copyist(*line, "--out", tmp_path / "w.gif", "--json").result
    assert result["steps"] == len(frames) - 1
    assert result["still_since"] == stillness.since.tolist()
    assert result["period"] == [1, 1, 1]
    text = copyist(*line, "--out", tmp_path / "v.gif").stdout
    for image, since in enumerate(result["still_since"]):
        assert f"image {image} stood still after {since} step" in text


def test_without_until_still_every_step_is_taken(trained: Trained, pictures: Pictures, tmp_path: Path) -> None:
    line = ["walk", trained("mlp"), pictures(2, (8, 8)), "--noise", 0, "--steps", 60, "--out", tmp_path / "w.gif"]
    assert copyist(*line, "--json").result["steps"] == 60


def test_the_course_beside_the_video_is_that_of_the_library_s_frames(
    trained: Trained, pictures: Pictures, tmp_path: Path
) -> None:
    folder = pictures(3)
    data = "digits?size=16&limit=50"
    line = ["walk", trained("gray"), folder, "--steps", 4, "--seed", 2, "--data", data, "--out", tmp_path / "w.png"]
    result = copyist(*line, "--json").result
    x, model = start_and_model(folder, trained("gray"))
    frames = library.walk(model, x, steps=4, generator=generator(2, "walk"))
    train = open_split(data, default="train").images()
    found = rows(tmp_path / "w.csv")
    assert result["course"] == str(tmp_path / "w.csv")
    assert [(int(row["step"]), int(row["image"])) for row in found] == [(n, i) for n in range(5) for i in range(3)]
    for row in found:
        step, image = int(row["step"]), int(row["image"])
        here, before, first = frames[step, image], frames[max(step - 1, 0), image], frames[0, image]
        close = nearest(here[None], train)
        wanted = [(here - before).square().mean().sqrt(), (here - first).square().mean().sqrt(), close.distance[0]]
        written = [float(row[name]) for name in ("motion", "from_start", "nearest")]
        np.testing.assert_allclose(written, wanted, rtol=1e-4, atol=1e-6)
        assert int(row["nearest_index"]) == int(close.index)
    known = walkers(frames[-1], library.reconstruct(model, x))
    assert result["walked"] == known.walked.tolist()
    assert result["threshold"] == pytest.approx(known.threshold)


def test_the_text_counts_the_images_that_walked_unless_there_is_one(
    trained: Trained, pictures: Pictures, tmp_path: Path
) -> None:
    line = ["walk", trained("gray"), pictures(3), "--steps", 1, "--noise", 0]
    # Without noise the first step is the copy itself.
    assert "; 0 of 3 images walked: they ended farther" in copyist(*line, "--out", tmp_path / "a.gif").stdout
    assert "walked: " not in copyist(*line, "--count", 1, "--out", tmp_path / "b.gif").stdout


def test_a_course_is_replaced_only_with_force(trained: Trained, pictures: Pictures, tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text("mine")
    line = ["walk", trained("gray"), pictures(1), "--steps", 1, "--out", tmp_path / "w.gif"]
    before = inside(tmp_path)
    assert copyist(*line).sentence.startswith(f"{tmp_path / 'w.csv'} exists already; choose another place, or add --")
    assert inside(tmp_path) == before
    assert copyist(*line, "--force").code == 0
    assert (tmp_path / "w.csv").read_text().startswith("step,image,motion,from_start\n0,0,0,0\n")


def test_the_way_to_an_image_is_the_library_s_interpolation(
    trained: Trained, pictures: Pictures, tmp_path: Path
) -> None:
    folder = pictures(4)
    files = sorted(folder.iterdir())
    line = ["walk", trained("gray"), *files[:3], "--to", files[3], "--steps", 5]
    result = copyist(*line, "--out", tmp_path / "w.gif", "--json").result
    assert (result["images"], result["steps"], result["batch_size"], result["to"]) == (3, 5, BATCH, str(files[3]))
    x, model = start_and_model(folder, trained("gray"))
    frames = library.interpolate(model, x[:3], x[3:], steps=5)
    moved = float((frames[-1] - frames[0]).square().mean().sqrt())
    assert result["moved"] == pytest.approx(moved, rel=1e-5)
    assert f"walked 5 steps from 3 images to {files[3]} into" in copyist(*line, "--out", tmp_path / "v.gif").stdout


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (
            ["--until-still", "0.1"],
            "--until-still must come with --noise 0, got --noise 0.2; with noise nothing stands",
        ),
        (["--until-still", "0", "--noise", "0"], "until-still must be greater than 0, got 0.0"),
        (
            ["--to", "IN", "--noise", "0.1"],
            "--to must come without --noise and --until-still, because the way there is",
        ),
        (["--to", "IN", "--until-still", "0.1"], "--to must come without --noise and --until-still, because the way"),
        (["--to", "absent.png"], "there is no file or folder absent.png"),
        (["--data", "digits"], "--data must hold images of the walk's shape (1, 16, 16), got (1, 8, 8); add ?size="),
    ],
)
def test_what_cannot_be_walked_is_refused_before_anything_is_written(
    arguments: list[str], wanted: str, trained: Trained, pictures: Pictures, tmp_path: Path
) -> None:
    folder = pictures(1)
    before = inside(tmp_path)
    chosen = [str(folder) if each == "IN" else each for each in arguments]
    answer = copyist("walk", trained("gray"), folder, *chosen, "--steps", 2, "--out", tmp_path / "w.gif")
    assert answer.sentence.startswith(wanted)
    assert inside(tmp_path) == before
