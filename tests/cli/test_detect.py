"""Detectors on the command line: from a folder of good parts, or a table of normal days, to a report."""

import csv
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from joblib import parallel_config
from PIL import Image

import copyist as library
from copyist.data import open_split, read_pictures
from copyist.detection import Detector, load_detector
from copyist.errors import ArgumentError

from .conftest import Answer, copyist, inside

SIDE = 12
NORMAL_MIXTURE = np.random.default_rng(9).normal(size=(2, 5))
FAST = ["--steps", 60, "--set", "batch_size=16"]
LINEAR = ["--set", "widths=4", "--set", "learning_rate=0.05", "--set", "batch_size=16", "--steps", 150]


def part(seed: int, *, defect: tuple[int, int] | None = None, size: tuple[int, int] = (SIDE, SIDE)) -> np.ndarray:
    """A gray gradient with some noise, and where a place is given a bright dot of 3×3."""
    rng = np.random.default_rng(seed)
    down, across = np.meshgrid(*(np.linspace(-1, 1, side) for side in size), indexing="ij")
    a, b = rng.uniform(-0.25, 0.25, 2)
    pixels = 0.5 + a * down + b * across + rng.normal(0, 0.01, size)
    if defect is not None:
        pixels[defect[0] : defect[0] + 3, defect[1] : defect[1] + 3] = 1.0
    return np.rint(pixels.clip(0, 1) * 255).astype(np.uint8)


def save(folder: Path, pictures: dict[str, np.ndarray]) -> Path:
    for name, pixels in pictures.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    return folder


def days(count: int, *, seed: int) -> np.ndarray:
    """Rows of five columns near a plane."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, 2)) @ NORMAL_MIXTURE + rng.normal(0, 0.1, (count, 5))


def write_table(path: Path, x: np.ndarray, labels: list[str] | None = None) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*"abcde", *([] if labels is None else ["state"])])
        for place, row in enumerate(x.tolist()):
            writer.writerow([*row, *([] if labels is None else [labels[place]])])
    return path


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Good parts to fit on, parts to judge in folders of their kinds, and masks of their defects."""
    folder = tmp_path_factory.mktemp("parts")
    save(folder / "good", {f"{seed:03d}.png": part(seed) for seed in range(150)})
    places = {f"hole/{place}.png": (1 + place % 7, 8 - place % 6) for place in range(9)}
    judged = {f"good/{seed}.png": part(seed) for seed in range(1000, 1020)}
    judged |= {name: part(2000 + seed, defect=at) for seed, (name, at) in enumerate(places.items())}
    save(folder / "test", judged)
    for name, (top, left) in places.items():
        mask = np.zeros((SIDE, SIDE), dtype=np.uint8)
        mask[top : top + 3, left : left + 3] = 255
        save(folder / "masks", {name.replace(".png", "_mask.png"): mask})
    return folder


@pytest.fixture(scope="module")
def of_parts(parts: Path) -> Path:
    out = parts / "detector"
    answer = copyist(
        "detect", "fit", "linear", "--data", parts / "good", "--out", out, *LINEAR, "--measure", "reconstruction-error"
    )
    assert answer.code == 0, answer.stderr
    assert answer.stdout.startswith(f"linear on 108 images of {parts / 'good'}?calibration=0.2, with the measure recon")
    assert "a new normal image is flagged with a probability of at most 5 %" in answer.stdout
    return out


