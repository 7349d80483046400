"""Shards: the same splits, batches and bits as the source they were packed from, whatever happens on the way."""

import io
import json
import tarfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from copyist.data import Batches, open_source, open_split, pack_source, shard_array
from copyist.data.examples import ExampleSet
from copyist.data.inputs import find_inputs
from copyist.errors import ArgumentError, DataError, OutputError
from copyist.models import UNetConfig
from copyist.objectives import Copying
from copyist.training import Recipe, Training, train


@pytest.fixture
def numbered(tmp_path: Path) -> Path:
    """A folder of 37 small pictures in two classes, each of which holds its own number in every pixel."""
    folder = tmp_path / "numbered"
    for number in range(37):
        path = folder / ("even", "odd")[number % 2] / f"{number:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((5, 7, 3), number, dtype=np.uint8)).save(path)
    return folder


@pytest.fixture
def packed(numbered: Path, tmp_path: Path) -> Path:
    """The same in shards of eight."""
    return pack_source(str(numbered), tmp_path / "shards", per_shard=8).folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def same(ours: ExampleSet, theirs: ExampleSet) -> None:
    assert ours.names == theirs.names
    assert (ours.fingerprint, ours.classes, ours.shape) == (theirs.fingerprint, theirs.classes, theirs.shape)
    assert np.array_equal(np.array(ours.labels), np.array(theirs.labels))
    assert torch.equal(ours.examples(), theirs.examples())


@pytest.mark.parametrize("encoding", ["png", "npy"])
@pytest.mark.parametrize("source", ["{folder}", "{folder}?limit=20&channels=1", "{folder}?only=odd", "digits?limit=30"])
def test_shards_have_the_splits_and_the_fingerprints_of_their_source(
    numbered: Path, tmp_path: Path, source: str, encoding: str
) -> None:
    text = source.format(folder=numbered)
    if text.startswith("digits") and encoding == "png":
        # They are in seventeen gray levels, which eight bits do not hold.
        with pytest.raises(DataError, match=r"take --encoding npy$"):
            pack_source(text, tmp_path / "out", encoding=encoding)
        return
    packed = pack_source(text, tmp_path / "out", per_shard=8, encoding=encoding)
    ours, theirs = open_source(str(packed.folder)), open_source(text)
    same(ours.train, theirs.train)
    same(ours.test, theirs.test)
    assert packed.images == len(theirs.train) + len(theirs.test)
    same(open_split(str(packed.folder / "index.json"), default="test"), theirs.test)


@pytest.mark.parametrize("options", ["?test=0.3&split_seed=2&calibration=0.2", r"?group=(\d\d)\d&calibration=0.3"])
def test_splits_of_shards_are_asked_for_as_those_of_their_source(numbered: Path, packed: Path, options: str) -> None:
    ours, theirs = open_source(f"{packed}{options}"), open_source(f"{numbered}{options}")
    assert ours.calibration is not None
    assert theirs.calibration is not None
    for mine, its in ((ours.train, theirs.train), (ours.test, theirs.test), (ours.calibration, theirs.calibration)):
        same(mine, its)


