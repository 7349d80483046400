"""Losses are compared by seed, beside a control that differs in rounding alone; known seeds are not trained again."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from copyist.bench.losses import LossBench, LossTrial, bench_losses
from copyist.bench.timings import Machine
from copyist.cli.bench import app
from copyist.errors import ArgumentError, DataError

MACHINE = Machine(processor="P", cores=2, threads=2, python="3", torch="2", float32_peak=100.0, bf16_peak=400.0)


def result(*losses: tuple[float, float, float]) -> LossBench:
    trials = tuple(
        LossTrial(seed=seed, ours=ours, float32=plain, control=control)
        for seed, (ours, plain, control) in enumerate(losses)
    )
    return LossBench(width=16, size=64, steps=300, machine=MACHINE, trials=trials)


def test_ratios_are_geometric_means_over_seeds() -> None:
    found = result((2.0, 1.0, 1.0), (4.0, 2.0, 2.0), (0.5, 1.0, 1.0), (1.0, 2.0, 2.0))
    assert found.ratio.mean == pytest.approx(1.0)
    # Student's 95 % quantile of 3 degrees of freedom, times the deviation of ±log 2 over √4.
    assert found.ratio.high == pytest.approx(math.exp(3.182446 * math.log(2) * math.sqrt(4 / 3) / 2), rel=1e-5)
    assert (found.control.low, found.control.high) == pytest.approx((1.0, 1.0))
    assert "auto over float32: 1.000" in str(found)
    assert LossBench.from_json(found.to_json()) == found


def test_what_was_begun_elsewhere_is_no_part_of_it() -> None:
    begun = result((1.0, 1.0, 1.0))
    for name, usual in (("width", 16), ("size", 64), ("steps", 300), ("batch", 32), ("levels", 4), ("num_images", 512)):
        with pytest.raises(ArgumentError, match=f"^what is gone on with must be of {name} {usual}, got 9;"):
            bench_losses(begun=replace(begun, **{name: 9}))
    # Seeds that are known are not trained again, however often they are named.
    assert bench_losses(begun=begun, seeds=(0, 0)).trials == begun.trials


def test_one_seed_has_no_deviation() -> None:
    assert str(result((2.0, 1.0, 1.0))).count("standard deviation of the logarithm nan") == 2


@pytest.mark.parametrize(
    "text", ["null", '"x"', "3", "[]", "{", '{"trials": 3}', '{"trials": [{"seed": "a"}]}', "\xff"]
)
@pytest.mark.parametrize("command", ["losses", "first-stages", "generators"])
def test_what_holds_no_trials_is_not_gone_on_with(text: str, command: str, tmp_path: Path) -> None:
    file = tmp_path / "trials.json"
    file.write_bytes(text.encode("latin-1"))
    answer = CliRunner().invoke(app, [command, "--resume", "--out", str(file)])
    assert isinstance(answer.exception, DataError)
    assert "holds no such trials" in str(answer.exception)
    assert "\n" not in str(answer.exception)
    assert file.read_bytes() == text.encode("latin-1")


@pytest.mark.slow
def test_seeds_are_gone_on_with_on_the_command_line(tmp_path: Path) -> None:
    out = tmp_path / "losses.json"
    line = ["losses", "--width", "4", "--size", "16", "--batch", "4", "--steps", "2", "--out", str(out)]
    first = CliRunner().invoke(app, [*line, "--seed", "0"])
    assert first.exit_code == 0, first.output
    before = LossBench.from_json(out.read_text()).trials
    done = CliRunner().invoke(app, [*line, "--seed", "0", "--seed", "1", "--resume"])
    assert done.exit_code == 0, done.output
    trials = LossBench.from_json(out.read_text()).trials
    assert trials[:1] == before
    assert [each.seed for each in trials] == [0, 1]
    # The control computes the same sums, rounded otherwise.
    assert trials[1].control == pytest.approx(trials[1].float32, rel=1e-3)
