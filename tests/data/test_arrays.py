import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from copyist.data import open_source, open_split
from copyist.errors import DataError, UnknownNameError

from .conftest import png

RNG = np.random.default_rng(0)
BYTES = RNG.integers(0, 256, (12, 6, 7, 3), dtype=np.uint8)


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., str]:
    def save(array: np.ndarray, name: str = "x.npy") -> str:
        np.save(tmp_path / name, array)
        return str(tmp_path / name)

    return save


def read(text: str) -> np.ndarray:
    both = open_split(text, default="all")
    return both.array[np.argsort(both.names)]


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (BYTES[..., 0], BYTES[..., 0][:, None]),
        (BYTES, BYTES.transpose(0, 3, 1, 2)),
        (BYTES.transpose(0, 3, 1, 2), BYTES.transpose(0, 3, 1, 2)),
        (RNG.integers(0, 256, (3, 30, 31, 9), dtype=np.uint8), None),
        (RNG.integers(0, 256, (3, 9, 30, 31), dtype=np.uint8), None),
    ],
)
def test_layouts_are_told_by_the_small_axis(
    saved: Callable[..., str], array: np.ndarray, expected: np.ndarray | None
) -> None:
    out = read(saved(array))
    if expected is None:
        assert out.shape == (3, 9, 30, 31)
    else:
        np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("shape", [(5, 3, 6, 3), (5, 8, 8, 8)])
def test_a_layout_that_cannot_be_told_must_be_given(saved: Callable[..., str], shape: tuple[int, ...]) -> None:
    path = saved(np.zeros(shape, np.uint8))
    with pytest.raises(DataError, match=r"add \?layout=nhwc or \?layout=nchw"):
        open_source(path)
    assert open_split(f"{path}?layout=nhwc", default="all").image_shape == (shape[3], shape[1], shape[2])
    assert open_split(f"{path}?layout=nchw", default="all").image_shape == shape[1:]


def test_depths_are_kept(saved: Callable[..., str]) -> None:
    wide = RNG.integers(0, 65536, (4, 5, 6), dtype=np.uint16)
    np.testing.assert_array_equal(read(saved(wide))[:, 0], wide)
    np.testing.assert_array_equal(read(saved(wide.astype(">u2")))[:, 0], wide)
    floats = RNG.random((4, 5, 6))
    assert read(saved(floats)).dtype == np.float32
    np.testing.assert_array_equal(read(saved(floats))[:, 0], floats.astype(np.float32))
    np.testing.assert_array_equal(read(saved(wide > 30000))[:, 0], (wide > 30000).astype(np.float32))


def test_arrays_are_resized_in_their_depth(saved: Callable[..., str]) -> None:
    floats = np.full((4, 10, 12), 0.25)
    out = open_split(f"{saved(floats)}?size=5", default="all")
    assert out.array.shape == (4, 1, 5, 5)
    np.testing.assert_allclose(out.array, 0.25, atol=1e-6)


def test_values_no_image_has_are_refused(saved: Callable[..., str]) -> None:
    floats = np.full((4, 5, 6), 0.5)
    floats[2, 1, 3] = np.nan
    with pytest.raises(DataError, match="must hold finite values, got nan in image 2"):
        open_source(saved(floats))
    floats[2, 1, 3] = 255.0
    with pytest.raises(DataError, match=r"must lie in \[0, 1\], got \[0.5, 255\] in image 2; scale them"):
        open_source(saved(floats))
    with pytest.raises(DataError, match="must hold uint8, uint16 or float values, got int64"):
        open_source(saved(np.zeros((3, 4, 5), np.int64)))
    with pytest.raises(DataError, match=r"must hold images .* got shape \(3,\)"):
        open_source(saved(np.zeros(3, np.uint8)))


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="Python objects, which are never loaded"):
        open_source(str(tmp_path / "x.npy"))
    np.savez(tmp_path / "x.npz", x=BYTES, names=np.array(["a"], dtype=object), text=np.array(["b"]))
    assert open_split(str(tmp_path / "x.npz"), default="all").image_shape == (3, 6, 7)


@pytest.mark.parametrize("name", ["x.npy", "x.npz", "x.gz", "x.zip"])
def test_damaged_files_are_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x00\x01 damaged")
    with pytest.raises(DataError, match=rf"{name} must be .*and is not, or is damaged"):
        open_source(str(tmp_path / name))


