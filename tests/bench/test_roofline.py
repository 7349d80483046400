"""A step is held against the limits of its machine, operation by operation."""

import json
import multiprocessing
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from copyist.bench.machine_limits import Limits, Peak, measure_limits
from copyist.bench.operation_work import Work
from copyist.bench.page import performance_page
from copyist.bench.roofline_result import RooflineBench, RooflineRow, StepRoofline, step_roofline
from copyist.bench.step_operations import KINDS, Operation
from copyist.bench.step_profile import Observed
from copyist.bench.timings import Machine, Quartiles
from copyist.cli.bench import app
from copyist.errors import ArgumentError, UnknownNameError

LIMITS = Limits(
    arithmetic={"float32": Peak(rate=100.0, reached_by="a"), "bfloat16": Peak(rate=400.0, reached_by="b")},
    memory=Peak(rate=10.0, reached_by="copy"),
    cache=1000,
)


def operation(kind: str, flops: float, moved: float, dtype: str | None, calls: float) -> Operation:
    return Operation(name="any", kind=kind, work=Work(flops=flops, bytes=moved, dtype=dtype), calls=calls)


def a_step() -> StepRoofline:
    operations = (
        # 4 ms of arithmetic and 1 of memory; 1 and 3; both twice a step.
        operation("convolution", 1.6e9, 1e7, "bfloat16", 2),
        operation("convolution", 1e8, 3e7, "float32", 2),
        operation("normalization", 0.0, 5e7, "bfloat16", 1),
        # Fits into the cache: a tenth of a microsecond.
        operation("the rest", 0.0, 1000.0, None, 1),
    )
    seconds = dict.fromkeys(KINDS, 0.0) | {"convolution": 0.02, "normalization": 0.004, "the rest": 0.001}
    observed = Observed(operations=operations, seconds=seconds, profiled=0.03)
    return step_roofline(observed, Quartiles.of([0.0275]), LIMITS)


def a_result() -> RooflineBench:
    machine = Machine(processor="P", cores=2, threads=2, python="3", torch="2", float32_peak=1.0, bf16_peak=2.0)
    row = RooflineRow(width=16, ours=a_step(), reference=a_step())
    return RooflineBench(size=64, batch=32, rounds=1, precision="auto", machine=machine, limits=LIMITS, rows=(row,))


def test_the_bound_is_the_sum_over_operations_of_the_longer_of_arithmetic_and_memory() -> None:
    step = a_step()
    convolution, normalization, rest = (
        next(each for each in step.kinds if each.kind == kind) for kind in ("convolution", "normalization", "the rest")
    )
    assert convolution.bound == pytest.approx(2 * (0.004 + 0.003))
    assert convolution.arithmetic == pytest.approx(2 * (0.004 + 0.001))
    assert (convolution.flops, convolution.bytes, convolution.in_cache) == pytest.approx((3.4e9, 8e7, 0))
    assert (normalization.bound, normalization.arithmetic) == pytest.approx((0.005, 0.0))
    assert (rest.bound, rest.in_cache) == pytest.approx((1e-7, 1000.0))
    assert step.bound == pytest.approx(0.0190001)
    assert step.arithmetic == pytest.approx(0.01)
    assert step.share == pytest.approx(0.0190001 / 0.0275)
    assert step.between == pytest.approx(0.03 - 0.025)
    assert step.dtype == "bfloat16"


def test_the_text_has_a_line_for_each_kind_and_cuts_no_share_off() -> None:
    lines = str(a_result()).splitlines()
    (convolution,) = (" ".join(line.split()) for line in lines if line.startswith("convolution  "))
    assert convolution == "convolution 20.00 14.00 6.00 70% 10.00 0% 20.00 14.00 70%"
    # Normalization took 4 ms where memory allows 5.
    (normalization,) = (line.split() for line in lines if line.startswith("normalization"))
    assert normalization[1:5] == ["4.00", "5.00", "-1.00", "125%"]
    assert any("ours in bfloat16 reaches 69% of the limit, 36% of that of arithmetic alone" in line for line in lines)
    assert all(any(line.startswith(kind) for line in lines) for kind in KINDS)


def test_a_result_comes_back_from_json_and_has_its_section_of_the_page(tmp_path: Path) -> None:
    result, file = a_result(), tmp_path / "roofline.json"
    file.write_text(result.to_json())
    assert RooflineBench.from_json(result.to_json()) == result
    text = performance_page([file])
    command = "roofline --precision auto --width 16 --size 64 --batch 32 --rounds 1"
    assert f"## Roofline of a training step\n`copyist bench {command}`, `roofline.json`" in text
    assert str(result) in text
    taken = CliRunner().invoke(app, [*command.split(), "--help"])
    assert taken.exit_code == 0, taken.output


def test_the_larger_of_two_measured_limits_counts() -> None:
    other = Limits(
        arithmetic={"float32": Peak(rate=120.0, reached_by="c")}, memory=Peak(rate=9.0, reached_by="sum"), cache=1000
    )
    joined = LIMITS.joined(other)
    assert joined.arithmetic == {"float32": other.arithmetic["float32"], "bfloat16": LIMITS.arithmetic["bfloat16"]}
    assert joined.memory == LIMITS.memory
    assert LIMITS.joined(None) == LIMITS


@pytest.mark.parametrize("dtype", [None, "float64"])
def test_arithmetic_whose_limit_is_not_known_is_refused(dtype: str | None) -> None:
    with pytest.raises(ArgumentError, match=f"^the dtype of arithmetic must be float32 or bfloat16, got {dtype}; "):
        LIMITS.seconds(flops=1.0, bytes_moved=0.0, dtype=dtype)
    assert LIMITS.seconds(flops=0.0, bytes_moved=1e10, dtype=dtype) == (0.0, 1.0)


def test_a_precision_that_there_is_not_is_refused() -> None:
    answer = CliRunner().invoke(app, ["roofline", "--precision", "float16"])
    assert isinstance(answer.exception, UnknownNameError)


@pytest.mark.slow
def test_the_command_measures_writes_and_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch._dynamo", "copyist.bench.roofline"])
    monkeypatch.setattr(multiprocessing, "get_context", lambda method: context)
    monkeypatch.setattr("copyist.bench.roofline.measure_limits", partial(measure_limits, seconds=0.0))
    out = tmp_path / "found.json"
    line = ["roofline", "--width", "4", "--size", "16", "--batch", "4", "--rounds", "1", "--precision", "float32"]
    found = CliRunner().invoke(app, [*line, "--json", "--out", str(out)])
    assert found.exit_code == 0, found.output
    result = RooflineBench.from_json(out.read_text())
    assert json.loads(found.stdout)["precision"] == "float32"
    (row,) = result.rows
    assert (row.ours.dtype, row.reference.dtype) == ("float32", "float32")
    # Both convolve the same maps, ours by one convolution for each of the reference's.
    mine, its = (
        {each.kind: each.flops for each in side.kinds if each.kind in KINDS[:3]} for side in (row.ours, row.reference)
    )
    assert mine == its
    assert all(each.seconds > 0 for each in row.ours.kinds)
