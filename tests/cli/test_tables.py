"""Tables from recipe to report, on the command line."""

import csv
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from copyist import load
from copyist.data import open_split
from copyist.procedures import Prior, sample
from copyist.randomness import generator

from .conftest import copyist

VALUES = np.random.default_rng(0).normal(size=(60, 3)) @ np.array([[1, 500, 0.1], [0.5, -900, 0.01], [0, 9, 0.3]])


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("table") / "t.csv"
    names = ["good", "bad"] * 30
    rows = [f"{','.join(map(repr, row))},{name}" for row, name in zip(VALUES.tolist(), names, strict=True)]
    path.write_text("\n".join(["a,b,c,kind", *rows]) + "\n")
    return path


@pytest.fixture(scope="module")
def run(table: Path) -> Path:
    out = table.parent / "run"
    settings = [each for pair in ("widths=8", "code=2", "batch_size=8") for each in ("--set", pair)]
    answer = copyist("train", "table", "--data", f"{table}?label=kind", "--steps", "30", *settings, "--out", out)
    assert answer.code == 0, answer.stderr
    return out


@pytest.fixture(scope="module")
def likely(table: Path) -> Path:
    """A variational autoencoder of the table."""
    out = table.parent / "likely"
    settings = [each for pair in ("likelihood=gaussian", "widths=8", "code_size=2") for each in ("--set", pair)]
    answer = copyist("train", "vae", "--data", f"{table}?label=kind", "--steps", "30", *settings, "--out", out)
    assert answer.code == 0, answer.stderr
    return out


def test_columns_are_shown(table: Path) -> None:
    result = copyist("data", "show", f"{table}?label=kind", "--json").result
    assert result["image_shape"] == [3]
    assert result["labels"]
    assert {name: part["rows"] for name, part in result["parts"].items()} == {"train": 54, "test": 6}
    learned = open_split(f"{table}?label=kind", default="train").array.astype(np.float64)
    for place, column in enumerate(result["columns"]):
        values = learned[:, place]
        assert column["name"] == "abc"[place]
        found = [column[what] for what in ("lowest", "mean", "std", "highest")]
        assert found == pytest.approx([values.min(), values.mean(), values.std(), values.max()])
    assert result["classes"] == {"column": "kind", "names": ["bad", "good"]}
    text = copyist("data", "show", f"{table}?label=kind").stdout
    assert text.startswith(
        f"{table}?label=kind: a table of 3 columns, float32, 2 classes in column 'kind' (bad, good)\n"
    )
    assert "constant" not in text


def test_what_columns_became_is_shown_and_written_again(tmp_path: Path) -> None:
    lines = [
        f'{row},{1_700_000_000 + row},2024-01-{1 + row % 28:02d} 10:30,{"ny"[row % 2]},5,"{1000 + row:,}"'
        for row in range(60)
    ]
    (tmp_path / "t.csv").write_text("\n".join([",time,day,flag,same,price", *lines]) + "\n")
    result = copyist("data", "show", f"{tmp_path}/t.csv", "--json").result
    assert {column["name"]: column["kind"] for column in result["columns"]} == {
        "time": "number",
        "day": "date, in days since 1970-01-01",
        "flag": "boolean, 0 for n and 1 for y",
        "price": "number",
    }
    assert result["left_out"] == [{"name": "0", "why": "row numbers"}, {"name": "same", "why": "constant"}]
    settings = [each for pair in ("code=4", "learning_rate=0.01") for each in ("--set", pair)]
    run = copyist("train", "table", "--data", f"{tmp_path}/t.csv", "--steps", 400, *settings, "--out", tmp_path / "run")
    assert "left out 'same', which has one value only" in run.stderr
    copyist("reconstruct", tmp_path / "run", f"{tmp_path}/t.csv", "--out", tmp_path / "out")
    before, after = (
        list(csv.reader((folder / "t.csv").read_text().splitlines())) for folder in (tmp_path, tmp_path / "out")
    )
    assert before[0] == after[0]
    for old, new in zip(before[1:], after[1:], strict=True):
        assert (old[0], old[4]) == (new[0], new[4])
        # A second more or less is told, ten figures from 0.
        assert abs(float(old[1]) - float(new[1])) < 20
        days = [datetime.strptime(row[2], "%Y-%m-%d %H:%M") for row in (old, new)]
        assert abs((days[0] - days[1]).days) < 9
        assert new[3] in ("n", "y")
        assert abs(float(old[5].replace(",", "")) - float(new[5].replace(",", ""))) < 20


