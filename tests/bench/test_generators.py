"""Equal budgets are compared by seed, and allow steps by their cost; trials that are known are not made again."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import torch
from torch import Tensor, nn
from typer.testing import CliRunner

from copyist.bench import generators
from copyist.bench import generators_chart as generators_chart_module
from copyist.bench.generators import bench_generators
from copyist.bench.generators_chart import generators_chart
from copyist.bench.generators_result import KINDS, GeneratorBench, GeneratorTrial, Kind
from copyist.bench.timings import Machine
from copyist.cli.bench import app
from copyist.data import open_source
from copyist.errors import ArgumentError
from copyist.models import Autoencoder, ModelConfig
from copyist.models.contracts import TrainedOn
from copyist.models.latent_diffusion import LatentDiffusionConfig
from copyist.recipes import autoencoder

SOURCE = "scenes?size=16&limit=64"

MACHINE = Machine(processor="One", cores=2, threads=2, python="3.11", torch="2.13", float32_peak=100.0, bf16_peak=200.0)


class Lamp(Autoencoder):
    """Whatever it is given, its copy is half as bright, and a shift brighter."""

    def __init__(self, shift: float) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.tensor(shift))
        self.trained_on = TrainedOn(source=SOURCE, image_shape=(3, 16, 16))

    @property
    def config(self) -> ModelConfig:
        raise NotImplementedError

    def check_input(self, x: Tensor) -> None:
        """Any will do."""

    def encode(self, x: Tensor) -> Tensor:
        return x

    def decode(self, z: Tensor) -> Tensor:
        return 0.5 * z + self.shift


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, float, int]]:
    """What was trained, by a trainer that makes lamps: the larger the budget the nearer to the brightness of images."""
    trained: list[tuple[str, float, int]] = []

    def train(_: Any, kind: str, *, budget: float, seed: int) -> tuple[Lamp, int, float]:
        trained.append((kind, budget, seed))
        return Lamp((1.0 if kind == "pixels" else 2.0) / budget), int(budget), budget

    monkeypatch.setattr(generators._Trainer, "train", train)
    monkeypatch.setattr(generators, "machine", lambda: MACHINE)
    return trained


def test_every_kind_is_trained_for_every_budget_and_what_is_known_is_not(made: list[tuple[str, float, int]]) -> None:
    kept: list[GeneratorBench] = []
    first = bench_generators(SOURCE, budgets=(8, 4), seeds=(0,), num_images=32, found=kept.append)
    assert made == [(kind, budget, 0) for budget in (4.0, 8.0) for kind in ("pixels", "codes", "copies")]
    assert [len(each.trials) for each in kept] == [1, 2, 5, 6, 7, 10]
    assert GeneratorBench.from_json(first.to_json()) == first
    made.clear()
    second = bench_generators(SOURCE, budgets=(4, 8), seeds=(0, 1), num_images=32, begun=first)
    assert {seed for *_, seed in made} == {1}
    assert second.trials[:10] == first.trials
    with pytest.raises(ArgumentError, match="what is gone on with must be of"):
        bench_generators(SOURCE.replace("64", "65"), num_images=32, begun=first)
    older = replace(first, floor={"axes": 1.0, "layout": 1.0})
    with pytest.raises(ArgumentError, match="distances in axes, layout, appearance, got those in axes, layout;"):
        bench_generators(SOURCE, num_images=32, begun=older)


def test_a_copier_is_sampled_in_three_ways_by_one_training(made: list[tuple[str, float, int]]) -> None:
    result = bench_generators(SOURCE, budgets=(4,), seeds=(0,), num_images=32)
    assert [kind for kind, *_ in made] == ["pixels", "codes", "copies"]
    by_kind = {each.kind: each for each in result.trials}
    assert list(by_kind) == list(KINDS)
    # What follows the statistics of the images at each place is nearer to them than what drifts.
    assert by_kind["repeated copies"].distance["axes"] < by_kind["copies"].distance["axes"] / 2
    older = replace(result, trials=result.trials[:-1])
    made.clear()
    again = bench_generators(SOURCE, budgets=(4,), seeds=(0,), num_images=32, begun=older)
    assert [each.kind for each in again.trials] == list(KINDS)
    assert again.trials[:2] == result.trials[:2]
    assert [kind for kind, *_ in made] == ["copies"]


TRIAL = GeneratorTrial(
    kind="pixels",
    budget=60.0,
    seed=0,
    spent=60.0,
    steps=9,
    parameters=1_500_000,
    distance={"appearance": 2.0},
    coverage=0.5,
    rules=None,
    nearest=1.0,
    seconds=0.1,
    memory=12.5,
)


def benched(distances: Mapping[Kind, Sequence[Mapping[float, float]]]) -> GeneratorBench:
    """Of distances by kind, seed and budget."""
    trials = tuple(
        replace(TRIAL, kind=kind, seed=seed, budget=budget, distance={"appearance": distance})
        for kind, seeds in distances.items()
        for seed, found in enumerate(seeds)
        for budget, distance in found.items()
    )
    floor, law = {"appearance": 0.1}, {"appearance": 4.0}
    return GeneratorBench(data="x", num_images=32, floor=floor, pixel_law=law, machine=MACHINE, trials=trials)


def test_two_kinds_cross_where_the_logarithms_of_their_distances_meet() -> None:
    budgets = (10.0, 100.0, 1000.0)
    # 1000/b and 100/√b meet at b = 100; twice the first at 400; a hundredth of it is nearer throughout.
    pixels = [{budget: 100 / budget**0.5 for budget in budgets}] * 3
    codes = [{budget: factor * 1000 / budget for budget in budgets} for factor in (1.0, 2.0, 0.01)]
    found = benched({"pixels": pixels, "codes": codes})
    assert found.budgets == [10, 100, 1000]
    assert found.crossings("codes", "pixels") == {0: pytest.approx(100), 1: pytest.approx(400), 2: None}
    assert found.interval("pixels", budget=100.0).mean == pytest.approx(10)
    assert "codes and pixels cross in 2 of 3 seeds, at 200 s" in str(found)
    assert "cross at none" in str(benched({"pixels": pixels[:1], "codes": codes[2:]}))


def test_the_chart_has_a_line_for_each_kind_with_its_seeds_interval_and_the_floor() -> None:
    budgets = (10.0, 100.0)
    codes = [{budget: factor * 10 / budget for budget in budgets} for factor in (1.0, 2.0, 3.0)]
    drawn = generators_chart(benched({"pixels": codes, "codes": codes}))
    ElementTree.fromstring(drawn)
    for text in ("pixels", "codes", "copies", "training images", "processor seconds of training"):
        assert text in drawn
    assert "var(--" not in drawn
    assert len(generators_chart(benched({"pixels": codes[:1], "codes": codes[:1]}))) < len(drawn)


def test_the_chart_draws_what_was_found() -> None:
    budgets = (10.0, 100.0)
    pixels = [{budget: factor * 10 / budget for budget in budgets} for factor in (1.0, 2.0, 4.0)]
    result = benched({"pixels": pixels, "codes": [dict.fromkeys(budgets, 3.0)]})
    lines = [[*map(list, line.get_data())] for line in generators_chart_module._figure(result).axes[0].lines]
    found = [result.interval("pixels", budget=budget) for budget in budgets]
    # An interval of each budget, then the means; of a single seed the means alone.
    for each, (x, y) in zip(found, lines[:2], strict=True):
        assert x[0] == x[1]
        assert y == [each.low, each.high]
        assert each.low < each.mean < each.high
    assert lines[2][1] == pytest.approx([2.0, 0.2])
    assert lines[2][0] == pytest.approx(budgets, rel=0.1)
    assert lines[3][1] == pytest.approx([3.0, 3.0])
    assert lines[-1][1] == [0.1, 0.1]


def test_ratios_are_paired_by_seed() -> None:
    trials = [
        replace(TRIAL, kind=kind, seed=seed, distance={"appearance": distance})
        for seed, distances in enumerate([(2.0, 1.0), (8.0, 4.0), (6.0, 3.0)])
        for kind, distance in zip(("pixels", "codes"), distances, strict=True)
    ]
    result = GeneratorBench(
        data="x",
        num_images=32,
        floor={"appearance": 0.1},
        pixel_law={"appearance": 4.0},
        machine=MACHINE,
        trials=tuple(trials),
    )
    # Each seed has the ratio 1/2, however much the seeds differ.
    assert result.ratio("codes", "pixels", budget=60.0) == pytest.approx((0.5, 0.5, 0.5))
    assert all(map(math.isnan, result.ratio("copies", "pixels", budget=60.0)))
    assert "codes over pixels: 0.50 [0.50, 0.50] at 60 s" in str(result)


def test_steps_are_what_is_left_of_a_budget_after_what_they_do_not_change(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: dict[str, int] = {}

    class Run:
        model = Lamp(0.1)

    def train(recipe: Any, **_: Any) -> Run:
        taken[recipe.name] = recipe.training.steps
        return Run()

    monkeypatch.setattr(generators, "train", train)
    trainer = generators._Trainer(open_source(SOURCE))
    trainer._costs |= {"diffusion": (3.0, 0.5), "autoencoder": (1.0, 0.25), "latent-diffusion": (4.0, 0.5)}
    assert trainer.train("pixels", budget=60.0, seed=0)[1] == 114
    trainer.train("codes", budget=60.0, seed=0)
    # A third of the time for the autoencoder, which took none of it here.
    assert taken == {"diffusion": 114, "autoencoder": 76, "latent-diffusion": pytest.approx(112, abs=1)}
    with pytest.raises(
        ArgumentError, match=r"what a budget leaves for diffusion, 3 processor seconds, must allow a step"
    ):
        trainer.train("pixels", budget=3.0, seed=0)


def test_what_a_step_costs_is_told_apart_from_what_no_step_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []

    def seconds(_: Any, recipe: Any, steps: int, first_stage: Any) -> float:
        ran.append(steps)
        return 3 + 0.5 * steps + (100 if len(ran) == 1 else 0)  # The first run warms up.

    monkeypatch.setattr(generators._Trainer, "_seconds", seconds)
    trainer = generators._Trainer(open_source(SOURCE))
    assert trainer._measured(generators._pixels(SOURCE), None) == pytest.approx((3, 0.5))
    assert ran[1] < ran[2]


@pytest.mark.parametrize("side", [32, 64])
def test_each_kind_takes_images_of_these_sides(side: int) -> None:
    source = f"scenes?size={side}"
    stage = autoencoder(data=source).model
    latent = generators._codes(source).model
    assert isinstance(latent, LatentDiffusionConfig)
    built = replace(latent, first_stage=stage).fitted((3, side, side)).build()
    assert built.space_shape((3, side, side)) == (4, side // 4, side // 4)
    generators._pixels(source).model.fitted((3, side, side)).build()


def test_trials_are_gone_on_with_on_the_command_line(made: list[tuple[str, float, int]], tmp_path: Path) -> None:
    out = tmp_path / "trials.json"
    chart = tmp_path / "chart.svg"
    line = ["generators", "--data", SOURCE, "--budget", "4", "--count", "32", "--out", str(out), "--chart", str(chart)]
    for seeds in (["--seed", "0"], ["--seed", "0", "--seed", "1", "--resume"]):
        done = CliRunner().invoke(app, [*line, *seeds])
        assert done.exit_code == 0, done.output
        assert "repeated copies" in chart.read_text()
    for wrong, why in ((tmp_path / "chart.png", "--chart writes .svg"), (out.with_suffix(".svg"), "must be two files")):
        names = [str(out.with_suffix(".svg")), "--chart", str(wrong)]
        odd = CliRunner().invoke(app, [*line[:8], *names, "--force"])
        assert isinstance(odd.exception, ArgumentError)
        assert why in str(odd.exception)
    refused = CliRunner().invoke(app, line)
    assert refused.exit_code != 0
    assert [seed for *_, seed in made] == [0, 0, 0, 1, 1, 1]
    assert len(GeneratorBench.from_json(out.read_text()).trials) == 10
