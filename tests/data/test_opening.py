import math
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from copyist.data import ExampleSet, Splits, image_files, open_source, open_split
from copyist.errors import ArgumentError, DataError, UnknownNameError

from .conftest import png


def names_by_content(image_set: ExampleSet) -> set[bytes]:
    return {row.tobytes() for row in image_set.array}


def test_a_folder_gives_its_pixels_in_the_order_of_names(folder_of: Callable[..., Path]) -> None:
    folder = folder_of(20)
    splits = open_source(str(folder))
    assert (len(splits.train), len(splits.test)) == (18, 2)
    assert list(splits.train.names) == sorted(splits.train.names)
    for part in (splits.train, splits.test):
        assert part.array.dtype == np.uint8
        for name, row in zip(part.names, part.array, strict=True):
            np.testing.assert_array_equal(row, np.asarray(Image.open(folder / name)).transpose(2, 0, 1))


def test_renaming_copying_and_zipping_change_no_split(folder_of: Callable[..., Path], tmp_path: Path) -> None:
    folder = folder_of(30)
    before = open_source(str(folder))
    other = tmp_path / "other"
    other.mkdir()
    for index, path in enumerate(sorted(folder.iterdir(), reverse=True)):
        shutil.copy(path, other / f"{index}.png")
    after = open_source(str(other))
    assert names_by_content(before.test) == names_by_content(after.test)
    archive = tmp_path / "images.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in folder.iterdir():
            file.write(path, f"deep/down/{path.name}")
    zipped = open_source(str(archive))
    assert names_by_content(zipped.test) == names_by_content(before.test)
    assert zipped.train.fingerprint == before.train.fingerprint
    assert zipped.train.fingerprint != zipped.test.fingerprint


@pytest.mark.parametrize("options", ["", "?size=6x5", "?calibration=0.3", "?test=0.5&split_seed=3", "?limit=5"])
def test_all_is_every_split_in_the_order_of_names(folder_of: Callable[..., Path], options: str) -> None:
    folder = folder_of(12)
    every = open_split(f"{folder}{options}", default="all")
    names = sorted(path.name for path in folder.iterdir())
    assert list(every.names) == (names if "limit" not in options else [names[index] for index in (0, 2, 4, 7, 9)])
    for name, row in zip(every.names, every.array, strict=True):
        np.testing.assert_array_equal(row, np.asarray(Image.open(folder / name)).transpose(2, 0, 1))


def test_a_split_can_be_named(folder_of: Callable[..., Path]) -> None:
    folder = str(folder_of(12))
    splits = open_source(folder)
    assert open_split(f"{folder}?split=test", default="all").names == splits.test.names
    assert open_split(folder, default="train").fingerprint == splits.train.fingerprint


def test_a_source_with_both_splits_takes_no_split_option(folder_of: Callable[..., Path]) -> None:
    with pytest.raises(ArgumentError, match="leave split= out"):
        open_source(f"{folder_of(3)}?split=test")


@pytest.mark.parametrize("held_out", ["test", "val"])
def test_folders_named_train_and_test_are_the_splits(
    folder_of: Callable[..., Path], held_out: str, said: list[str]
) -> None:
    folder_of(5, place="set/train/a")
    folder_of(3, place=f"set/{held_out}/b", first=10)
    folder = folder_of(2, place="set/masks", first=20).parent
    splits = open_source(str(folder), say=said.append)
    assert {name.split("/")[0] for name in splits.train.names} == {"train"}
    assert {name.split("/")[0] for name in splits.test.names} == {held_out}
    assert (len(splits.train), len(splits.test)) == (5, 3)
    assert said == [f"took train/ and {held_out}/ of {folder} as its splits, and left out 2 files beside them"]


def test_tiles_are_cut_after_the_split(folder_of: Callable[..., Path]) -> None:
    folder = folder_of(11, (9, 7))
    splits = open_source(f"{folder}?size=4x3&fit=tile")
    assert (len(splits.train), len(splits.test)) == (9 * 4, 2 * 4)
    assert not {name.split("@")[0] for name in splits.train.names} & {name.split("@")[0] for name in splits.test.names}
    name, corner = splits.test.names[3].split("@")
    assert corner == "4,3"
    whole = np.asarray(Image.open(folder / name)).transpose(2, 0, 1)
    np.testing.assert_array_equal(splits.test.array[3], whole[:, 4:8, 3:6])
    assert len(open_split(f"{folder}?size=4x3&fit=tile&stride=1", default="all")) == 11 * 6 * 5


