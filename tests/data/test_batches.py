import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from copyist.data import Batches, ExampleSet, flips, indices
from copyist.errors import ArgumentError, DataError

BYTES = np.random.default_rng(0).integers(0, 256, (11, 3, 4, 5), dtype=np.uint8)


def image_set(array: np.ndarray) -> ExampleSet:
    return ExampleSet(source="x", array=array, names=tuple(map(str, range(len(array)))), fingerprint="0")


def mapped(array: np.ndarray, folder: Path) -> np.ndarray:
    np.save(folder / "x.npy", array)
    return np.load(folder / "x.npy", mmap_mode="r")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_batches_are_the_rows_that_the_order_names(dtype: type) -> None:
    top = {np.uint8: 255, np.uint16: 65535, np.float32: 1}[dtype]
    array = (BYTES / 255 * top).astype(dtype)
    feed = Batches(image_set(array), batch_size=6, seed=3)
    for step in (0, 5, 1):
        rows = indices(step, num_examples=11, batch_size=6, seed=3).numpy()
        batch = feed.batch(step)
        assert batch.dtype == torch.float32
        torch.testing.assert_close(batch, torch.from_numpy((array[rows] / top).astype(np.float32)), rtol=1e-6, atol=0)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_images_mapped_from_disk_give_the_same_bits(tmp_path: Path, flip: bool, dtype: type) -> None:
    array = (BYTES / 255).astype(dtype) if dtype is np.float32 else BYTES.astype(dtype)
    held = Batches(image_set(array), batch_size=4, seed=0, flip=flip)
    read = Batches(image_set(mapped(array, tmp_path)), batch_size=4, seed=0, flip=flip)
    for step in (0, 1, 2, 9, 10, 3):
        assert torch.equal(held.batch(step), read.batch(step))


def test_flipped_examples_are_mirrored_and_others_are_not() -> None:
    plain = Batches(image_set(BYTES), batch_size=8, seed=2).batch(4)
    flipped = Batches(image_set(BYTES), batch_size=8, seed=2, flip=True).batch(4)
    for mirrored, before, after in zip(flips(4, batch_size=8, seed=2), plain, flipped, strict=True):
        assert torch.equal(after, before.flip(-1) if mirrored else before)


def test_ranks_share_the_batch_of_one_device() -> None:
    whole = Batches(image_set(BYTES), batch_size=6, seed=1, flip=True).batch(7)
    parts = [
        Batches(image_set(BYTES), batch_size=6, seed=1, flip=True, rank=r, world_size=3).batch(7) for r in range(3)
    ]
    assert torch.equal(whole, torch.cat(parts))


def test_a_batch_may_be_changed_without_changing_the_data() -> None:
    floats = (BYTES / 255).astype(np.float32)
    feed = Batches(image_set(floats), batch_size=11, seed=1)
    before = feed.batch(0).clone()
    feed.batch(0).zero_()
    assert torch.equal(feed.batch(0), before)


def test_an_array_that_may_not_be_written_to_is_taken_too() -> None:
    locked = BYTES.copy()
    locked.setflags(write=False)
    assert torch.equal(
        Batches(image_set(locked), batch_size=6, seed=3).batch(1),
        Batches(image_set(BYTES), batch_size=6, seed=3).batch(1),
    )


def test_impossible_shares_are_refused() -> None:
    with pytest.raises(ArgumentError, match="multiple of world_size, got 5 and 2"):
        Batches(image_set(BYTES), batch_size=5, seed=0, world_size=2)
    with pytest.raises(ArgumentError, match="rank must lie in"):
        Batches(image_set(BYTES), batch_size=4, seed=0, rank=2, world_size=2)
    with pytest.raises(DataError, match="x must hold at least one example"):
        Batches(image_set(BYTES[:0]), batch_size=4, seed=0)


@pytest.mark.parametrize("on_disk", [False, True])
def test_labels_follow_their_images_through_shuffling_mirroring_and_sharing(tmp_path: Path, on_disk: bool) -> None:
    # Every pixel of an image says its class.
    classes = np.arange(11) % 4
    array = np.broadcast_to(classes[:, None, None, None], (11, 3, 4, 5)).astype(np.uint8)
    images = replace(image_set(mapped(array, tmp_path) if on_disk else array), labels=classes)
    for rank in range(2):
        feed = Batches(images, batch_size=6, seed=3, flip=True, rank=rank, world_size=2)
        for step in (0, 7, 1):
            labels = feed.labels(step)
            assert labels is not None
            assert torch.equal(labels, (255 * feed.batch(step)[:, 0, 0, 0]).round().long())


