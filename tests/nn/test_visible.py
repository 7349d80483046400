"""Which patches are shown."""

import math
from collections import Counter

import pytest
import torch

from copyist.errors import ArgumentError, ShapeError
from copyist.nn.patches import check_visible, draw_visible, fill_hidden, shown, to_patches


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_every_image_hides_the_same_number_of_patches() -> None:
    for hidden, number in ((0.75, 9), (0.5, 6), (0.1, 1)):
        visible = draw_visible(7, 12, hidden=hidden, generator=generator())
        assert (~visible).sum(1).tolist() == [number] * 7


def test_all_sets_of_visible_patches_are_equally_likely() -> None:
    draws = draw_visible(6000, 4, hidden=0.5, generator=generator())
    counts = Counter(tuple(row) for row in draws.tolist())
    assert len(counts) == math.comb(4, 2)
    # Six sets of 1000 expected draws each; four standard deviations.
    assert all(abs(count - 1000) < 4 * math.sqrt(6000 * 5 / 36) for count in counts.values())


def test_the_generator_alone_decides_what_is_shown() -> None:
    one, same, other = (draw_visible(5, 8, hidden=0.5, generator=generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("hidden", [0.0, 1.0, -0.5, 1.5, math.nan])
def test_a_hidden_share_of_nothing_or_all_is_refused(hidden: float) -> None:
    with pytest.raises(ArgumentError, match=r"^the hidden share must lie strictly between 0 and 1, got "):
        draw_visible(2, 8, hidden=hidden, generator=generator())


def test_too_few_patches_for_the_share_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"^some patches must be shown and some hidden, got 1 hidden of 1; take "):
        draw_visible(2, 1, hidden=0.75, generator=generator())


def test_shown_patches_are_named_in_reading_order() -> None:
    visible = torch.tensor([[True, False, True, False, False], [False, False, False, True, True]])
    assert shown(visible).tolist() == [[0, 2], [3, 4]]


@pytest.mark.parametrize(
    ("visible", "sentence"),
    [
        (torch.ones(2, 5, dtype=torch.bool), r"^visible must be bool of shape \(2, 6\), one for each patch, got torch"),
        (torch.ones(2, 6), r"^visible must be bool of shape \(2, 6\), one for each patch, got torch.float32 of \(2, 6"),
        (torch.zeros(2, 6, dtype=torch.bool), r"^every image must show equally many patches, at least one, got \[0\]$"),
        (torch.eye(2, 6).cumsum(1) > 0, r"^every image must show equally many patches, at least one, got \[5, 6\]$"),
    ],
)
def test_what_does_not_say_which_patches_are_shown_is_refused(visible: torch.Tensor, sentence: str) -> None:
    with pytest.raises(ShapeError, match=sentence):
        check_visible(visible, shape=(2, 6))


def test_hidden_patches_are_painted_in_the_mean_color_of_the_visible_ones() -> None:
    x = torch.rand(3, 2, 4, 6, generator=generator())
    visible = draw_visible(3, 6, hidden=0.5, generator=generator())
    patches, painted = to_patches(x, size=2), to_patches(fill_hidden(x, visible, size=2), size=2)
    for index in range(3):
        seen = patches[index, visible[index]].reshape(3, 2, 4)
        color = seen.mean((0, 2))  # of each channel
        assert torch.equal(painted[index, visible[index]], patches[index, visible[index]])
        on_paper = color.repeat_interleave(4).expand(3, 8)
        torch.testing.assert_close(painted[index, ~visible[index]], on_paper)
