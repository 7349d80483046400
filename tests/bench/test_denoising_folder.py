"""The bench of a folder: its bound is that of its parts, and what is measured is the verb itself."""

import json
import math

import pytest

from copyist.bench import denoising_folder
from copyist.bench.denoising_folder import STAGES, bench_denoising_folder
from copyist.bench.timings import Machine
from copyist.tensors import Images

HERE = Machine(processor="P", cores=2, threads=2, python="3", torch="2", float32_peak=100.0, bf16_peak=400.0)


def test_each_stage_computes_in_full_batches_as_the_command_does(monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []

    def copied(model: object, x: Images, *, batch_size: int) -> Images:
        counts.append(len(x))
        return x

    monkeypatch.setattr(denoising_folder, "reconstruct", copied)
    monkeypatch.setattr(denoising_folder, "machine", lambda: HERE)
    bench_denoising_folder(num_images=5, size=16, width=4, batch=2, rounds=1, levels=2, source="scenes")
    # Once before; three batches on one core, on all, and by the command, whose model says itself how a batch is filled.
    assert counts == [2] * 10


@pytest.mark.slow
def test_the_ratio_is_that_of_the_whole_to_what_no_sharing_of_the_cores_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("copyist.bench.denoising_folder.machine", lambda: HERE)
    found = bench_denoising_folder(
        num_images=5, size=16, width=4, batch=2, rounds=1, levels=2, source="scenes", say=said.append
    )
    wall = {stage: found.wall[stage].median for stage in STAGES}
    assert all(seconds > 0 for seconds in wall.values())
    compute = min(wall["compute on one core"], wall["compute on all"])
    shared = (wall["decode"] + wall["compute on one core"] + wall["encode"]) / 2
    assert math.isclose(found.bound.median, max(compute, shared))
    assert math.isclose(found.ratio.median, wall["all at once"] / found.bound.median)
    assert said == [f"round 1 of 1: {found.ratio.median:.2f} times the bound"]
    assert json.loads(found.to_json())["ratio"]["median"] == found.ratio.median
    assert f"takes {found.ratio.median:.2f}" in str(found)