def test_without_labels_there_are_none() -> None:
    assert Batches(image_set(BYTES), batch_size=6, seed=3).labels(0) is None


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_batches_on_a_gpu_have_the_bits_of_the_cpu() -> None:
    on_cpu = Batches(image_set(BYTES), batch_size=6, seed=1, flip=True)
    on_gpu = Batches(image_set(BYTES), batch_size=6, seed=1, flip=True, device="cuda")
    for step in range(4):
        assert torch.equal(on_gpu.batch(step).cpu(), on_cpu.batch(step))


@given(num_examples=st.integers(1, 30), batch_size=st.integers(1, 40), seed=st.integers(0, 9))
def test_every_epoch_visits_each_example_once(num_examples: int, batch_size: int, seed: int) -> None:
    steps = range(-(-3 * num_examples // batch_size))
    row = torch.cat([indices(k, num_examples=num_examples, batch_size=batch_size, seed=seed) for k in steps])
    for epoch in range(3):
        visited = row[epoch * num_examples : (epoch + 1) * num_examples]
        assert sorted(visited.tolist()) == list(range(num_examples))


@given(step=st.integers(0, 10**6), batch_size=st.integers(1, 16))
def test_batches_of_two_are_the_batches_of_one_side_by_side(step: int, batch_size: int) -> None:
    double = indices(step, num_examples=23, batch_size=2 * batch_size, seed=5)
    single = [indices(2 * step + half, num_examples=23, batch_size=batch_size, seed=5) for half in (0, 1)]
    assert torch.equal(double, torch.cat(single))


def test_a_step_needs_no_earlier_one() -> None:
    walked = [indices(step, num_examples=11, batch_size=4, seed=1) for step in range(50)]
    assert torch.equal(indices(49, num_examples=11, batch_size=4, seed=1), walked[49])
    assert walked[49].dtype == torch.int64


def test_epochs_and_seeds_have_orders_of_their_own() -> None:
    orders = {
        tuple(indices(step, num_examples=50, batch_size=50, seed=seed).tolist()) for step in (0, 1) for seed in (0, 1)
    }
    assert len(orders) == 4


def test_about_half_of_the_examples_are_flipped_and_always_the_same() -> None:
    drawn = torch.stack([flips(step, batch_size=100, seed=3) for step in range(100)])
    assert drawn.dtype == torch.bool
    # Four standard deviations of a fair coin thrown 10,000 times.
    assert abs(drawn.float().mean().item() - 0.5) < 4 * 0.5 / 100
    assert torch.equal(drawn[7], flips(7, batch_size=100, seed=3))
    assert not torch.equal(drawn[7], flips(7, batch_size=100, seed=4))


@pytest.mark.parametrize("broken", [{"step": -1}, {"num_examples": 0}, {"batch_size": 0}])
def test_counts_out_of_range_are_refused(broken: dict[str, int]) -> None:
    arguments = {"step": 0, "num_examples": 5, "batch_size": 2, "seed": 0} | broken
    with pytest.raises(ArgumentError, match=next(iter(broken))):
        indices(arguments.pop("step"), **arguments)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_what_is_read_ahead_is_read_without_torch_whose_threads_the_step_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: type
) -> None:
    called_in: set[str] = set()
    from_numpy = torch.from_numpy

    def noting(array: Any) -> torch.Tensor:
        called_in.add(threading.current_thread().name)
        return from_numpy(array)

    def noting_too(step: int, **others: Any) -> torch.Tensor:
        called_in.add(threading.current_thread().name)
        return indices(step, **others)

    monkeypatch.setattr(torch, "from_numpy", noting)
    monkeypatch.setattr("copyist.data.batches.indices", noting_too)
    feed = Batches(image_set(mapped(BYTES.astype(dtype), tmp_path)), batch_size=4, seed=0)
    for step in range(4):
        feed.batch(step)
    assert called_in == {threading.main_thread().name}