@pytest.mark.parametrize("names", [["cat", "dog"], None])
def test_names_of_classes_beside_labels_are_no_labels(tmp_path: Path, names: list[str] | None) -> None:
    path, labels = tmp_path / "x.npz", np.arange(12, dtype=np.uint8)
    np.savez(path, x=BYTES, classes=np.array(names or [f"c{index}" for index in range(12)]), labels=labels)
    both = open_split(str(path), default="all")
    np.testing.assert_array_equal(both.labels, [int(name) for name in both.names])
    np.savez(path, x=BYTES, classes=np.array(["cat", "dog"]))
    assert open_split(str(path), default="all").labels is None


def test_an_npz_gives_labels_and_splits(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    labels = np.arange(12, dtype=np.uint8)
    np.savez(path, x=BYTES, y=labels)
    both = open_source(str(path))
    np.testing.assert_array_equal(both.train.labels, [int(name) for name in both.train.names])
    np.savez(path, x_train=BYTES, y_train=labels, x_test=BYTES[:3], y_test=labels[:3])
    splits = open_source(str(path))
    np.testing.assert_array_equal(splits.test.array, BYTES[:3].transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(splits.train.labels, labels)


def test_an_npz_of_several_arrays_needs_a_key(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, first=BYTES, second=BYTES[:5])
    with pytest.raises(
        DataError, match=r"must hold one array of images or one table, got first .* name it with \?key="
    ):
        open_source(str(path))
    assert len(open_split(f"{path}?key=second", default="all")) == 5
    with pytest.raises(UnknownNameError, match="did you mean 'second'"):
        open_source(f"{path}?key=secnd")
    np.savez(path, x=BYTES, y=np.arange(3))
    with pytest.raises(DataError, match="one label per image, got 3 for 12"):
        open_source(str(path))
    np.savez(path, x_train=BYTES, x_test=BYTES[:, :5])
    with pytest.raises(DataError, match="must have images of one shape"):
        open_source(str(path))


def packed(count: int) -> dict[str, np.ndarray]:
    files = [png(each) for each in BYTES[:count]]
    offsets = np.cumsum([0, *map(len, files)])
    return {"data": np.frombuffer(b"".join(files), np.uint8), "offsets": offsets, "labels": np.arange(count)}


def save_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    np.savez(path, **arrays)  # pyright: ignore[reportArgumentType]


def test_packed_files_are_decoded(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    save_arrays(path, packed(12))
    both = open_split(str(path), default="all")
    order = np.argsort(both.names)
    np.testing.assert_array_equal(both.array[order], BYTES.transpose(0, 3, 1, 2))
    assert both.labels is not None
    np.testing.assert_array_equal(both.labels[order], np.arange(12))
    splits = {f"train_{key}": value for key, value in packed(12).items()}
    splits |= {f"test_{key}": value for key, value in packed(4).items()}
    save_arrays(path, splits)
    assert open_source(str(path)).test.names == tuple(f"test/{index:06d}" for index in range(4))


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"offsets": np.array([0, 10**9])}, "ascending offsets that lie inside"),
        ({"offsets": np.array([0, 9, 3])}, "ascending offsets that lie inside"),
        ({"offsets": np.array([0.0, 3.0])}, "uint8 data and whole-number offsets"),
        ({"labels": np.arange(3)}, "one label per packed file, got 3 for 12"),
    ],
)
def test_broken_packing_is_refused(tmp_path: Path, broken: dict[str, np.ndarray], message: str) -> None:
    save_arrays(tmp_path / "x.npz", packed(12) | broken)
    with pytest.raises(DataError, match=message):
        open_source(str(tmp_path / "x.npz"))


def idx(array: np.ndarray) -> bytes:
    return gzip.compress(struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes())


def test_idx_files_and_the_folder_of_mnist_are_read(tmp_path: Path) -> None:
    gray = BYTES[..., 0]
    for part, count in (("train", 12), ("t10k", 5)):
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(idx(gray[:count]))
        (tmp_path / f"{part}-labels-idx1-ubyte.gz").write_bytes(idx(np.arange(count, dtype=np.uint8)))
    alone = open_split(str(tmp_path / "train-images-idx3-ubyte.gz"), default="all")
    assert alone.array.shape == (12, 1, 6, 7)
    splits = open_source(str(tmp_path))
    np.testing.assert_array_equal(splits.test.array[:, 0], gray[:5])
    np.testing.assert_array_equal(splits.train.labels, np.arange(12))
