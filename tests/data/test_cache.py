import io
import os
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from copyist.data import cache, image_files, image_sets, open_source, open_split
from copyist.files.decoded import ImageHeader


@pytest.fixture
def no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "memory_limit", lambda: 0)


@pytest.fixture
def decodings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one for each file that is decoded."""
    count: list[int] = []
    decode = image_files.decode_image
    monkeypatch.setattr(
        image_files, "decode_image", lambda data, index: (count.append(1), decode(data, index=index))[1]
    )
    return count


def test_what_does_not_fit_is_mapped_and_equal(folder_of: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = str(folder_of(70))
    held = open_source(folder)
    monkeypatch.setattr(cache, "memory_limit", lambda: 0)
    mapped = open_source(folder)
    assert isinstance(mapped.train.array, np.memmap)
    assert not isinstance(held.train.array, np.memmap)
    np.testing.assert_array_equal(mapped.train.array, held.train.array)
    np.testing.assert_array_equal(mapped.test.array, held.test.array)
    assert mapped.test.fingerprint == held.test.fingerprint


@pytest.mark.usefixtures("no_memory")
def test_a_second_opening_decodes_nothing(folder_of: Callable[..., Path], decodings: list[int]) -> None:
    folder = folder_of(15)
    first = open_source(str(folder))
    assert len(decodings) == 15
    second = open_source(str(folder))
    assert len(decodings) == 15
    np.testing.assert_array_equal(first.train.array, second.train.array)
    open_source(f"{folder}?size=4")
    assert len(decodings) == 30


@pytest.mark.usefixtures("no_memory")
def test_changed_content_is_decoded_anew(folder_of: Callable[..., Path], decodings: list[int]) -> None:
    folder = folder_of(15)
    open_source(str(folder))
    (folder / "0003.png").write_bytes((folder / "0004.png").read_bytes())
    os.utime(folder / "0003.png", ns=(time.time_ns(), time.time_ns() + 10**9))
    both = open_split(str(folder), default="all")
    assert len(decodings) == 30
    rows = dict(zip(both.names, both.array, strict=True))
    np.testing.assert_array_equal(rows["0003.png"], rows["0004.png"])


@pytest.mark.usefixtures("no_memory")
def test_an_interrupted_one_is_redone(folder_of: Callable[..., Path], own_cache: Path) -> None:
    folder = str(folder_of(15))

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.materialize([1] * 3, (1, 2, 2), np.uint8, make=lambda _: np.zeros((1, 1, 2, 2)), key="k", progress=stop)
    assert not list(own_cache.rglob("*.npy"))
    assert not list(own_cache.rglob("*.part"))
    open_source(folder)
    (record,) = own_cache.glob("*.json")
    record.unlink()
    assert len(open_source(folder).train) == 13


@pytest.mark.usefixtures("no_memory")
def test_files_that_fail_leave_no_gap_in_the_mapped_array(folder_of: Callable[..., Path]) -> None:
    result = cache.materialize(
        [2, 1, 2],
        (1, 1, 1),
        np.uint8,
        make=lambda index: "broken" if index == 1 else np.full((2, 1, 1, 1), index + 7, np.uint8),
        key="k",
    )
    assert result.failures == {1: "broken"}
    assert result.array.ravel().tolist() == [7, 7, 9, 9]


@pytest.mark.usefixtures("no_memory")
def test_a_failure_that_passes_is_not_remembered() -> None:
    def materialize(failing: int | None) -> cache.Materialized:
        def make(index: int) -> np.ndarray | str:
            return "it changed while it was read" if index == failing else np.full((1, 1, 1, 1), index, np.uint8)

        return cache.materialize([1] * 3, (1, 1, 1), np.uint8, make=make, key="passing")

    assert materialize(1).array.ravel().tolist() == [0, 2]
    whole = materialize(None)
    assert (whole.failures, whole.array.ravel().tolist()) == ({}, [0, 1, 2])
    assert materialize(2).array.ravel().tolist() == [0, 1, 2]


def test_progress_reaches_the_end(folder_of: Callable[..., Path]) -> None:
    seen: list[tuple[int, int]] = []
    open_source(str(folder_of(40)), progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (40, 40)
    assert all(done <= total for done, total in seen)


@pytest.mark.usefixtures("no_memory")
def test_content_that_changes_under_an_equal_size_and_date_is_seen(folder_of: Callable[..., Path]) -> None:
    folder = folder_of(15)
    file, before = folder / "0003.png", open_split(str(folder), default="all")
    dates, image = file.stat(), np.asarray(Image.open(file)).copy()
    image[0, 0, 0] ^= 1  # One bit: noise compresses to the same length, stored as it is.
    with io.BytesIO() as data:
        Image.fromarray(image).save(data, "png")
        file.write_bytes(data.getvalue())
    os.utime(file, ns=(dates.st_atime_ns, dates.st_mtime_ns))
    assert file.stat().st_size == dates.st_size
    after = open_split(str(folder), default="all")
    assert after.fingerprint != before.fingerprint
    np.testing.assert_array_equal(after.array[after.names.index("0003.png")], image.transpose(2, 0, 1))


@pytest.mark.usefixtures("no_memory")
@pytest.mark.parametrize("changed", ["DECODER", "version"])
def test_another_decoder_decodes_anew_what_is_kept(
    folder_of: Callable[..., Path], decodings: list[int], monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    folder = str(folder_of(15))
    before = open_source(folder)
    monkeypatch.setattr(image_sets, changed, 99 if changed == "DECODER" else lambda name: "99.0")
    after = open_source(folder)
    assert len(decodings) == 30
    assert after.train.fingerprint == before.train.fingerprint


def test_the_reader_of_heic_counts_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == "pillow-heif":
            raise PackageNotFoundError
        return "1"

    monkeypatch.setattr(image_sets, "version", version)
    without = image_sets._decoders()  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(image_sets, "version", lambda name: "1")
    assert image_sets._decoders() == (*without, "pillow-heif 1")  # pyright: ignore[reportPrivateUsage]


def test_a_file_that_changes_between_two_looks_is_named(
    folder_of: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    folder = folder_of(101)
    look = image_files.read_header

    def change(data: bytes) -> ImageHeader:
        if data == (folder / "0007.png").read_bytes():
            (folder / "0007.png").write_bytes((folder / "0008.png").read_bytes())
        return look(data)

    monkeypatch.setattr(image_files, "read_header", change)
    assert len(open_split(str(folder), default="all", say=said.append)) == 100
    assert said == ["left out 1 of 101 files that cannot be read: 0007.png (it changed while it was read)"]


def test_the_cache_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COPYIST_CACHE", str(tmp_path / "own"))
    assert cache.cache_folder() == tmp_path / "own"
    monkeypatch.delenv("COPYIST_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.cache_folder() == tmp_path / "copyist"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache.cache_folder() == tmp_path / ".cache" / "copyist"


def test_without_linux_the_limit_is_a_share_of_all_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_text", lambda self: (_ for _ in ()).throw(FileNotFoundError()))
    assert 2**20 < cache.memory_limit() < os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    monkeypatch.setattr(os, "sysconf", lambda name: (_ for _ in ()).throw(ValueError()))
    assert cache.memory_limit() == 2**30


def test_the_memory_limit_is_a_share_of_what_is_free() -> None:
    lines = Path("/proc/meminfo").read_text().splitlines()
    free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    assert 0.1 * free < cache.memory_limit() < 0.5 * free