def test_a_limit_takes_so_many_images_of_each_split(folder_of: Callable[..., Path]) -> None:
    splits = open_source(f"{folder_of(40)}?limit=3")
    assert (len(splits.train), len(splits.test)) == (3, 3)


def test_sizes_and_channels_are_brought_together(folder_of: Callable[..., Path]) -> None:
    folder = folder_of(2, (6, 5))
    folder_of(2, (5, 6), first=5)
    Image.fromarray(np.full((4, 4), 9, np.uint8)).save(folder / "gray.png")
    with pytest.raises(DataError, match=r"must be of one size, got 4x4 and 6x5; add \?size=64"):
        open_source(str(folder))
    assert open_split(f"{folder}?size=8", default="all").array.shape == (5, 3, 8, 8)
    assert open_split(f"{folder}?size=8&channels=1", default="all").image_shape == (1, 8, 8)
    with pytest.raises(DataError, match="must have 2 channels, got"):
        open_split(f"{folder}?size=8&channels=2", default="all")
    with pytest.raises(DataError, match=r"tiles of .* must fit into its images, got 8x8; take \?size=6x5, or less$"):
        open_split(f"{folder}?size=8&fit=tile", default="all")


def test_sixteen_bits_stay_sixteen(folder_of: Callable[..., Path]) -> None:
    folder = folder_of(1, (2, 3))
    wide = np.array([[0, 1, 256], [65535, 3, 4]], dtype=np.uint16)
    Image.fromarray(wide).save(folder / "a.png")
    both = open_split(f"{folder}?channels=3", default="all")
    assert both.array.dtype == np.uint16
    np.testing.assert_array_equal(both.array[both.names.index("a.png"), 1], wide)
    narrow = np.asarray(Image.open(folder / "0000.png")).transpose(2, 0, 1)
    # 255 of 255 must be 65535 of 65535.
    np.testing.assert_array_equal(both.array[both.names.index("0000.png")], narrow.astype(np.uint16) * 257)


def test_a_few_unreadable_files_are_named_and_left_out(folder_of: Callable[..., Path], said: list[str]) -> None:
    folder = folder_of(200, (3, 2))
    (folder / "a.png").write_bytes(png(np.zeros((3, 2, 3), np.uint8))[:45])
    (folder / "b.png").write_text("no image")
    both = open_split(str(folder), default="all", say=said.append)
    assert len(both) == 200
    (notice,) = said
    assert notice.startswith("left out 2 of 202 files that cannot be read: ")
    assert "b.png (not an image)" in notice
    assert "a.png (" in notice
    again: list[str] = []
    assert open_split(str(folder), default="all", say=again.append).fingerprint == both.fingerprint
    assert again == said


def test_a_truncated_photograph_leaves_no_gap(tmp_path: Path, said: list[str]) -> None:
    rng = np.random.default_rng(0)
    for index in range(110):
        Image.fromarray(rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)).save(tmp_path / f"{index:03d}.jpg")
    broken = tmp_path / "050.jpg"
    broken.write_bytes(broken.read_bytes()[:-200])
    splits = open_source(str(tmp_path), say=said.append)
    assert said == ["left out 1 of 110 files that cannot be read: 050.jpg (truncated)"]
    assert len(splits.train) + len(splits.test) == 109
    for part in (splits.train, splits.test):
        assert len(part.names) == len(part.array)
        last = np.asarray(Image.open(tmp_path / part.names[-1])).transpose(2, 0, 1)
        np.testing.assert_array_equal(part.array[-1], last)


def test_pixels_that_differ_from_their_header_are_unreadable(
    folder_of: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(3)
    look = image_files.read_header
    monkeypatch.setattr(image_files, "read_header", lambda data: replace(look(data), channels=1))
    with pytest.raises(DataError, match="its pixels are not what its header says"):
        open_source(str(folder))


def test_a_link_to_nowhere_is_an_unreadable_file(folder_of: Callable[..., Path], said: list[str]) -> None:
    folder = folder_of(100, (2, 2))
    (folder / "a.png").symlink_to(folder / "nowhere.png")
    assert len(open_split(str(folder), default="all", say=said.append)) == 100
    assert said == ["left out 1 of 101 files that cannot be read: a.png (no such file or directory)"]


def test_many_unreadable_files_stop_it(folder_of: Callable[..., Path]) -> None:
    folder = folder_of(20)
    for index in range(4):
        (folder / f"z{index}.png").write_text("no image")
    with pytest.raises(DataError) as refusal:
        open_source(str(folder))
    assert "got 4 of 24: z0.png (not an image), z1.png (not an image), z2.png (not an image), …" in str(refusal.value)


def test_nothing_to_read_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"must hold images that can be read, got none"):
        open_source(str(tmp_path))
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(
        DataError,
        match=r"got none among 1, such as a.png \(empty\); check the files",
    ):
        open_source(str(tmp_path))


