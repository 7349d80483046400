"""The bench of first stages: every option is trained, generated in and told apart, and the document comes back."""

from dataclasses import replace

import pytest

from copyist.bench.first_stages import OPTIONS, FirstStages, FirstStageTrial, bench_first_stages
from copyist.bench.timings import Machine
from copyist.errors import ArgumentError, UnknownNameError

MACHINE = Machine(processor="One", cores=2, threads=2, python="3.11", torch="2.13", float32_peak=100.0, bf16_peak=200.0)


@pytest.mark.slow
def test_every_first_stage_is_trained_and_generated_in() -> None:
    names = (*OPTIONS, "masked-encoder")
    found: list[FirstStages] = []
    result = bench_first_stages(
        "scenes?size=16&limit=130", first_steps=2, steps=2, num_images=32, options=names, found=found.append
    )
    assert [each.option for each in result.trials] == list(names)
    assert [len(each.trials) for each in found] == [1, 2, 3, 4, 5, 6]
    assert all(each.between > 0 < each.distance for each in result.trials)
    assert FirstStages.from_json(result.to_json()) == result
    assert all(name in str(result) for name in names)
    # What is there already is not made again, and what is of other steps is no part of it.
    again = bench_first_stages(
        "scenes?size=16&limit=130", first_steps=2, steps=2, num_images=32, options=names, begun=result
    )
    assert again.trials == result.trials
    with pytest.raises(ArgumentError, match=r"must be of .* 2 and 3 steps and 32 images, got .* 2 and 2 steps"):
        bench_first_stages("scenes?size=16&limit=130", first_steps=2, steps=3, num_images=32, begun=result)


def test_an_unknown_first_stage_is_refused_before_any_training() -> None:
    with pytest.raises(UnknownNameError, match=r"^there is no first stage 'plane'; did you mean 'plain'\?$"):
        bench_first_stages(options=("plane",))


def test_distances_are_paired_by_seed() -> None:
    trial = FirstStageTrial(
        option="plain",
        seed=0,
        first_stage_seconds=1.0,
        denoiser_seconds=1.0,
        psnr=30.0,
        copies=1.0,
        between=1.0,
        kurtosis=0.0,
        distance=1.0,
        layout=1.0,
        coverage=1.0,
    )
    trials = [
        replace(trial, option=option, seed=seed, distance=factor * distance)
        for seed, distance in enumerate((1.0, 5.0, 20.0))
        for option, factor in {"plain": 1.0, "small-kl": 0.5}.items()
    ]
    found = FirstStages(
        data="x",
        steps=(1, 1),
        num_images=32,
        floor=0.1,
        machine=MACHINE,
        trials=(*trials, replace(trial, option="new")),
    )
    ratio = found.ratio("small-kl")
    assert (ratio.mean, ratio.low, ratio.high) == pytest.approx((0.5, 0.5, 0.5))
    assert "0.50 [0.50, 0.50]" in str(found)