@pytest.fixture(scope="module")
def of_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a detector of tables, a table to judge, and the one it was fitted on."""
    folder = tmp_path_factory.mktemp("days")
    write_table(folder / "normal.csv", days(200, seed=0))
    strange = days(60, seed=1)
    strange[40:, 3] += 3
    write_table(folder / "new.csv", strange, ["normal"] * 40 + ["broken"] * 20)
    answer = copyist("detect", "fit", "--data", folder / "normal.csv", "--out", folder / "detector", *FAST)
    assert answer.code == 0, answer.stderr
    return folder


def test_anomalies_on_disk_are_those_of_python(parts: Path, of_parts: Path, tmp_path: Path) -> None:
    answer = copyist("detect", "run", of_parts, parts / "test", "--out", tmp_path / "out", "--json")
    assert answer.result["num_examples"] == 29
    detector = load_detector(of_parts, device="cpu")
    pictures = read_pictures([str(parts / "test")])
    found = detector(torch.stack([picture.pixels for picture in pictures]), names=[each.name for each in pictures])
    lines = read_csv(tmp_path / "out/anomalies.csv")
    assert [line["name"] for line in lines] == [*found.names]
    assert [np.float32(line["anomaly"]) for line in lines] == [*found.anomaly.numpy()]
    assert [float(line["p_value"]) for line in lines] == found.p_value.tolist()
    assert [int(line["flagged"]) for line in lines] == found.flagged.int().tolist()
    assert copyist("reconstruct", of_parts, parts / "test", "--out", tmp_path / "copies").code == 0
    again = library.detect(detector, str(parts / "test"), out=tmp_path / "again")
    assert (tmp_path / "again/report.json").read_bytes() == (tmp_path / "out/report.json").read_bytes()
    assert again.num_flagged == answer.result["num_flagged"] == int(found.flagged.sum())


@pytest.mark.slow
@pytest.mark.parametrize(("backend", "kept"), [("loky", 2**25), ("threading", 20 * SIDE**2)])
def test_two_jobs_find_what_one_finds(
    backend: str, kept: int, parts: Path, of_parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("pictures", "judge_in_jobs"):
        monkeypatch.setattr(f"copyist.evaluation.anomalies.{module}.MOST_KEPT", kept)
    folder = save(tmp_path / "in", {f"good/{seed}.png": part(seed) for seed in range(3000, 3120)})
    for path in sorted((parts / "test/hole").iterdir()):
        (folder / "hole").mkdir(exist_ok=True)
        (folder / "hole" / path.name).write_bytes(path.read_bytes())
    damaged = folder / "good/3005.png"
    damaged.write_bytes(damaged.read_bytes()[:60])
    said: dict[int, list[str]] = {1: [], 2: []}
    for jobs, notices in said.items():
        with parallel_config(backend=backend):
            library.detect(
                of_parts,
                str(folder),
                out=tmp_path / str(jobs),
                masks=parts / "masks",
                compare=True,
                batch_size=8,
                jobs=jobs,
                say=notices.append,
            )
    assert said[1] == said[2]
    assert any("left out 1 of 129 pictures that cannot be read: good/3005.png" in notice for notice in said[1])
    assert inside(tmp_path / "1") == inside(tmp_path / "2")
    assert len(read_csv(tmp_path / "2/anomalies.csv")) == 128


def test_jobs_are_for_pictures_and_for_detectors_that_have_a_file(
    parts: Path, of_parts: Path, of_days: Path, tmp_path: Path
) -> None:
    for option in (("--jobs", 2), ("--jobs", 1), ("--backend", "loky")):
        line = ("detect", "run", of_days / "detector", of_days / "new.csv", "--out", tmp_path / "o", *option)
        sentence = f"{option[0]} is for pictures, and this detector takes tables; leave it out"
        assert copyist(*line).sentence == sentence
    with pytest.raises(ArgumentError, match="--jobs is for pictures, and this detector takes tables; leave it out"):
        library.detect(of_days / "detector", str(of_days / "new.csv"), out=tmp_path / "o", jobs=2)
    with pytest.raises(ArgumentError, match="with jobs each process reads the detector, got one in memory"):
        library.detect(load_detector(of_parts), str(parts / "test"), out=tmp_path / "o", jobs=2)
    assert inside(tmp_path) == {}


def test_heat_lies_on_the_defect_in_every_picture(parts: Path, of_parts: Path, tmp_path: Path) -> None:
    answer = copyist(
        "detect", "run", of_parts, parts / "test", "--masks", parts / "masks", "--out", tmp_path / "out", "--json"
    )  # fmt: skip
    result = answer.result
    assert result["ranking"]["auroc"]["mean"] == 1
    assert result["pixels"]["auroc"]["mean"] > 0.95
    assert result["pixel_pictures"] == 29
    assert {kind["name"]: kind["flagged"] for kind in result["kinds"]}["hole"] == 9
    for name, content in inside(tmp_path / "out/heatmaps").items():
        assert content[1:4] == b"PNG"
        with Image.open(tmp_path / "out/heatmaps" / name) as image:
            pixels = np.asarray(image).astype(int)
        assert pixels.shape == (SIDE, SIDE, 3)
        if name.startswith("hole"):
            with Image.open(parts / "masks" / name.replace(".png", "_mask.png")) as image:
                mask = np.asarray(image) > 0
            colored = pixels[..., 0] - pixels[..., 2]
            assert colored[mask].mean() > 2 * colored[~mask].mean()
    text = (tmp_path / "out/report.html").read_text()
    assert "Pixel by pixel, against the masks" in text
    assert "Labels are the names of the folders that pictures lie in; &#39;good&#39; is normal." in text
    assert text.count('<img src="data:image/webp') == 2 * (12 + 6)


def test_the_columns_that_make_a_row_strange_are_named(of_days: Path, tmp_path: Path) -> None:
    answer = copyist(
        "detect", "run", of_days / "detector", f"{of_days / 'new.csv'}?label=state", "--out", tmp_path / "out",
        "--compare", "--drift",
    )  # fmt: skip
    assert answer.code == 0, answer.stderr
    lines = read_csv(tmp_path / "out/contributions.csv")
    shares = np.array([[float(line[name]) for name in "abcde"] for line in lines])
    np.testing.assert_allclose(shares.sum(1), 1, atol=1e-6)
    assert shares[40:].mean(0).argmax() == 3
    assert [line["name"] for line in lines] == [f"new.csv#{row}" for row in range(60)]
    text = (tmp_path / "out/report.html").read_text()
    words = " ".join(re.sub(r"<(style|svg).*?</\1>|<[^>]*>", " ", text, flags=re.DOTALL).split())
    flagged = sum(int(line["flagged"]) for line in read_csv(tmp_path / "out/anomalies.csv"))
    assert f"{flagged} of 60 rows are flagged" in words
    assert "at the stated rate of 5 % false alarms" in words.replace("\u00a0", " ")
    for sentence in (
        "Labels come with the table; &#39;normal&#39; is normal.",
        "Which columns make rows strange",
        "PCA, nine tenths of the variance",
        "A p-value is not the probability that a row is normal",
        "Benjamini and Hochberg’s procedure selects",
    ):
        assert sentence in words
    assert "<script" not in text
    assert "https:" not in text
    assert "AUROC" in answer.stdout


def test_without_labels_nothing_is_ranked(of_days: Path, tmp_path: Path) -> None:
    write_table(tmp_path / "x.csv", days(30, seed=5))
    answer = copyist("detect", "run", of_days / "detector", tmp_path / "x.csv", "--out", tmp_path / "out", "--compare")
    assert answer.code == 0, answer.stderr
    text = (tmp_path / "out/report.html").read_text()
    assert "Against the labels" not in text
    assert "Which detector is better cannot be told without labels of both kinds." in text
    assert "AUROC" not in text


def test_labels_of_one_class_are_said_in_a_sentence(of_days: Path, tmp_path: Path) -> None:
    write_table(tmp_path / "x.csv", days(30, seed=5), ["normal"] * 30)
    answer = copyist(
        "detect", "run", of_days / "detector", f"{tmp_path / 'x.csv'}?label=state", "--out", tmp_path / "out"
    )
    assert "every label says normal, so that there is nothing to rank and there are no curves." in answer.stdout
    assert "ROC, area" not in (tmp_path / "out/report.html").read_text()


def test_pictures_of_another_size_are_refused_or_resized(parts: Path, of_parts: Path, tmp_path: Path) -> None:
    folder = save(tmp_path / "in", {"a.png": part(0, size=(24, 36)), "b.png": part(1, defect=(2, 2), size=(24, 36))})
    line = ["detect", "run", of_parts, folder, "--out", tmp_path / "out"]
    assert copyist(*line).sentence == (
        "images must have the size that the detector was trained on, 12x12, got 24x36 of a.png; add --resize to bring "
        "them to it"
    )
    assert not (tmp_path / "out").exists()
    assert copyist(*line, "--resize").code == 0
    with Image.open(tmp_path / "out/heatmaps/b.png") as image:
        assert image.size == (36, 24)


@pytest.mark.slow
def test_pictures_are_prepared_as_those_of_the_training_were(parts: Path, tmp_path: Path) -> None:
    folder = save(tmp_path / "in", {f"{seed}.png": part(seed, size=(22, 30)) for seed in range(9)})
    out = tmp_path / "detector"
    source = f"{parts / 'good'}?size=10&fit=crop"
    assert copyist("detect", "fit", "linear", "--data", source, "--out", out, *LINEAR).code == 0
    assert copyist("detect", "run", out, folder, "--out", tmp_path / "out").code == 0
    found = load_detector(out, device="cpu").anomaly(open_split(f"{folder}?size=10", default="all").images())
    lines = read_csv(tmp_path / "out/anomalies.csv")
    assert [np.float32(line["anomaly"]) for line in lines] == [*found.numpy()]
    with Image.open(tmp_path / "out/heatmaps/3.png") as image:
        assert image.size == (30, 22)
        sides = np.asarray(image)[:, :4]
    assert (sides[..., 0] == sides[..., 2]).all()  # What was cut away has no heat.
    assert "The detector did not see 26.7" in (tmp_path / "out/report.html").read_text()


def test_heatmaps_are_written_of_those_that_are_asked_for(parts: Path, of_parts: Path, tmp_path: Path) -> None:
    for which in ("flagged", "none"):
        out = tmp_path / which
        answer = copyist("detect", "run", of_parts, parts / "test", "--out", out, "--heatmaps", which, "--json")
        count = len(inside(out / "heatmaps")) if (out / "heatmaps").exists() else 0
        assert count == (answer.result["num_flagged"] if which == "flagged" else 0)
        assert (out / "report.html").read_text().count("<figure>") > 18


@pytest.mark.slow
def test_a_detector_is_fitted_on_the_rows_of_one_label(of_days: Path, tmp_path: Path) -> None:
    x = np.concatenate([days(150, seed=7), days(50, seed=8) + 40])
    table = write_table(tmp_path / "all.csv", x, ["fine"] * 150 + ["broken"] * 50)
    line = ["detect", "fit", "--data", f"{table}?label=state", *FAST]
    both = copyist(*line, "--out", tmp_path / "both", "--json")
    assert "the labels 'broken', 'fine', and all are taken for normal" in both.stderr
    alone = copyist(*line, "--out", tmp_path / "alone", "--normal", "fine", "--json")
    assert both.result["num_trained_on"] > alone.result["num_trained_on"]
    judged = copyist(
        "detect", "run", tmp_path / "alone", f"{table}?label=state", "--out", tmp_path / "o", "--compare", "--json"
    )
    kinds = {kind["name"]: kind for kind in judged.result["kinds"]}
    assert kinds["broken"]["flagged"] == 50
    assert "Labels come with the table; &#39;fine&#39; is normal." in (tmp_path / "o/report.html").read_text()
    assert copyist(*line, "--out", tmp_path / "none", "--normal", "fne").sentence.endswith("did you mean 'fine'?")


@pytest.mark.slow
def test_a_fit_is_resumed_and_shown(of_days: Path, tmp_path: Path) -> None:
    out, line = tmp_path / "d", ["detect", "fit", "--out", tmp_path / "d"]
    first = copyist(*line, "--data", of_days / "normal.csv", *FAST, "--set", "save_every=40", "--json").result
    (out / "detector.safetensors").unlink()
    assert copyist(*line, "--resume", "--json").result == first
    other = copyist(*line, "--resume", "--false-alarms", 0.1)
    assert "was started with false_alarms=0.05, got 0.1; leave it out to go on, or fit" in other.sentence
    assert "--from" not in copyist(*line, "--resume", "--set", "widths=8").sentence
    assert "was started with measure=combined, got displacement" in (
        copyist(*line, "--resume", "--measure", "displacement").sentence
    )
    assert "begun on rows without outliers" in copyist(*line, "--resume", "--may-hold-outliers").sentence
    shown = copyist("info", out)
    assert "a detector: denoising-table on 144 rows of" in shown.stdout
    assert copyist("info", out, "--json").result["detector"]["threshold"] == first["threshold"]


Bad = Callable[[Path, Path, Path], list[object]]
BAD: dict[str, tuple[Bad, str]] = {
    "no rate": (
        lambda d, t, o: ["fit", "--data", d / "normal.csv", "--false-alarms", 0],
        "must lie in (0, 0.5], got 0",
    ),
    "rate of 1": (
        lambda d, t, o: ["fit", "--data", d / "normal.csv", "--false-alarms", 1],
        "must lie in (0, 0.5], got 1",
    ),
    "per cent": (
        lambda d, t, o: ["fit", "--data", d / "normal.csv", "--false-alarms", 50],
        "must lie in (0, 0.5], got 50",
    ),
    "too low a rate": (
        lambda d, t, o: ["fit", "--data", d / "normal.csv", "--false-alarms", 0.001],
        "needs 999 normal examples for calibration, got 36",
    ),
    "no data": (lambda d, t, o: ["fit"], "must be fitted on normal examples, got none"),
    "no such data": (lambda d, t, o: ["fit", "--data", d / "nothing.csv"], "there is no file or folder"),
    "no such measure": (
        lambda d, t, o: ["fit", "--data", d / "normal.csv", "--measure", "combned"],
        "there is no measure 'combned'; did you mean 'combined'?",
    ),
    "no such recipe": (lambda d, t, o: ["fit", "tabl", "--data", d / "normal.csv"], "did you mean 'table'?"),
    "one row": (
        lambda d, t, o: ["fit", "--data", write_table(o / "one.csv", days(1, seed=0))],
        "must have at least 50 different rows to fit a detector on",
    ),
    "a classifier": (
        lambda d, t, o: ["fit", "conv-classifier", "--data", "digits", "--steps", 2],
        "detect needs a model that copies, and ConvClassifier does not",
    ),
    "a classifier without labels": (
        lambda d, t, o: ["fit", "conv-classifier", "--data", t / "good", "--steps", 2],
        "detect needs a model that copies, and ConvClassifier does not",
    ),
    "a model in its place": (
        lambda d, t, o: ["run", d / "detector/model.safetensors", d / "new.csv"],
        "holds a model and no detector; make one by copyist detect fit",
    ),
    "no detector": (lambda d, t, o: ["run", d / "nothing", d / "new.csv"], "there is no detector at"),
    "an archive of arrays": (
        lambda d, t, o: ["run", write_archive(o / "a.npz"), d / "new.csv"],
        "a.npz is an archive, and no model file; give the file or folder that copyist has made",
    ),
    "no table": (lambda d, t, o: ["run", d / "detector", t / "test"], "must be a table for this model"),
    "a column missing": (
        lambda d, t, o: ["run", d / "detector", f"{d / 'new.csv'}?label=state&drop=c"],
        "must have all columns that the detector was fitted on, and has none called 'c'",
    ),
    "masks of a table": (
        lambda d, t, o: ["run", d / "detector", d / "new.csv", "--masks", t / "masks"],
        "masks are of pictures, and this detector takes tables",
    ),
    "a label that does not occur": (
        lambda d, t, o: ["run", d / "detector", f"{d / 'new.csv'}?label=state", "--normal", "fine"],
        "--normal must be a label that occurs, got 'fine' beside the labels 'broken', 'normal'",
    ),
    "an empty folder": (
        lambda d, t, o: ["run", t / "detector", save(o / "empty", {})],
        "there is no file or folder",
    ),
    "no pictures": (lambda d, t, o: ["run", t / "detector", d], "must hold images or .npy arrays, and there is none"),
    "corrupt pictures": (
        lambda d, t, o: ["run", t / "detector", corrupt(o / "corrupt")],
        "at most 1 % of the pictures may be unreadable, got 3 of 3",
    ),
    "color": (
        lambda d, t, o: ["run", t / "detector", save(o / "in", {"a.png": np.zeros((SIDE, SIDE, 3), np.uint8)})],
        "a.png must have 1 channel for this model, got 3; add ?channels=1",
    ),
    "no masks": (
        lambda d, t, o: ["run", t / "detector", t / "test", "--masks", t / "nothing"],
        "--masks must name a folder, and there is none",
    ),
    "a mask of another size": (
        lambda d, t, o: ["run", t / "detector", t / "test", "--masks", save(o / "m", {"hole/3.png": part(0)[:5]})],
        "a mask must have the size of its picture, got 5x12 for hole/3.png of 12x12",
    ),
    "a mask of zeros and ones of another size": (
        lambda d, t, o: [
            "run",
            t / "detector",
            t / "test",
            "--masks",
            save(o / "m", {"hole/3.png": part(0)[:5] // 100}),
        ],
        "a mask must have the size of its picture, got 5x12 for hole/3.png of 12x12",
    ),
    "a mask without its picture": (
        lambda d, t, o: ["run", t / "detector", t / "test", "--masks", save(o / "m", {"hole/93.png": part(0)})],
        "there is no picture for hole/93.png",
    ),
    "a mask of zeros and ones": (
        lambda d, t, o: [
            "run",
            t / "detector",
            t / "test",
            "--masks",
            save(o / "m", {"hole/3.png": np.eye(SIDE, dtype=np.uint8)}),
        ],
        "a mask must be white where the defect is, got at most 0.39 % of white in hole/3.png",
    ),
    "a normal label of nothing": (
        lambda d, t, o: ["run", d / "detector", f"{d / 'new.csv'}?drop=state", "--normal", "normal"],
        "got 'normal', and there are no labels",
    ),
    "a normal label of pictures in no folder": (
        lambda d, t, o: ["run", t / "detector", t / "test/hole", "--normal", "good"],
        "got 'good', and there are no labels",
    ),
    "an option of pictures": (
        lambda d, t, o: ["run", d / "detector", d / "new.csv", "--resize"],
        "--resize is for pictures, and this detector takes tables",
    ),
    "an option of tables": (
        lambda d, t, o: ["run", t / "detector", t / "test", "--ignore-extra"],
        "--ignore-extra is for tables, and this detector takes pictures",
    ),
    "another heatmap": (
        lambda d, t, o: ["run", t / "detector", t / "test", "--heatmaps", "few"],
        "heatmaps= must be one of",
    ),
    "a batch of none": (
        lambda d, t, o: ["run", t / "detector", t / "test", "--batch", 0],
        "batch size must be a whole",
    ),
}


def write_archive(path: Path) -> Path:
    np.savez(path, a=np.zeros(3))
    return path


def corrupt(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for place in range(3):
        (folder / f"{place}.png").write_bytes(b"\x89PNG\r\n\x1a\n no picture")
    return folder


@pytest.mark.parametrize(("bad", "sentence"), BAD.values(), ids=BAD)
def test_bad_input_is_refused_in_a_sentence_and_nothing_is_written(
    parts: Path, of_parts: Path, of_days: Path, tmp_path: Path, bad: Bad, sentence: str
) -> None:
    line = bad(of_days, parts, tmp_path)
    before = inside(tmp_path)
    assert sentence in copyist("detect", *line, "--out", tmp_path / "out").sentence
    assert inside(tmp_path) == before


def test_results_are_never_silently_replaced(parts: Path, of_parts: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("mine")
    line = ["detect", "run", of_parts, parts / "test", "--out", tmp_path / "out"]
    assert "exists already" in copyist(*line).sentence
    assert copyist(*line, "--force").code == 0
    assert (tmp_path / "out/mine.txt").read_text() == "mine"


def test_a_report_that_replaces_another_keeps_none_of_its_heatmaps(parts: Path, of_parts: Path, tmp_path: Path) -> None:
    line = ["detect", "run", of_parts, "--out", tmp_path / "out"]
    assert copyist(*line, parts / "test").code == 0
    assert len(inside(tmp_path / "out/heatmaps")) == 29
    assert copyist(*line, parts / "test/hole", "--force").code == 0
    assert sorted(inside(tmp_path / "out/heatmaps")) == [f"{place}.png" for place in range(9)]
    assert copyist(*line, parts / "test", "--force", "--heatmaps", "none").code == 0
    assert not (tmp_path / "out/heatmaps").exists()


def test_a_report_of_before_is_no_picture(parts: Path, of_parts: Path, tmp_path: Path) -> None:
    save(tmp_path, {f"{place}.png": part(place) for place in range(5)})
    first = copyist("detect", "run", of_parts, tmp_path, "--out", tmp_path / "found", "--json")
    again = copyist("detect", "run", of_parts, tmp_path, "--out", tmp_path / "again", "--json")
    assert (first.result["num_examples"], again.result["num_examples"]) == (5, 5)
    assert "passed over 1 folder that copyist has written" in again.stderr


def test_masks_that_are_black_all_over_are_named_and_are_no_defects(
    parts: Path, of_parts: Path, tmp_path: Path
) -> None:
    save(tmp_path / "in", {"a.png": part(1), "b.png": part(2, defect=(2, 2)), "c.png": part(3)})
    white = np.zeros((SIDE, SIDE), dtype=np.uint8)
    white[2:5, 2:5] = 255
    save(tmp_path / "masks", {"a.png": np.zeros_like(white), "b.png": white})
    line = ["detect", "run", of_parts, tmp_path / "in", "--masks", tmp_path / "masks", "--out", tmp_path / "out"]
    found = copyist(*line, "--json")
    assert "1 of the 2 masks in" in found.stderr
    assert "black all over, so that no pixel of their pictures counts as a defect: a.png" in found.stderr
    assert {kind["name"]: kind["count"] for kind in found.result["kinds"]} == {"masked": 1, "without a mask": 2}


@pytest.mark.slow
def test_a_fit_goes_on_with_the_measure_and_the_rate_that_it_was_begun_with(of_days: Path, tmp_path: Path) -> None:
    line = ["detect", "fit", "--out", tmp_path / "d", "--json"]
    own = ["--measure", "example-distance", "--set", "neighbors=3", "--false-alarms", 0.1]
    first = copyist(*line, "--data", of_days / "normal.csv", *FAST, *own).result
    (tmp_path / "d" / "detector.safetensors").unlink()
    assert copyist(*line, "--resume").result == first
    assert (first["measure"]["neighbors"], first["false_alarms"]) == (3, 0.1)


@pytest.mark.slow
def test_compare_needs_the_examples_that_were_fitted_on(tmp_path: Path) -> None:
    table = write_table(tmp_path / "t.csv", days(120, seed=0))
    assert copyist("detect", "fit", "--data", table, "--out", tmp_path / "d", *FAST).code == 0
    line = ["detect", "run", tmp_path / "d", write_table(tmp_path / "new.csv", days(9, seed=1)), "--compare", "--out"]
    write_table(table, days(120, seed=3))
    assert "holds others than the detector was fitted on" in copyist(*line, tmp_path / "out").sentence
    table.unlink()
    assert "leave --compare out" in copyist(*line, tmp_path / "out").sentence


def test_a_picture_that_cannot_be_read_is_left_out_of_many(parts: Path, of_parts: Path, tmp_path: Path) -> None:
    folder = save(tmp_path / "in", {f"{seed:03d}.png": part(seed) for seed in range(120)})
    (folder / "050.png").write_bytes((folder / "050.png").read_bytes()[:60])
    answer: Answer = copyist("detect", "run", of_parts, folder, "--out", tmp_path / "out", "--json")
    assert answer.result["num_examples"] == 119
    assert "left out 1 of 120 pictures that cannot be read: 050.png" in answer.stderr
    assert "050.png" not in [line["name"] for line in read_csv(tmp_path / "out/anomalies.csv")]


def test_a_detector_is_a_type_of_the_root(of_days: Path) -> None:
    assert isinstance(library.load_detector(of_days / "detector"), Detector)


def test_two_tables_of_one_name_are_refused(of_days: Path, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    tables = [write_table(tmp_path / place / "x.csv", days(5, seed=1)) for place in (".", "b")]
    line = ["detect", "run", of_days / "detector", *tables, "--out", tmp_path / "out"]
    assert copyist(*line).sentence == "tables must have names of their own, got x.csv twice; rename one"
