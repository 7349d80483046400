"""The rule by which many images become batches, and its effect on models that use batch statistics."""

import copy
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, distributed, nn

from contracts import CLASSIFIERS, CONFIGS, autoencoder, built, classifier, images
from copyist.errors import ArgumentError
from copyist.models import Reconstructor, UNetConfig
from copyist.models.in_batches import apply_in_batches, batch_indices, in_batches
from copyist.procedures import denoise, encode, reconstruct
from meeting import Meeting

BATCH = CONFIGS["unet-batch"]


def by_hand(model: Reconstructor, x: Tensor, rows: list[list[int]], keep: list[int]) -> Tensor:
    """The model's answers on batches that are written out."""
    with torch.no_grad():
        return torch.cat([model(x[chosen])[:count] for chosen, count in zip(rows, keep, strict=True)])


def test_the_rule_on_paper() -> None:
    def rows(num_images: int, batch_size: int, *, fill: bool = True) -> list[tuple[list[int], int]]:
        return [
            (chosen.tolist(), count) for chosen, count in batch_indices(num_images, batch_size=batch_size, fill=fill)
        ]

    assert rows(8, 4) == [([0, 1, 2, 3], 4), ([4, 5, 6, 7], 4)]
    assert rows(7, 3) == [([0, 1, 2], 3), ([3, 4, 5], 3), ([6, 0, 1], 1)]
    assert rows(3, 8) == [([0, 1, 2, 0, 1, 2, 0, 1], 3)]
    assert rows(7, 3, fill=False) == [([0, 1, 2], 3), ([3, 4, 5], 3), ([6], 1)]
    assert rows(3, 8, fill=False) == [([0, 1, 2], 3)]
    # A whole number of repetitions has the statistics of one.
    assert rows(2, 8) == [([0, 1], 2)]
    assert rows(1, 64) == [([0], 1)]


@given(st.integers(1, 40), st.integers(1, 12), st.booleans())
def test_every_image_is_answered_once_and_in_order(num_images: int, batch_size: int, fill: bool) -> None:
    answered: list[int] = []
    for chosen, count in batch_indices(num_images, batch_size=batch_size, fill=fill):
        answered += chosen[:count].tolist()
    assert answered == list(range(num_images))


@given(st.integers(1, 40), st.integers(1, 12))
def test_a_filled_batch_is_full_or_a_whole_share_of_one(num_images: int, batch_size: int) -> None:
    for chosen, _ in batch_indices(num_images, batch_size=batch_size, fill=True):
        assert batch_size % len(chosen) == 0


def test_images_are_judged_in_batches_of_the_stored_size() -> None:
    model = built(BATCH)
    model.trained_on = replace(model.trained_on, batch_size=3)
    x = images(7)
    expected = by_hand(model, x, [[0, 1, 2], [3, 4, 5], [6, 0, 1]], [3, 3, 1])
    assert torch.equal(reconstruct(model, x), expected)
    assert torch.equal(denoise(model, x), expected)
    assert not torch.allclose(by_hand(model, x, [list(range(7))], [7]), expected, atol=1e-3)