def test_tiles_of_one_image_stay_on_one_side(tmp_path: Path) -> None:
    folder = tmp_path / "large"
    folder.mkdir()
    for number in range(12):
        noise = np.random.default_rng(number).integers(0, 255, (8, 12, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / f"{number}.png")
    text = f"{folder}?size=4&fit=tile"
    ours, theirs = open_source(str(pack_source(text, tmp_path / "out").folder)), open_source(text)
    assert sorted(ours.train.names) == sorted(theirs.train.names)
    assert torch.equal(ours.test.examples(), theirs.test.examples())


def test_a_shard_is_a_tar_that_any_program_reads(packed: Path) -> None:
    with tarfile.open(packed / "shard-000001.tar") as tar:
        members = tar.getmembers()
        assert [member.name for member in members[:2]] == ["00000100000000.png", "00000100000000.cls"]
        pictures = [tar.extractfile(member) for member in members if member.name.endswith(".png")]
        numbers = [int(np.asarray(Image.open(io.BytesIO(file.read())))[0, 0, 0]) for file in pictures if file]
    # By their names, even ones come before odd ones.
    assert numbers == [*range(0, 37, 2), *range(1, 37, 2)][8:16]


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_every_image_is_seen_once_an_epoch_whoever_reads_it_and_however_often_they_stop(
    packed: Path, monkeypatch: pytest.MonkeyPatch, workers: int, world_size: int
) -> None:
    monkeypatch.setattr(shard_array, "_num_workers", lambda: workers)
    shard_array._pool.cache_clear()
    examples, batch, epochs = open_split(str(packed), default="all"), 6, 6
    steps = epochs * len(examples) // batch
    seen, order = Counter[int](), list[int]()
    # Stopped twice: each part is read by new processes, which know the step and nothing else.
    for begin, end in ((0, 5), (5, 17), (17, steps)):
        parts = [
            Batches(examples, batch_size=batch, seed=3, rank=rank, world_size=world_size) for rank in range(world_size)
        ]
        for step in range(begin, end):
            shares = [(255 * part.batch(step)[:, 0, 0, 0]).round().int().tolist() for part in parts]
            assert len({len(share) for share in shares}) == 1
            order += [number for share in shares for number in share]
    seen.update(order)
    assert seen == dict.fromkeys(range(37), epochs)
    assert all(sorted(order[at : at + 37]) == list(range(37)) for at in range(0, len(order), 37))
    assert order[:37] != order[37:74]
    shard_array._pool.cache_clear()


@pytest.mark.slow
def test_training_on_shards_is_training_on_their_source(numbered: Path, tmp_path: Path) -> None:
    recipe = Recipe(
        name="tiny",
        data="",
        model=UNetConfig(channels=3, width=2, levels=1, convolutions=1),
        objective=Copying(),
        training=Training(steps=3, batch_size=8, validate_every=3, save_every=2, precision="float32"),
    )
    source = f"{numbered}?size=4"
    shards = str(pack_source(source, tmp_path / "four").folder)
    ours, theirs = train(recipe, data=shards).model, train(recipe, data=source, out=tmp_path / "run").model
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))
    # A run of the source goes on with the shards, whose content is the same.
    train(recipe, data=shards, out=tmp_path / "run", resume=True)


class StoppedError(Exception):
    """Packing was stopped from outside."""


@pytest.mark.parametrize("writes", [0, 1, 4, 7])
def test_packing_that_was_stopped_goes_on_to_the_same_bytes(
    numbered: Path, packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    left = [writes]
    real = Path.replace

    def stopping(self: Path, target: Path) -> Path:
        if left[0] == 0:
            raise StoppedError
        left[0] -= 1
        return real(self, target)

    out = tmp_path / "stopped"
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", stopping)
        with pytest.raises(StoppedError):
            pack_source(str(numbered), out, per_shard=8)
    assert not (out / "index.json").exists()
    if writes:
        with pytest.raises(OutputError, match=r"holds other shards, or such as are packed already; "):
            pack_source(str(numbered), out, per_shard=9)
        with pytest.raises(DataError, match=r"stopped holds shards whose packing was stopped; give the command "):
            open_source(str(out))
    first = out / "shard-000000.tar"
    if first.exists():
        # Goes on behind what is whole alone.
        first.write_bytes(first.read_bytes()[:512])
    pack_source(str(numbered), out, per_shard=8)
    assert contents(out) == contents(packed)


def test_a_folder_is_replaced_only_when_that_is_asked_for(numbered: Path, packed: Path, tmp_path: Path) -> None:
    before = contents(packed)
    with pytest.raises(OutputError, match=r"add --force to replace them$"):
        pack_source(str(numbered), packed, per_shard=8)
    assert contents(packed) == before
    assert pack_source(str(numbered), packed, per_shard=20, overwrite=True).shards == 2
    assert len(list(packed.glob("*.tar"))) == 2
    other = tmp_path / "other"
    other.mkdir()
    letter = other / "shard-letter.txt"
    letter.write_text("dear")
    with pytest.raises(OutputError, match=r"holds something that is no shard; choose another folder with --out$"):
        pack_source(str(numbered), other, overwrite=True)
    assert letter.read_text() == "dear"


@pytest.mark.parametrize("index", ["[1, 2]", "{}", "pictures"])
def test_pictures_beside_an_index_of_another_kind_are_a_folder_of_pictures(numbered: Path, index: str) -> None:
    (numbered / "index.json").write_text(index)
    assert len(open_split(str(numbered), default="all")) == 37


def test_what_cannot_be_read_is_named_and_left_out(numbered: Path, tmp_path: Path) -> None:
    for number in range(37, 120):
        Image.fromarray(np.full((5, 7, 3), number, dtype=np.uint8)).save(numbered / "even" / f"{number:03d}.png")
    (numbered / "odd" / "005.png").write_bytes(b"no picture")
    said: list[str] = []
    packed = pack_source(str(numbered), tmp_path / "out", say=said.append)
    assert (packed.images, packed.left_out) == (119, 1)
    assert any("odd/005.png" in sentence for sentence in said)


def test_packing_that_is_refused_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^images of scenes must have 2 channels, got 3; "):
        pack_source("scenes?size=16&limit=4&channels=2", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def damage(folder: Path, what: str) -> None:
    tar = folder / "shard-000002.tar"
    index = json.loads((folder / "index.json").read_text())
    match what:
        case "truncated":
            tar.write_bytes(tar.read_bytes()[:-512])
        case "missing":
            tar.unlink()
        case "no record":
            tar.with_suffix(".json").unlink()
        case "damaged record":
            tar.with_suffix(".json").write_text("{")
        case "newer":
            (folder / "index.json").write_text(json.dumps(index | {"version": 2}))
        case "no JSON":
            (folder / "index.json").write_text("{")
        case "damaged index":
            index["shape"] = "large"
            (folder / "index.json").write_text(json.dumps(index))
        case "unknown type":
            (folder / "index.json").write_text(json.dumps(index | {"dtype": "banana"}))
        case "place before the tar" | "place behind the tar":
            shard = json.loads(tar.with_suffix(".json").read_text())
            shard["offsets"][0] = -512 if what == "place before the tar" else 10**6
            tar.with_suffix(".json").write_text(json.dumps(shard))
        case _:
            raise AssertionError(what)


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        (
            "truncated",
            r"shard-000002\.tar must be a file of \d+ bytes, got \d+; copy it again, or pack the source again$",
        ),
        (
            "missing",
            r"shard-000002\.tar must be a file of \d+ bytes, got none; copy it again, or pack the source again$",
        ),
        ("no record", r"shard-000002\.json must be there beside its shard, and cannot be read \(no such file"),
        ("damaged record", r"shard-000002\.json must describe shards as JSON, and is damaged; "),
        ("newer", r"index\.json must be an index of version 1 or older, got 2; install a newer copyist, or pack "),
        ("no JSON", r"index\.json must describe shards as JSON, and is damaged; "),
        ("damaged index", r"index\.json must describe shards as JSON, and is damaged; "),
        ("unknown type", r"index\.json must describe shards as JSON, and is damaged; "),
        ("place before the tar", r"shard-000002\.json must describe shards as JSON, and is damaged; "),
        ("place behind the tar", r"shard-000002\.json must describe shards as JSON, and is damaged; "),
    ],
)
def test_shards_that_are_not_whole_are_refused_before_any_is_read(packed: Path, what: str, sentence: str) -> None:
    damage(packed, what)
    with pytest.raises(DataError, match=sentence):
        open_source(str(packed))