@pytest.mark.parametrize("name", ["hf:mnist", "x.xyz"])
def test_what_is_not_read_is_refused_with_what_is(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"?")
    for text in (str(path), f"./{name}"):
        with pytest.raises(DataError, match=r"\.npy, \.npz, idx \.gz, a table in \.csv or \.parquet, hf:NAME of the"):
            open_source(text)


def test_a_folder_named_like_an_embedded_source_is_pointed_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    (tmp_path / "faces").mkdir()
    monkeypatch.chdir(tmp_path)
    assert open_source("faces", say=said.append).train.image_shape == (1, 25, 25)
    assert said == ["took faces as the embedded data of that name; write ./faces for the folder"]


def test_a_decompression_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("copyist.files.limits.LARGEST", 40)
    Image.fromarray(np.zeros((5, 6), np.uint8)).save(tmp_path / "a.png")
    Image.fromarray(np.zeros((50, 6), np.uint8)).save(tmp_path / "b.png")
    with pytest.raises(DataError, match=r"b.png \(more pixels than any real image: 6x50 in "):
        open_source(str(tmp_path))


def test_the_share_held_out_is_a_tenth_of_an_array(tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 256, (95, 4, 5), dtype=np.uint8)
    np.save(tmp_path / "x.npy", array)
    splits = open_source(str(tmp_path / "x.npy"))
    assert len(splits.test) == math.ceil(95 / 10)
    shuffled = array[np.random.default_rng(1).permutation(95)]
    np.save(tmp_path / "y.npy", shuffled)
    assert names_by_content(open_source(str(tmp_path / "y.npy")).test) == names_by_content(splits.test)


@pytest.mark.parametrize("source", ["digits", "scenes?size=8&limit=60", "cancer", "photos?size=64"])
def test_a_calibration_split_is_taken_from_what_is_trained_on_and_only_when_asked_for(source: str) -> None:
    plain = open_source(source)
    assert plain.calibration is None
    joint = "&" if "?" in source else "?"
    splits = open_source(f"{source}{joint}calibration=0.2")
    assert splits.calibration is not None
    names = [set(part.names) for part in (splits.train, splits.calibration, plain.train)]
    assert names[0] | names[1] == names[2]
    assert not names[0] & names[1]
    assert splits.test.fingerprint == plain.test.fingerprint
    assert 0.15 < len(splits.calibration) / len(plain.train) < 0.25
    alone = open_split(f"{source}{joint}calibration=0.2&split=calibration", default="all")
    assert alone.fingerprint == splits.calibration.fingerprint
    everything = open_split(f"{source}{joint}calibration=0.2&split=all", default="train")
    assert everything.fingerprint == open_split(source, default="all").fingerprint


def test_a_calibration_split_that_cannot_be_is_refused() -> None:
    for value in ("0", "1", "half", "-0.2", "nan"):
        with pytest.raises(
            ArgumentError,
            match=rf"^source option calibration must be a share between 0 and 1, both excluded, got '{value}'; take",
        ):
            open_source(f"digits?calibration={value}")
    with pytest.raises(
        ArgumentError,
        match=r"^split=calibration must come with a share, got 'digits\?split=cal.*; add &calibration=0.2$",
    ):
        open_split("digits?split=calibration", default="all")


@pytest.mark.parametrize("held_out", ["valid", "Validation", "dev", "testing", "eval", "TEST"])
@pytest.mark.parametrize("around", ["", "dataset/", "images/"])
def test_splits_are_found_by_the_names_people_use(folder_of: Callable[..., Path], around: str, held_out: str) -> None:
    folder_of(6, place=f"set/{around}Train")
    folder_of(4, place=f"set/{around}{held_out}", first=10)
    folder = folder_of(0, place="set")
    splits = open_source(str(folder))
    assert (len(splits.train), len(splits.test)) == (6, 4)
    archive = folder.parent / "set.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted(folder.rglob("*.png")):
            file.writestr(str(path.relative_to(folder)).replace("/", "\\"), path.read_bytes())
    zipped = open_source(str(archive))
    assert zipped.train.fingerprint == splits.train.fingerprint
    assert zipped.test.fingerprint == splits.test.fingerprint


