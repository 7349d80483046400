"""Seeds and generators: equal purposes, equal bits; nothing is drawn globally."""

import hashlib

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from copyist.randomness import (
    SharedGenerator,
    derive,
    draw_below,
    draw_normal,
    draw_normal_law,
    draw_uniform,
    generator,
)


def test_a_seed_is_derived_by_a_hash_that_any_machine_can_compute() -> None:
    digest = hashlib.sha256(b"7\x1forder\x1f3").digest()
    assert derive(7, "order", 3) == int.from_bytes(digest[:8], "little") // 2


@given(st.integers(0, 2**40), st.lists(st.text(min_size=1) | st.integers(), max_size=3))
def test_seeds_are_equal_for_equal_purposes_and_differ_otherwise(seed: int, names: list[str | int]) -> None:
    assert derive(seed, *names) == derive(seed, *names)
    assert 0 <= derive(seed, *names) < 2**63
    assert derive(seed, *names) != derive(seed + 1, *names)
    assert derive(seed, *names) != derive(seed, *names, "more")


def test_names_are_kept_apart() -> None:
    assert derive(0, "ab", "c") != derive(0, "a", "bc")
    assert derive(1, 2) != derive(12)


def test_a_generator_gives_the_same_bits_and_leaves_the_global_one_alone() -> None:
    before = torch.random.get_rng_state()
    a, b = (torch.rand(5, generator=generator(3, "noise")) for _ in range(2))
    assert torch.equal(a, b)
    assert not torch.equal(a, torch.rand(5, generator=generator(4, "noise")))
    draw_normal((2, 3), like=a)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_normal_draws_have_the_mean_and_the_spread_they_are_told() -> None:
    drawn = draw_normal((300, 7, 50), mean=0.7, std=0.2, generator=generator(0), like=torch.zeros(1))
    # Five standard errors of a mean, and of a standard deviation, of 105 000 draws.
    assert abs(float(drawn.mean()) - 0.7) < 5 * 0.2 / 105_000**0.5
    assert abs(float(drawn.std()) - 0.2) < 5 * 0.2 / (2 * 105_000) ** 0.5


def test_normal_draws_come_in_the_type_of_another_tensor_and_without_a_generator_from_seed_0() -> None:
    like = torch.zeros(1, dtype=torch.float64)
    drawn = draw_normal((2, 3), like=like)
    assert drawn.dtype == torch.float64
    assert torch.equal(drawn, draw_normal((2, 3), generator=torch.Generator().manual_seed(0), like=like))


def test_draws_of_a_normal_law_have_the_moments_of_the_examples_and_no_other_directions() -> None:
    x = torch.tensor([[0.0, 0.0, 3.0], [2.0, 4.0, 3.0], [4.0, 2.0, 3.0]])
    drawn = draw_normal_law(x, count=40_000, scale=2.0, generator=generator(0, "law"))
    torch.testing.assert_close(drawn.mean(0), x.mean(0), atol=0.06, rtol=0)
    torch.testing.assert_close(drawn.T.cov(), 4 * x.T.cov(), atol=0.4, rtol=0)
    assert bool((drawn[:, 2] == 3).all())
    assert draw_normal_law(x.view(3, 1, 3), count=5, generator=generator(0, "law")).shape == (5, 1, 3)


@given(
    count=st.integers(1, 4), world_size=st.integers(1, 4), sides=st.lists(st.integers(1, 3), max_size=2), data=st.data()
)
def test_processes_that_share_a_batch_draw_the_numbers_of_one(
    count: int, world_size: int, sides: list[int], data: st.DataObject
) -> None:
    axis = data.draw(st.integers(0, len(sides)))
    shape = [*sides[:axis], count, *sides[axis:]]
    whole = [*sides[:axis], count * world_size, *sides[axis:]]

    def drawn(shape: list[int], draws: torch.Generator) -> list[Tensor]:
        like = torch.empty(0)
        normal = draw_normal(shape, mean=0.5, std=2.0, generator=draws, like=like, axis=axis)
        # What is drawn once for all is alike, and so is what comes after it.
        once = torch.rand(1, generator=draws)
        uniform = draw_uniform(shape, generator=draws, axis=axis)
        numbers = draw_below(7, [shape[axis], 2], generator=draws)
        return [normal, uniform, numbers, once]

    shares = [drawn(shape, SharedGenerator.of(5, rank=rank, world_size=world_size)) for rank in range(world_size)]
    alone = drawn(whole, torch.Generator().manual_seed(5))
    *parts, _ = zip(*shares, strict=True)
    for part, expected, place in zip(parts, alone[:3], (axis, axis, 0), strict=True):
        assert torch.equal(torch.cat(part, place), expected)
    assert all(torch.equal(share[3], alone[3]) for share in shares)
