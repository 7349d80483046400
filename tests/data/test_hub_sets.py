"""Data sets of the Hugging Face hub, in its forms on a disk: read as folders of images are, or refused in one line."""

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from typer.testing import CliRunner

from copyist.cli.data import app
from copyist.data import Batches, open_source, open_split, read_pictures
from copyist.data.source import parse_source
from copyist.errors import ArgumentError, CopyistError, DataError, MissingExtraError, UnknownNameError

Pixels = npt.NDArray[np.uint8]
CLASSES = ("cat", "dog", "owl")


def some_pixels(count: int, *, seed: int = 0) -> list[Pixels]:
    return list(np.random.default_rng(seed).integers(0, 256, (count, 6, 5, 3), dtype=np.uint8))


def png(pixels: Pixels) -> bytes:
    with io.BytesIO() as file:
        Image.fromarray(pixels).save(file, format="PNG")
        return file.getvalue()


@pytest.fixture(name="hub")
def offline_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The library `datasets`, out of reach of any network, and with a cache of its own."""
    datasets: Any = pytest.importorskip("datasets")
    constants: Any = pytest.importorskip("huggingface_hub").constants
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    return datasets


def rows(hub: Any, pixels: Sequence[Pixels], *, labels: Sequence[int] | None = None) -> Any:
    numbers = [index % len(CLASSES) for index in range(len(pixels))] if labels is None else list(labels)
    features = hub.Features({"image": hub.Image(), "label": hub.ClassLabel(names=list(CLASSES))})
    cells = [{"bytes": png(each), "path": None} for each in pixels]
    return hub.Dataset.from_dict({"image": cells, "label": numbers}, features=features)


def refused(text: str) -> CopyistError:
    with pytest.raises(CopyistError) as caught:
        open_split(text, default="all")
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.slow
def test_parquet_files_give_their_images_splits_and_classes(hub: Any, tmp_path: Path) -> None:
    train, test = some_pixels(7), some_pixels(3, seed=1)
    place = tmp_path / "set"
    place.mkdir()
    rows(hub, train).to_parquet(place / "train.parquet")
    rows(hub, test, labels=[2, 0, 2]).to_parquet(place / "test.parquet")
    splits = open_source(f"hf:{place}")
    np.testing.assert_array_equal(splits.train.array, np.moveaxis(np.stack(train), 3, 1))
    np.testing.assert_array_equal(splits.test.array, np.moveaxis(np.stack(test), 3, 1))
    assert (splits.train.classes, splits.train.labels) == (CLASSES, pytest.approx(np.arange(7) % 3))
    assert splits.test.labels is not None
    assert splits.test.labels.tolist() == [2, 0, 2]
    assert splits.test.names == ("test/00000000", "test/00000001", "test/00000002")
    owls = open_split(f"hf:{place}?only=owl&size=4x3&channels=1&split=test", default="all")
    assert owls.array.shape == (2, 1, 4, 3)
    files = read_pictures([f"hf:{place}?split=test"])
    assert [file.name for file in files] == [f"test/{index:08d}.png" for index in range(3)]
    np.testing.assert_array_equal(files[1].pixels.numpy(), np.float32(np.moveaxis(test[1], 2, 0)) / np.float32(255))
    with pytest.raises(ArgumentError, match=r"has splits of its own, got test=0.2; leave test= out$"):
        open_source(f"hf:{place}?test=0.2")
    with pytest.raises(UnknownNameError, match=r"split=.*validation"):
        open_source(f"hf:{place}?split=validation")


@pytest.mark.slow
def test_rows_without_splits_are_parted_by_content_as_a_folder_of_the_same_files_is(hub: Any, tmp_path: Path) -> None:
    pixels = some_pixels(20)
    rows(hub, pixels).save_to_disk(tmp_path / "saved")
    folder = tmp_path / "folder"
    folder.mkdir()
    for index, each in enumerate(pixels):
        (folder / f"{index:02d}.png").write_bytes(png(each))
    ours, theirs = open_source(f"hf:{tmp_path / 'saved'}"), open_source(str(folder))
    assert (ours.train.fingerprint, ours.test.fingerprint) == (theirs.train.fingerprint, theirs.test.fingerprint)
    np.testing.assert_array_equal(ours.test.array, theirs.test.array)


@pytest.mark.slow
def test_a_folder_of_images_and_sets_of_several_splits_are_taken_as_such(hub: Any, tmp_path: Path) -> None:
    pixels = some_pixels(8)
    for index, each in enumerate(pixels):
        file = tmp_path / "folder" / ("train" if index < 6 else "test") / CLASSES[index % 2] / f"{index}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(png(each))
    splits = open_source(f"hf:{tmp_path / 'folder'}")
    assert (len(splits.train), len(splits.test), splits.train.classes) == (6, 2, CLASSES[:2])
    parts = {"train": pixels[:5], "validation": pixels[5:7], "test": pixels[7:]}
    saved = hub.DatasetDict({name: rows(hub, each) for name, each in parts.items()})
    saved.save_to_disk(tmp_path / "saved")
    said: list[str] = []
    splits = open_source(f"hf:{tmp_path / 'saved'}", say=said.append)
    assert (len(splits.train), len(splits.test)) == (5, 1)
    assert said == [f"took the splits train, test of hf:{tmp_path / 'saved'}, and left out validation"]


@pytest.mark.slow
@pytest.mark.parametrize("world_size", [1, 2])
def test_every_row_is_seen_once_an_epoch_by_whatever_processes_and_resumes(
    hub: Any, tmp_path: Path, world_size: int
) -> None:
    """Where a run stands is the number of its step: no stream is begun anew (datasets 8308), none is doubled (7868)."""
    pixels = [np.full((6, 5, 3), 10 * number, dtype=np.uint8) for number in range(13)]
    rows(hub, pixels).save_to_disk(tmp_path / "saved")
    seen = list[int]()
    # Stopped twice, and opened anew each time.
    for begin, end in ((0, 4), (4, 9), (9, 26)):
        examples = open_split(f"hf:{tmp_path / 'saved'}", default="all")
        parts = [
            Batches(examples, batch_size=2, seed=3, rank=rank, world_size=world_size) for rank in range(world_size)
        ]
        for step in range(begin, end):
            for part in parts:
                seen += (255 * part.batch(step)[:, 0, 0, 0] / 10).round().int().tolist()
    epochs = [seen[at : at + 13] for at in range(0, 52, 13)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(13))] * 4
    assert epochs[0] != epochs[1]


@pytest.mark.slow
def test_a_set_is_packed_into_shards_with_its_splits_classes_and_fingerprint(hub: Any, tmp_path: Path) -> None:
    saved = hub.DatasetDict({"train": rows(hub, some_pixels(9)), "test": rows(hub, some_pixels(2, seed=1))})
    saved.save_to_disk(tmp_path / "saved")
    source = f"hf:{tmp_path / 'saved'}"
    answer = CliRunner().invoke(app, ["pack", source, "--out", str(tmp_path / "shards"), "--per-shard", "4"])
    assert answer.exit_code == 0, answer.output
    ours, packed = open_source(source), open_source(str(tmp_path / "shards"))
    for there, here in ((ours.train, packed.train), (ours.test, packed.test)):
        np.testing.assert_array_equal(there.array, np.asarray(here.array[: len(here)]))
        assert (there.fingerprint, there.classes) == (here.fingerprint, here.classes)
        np.testing.assert_array_equal(there.labels, here.labels)


@pytest.mark.slow
def test_splits_that_do_not_agree_are_refused(hub: Any, tmp_path: Path) -> None:
    """The same number must be the same class, and a class must be known of all rows."""
    train, place = rows(hub, some_pixels(4)), f"hf:{tmp_path / 'set'}"

    def saved(test: Any) -> str:
        hub.DatasetDict({"train": train, "test": test}).save_to_disk(tmp_path / "set")
        return str(refused(place))

    other = hub.Features({"image": hub.Image(), "label": hub.ClassLabel(names=["dog", "cat", "owl"])})
    cells = [{"bytes": png(each), "path": None} for each in some_pixels(2, seed=1)]
    told = saved(hub.Dataset.from_dict({"image": cells, "label": [0, 1]}, features=other))
    assert "must name the same classes in all splits, got dog, cat, owl in test and cat, dog, owl in train" in told
    told = saved(rows(hub, some_pixels(2, seed=1)).remove_columns("label"))
    assert told.startswith(f"all splits of {place} must have the column 'label', and test has image")
    hub.DatasetDict({}).save_to_disk(tmp_path / "none")
    assert "must hold a split, and has none" in str(refused(f"hf:{tmp_path / 'none'}"))
    assert "which has no configurations, got config=x; leave it out" in str(refused(f"{place}?config=x"))


@pytest.mark.slow
def test_columns_are_found_by_what_they_declare_or_by_their_names(hub: Any, tmp_path: Path) -> None:
    pixels = some_pixels(4)
    files = [png(each) for each in pixels]
    cells = [{"bytes": each, "path": None} for each in files]
    columns = {
        "a": cells,
        "b": cells,
        "file": files,
        "coarse": [0, 1, 0, 1],
        "fine": [1, 0, 2, 0],
        "word": list("xyxy"),
    }
    kinds = {"a": hub.Image(), "b": hub.Image(), "file": hub.Value("binary"), "word": hub.Value("string")}
    kinds |= {"coarse": hub.ClassLabel(num_classes=2), "fine": hub.ClassLabel(num_classes=3)}
    hub.Dataset.from_dict(columns, features=hub.Features(kinds)).save_to_disk(tmp_path / "set")
    place = f"hf:{tmp_path / 'set'}"
    assert str(refused(place)) == f"{place} has several columns of images, a, b; choose one by ?column=a"
    said: list[str] = []
    found = open_split(f"{place}?column=file", default="all", say=said.append)
    np.testing.assert_array_equal(found.array, np.moveaxis(np.stack(pixels), 3, 1))
    assert found.labels is None
    assert said == [f"{place} has several columns of classes, coarse, fine, and none is taken; choose by ?label="]
    named = open_split(f"{place}?column=b&label=word", default="all")
    assert (named.classes, named.labels) == (("x", "y"), pytest.approx([0, 1, 0, 1]))
    assert isinstance(refused(f"{place}?column=c"), UnknownNameError)
    assert isinstance(refused(f"{place}?column=a&label=c"), UnknownNameError)
    assert str(refused(f"{place}?column=word")).startswith(
        "column= must name a column of images or of their files, got"
    )


@pytest.mark.slow
def test_labels_that_are_kept_secret_and_broken_images_are_left_out_by_name(hub: Any, tmp_path: Path) -> None:
    saved = rows(hub, some_pixels(120), labels=[-1] * 120).to_dict()
    saved["image"][7] = {"bytes": b"no image", "path": None}
    features = hub.Features({"image": hub.Image(), "label": hub.ClassLabel(names=list(CLASSES))})
    hub.Dataset.from_dict(saved, features=features).save_to_disk(tmp_path / "set")
    said: list[str] = []
    found = open_split(f"hf:{tmp_path / 'set'}", default="all", say=said.append)
    assert (len(found), found.labels) == (119, None)
    assert any("labels of" in each and "some rows have none" in each for each in said)
    assert any("left out 1 of 120" in each and "train/00000007" in each for each in said)


@pytest.mark.slow
def test_what_cannot_be_had_is_refused_with_what_mends_it(hub: Any, tmp_path: Path) -> None:
    texts = tmp_path / "texts"
    hub.Dataset.from_dict({"text": ["a", "b"]}).save_to_disk(texts)
    assert str(refused(f"hf:{texts}")).startswith(f"hf:{texts} must have a column of images, and has text; ")
    (tmp_path / "empty").mkdir()
    assert "must hold a data set, and no file in it is part of one" in str(refused(f"hf:{tmp_path / 'empty'}"))
    away = str(refused("hf:someone/no-such-set"))
    assert away.startswith("hf:someone/no-such-set must be a folder, or within reach on the Hugging Face hub (")
    assert away.endswith("check the network and the name, or give a folder: hf:./DIR")
    place = tmp_path / "set"
    place.mkdir()
    rows(hub, some_pixels(2)).to_parquet(place / "train.parquet")
    assert str(refused(f"hf:{place}?config=other")) == (
        f"config= of hf:{place} must be one of default, got 'other'; name one of these"
    )
    answer = CliRunner().invoke(app, ["show", "hf:someone/no-such-set"])
    assert isinstance(answer.exception, DataError)


@pytest.mark.slow
def test_several_configurations_are_listed_until_one_is_named(hub: Any, tmp_path: Path) -> None:
    for name in ("big", "small"):
        (tmp_path / "set" / name).mkdir(parents=True)
        rows(hub, some_pixels(2 if name == "small" else 5)).to_parquet(tmp_path / "set" / name / "train.parquet")
    listed = [f"- config_name: {name}\n  data_files: {name}/*.parquet" for name in ("big", "small")]
    (tmp_path / "set/README.md").write_text("---\nconfigs:\n" + "\n".join(listed) + "\n---\n")
    place = f"hf:{tmp_path / 'set'}"
    assert str(refused(place)) == f"{place} has several configurations, big, small; add ?config=big"
    assert len(open_split(f"{place}?config=small", default="all")) == 2


def test_without_its_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(
        MissingExtraError, match=r"needs datasets, which is not installed; pip install 'copyist\[hf\]'$"
    ):
        open_source("hf:someone/set")


def test_options_of_the_hub_are_for_its_sets_alone_and_those_of_tables_for_none_of_them() -> None:
    assert (parse_source("hf:a/b?column=x%2Cy&config=c").column, parse_source("hf:a/b").is_hub) == ("x,y", True)
    with pytest.raises(
        ArgumentError, match=r"^source option column is for data sets of the Hugging Face hub .hf:NAME.,"
    ):
        parse_source("photos?column=image")
    with pytest.raises(
        ArgumentError, match=r"^hf: must name a data set of the Hugging Face hub or a folder, got nothing"
    ):
        parse_source("hf:")
    with pytest.raises(ArgumentError, match=r"^source option drop is for tables, got images: hf:a/b; leave drop= out$"):
        open_source("hf:a/b?drop=x")
