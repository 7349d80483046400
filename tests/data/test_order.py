import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from copyist.data.order import flips, indices
from copyist.errors import ArgumentError


@given(num_examples=st.integers(1, 30), batch_size=st.integers(1, 40), seed=st.integers(0, 9))
def test_every_epoch_visits_each_example_once(num_examples: int, batch_size: int, seed: int) -> None:
    steps = range(-(-3 * num_examples // batch_size))
    row = torch.cat([indices(k, num_examples=num_examples, batch_size=batch_size, seed=seed) for k in steps])
    for epoch in range(3):
        visited = row[epoch * num_examples : (epoch + 1) * num_examples]
        assert sorted(visited.tolist()) == list(range(num_examples))


@given(step=st.integers(0, 10**6), batch_size=st.integers(1, 16))
def test_batches_of_two_are_the_batches_of_one_side_by_side(step: int, batch_size: int) -> None:
    double = indices(step, num_examples=23, batch_size=2 * batch_size, seed=5)
    single = [indices(2 * step + half, num_examples=23, batch_size=batch_size, seed=5) for half in (0, 1)]
    assert torch.equal(double, torch.cat(single))


def test_a_step_needs_no_earlier_one() -> None:
    walked = [indices(step, num_examples=11, batch_size=4, seed=1) for step in range(50)]
    assert torch.equal(indices(49, num_examples=11, batch_size=4, seed=1), walked[49])
    assert walked[49].dtype == torch.int64


def test_epochs_and_seeds_have_orders_of_their_own() -> None:
    orders = {
        tuple(indices(step, num_examples=50, batch_size=50, seed=seed).tolist()) for step in (0, 1) for seed in (0, 1)
    }
    assert len(orders) == 4


def test_about_half_of_the_examples_are_flipped_and_always_the_same() -> None:
    drawn = torch.stack([flips(step, batch_size=100, seed=3) for step in range(100)])
    assert drawn.dtype == torch.bool
    # Four standard deviations of a fair coin thrown 10,000 times.
    assert abs(drawn.float().mean().item() - 0.5) < 4 * 0.5 / 100
    assert torch.equal(drawn[7], flips(7, batch_size=100, seed=3))
    assert not torch.equal(drawn[7], flips(7, batch_size=100, seed=4))


@pytest.mark.parametrize("broken", [{"step": -1}, {"num_examples": 0}, {"batch_size": 0}])
def test_counts_out_of_range_are_refused(broken: dict[str, int]) -> None:
    arguments = {"step": 0, "num_examples": 5, "batch_size": 2, "seed": 0} | broken
    with pytest.raises(ArgumentError, match=next(iter(broken))):
        indices(arguments.pop("step"), **arguments)