def test_fewer_images_than_a_batch_are_repeated_until_it_is_full() -> None:
    model = built(BATCH)
    model.trained_on = replace(model.trained_on, batch_size=8)
    x = images(3)
    filled = by_hand(model, x, [[0, 1, 2, 0, 1, 2, 0, 1]], [3])
    torch.testing.assert_close(reconstruct(model, x), filled, rtol=1e-4, atol=1e-5)
    model.weighs_images = False
    assert torch.equal(reconstruct(model, x), filled)
    # Repeated a whole number of times, images have the statistics they have once.
    model.trained_on = replace(model.trained_on, batch_size=6)
    repeated = by_hand(model, x, [[0, 1, 2, 0, 1, 2]], [3])
    torch.testing.assert_close(reconstruct(model, x), repeated, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", sorted({**CONFIGS, **CLASSIFIERS}))
def test_every_kind_answers_to_counted_images_as_to_repeated_ones(kind: str) -> None:
    model = classifier(CLASSIFIERS[kind]) if kind in CLASSIFIERS else built(CONFIGS[kind])
    # A batch that is not evenly filled is not given to the model in full.
    seen: list[int] = []
    handle = model.register_forward_pre_hook(lambda _, inputs: seen.append(len(inputs[0])))
    with torch.no_grad():
        x = images(3)
        answers = in_batches(model, model, x, batch_size=8)
        torch.testing.assert_close(apply_in_batches(model, x, batch_size=8), answers, rtol=1e-4, atol=1e-5)
        handle.remove()
        assert seen[0] == 3
        filled = model(x[[0, 1, 2, 0, 1, 2, 0, 1]])[:3]
    torch.testing.assert_close(answers, filled, rtol=1e-4, atol=1e-5)
    assert model.weighs_images == model.uses_batch_statistics


class Centered(nn.Module):
    """A layer of a user's own, which no one else can weigh."""

    def forward(self, x: Tensor) -> Tensor:
        return x - x.mean(0)


def test_a_model_with_batch_statistics_of_its_own_is_given_copies() -> None:
    model = built(CONFIGS["unet-none"])
    model.uses_batch_statistics = True
    model.get_submodule("up").output = nn.Sequential(model.get_submodule("up.output"), Centered())
    x = images(3)
    filled = by_hand(model, x, [[0, 1, 2, 0, 1, 2, 0, 1]], [3])
    assert torch.equal(reconstruct(model, x, batch_size=8), filled)
    assert not torch.allclose(by_hand(model, x, [[0, 1, 2]], [3]), filled, atol=1e-3)


def test_one_image_alone_is_judged_by_its_own_statistics() -> None:
    model = built(BATCH)
    by_image = built(UNetConfig(channels=3, width=4, levels=3, convolutions=1, statistics="image"))
    by_image.load_state_dict(model.state_dict())
    x = images(4)
    for one in x:
        torch.testing.assert_close(
            reconstruct(model, one[None]), reconstruct(by_image, x)[x.eq(one).flatten(1).all(1)], rtol=1e-4, atol=1e-5
        )


def test_another_batch_size_gives_another_answer_only_with_batch_statistics() -> None:
    x = images(6)
    for kind, config in CONFIGS.items():
        model = built(config)
        change = (reconstruct(model, x, batch_size=2) - reconstruct(model, x)).abs().max()
        assert change > 1e-3 if model.uses_batch_statistics else change < 1e-5, kind


def test_codes_are_made_in_the_same_batches() -> None:
    model = autoencoder(BATCH)
    model.trained_on = replace(model.trained_on, batch_size=3)
    x = images(5)
    with torch.no_grad():
        by_hand = torch.cat([model.encode(x[:3]), model.encode(x[[3, 4, 0]])[:2]])
    assert torch.equal(encode(model, x), by_hand)
    assert not torch.allclose(encode(model, x, batch_size=5), by_hand, atol=1e-3)


def test_to_be_asked_changes_nothing_in_a_model() -> None:
    model = built(CONFIGS["unet-running"])
    in_use = reconstruct(model, images())
    model.train()
    model.get_submodule("up").eval()
    modes = [part.training for part in model.modules()]
    before = [buffer.clone() for buffer in model.buffers()]
    assert torch.equal(reconstruct(model, images()), in_use)
    assert [part.training for part in model.modules()] == modes
    assert all(torch.equal(old, new) for old, new in zip(before, model.buffers(), strict=True))


@pytest.mark.parametrize("size", [0, -3])
def test_a_batch_size_below_one_is_refused(size: int) -> None:
    with pytest.raises(ArgumentError, match=f"^batch size must be at least 1, got {size}$"):
        in_batches(built(BATCH), lambda x: x, images(), batch_size=size)


@pytest.mark.parametrize("fill", [True, False])
@pytest.mark.parametrize("num_images", [3, 4, 7, 12, 13])
def test_processes_that_share_the_batches_get_the_bits_of_one(
    monkeypatch: pytest.MonkeyPatch, num_images: int, fill: bool
) -> None:
    meeting, calls = Meeting(), [0, 0]
    monkeypatch.setattr("copyist.models.in_batches.gather_batch", meeting.gather)
    monkeypatch.setattr("copyist.models.in_batches.num_processes", lambda: 2)
    monkeypatch.setattr(distributed, "get_rank", lambda: meeting.rank)
    config = UNetConfig(channels=2, width=4, levels=2, statistics="batch" if fill else "group")
    model = config.build().eval()
    x = torch.rand(num_images, 2, 4, 6, generator=torch.Generator().manual_seed(0))

    def work(rank: int) -> torch.Tensor:
        own = copy.deepcopy(model)
        own.register_forward_hook(lambda *_: calls.__setitem__(rank, calls[rank] + 1))
        with torch.no_grad():
            return in_batches(own, own, x, batch_size=4, shared=True)

    with torch.no_grad():
        alone = in_batches(model, model, x, batch_size=4)
    assert all(torch.equal(each, alone) for each in meeting.run(work))
    num_batches = -(-num_images // 4)
    assert calls == [-(-num_batches // 2)] * 2
    assert meeting.messages == (0 if num_batches == 1 else calls[0])