def test_beside_test_what_validates_is_left_out_and_counted(folder_of: Callable[..., Path], said: list[str]) -> None:
    folder = folder_of(0, place="set")
    for index, (split, count) in enumerate([("train", 5), ("val", 3), ("test", 2), ("other", 1)]):
        folder_of(count, place=f"set/{split}", first=10 * index)
    splits = open_source(str(folder), say=said.append)
    assert (len(splits.train), {name.partition("/")[0] for name in splits.test.names}) == (5, {"test"})
    assert said == [
        f"took train/ and test/ of {folder} as its splits, and left out 4 files beside them, 3 of them in val/"
    ]


@pytest.mark.parametrize("place", ["{}", "train/{}", "{}/train", "images/train/{}"])
def test_one_folder_for_each_class_gives_labels(folder_of: Callable[..., Path], place: str) -> None:
    for index, name in enumerate(("owl", "cat", "dog")):
        folder_of(4, place=f"set/{place.format(name)}", first=10 * index)
        if "train" in place:
            folder_of(2, place=f"set/{place.format(name).replace('train', 'test')}", first=10 * index + 5)
    splits = open_source(str(folder_of(0, place="set")))
    for part in (splits.train, splits.test):
        classes = part.classes or ()
        assert classes == ("cat", "dog", "owl")
        assert part.labels is not None
        found = [next(each for each in name.split("/") if each in classes) for name in part.names]
        assert [classes[number] for number in part.labels] == found


def test_folders_that_are_no_classes_are_images_all_the_same(folder_of: Callable[..., Path]) -> None:
    folder_of(8, place="set/a")
    folder = folder_of(2, place="set", first=20)
    splits = open_source(str(folder))
    assert (len(splits.train), len(splits.test), splits.train.labels) == (9, 1, None)


def test_the_share_held_out_and_its_seed_can_be_chosen(folder_of: Callable[..., Path], tmp_path: Path) -> None:
    folder = folder_of(20)
    half = open_source(f"{folder}?test=0.5&calibration=0.2")
    assert half.calibration is not None
    assert (len(half.train), len(half.test), len(half.calibration)) == (8, 10, 2)
    assert names_by_content(open_source(f"{folder}?test=0.1").test) == names_by_content(open_source(str(folder)).test)
    seeds = {frozenset(names_by_content(open_source(f"{folder}?split_seed={seed}").test)) for seed in range(6)}
    assert len(seeds) > 1
    assert frozenset(names_by_content(open_source(str(folder)).test)) in seeds
    array = open_split(str(folder), default="all").array
    splits = Splits.from_arrays(array, 0.25, split_seed=3, calibration=0.2)
    np.save(tmp_path / "x.npy", array)
    source = open_source(f"{tmp_path / 'x.npy'}?layout=nchw&test=0.25&split_seed=3&calibration=0.2")
    assert splits.test.names == source.test.names
    assert splits.calibration is not None
    assert source.calibration is not None
    assert splits.calibration.names == source.calibration.names


def test_classes_are_taken_by_name_and_stay_in_their_splits(folder_of: Callable[..., Path]) -> None:
    folder = folder_of(20, place="set/good").parent
    folder_of(20, place="set/scratched", first=30)
    whole, good = open_source(str(folder)), open_source(f"{folder}?only=good")
    assert good.train.names == tuple(name for name in whole.train.names if name.startswith("good"))
    assert good.test.names == tuple(name for name in whole.test.names if name.startswith("good"))
    assert good.classes == whole.classes
    both = open_source(f"{folder}?only=scratched,good")
    assert both.train.names == whole.train.names
    assert good.train.fingerprint != both.train.fingerprint


def test_rows_are_taken_by_their_class(tmp_path: Path) -> None:
    lines = [f"{row},{row % 7},{'bad, worn' if row % 3 else 'good'}" for row in range(60)]
    (tmp_path / "x.csv").write_text(
        "\n".join(["a,b,state", *(line.replace("bad, worn", '"bad, worn"') for line in lines)])
    )
    splits = open_source(f"{tmp_path / 'x.csv'}?label=state&only=bad%2C worn")
    assert len(splits.train) + len(splits.test) == 40
    assert all(row[0] % 3 for row in splits.train.array)