def in_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where files are large."""
    monkeypatch.setattr(shard_array, "_BYTES_PER_THREAD", 1)
    monkeypatch.setattr(shard_array, "_num_workers", lambda: 3)


def test_images_read_in_several_threads_are_those_read_in_one(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    array = open_split(str(packed), default="all").array
    rows = np.random.default_rng(0).permutation(len(array))
    alone = array[rows]
    in_threads(monkeypatch)
    np.testing.assert_array_equal(array[rows], alone)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_damaged_image_is_refused_when_it_is_read(
    packed: Path, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if threads > 1:
        in_threads(monkeypatch)
    tar = packed / "shard-000002.tar"
    whole = bytearray(tar.read_bytes())
    # In the middle of the first picture, whose bytes begin behind a header of 512.
    whole[540:560] = bytes(20)
    tar.write_bytes(bytes(whole))
    examples = open_split(str(packed), default="all")
    with pytest.raises(DataError, match=r"shard-000002\.tar is damaged at byte 512; copy it again, or pack again$"):
        examples.examples()


def test_shards_are_inputs_like_the_images_that_were_packed(packed: Path) -> None:
    assert len(find_inputs([str(packed)])) == len(open_split(str(packed), default="all"))


def test_images_that_are_packed_are_taken_as_they_are(packed: Path, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"^source option size is for what is packed into shards, got shards, "):
        open_source(f"{packed}?size=4")
    with pytest.raises(DataError, match=r"is packed in shards already; pack the source that they were made from$"):
        pack_source(str(packed), tmp_path / "again")
    with pytest.raises(DataError, match=r"^shards hold images, got a table: cancer; "):
        pack_source("cancer", tmp_path / "again")
    for option, value in (("test", "0.2"), ("group", "folder")):
        with pytest.raises(ArgumentError, match=rf"^source option {option} is for data that is trained on, got what "):
            pack_source(f"digits?{option}={value}", tmp_path / "again")
    assert not (tmp_path / "again").exists()