def test_a_model_finds_its_columns_by_name(run: Path, table: Path, tmp_path: Path) -> None:
    rows = [line.split(",") for line in table.read_text().splitlines()]
    others = "\n".join(
        ",".join([row[2], "more" if place == 0 else "text", row[0], row[1]]) for place, row in enumerate(rows)
    )
    (tmp_path / "o.csv").write_text(others + "\n")
    for source, out in ((f"{table}?label=kind", "a.npz"), (f"{tmp_path}/o.csv", "b.npz")):
        answer = copyist("encode", run, source, "--out", tmp_path / out)
    assert "o.csv: left out 'more', on which the model was not trained" in answer.stderr
    with np.load(tmp_path / "a.npz") as one, np.load(tmp_path / "b.npz") as two:
        np.testing.assert_array_equal(one["z"], two["z"])
    (tmp_path / "o.csv").write_text(others.replace("b\n", "bb\n", 1) + "\n")
    sentence = copyist("encode", run, f"{tmp_path}/o.csv", "--out", tmp_path / "c.npz").sentence
    assert sentence.endswith("has none called 'b'; did you mean 'bb'?")


@pytest.mark.parametrize(
    ("labels", "shown", "why"),
    [
        (np.zeros(60, int), "1 class beside them (0)", "all rows to learn from are of one class"),
        (np.arange(60), "60 classes beside them (0, 1, 2, 3, 4, 5, …)", "each of the rows to learn from is of a class"),
    ],
)
def test_labels_that_teach_no_probe_are_said_to(
    run: Path, tmp_path: Path, labels: np.ndarray, shown: str, why: str
) -> None:
    np.savez(tmp_path / "t.npz", x=VALUES, y=labels)
    assert shown in copyist("data", "show", f"{tmp_path}/t.npz?split=all").stdout
    answer = copyist("evaluate", run, "--data", f"{tmp_path}/t.npz")
    assert answer.code == 0
    assert f"note: probes are left out, since {why}" in answer.stderr
    assert "Warning" not in answer.stderr
    assert "linear probe" not in answer.stdout


def test_a_table_has_no_picture(table: Path, tmp_path: Path) -> None:
    answer = copyist("data", "show", f"{table}?label=kind", "--out", tmp_path / "t.png")
    assert answer.sentence == f"a table has no picture to draw into {tmp_path / 't.png'}; leave --out out"


def test_a_model_stands_beside_pca_of_its_code_size(run: Path, table: Path, tmp_path: Path) -> None:
    source = f"{table}?label=kind"
    result = copyist("evaluate", run, "--data", source, "--out", tmp_path / "found.json", "--json").result
    (row,) = result["table"]["rows"]
    assert (row["model"], row["num_units"], row["pca"]["num_axes"]) == ("run", 2, 2)
    assert result["table"]["columns"] == ["a", "b", "c"]
    text = copyist("evaluate", run, "--data", source, "--details").stdout
    assert "PCA of equal code" in text
    assert "Error by column" in text


@pytest.mark.parametrize("verb", ["reconstruct", "denoise"])
def test_a_table_comes_back_as_a_table_of_its_own_kind(verb: str, run: Path, table: Path, tmp_path: Path) -> None:
    result = copyist(verb, run, f"{table}?label=kind", "--out", tmp_path / "out", "--json").result
    assert (result["rows"], result["batch"]) == (60, "each row by itself")
    lines = (tmp_path / "out" / "t.csv").read_text().splitlines()
    before = table.read_text().splitlines()
    assert lines[0] == before[0]
    assert [line.split(",")[3] for line in lines] == [line.split(",")[3] for line in before]
    copies = np.array([line.split(",")[:3] for line in lines[1:]], dtype=np.float64)
    # Even a poor model answers in the units of each column.
    assert (np.abs(copies - VALUES).max(0) < 4 * VALUES.std(0)).all()


