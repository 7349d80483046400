"""Work that is sent to a cluster of Dask gives what one process gives."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from claims.claims_to_test import SMALL
from copyist.claims.runner import run_claims
from copyist.jobs import on_backend

from .conftest import Trained, copyist, inside

pytestmark = pytest.mark.slow
ON_CLUSTER = ("--backend", "dask", "--jobs", 2)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two processes of one thread each, at the address that `--backend dask` goes to."""
    distributed, config = pytest.importorskip("distributed"), pytest.importorskip("dask.config")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as made,
        config.set({"scheduler-address": made.scheduler_address}),
    ):
        yield made


@pytest.fixture(autouse=True)
def works(cluster: Any) -> Iterator[None]:
    """What a test does is done by the cluster."""
    before = cluster.scheduler.transition_counter
    yield
    assert cluster.scheduler.transition_counter > before


def test_pictures_are_restored_to_the_same_bits(
    trained: Trained, pictures: Callable[..., Path], tmp_path: Path
) -> None:
    folder = pictures(19)
    pictures(10, (8, 16), place="in/small")
    tifffile.imwrite(tmp_path / "stack.tif", np.random.default_rng(0).integers(0, 256, (5, 8, 16), dtype=np.uint8))
    line = ("denoise", trained("gray"), folder, f"{tmp_path / 'stack.tif'}?pages=all")
    for out, words in (("one", ()), ("two", ON_CLUSTER)):
        answer = copyist(*line, "--out", tmp_path / out, *words)
        assert answer.code == 0, answer.stderr
    assert len(inside(tmp_path / "one")) == 30
    assert inside(tmp_path / "one") == inside(tmp_path / "two")


def test_anomalies_are_the_same_bits(pictures: Callable[..., Path], tmp_path: Path) -> None:
    detector, line = tmp_path / "detector", ("--set", "widths=4", "--set", "batch_size=16", "--steps", 10)
    assert copyist("detect", "fit", "linear", "--data", pictures(120, place="good"), "--out", detector, *line).code == 0
    folder = pictures(40)
    for out, words in (("one", ()), ("two", ON_CLUSTER)):
        answer = copyist("detect", "run", detector, folder, "--out", tmp_path / out, *words)
        assert answer.code == 0, answer.stderr
    assert "anomalies.csv" in inside(tmp_path / "one")
    assert inside(tmp_path / "one") == inside(tmp_path / "two")


def test_claims_are_measured_alike(tmp_path: Path) -> None:
    run_claims({"small": SMALL}, scale="smoke", out=tmp_path / "one")
    with on_backend("dask") as cores:
        assert cores == 2
        run_claims({"small": SMALL}, scale="smoke", out=tmp_path / "two", jobs=2)
    one, two = (json.loads((tmp_path / name / "small.json").read_text())["seeds"] for name in ("one", "two"))
    assert {seed: each["values"] for seed, each in one.items()} == {seed: each["values"] for seed, each in two.items()}
