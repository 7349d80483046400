"""Pictures through a model in several processes: files, notices and refusals are those of one."""

import contextlib
import gc
import weakref
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from joblib import parallel_config
from PIL import Image

from copyist.checkpoint import MODEL_CATALOGUES, Header, save
from copyist.checkpoint import load as load_model
from copyist.data.inputs import find_inputs
from copyist.errors import CopyistError, DataError, OutputError
from copyist.evaluation.part_of_pictures import check_there
from copyist.evaluation.restore_files import restore_files
from copyist.evaluation.restore_in_jobs import NetworkFile, restore_in_jobs
from copyist.files.bulk import Progress
from copyist.files.picture_files import PicturesOfFiles
from copyist.models.contracts import Reconstructor, needs
from copyist.models.unet import UNetConfig
from copyist.procedures import reconstruct
from copyist.procedures.sizes import Batch, batches_of
from copyist.settings import dump

SIZES = ((16, 24), (8, 16))
PASSES = 2


@pytest.fixture(scope="module", params=["batch", "group"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The file of a small net, which goes by the statistics of batches of 4, or sees each picture by itself."""
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    torch.manual_seed(0)
    net = UNetConfig(channels=3, width=4, levels=2, statistics=request.param).build()
    save(path, net, Header(model=dump(net.config, MODEL_CATALOGUES), batch_size=4))
    return str(path)


@pytest.fixture
def inputs(tmp_path: Path) -> list[str]:
    """A folder of 23 pictures of two sizes, a stack of five pages, and an array of seven rows."""
    folder, draw = tmp_path / "in", np.random.default_rng(0)
    folder.mkdir()
    for index in range(23):
        pixels = draw.integers(0, 256, (*SIZES[index % 2], 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index:02d}.{('png', 'jpg', 'webp')[index % 3]}")
    tifffile.imwrite(tmp_path / "stack.tif", draw.integers(0, 256, (5, *SIZES[1], 3), dtype=np.uint8))
    np.save(tmp_path / "rows.npy", draw.random((7, *SIZES[0], 3), dtype=np.float32))
    return [str(folder), f"{tmp_path / 'stack.tif'}?pages=all", str(tmp_path / "rows.npy")]


@pytest.fixture
def at_once() -> Iterator[None]:
    """Jobs in threads of this process, which need no time to begin."""
    with parallel_config(backend="threading"):
        yield


def written(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def by_one(model: str, inputs: list[str], out: Path, *, said: list[str] | None = None) -> list[Path]:
    network = needs(load_model(model), Reconstructor, verb="copy")
    pictures = PicturesOfFiles(find_inputs(inputs), say=None if said is None else said.append)
    verb = partial(reconstruct, network, batch_size=None)
    return restore_files(network, verb, pictures, out=out, channels=3, passes=PASSES)


def by_two(
    model: str,
    inputs: list[str],
    out: Path,
    *,
    said: list[str] | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    network = needs(load_model(model), Reconstructor, verb="copy")
    return restore_in_jobs(
        NetworkFile(path=model, passes=PASSES),
        network,
        PicturesOfFiles(find_inputs(inputs), say=None if said is None else said.append),
        inputs=inputs,
        out=out,
        channels=3,
        jobs=2,
        progress=progress,
    )


@pytest.mark.usefixtures("at_once")
def test_the_files_of_two_jobs_are_those_of_one_bit_for_bit(model: str, inputs: list[str], tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    one = by_one(model, inputs, tmp_path / "one")
    two = by_two(model, inputs, tmp_path / "two", progress=lambda *counts: told.append(counts))
    assert len(one) == 25
    assert [path.name for path in two] == [path.name for path in one]
    assert written(tmp_path / "two") == written(tmp_path / "one")
    assert told[-1] == (35, 35)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


@pytest.mark.slow
def test_the_files_of_two_processes_are_those_of_one_bit_for_bit(model: str, inputs: list[str], tmp_path: Path) -> None:
    by_one(model, inputs, tmp_path / "one")
    by_two(model, inputs, tmp_path / "two")
    assert written(tmp_path / "two") == written(tmp_path / "one")


@pytest.mark.slow
@pytest.mark.usefixtures("at_once")
def test_pictures_that_turn_out_damaged_leave_the_batches_of_one_process(
    model: str, inputs: list[str], tmp_path: Path
) -> None:
    folder, draw = Path(inputs[0]), np.random.default_rng(1)
    for index in range(100, 310):
        Image.fromarray(draw.integers(0, 256, (*SIZES[1], 3), dtype=np.uint8)).save(folder / f"{index}.png")
    for name in ("103.png", "200.png"):
        # The header is whole, so that only decoding tells.
        (folder / name).write_bytes((folder / name).read_bytes()[:60])
    told: tuple[list[str], list[str]] = ([], [])
    one = by_one(model, inputs, tmp_path / "one", said=told[0])
    counts: list[tuple[int, int]] = []
    two = by_two(model, inputs, tmp_path / "two", said=told[1], progress=lambda *each: counts.append(each))
    assert told[0] == told[1]
    assert max(done for done, _ in counts) == counts[-1][0] == 243
    assert "left out 2 of 245 pictures that cannot be read: 103.png" in told[0][0]
    assert [path.name for path in two] == [path.name for path in one]
    assert written(tmp_path / "two") == written(tmp_path / "one")


@pytest.mark.slow
@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("model", ["batch"], indirect=True)
def test_a_picture_that_is_damaged_between_two_rounds_is_left_out_like_any_other(
    model: str, inputs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, draw = Path(inputs[0]), np.random.default_rng(1)
    for index in range(100, 310):
        Image.fromarray(draw.integers(0, 256, (*SIZES[1], 3), dtype=np.uint8)).save(folder / f"{index}.png")

    def damage(name: str) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:60])

    plans: list[int] = []

    def plan(*args: Any, **settings: Any) -> list[Batch]:
        if plans:
            damage("200.png")
        plans.append(len(settings["names"]))
        return batches_of(*args, **settings)

    monkeypatch.setattr("copyist.evaluation.restore_in_jobs.batches_of", plan)
    damage("103.png")
    said: list[str] = []
    two = by_two(model, inputs, tmp_path / "two", said=said)
    assert plans == [245, 244, 243]
    assert "left out 2 of 245 pictures that cannot be read: 103.png" in said[0]
    by_one(model, inputs, tmp_path / "one")
    assert written(tmp_path / "two") == written(tmp_path / "one")
    assert len(two) == len(written(tmp_path / "two"))


@pytest.mark.usefixtures("at_once")
def test_too_many_damaged_pictures_are_refused_and_nothing_is_written(
    model: str, inputs: list[str], tmp_path: Path
) -> None:
    before = written(tmp_path)
    damaged = Path(inputs[0]) / "03.png"
    damaged.write_bytes(damaged.read_bytes()[:60])
    sentences: list[str] = []
    for way in (by_one, by_two):
        with pytest.raises(DataError, match=r"at most 1 % .* got 1 of 35: 03\.png") as refusal:
            way(model, inputs, tmp_path / "out")
        sentences.append(str(refusal.value))
    assert sentences[0] == sentences[1]
    assert written(tmp_path) == before | {"in/03.png": damaged.read_bytes()}
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("backend", ["threading", pytest.param("loky", marks=pytest.mark.slow)])
def test_the_error_of_one_job_ends_all_and_leaves_nothing(
    backend: str, model: str, inputs: list[str], tmp_path: Path
) -> None:
    alone = tmp_path / "alone.png"
    Image.fromarray(np.random.default_rng(2).integers(0, 256, (8, 16, 3), dtype=np.uint8)).save(alone)
    alone.write_bytes(alone.read_bytes()[:60])
    before = {path.name for path in tmp_path.iterdir()}
    with parallel_config(backend=backend), pytest.raises(DataError, match=r"^alone\.png cannot be read"):
        by_two(model, [*inputs, str(alone)], tmp_path / "out")
    assert {path.name for path in tmp_path.iterdir()} == before


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("model", ["group"], indirect=True)
@pytest.mark.parametrize("change", ["gone", "smaller"])
def test_a_picture_that_changes_while_its_folder_is_worked_on_is_refused(
    change: str, model: str, inputs: list[str], tmp_path: Path
) -> None:
    pictures = PicturesOfFiles(find_inputs(inputs))
    changed = Path(inputs[0]) / "03.png"
    if change == "gone":
        changed.unlink()
    else:
        Image.new("RGB", (8, 8)).save(changed)
    network = needs(load_model(model), Reconstructor, verb="copy")
    with pytest.raises(DataError, match=r"^03\.png must stay as it is while its folder is worked on"):
        restore_in_jobs(
            NetworkFile(path=model), network, pictures, inputs=inputs, out=tmp_path / "out", channels=3, jobs=2
        )
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("model", ["group"], indirect=True)
@pytest.mark.parametrize("is_damaged", [False, True])
def test_no_model_stays_in_memory_after_the_work(
    is_damaged: bool, model: str, inputs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[weakref.ref[Reconstructor]] = []

    def keep(self: NetworkFile) -> Reconstructor:
        network = needs(load_model(self.path), Reconstructor, verb="copy")
        read.append(weakref.ref(network))
        return network

    monkeypatch.setattr(NetworkFile, "open", keep)
    if is_damaged:
        damaged = Path(inputs[0]) / "03.png"
        damaged.write_bytes(damaged.read_bytes()[:60])
    with pytest.raises(DataError) if is_damaged else contextlib.nullcontext():
        by_two(model, inputs, tmp_path / "out")
    gc.collect()
    assert [each() for each in read] == [None]


@pytest.mark.usefixtures("at_once")
def test_a_model_that_is_gone_is_one_sentence(
    model: str, inputs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(self: NetworkFile) -> Reconstructor:
        raise OutputError("it is gone")

    monkeypatch.setattr(NetworkFile, "open", gone)
    with pytest.raises(CopyistError, match="it is gone"):
        by_two(model, inputs, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_who_interrupts_the_work_leaves_nothing(model: str, inputs: list[str], tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    before = {path.name for path in tmp_path.iterdir()}
    with pytest.raises(KeyboardInterrupt):
        by_two(model, inputs, tmp_path / "out", progress=interrupt)
    assert {path.name for path in tmp_path.iterdir()} == before


def test_a_folder_that_a_process_does_not_see_is_refused(tmp_path: Path) -> None:
    check_there(tmp_path)
    for folder, marker in ((tmp_path / "none", None), (tmp_path, tmp_path / "marker")):
        with pytest.raises(OutputError, match=r"must be there for every process, .* machines that share the work need"):
            check_there(folder, marker=marker)