def test_codes_of_rows_are_written_with_their_names(run: Path, table: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", VALUES[:7])
    result = copyist(
        "encode", run, f"{table}?drop=kind", tmp_path / "t.npy", "--out", tmp_path / "z.npz", "--json"
    ).result
    assert result["code_shape"] == [2]
    with np.load(tmp_path / "z.npz") as file:
        assert file["z"].shape == (67, 2)
        assert file["names"].tolist()[58:62] == ["t.csv#58", "t.csv#59", "t.npy#0", "t.npy#1"]
        np.testing.assert_allclose(file["z"][60:], file["z"][:7], rtol=1e-4, atol=1e-5)


def test_what_makes_pictures_is_refused(run: Path, table: Path, tmp_path: Path) -> None:
    for verb, arguments in {
        "walk": (table, "--out", tmp_path / "w.gif"),
        "sample": ("--out", tmp_path / "s.png"),
        "invert": (table, "--layer", "encoder", "--out", tmp_path / "i"),
        "psnr": (table, "--sigma", "0.1"),
    }.items():
        sentence = copyist(verb, run, *arguments).sentence
        assert (
            sentence == f"{verb} works on images, and this model takes tables; use images and a model trained on them"
        )


def test_tables_where_only_images_will_do_are_refused(tmp_path: Path) -> None:
    settings = ("--steps", "2", "--set", "widths=4")
    assert copyist("train", "undercomplete-mlp", "--data", "digits", *settings, "--out", tmp_path / "run").code == 0
    images, out = tmp_path / "run", ("--out", tmp_path / "out.png")
    for line in (
        ("psnr", images, "cancer", "--sigma", "0.1"),
        ("walk", images, "cancer", *out),
        ("corrupt", "cancer", "--alpha", "0.3", "--out", tmp_path / "out"),
    ):
        assert copyist(*line).sentence == (
            "cancer is a table, which has no pictures; give images, or reconstruct, denoise or encode it with a model "
            "trained on tables"
        )
    assert copyist("evaluate", images, "--data", "cancer").sentence == (
        "the model was trained on images, got a table of 30 columns; give images, or train a model on this table"
    )


def test_tables_and_models_that_do_not_fit_are_refused(run: Path, table: Path, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "out")
    assert copyist("data", "show", table).sentence == (
        f"columns of {table} must hold numbers, got 'good' in row 0 of 'kind'; leave it out by ?drop=kind, or name the "
        "one of classes by ?label=kind"
    )
    assert copyist("denoise", run, "digits", *out).sentence == (
        "digits must be a table for this model; give one in .csv, .parquet, .npy or .npz"
    )
    assert copyist("evaluate", run, "--data", "digits").sentence == (
        "the model was trained on a table, got images of shape (1, 8, 8); give a table in .csv, .parquet, .npy or "
        ".npz, or train a model on these images"
    )
    assert copyist("reconstruct", run, f"{table}?drop=kind,c", *out).sentence == (
        f"{table} must have the columns that the model was trained on, and has none called 'c'; there are a, b"
    )
    twice = copyist("reconstruct", run, f"{table}?drop=kind", f"{table}?drop=kind", *out).sentence
    assert twice == "two inputs would be written to t.csv; rename one, or write them to two folders"
    assert copyist("train", "conv", "--data", f"{table}?label=kind", *out).sentence == (
        "the model takes images (C, H, W), got rows of a table of 3 columns; take an MLP for tables, such as the "
        "recipe 'table'"
    )
    assert copyist("train", "table", "--set", "code=0", *out).sentence == (
        "code must be a whole number of at least 1, got 0"
    )


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".npy", ".parquet"])
def test_sampled_rows_are_a_table_like_the_one_that_was_learned(
    ending: str, likely: Path, table: Path, tmp_path: Path
) -> None:
    if ending == ".parquet":
        pytest.importorskip("pyarrow")
    out = tmp_path / f"rows{ending}"
    answer = copyist("sample", likely, "--count", 500, "--seed", 3, "--set", "with_noise=true", "--out", out)
    assert answer.stdout == f"sampled 500 rows in 1 step by prior into {out}, each row by itself\n"
    found = open_split(str(out), default="all")
    assert (found.shape, len(found)) == ((3,), 500)
    assert found.columns == (("0", "1", "2") if ending == ".npy" else ("a", "b", "c"))
    x = sample(load(likely), count=500, method=Prior(with_noise=True), generator=generator(3, "sample"))
    # What is opened has the training rows first.
    np.testing.assert_array_equal(np.sort(found.array, axis=0), np.sort(x.numpy(), axis=0))
    # Draws of a model that has hardly begun are in the units of each column all the same.
    assert (np.abs(found.array.mean(0) - VALUES.mean(0)) < VALUES.std(0)).all()
    back = copyist("evaluate", likely, "--data", out, "--json", "--importance-samples", 5).result
    assert back["table"]["rows"][0]["model"] == "likely"


def test_rows_without_names_are_sampled_without_names(tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", VALUES)
    settings = [each for pair in ("likelihood=gaussian", "widths=8", "code_size=2") for each in ("--set", pair)]
    copyist("train", "vae", "--data", tmp_path / "t.npy", "--steps", "2", *settings, "--out", tmp_path / "run")
    result = copyist("sample", tmp_path / "run", "--count", 4, "--out", tmp_path / "rows.csv", "--json").result
    assert (result["rows"], result["method"], result["image_shape"]) == (4, "prior", [3])
    assert len((tmp_path / "rows.csv").read_text().splitlines()) == 4


def test_samples_of_tables_are_neither_pictures_nor_chains(likely: Path, tmp_path: Path) -> None:
    def refused(*arguments: object) -> str:
        return copyist("sample", likely, *arguments).sentence

    sentence = "rows of a table are written as .csv, .tsv, .npy or .parquet, got s.png; choose one of these"
    assert refused("--out", tmp_path / "s.png") == sentence
    sentence = "sample works on images, and this model takes tables; use images and a model trained on them"
    assert refused("--method", "langevin", "--out", tmp_path / "s.csv") == sentence
    sentence = "--size is of images, and this model takes tables, got 8; leave it out"
    assert refused("--size", "8", "--out", tmp_path / "s.csv") == sentence
