"""Pictures that come one by one have the answers of all together, and are not all held."""

import gc
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from contracts import CONFIGS, autoencoder, built, images
from copyist.errors import ArgumentError, ShapeError
from copyist.models.contracts import Model
from copyist.models.footprint import memory_of_answer
from copyist.procedures import denoise, encode, reconstruct, sizes, tiles
from copyist.procedures.sizes import apply_to_stream, batches_of, codes_of_stream, in_stream, padded


def streamed(
    model: Model,
    pictures: Sequence[Tensor],
    *,
    passes: int = 1,
    batch_size: int | None = None,
    lost: Sequence[int] = (),
) -> dict[int, Tensor]:
    """The answers by number, where some pictures turn out to be unreadable."""
    answers = apply_to_stream(
        model,
        lambda x: reconstruct(model, x, batch_size=batch_size),
        lambda rows: ((row, pictures[row]) for row in rows if row not in lost),
        shapes=[(3, picture.shape[1], picture.shape[2]) for picture in pictures],
        names=[f"{row}.png" for row in range(len(pictures))],
        passes=passes,
        batch_size=batch_size,
    )
    return dict(answers)


@pytest.mark.parametrize("kind", ["unet-batch", "unet-none", "residual-unet", "mlp"])
@pytest.mark.parametrize("passes", [1, 3])
@pytest.mark.parametrize("batch_size", [2, 3, 7, 16])
def test_a_stream_has_the_answers_of_all_at_once(kind: str, passes: int, batch_size: int) -> None:
    model = built(CONFIGS[kind])
    x = images(7)
    answers = streamed(model, list(x), passes=passes, batch_size=batch_size)
    assert list(answers) == list(range(7))
    wanted = denoise(model, x, passes=passes, batch_size=batch_size)
    assert torch.equal(torch.stack(list(answers.values())), wanted)


@pytest.mark.parametrize("kind", ["unet-batch", "unet-none"])
@pytest.mark.parametrize("passes", [1, 3])
def test_each_batch_alone_beside_what_fills_it_has_the_answers_of_all(kind: str, passes: int) -> None:
    model = built(CONFIGS[kind])
    large, small = images(7), images(5, (3, 8, 8), seed=1)
    pictures = [*large[:2], *small[:4], *large[2:], small[4]]
    whole = streamed(model, pictures, passes=passes, batch_size=3)
    shapes = [(3, picture.shape[1], picture.shape[2]) for picture in pictures]
    batches = batches_of(model, shapes=shapes, names=[""] * len(pictures), batch_size=3)
    assert [batch.rows for batch in batches] == [(0, 1, 6), (7, 8, 9), (10,), (2, 3, 4), (5, 11)]
    filled = kind == "unet-batch"
    assert [batch.fills for batch in batches] == [(), (), (0, 1, 6) if filled else (), (), (2, 3, 4) if filled else ()]
    for batch in batches:
        rows = [*batch.fills, *batch.rows]
        alone = streamed(model, [pictures[row] for row in rows], passes=passes, batch_size=3)
        for place, row in enumerate(rows):
            assert torch.equal(alone[place], whole[row])


def test_pictures_of_one_size_go_together_in_their_order_whatever_lies_between() -> None:
    model = built(CONFIGS["unet-batch"])
    large, small = images(5), images(4, (3, 8, 8), seed=1)
    pictures = [large[0], small[0], small[1], large[1], large[2], small[2], large[3], small[3], large[4]]
    answers = streamed(model, pictures, batch_size=3)
    for rows, x in (([0, 3, 4, 6, 8], large), ([1, 2, 5, 7], small)):
        assert torch.equal(torch.stack([answers[row] for row in rows]), reconstruct(model, x, batch_size=3))


@pytest.mark.parametrize("lost", [[0], [2], [6], [0, 5], [1, 2, 3, 4, 5]])
def test_what_turns_out_unreadable_leaves_its_place_to_the_next(lost: list[int]) -> None:
    model = built(CONFIGS["unet-batch"])
    x = images(7)
    answers = streamed(model, list(x), passes=2, batch_size=3, lost=lost)
    kept = [row for row in range(7) if row not in lost]
    assert list(answers) == kept
    assert torch.equal(torch.stack(list(answers.values())), denoise(model, x[kept], passes=2, batch_size=3))


