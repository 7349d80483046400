"""The bench of first stages: every option is trained, generated in and told apart, and the document comes back."""

import pytest

from copyist.bench.first_stages import OPTIONS, FirstStages, bench_first_stages
from copyist.errors import ArgumentError, UnknownNameError


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
