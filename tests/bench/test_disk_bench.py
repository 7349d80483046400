"""What is read from a disk is timed against the same images in memory."""

import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from copyist.bench.shards import bench_shards, save_hub_set
from copyist.cli.bench import app
from copyist.data import open_source, open_split
from copyist.data.cache import kept_in_files
from copyist.errors import ArgumentError, MissingExtraError


@pytest.mark.slow
@pytest.mark.usefixtures("loaded_once")
def test_a_step_on_a_saved_set_is_timed_against_memory() -> None:
    pytest.importorskip("datasets")
    found = bench_shards(source="hf", width=4, size=16, batch=4, rounds=1, levels=2, num_images=30)
    assert found.name == "saved set of datasets, mapped, against memory"
    assert found.comparisons[0].ratio.median > 0


@pytest.mark.slow
def test_a_saved_set_holds_the_images_of_its_source_and_is_mapped(tmp_path: Path) -> None:
    pytest.importorskip("datasets")
    text = "scenes?size=16&limit=30"
    source = save_hub_set(text, tmp_path / "saved")
    saved, plain = (open_split(each, default="all").array for each in (source, text))
    np.testing.assert_array_equal(saved, plain)
    opened = open_source(source)
    with kept_in_files(tmp_path / "cache"):
        mapped = open_source(source)
    assert not isinstance(open_source(source).train.array, np.memmap)
    assert isinstance(mapped.train.array, np.memmap)
    assert list((tmp_path / "cache").glob("*.npy"))
    assert mapped.train.fingerprint == opened.train.fingerprint
    np.testing.assert_array_equal(mapped.train.array, opened.train.array)


def test_without_the_extra_it_is_refused_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(
        MissingExtraError, match=r"needs datasets, which is not installed; pip install 'copyist\[hf\]'$"
    ):
        bench_shards(source="hf", rounds=0)


def test_an_encoding_is_of_shards_alone() -> None:
    answer = CliRunner().invoke(app, ["shards", "--source", "hf", "--encoding", "npy"])
    assert isinstance(answer.exception, ArgumentError)
    assert str(answer.exception) == "--encoding is of shards, got npy with --source hf; leave one out"