def test_sides_are_padded_and_cut_back() -> None:
    model = built(CONFIGS["unet-none"])
    x = images(2, (3, 10, 13))
    answers = streamed(model, list(x))
    # Four is what both sides must be multiples of.
    reflected = torch.cat([x, x[:, :, [8, 7]]], dim=2)
    reflected = torch.cat([reflected, reflected[..., [11, 10, 9]]], dim=3)
    assert torch.equal(padded(model, x, name="x"), reflected)
    assert torch.equal(torch.stack([answers[0], answers[1]]), reconstruct(model, reflected)[..., :10, :13])


def test_codes_come_one_batch_at_a_time_and_of_unpadded_pictures_alone() -> None:
    model = autoencoder(CONFIGS["unet-batch"])
    model.trained_on = replace(model.trained_on, batch_size=3)
    x = images(5)
    codes = codes_of_stream(
        model, lambda part: encode(model, part), enumerate(x), shape=(3, 8, 12), count=5, name="0.png"
    )
    assert torch.equal(torch.stack([z for _, z in codes]), encode(model, x))
    with pytest.raises(ShapeError, match=r"^0.png cannot be taken: .*\?size=12x16&fit=pad"):
        codes_of_stream(model, lambda part: encode(model, part), enumerate(x), shape=(3, 9, 13), count=5, name="0.png")


@pytest.mark.parametrize("kind", ["unet-batch", "unet-none"])
def test_a_stream_holds_a_batch_or_two(kind: str) -> None:
    model = built(CONFIGS[kind])
    alive: list[weakref.ref[Tensor]] = []

    def examples() -> Iterator[tuple[int, Tensor]]:
        for row in range(60):
            x = images(1, seed=row)[0]
            alive.append(weakref.ref(x))
            yield row, x
            del x
            gc.collect(0)
            assert sum(each() is not None for each in alive) <= 2 * 5 + 1

    answered = [row for row, _ in in_stream(model, lambda x: reconstruct(model, x), examples(), batch_size=5)]
    assert answered == list(range(60))


def test_a_large_picture_goes_in_tiles_with_the_same_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    model = built(CONFIGS["unet-none"])
    x = images(1, (3, 70, 90))[0]
    whole = streamed(model, [x], passes=2)[0]
    seen: list[int] = []
    handle = model.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].shape[2] * inputs[0].shape[3]))
    for module in (sizes, tiles):
        monkeypatch.setattr(module, "LARGEST_WHOLE", 1000)
    monkeypatch.setattr(tiles.apply_in_tiles, "__kwdefaults__", {"side": 8})
    torch.testing.assert_close(streamed(model, [x], passes=2)[0], whole, rtol=1e-4, atol=1e-5)
    handle.remove()
    assert max(seen) < 72 * 92


def test_what_must_be_seen_whole_and_does_not_fit_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "available_memory_on", lambda device: 10**5)
    monkeypatch.setattr(sizes, "_SMALL", 1000)
    monkeypatch.setattr(sizes, "LARGEST_WHOLE", 1000)
    x = images(3, (3, 64, 64))
    wanted = (
        r"^0.png of 64x64, which this model must see whole, must fit into memory, which has 100 kB left, got about .*"
    )
    with pytest.raises(ArgumentError, match=wanted + r"; take a smaller one \(\?size=1024\)$"):
        streamed(built(CONFIGS["unet-image"]), list(x[:1]))
    with pytest.raises(
        ArgumentError,
        match=r"^3 pictures of 64x64 at once must .*; take fewer \(--batch 1\) or smaller ones \(\?size=1024\)$",
    ):
        streamed(built(CONFIGS["unet-batch"]), list(x))


@pytest.mark.parametrize("kind", ["dncnn-none", "unet-batch", "unet-none", "variational-unet-positions"])
def test_the_memory_of_an_answer_grows_with_its_pixels(kind: str) -> None:
    model = built(CONFIGS[kind])
    small, large = (memory_of_answer(model, (2, 3, side, side)) for side in (64, 128))
    # At the least the input, a map of the first level, and the answer.
    assert small > 4 * 2 * 64 * 64 * (3 + 4)
    assert large == pytest.approx(4 * small, rel=0.02)


def test_the_memory_of_a_row_of_convolutions_is_that_on_paper() -> None:
    model = built(CONFIGS["dncnn-none"])
    # The input lives throughout, and a convolution's input beside its output, of five maps each.
    assert memory_of_answer(model, (1, 3, 32, 32)) == pytest.approx(4 * 32 * 32 * (3 + 5 + 5), rel=0.4)