def test_classes_that_are_not_there_are_refused(folder_of: Callable[..., Path]) -> None:
    folder = folder_of(10, place="set/good").parent
    folder_of(10, place="set/scratched", first=30)
    with pytest.raises(
        UnknownNameError, match="only= must be one of good, scratched, got 'goood'; did you mean 'good'"
    ):
        open_source(f"{folder}?only=goood")
    with pytest.raises(DataError, match=r"must have labels for only= \(or --normal\)"):
        open_source("photos?only=good")


def test_one_group_cannot_be_parted(folder_of: Callable[..., Path]) -> None:
    folder = folder_of(12)
    with pytest.raises(DataError, match=r"must have groups to train and to test on, got 12 and 0 images of the groups"):
        open_source(f"{folder}?group=png")


@pytest.mark.parametrize("option", ["test=0.5", "split_seed=1"])
def test_data_with_splits_takes_no_share(folder_of: Callable[..., Path], option: str) -> None:
    folder_of(5, place="set/train")
    folder = folder_of(3, place="set/test", first=10).parent
    with pytest.raises(ArgumentError, match=f"has splits of its own, got {option}; leave {option.split('=')[0]}= out$"):
        open_source(f"{folder}?{option}")
    with pytest.raises(ArgumentError, match="scenes has splits of its own"):
        open_source(f"scenes?size=8&limit=4&{option}")


def test_pictures_that_are_all_equal_are_called_so(folder_of: Callable[..., Path]) -> None:
    folder = folder_of(1)
    for index in range(1, 10):
        shutil.copy(folder / "0000.png", folder / f"{index}.png")
    with pytest.raises(
        DataError, match=r"must have images to train and to test on, got 10 that are all equal; add oth"
    ):
        open_source(str(folder))


def test_a_run_in_the_data_folder_is_not_learned_from(folder_of: Callable[..., Path], said: list[str]) -> None:
    folder = folder_of(20)
    before = open_source(str(folder))
    folder_of(3, place="images/run/samples", first=50)
    (folder / "run/state").mkdir()
    (folder / "run/state/state.safetensors").write_bytes(b"")
    assert open_source(str(folder), say=said.append).train.fingerprint == before.train.fingerprint
    assert said == [f"passed over 1 folder that copyist has written in {folder}: run"]


def test_the_home_folder_is_found_in_quotes(
    folder_of: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder_of(6, place="home/pictures")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert len(open_split("~/pictures?size=4", default="all")) == 6
    monkeypatch.chdir(tmp_path / "home")
    folder_of(3, place="home/~own")
    assert len(open_split("~own", default="all")) == 3


def test_what_training_sees_of_pictures_in_another_way_is_said(tmp_path: Path) -> None:
    draws = np.random.default_rng(0)
    colors = [Image.fromarray(draws.integers(0, 256, (8, 8, 3), dtype=np.uint8)) for _ in range(12)]
    for number, color in enumerate(colors):
        color.save(tmp_path / f"{number:02d}.png")
    color = colors[0]
    color.convert("L").save(tmp_path / "gray.png")
    color.convert("RGBA").save(tmp_path / "seen_through.png")
    said: list[str] = []
    open_source(str(tmp_path), say=said.append)
    assert said == [
        "gray.png: gray becomes color, by three equal channels",
        "seen_through.png: its transparency is left out",
    ]


@pytest.mark.parametrize("folders", [("train", "unseen"), ("test", "val"), ("train",)])
def test_folders_that_are_called_like_splits_and_make_none_are_said(folders: tuple[str, ...], tmp_path: Path) -> None:
    draws = np.random.default_rng(0)
    for folder in folders:
        (tmp_path / folder).mkdir()
        for number in range(10):
            Image.fromarray(draws.integers(0, 256, (8, 8), dtype=np.uint8)).save(tmp_path / folder / f"{number}.png")
    said: list[str] = []
    splits = open_source(str(tmp_path), say=said.append)
    named = " and ".join(f"{name}/" for name in folders if name != "unseen")
    assert [sentence.partition(" but ")[0] for sentence in said] == [f"{tmp_path} has {named}"]
    assert (len(splits.train), splits.train.labels) == (9 * len(folders), None)
