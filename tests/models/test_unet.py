"""The U-Net is built as its config says, and everything passes through its code."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from contracts import autoencoder, built, images
from copyist.data import open_source
from copyist.errors import ArgumentError, ShapeError, UnknownNameError
from copyist.models import UNetConfig
from copyist.schedules import warmup_cosine

COLOR = (3, 16, 24)


def convolutions_of(model: nn.Module) -> list[nn.Conv2d]:
    return [part for part in model.modules() if isinstance(part, nn.Conv2d)]


@pytest.mark.parametrize(("width", "levels", "convolutions"), [(4, 1, 1), (3, 2, 4), (5, 3, 2), (2, 4, 1)])
def test_widths_levels_and_convolutions_are_as_told(width: int, levels: int, convolutions: int) -> None:
    config = UNetConfig(channels=3, width=width, levels=levels, convolutions=convolutions)
    model = built(config)
    parts = convolutions_of(model)
    three = [part for part in parts if part.kernel_size == (3, 3)]
    # On the way down every level has its convolutions; on the way up, every level but the lowest.
    assert len(three) == convolutions * (2 * levels - 1)
    assert [part.out_channels for part in three[: convolutions * levels : convolutions]] == list(config.widths)
    assert config.widths == tuple(width * 2**level for level in range(levels))
    assert len([part for part in parts if part.kernel_size == (1, 1)]) == 1
    assert len([part for part in model.modules() if isinstance(part, nn.MaxPool2d)]) == levels - 1
    assert len([part for part in model.modules() if isinstance(part, nn.ConvTranspose2d)]) == levels - 1
    assert config.size_multiple == model.size_multiple == 2 ** (levels - 1)


@pytest.mark.parametrize(("levels", "code"), [(1, (5, 16, 24)), (2, (10, 8, 12)), (3, (20, 4, 6)), (4, (40, 2, 3))])
def test_the_code_has_maps_of_the_lowest_level(levels: int, code: tuple[int, int, int]) -> None:
    model = autoencoder(UNetConfig(channels=3, width=5, levels=levels, convolutions=1))
    assert model.encode(images(2, COLOR)).shape == (2, *code)


@pytest.mark.parametrize("hidden", [(7,), (9, 4), (4, 9), (8, 3, 11)])
def test_the_hidden_module_has_a_code_of_its_narrowest_width(hidden: tuple[int, ...]) -> None:
    model = autoencoder(UNetConfig(channels=3, width=4, levels=3, hidden=hidden, image_size=(16, 24)))
    assert model.encode(images(2, COLOR)).shape == (2, min(hidden))
    assert model(images(2, COLOR)).shape == (2, *COLOR)


def test_only_the_code_moves_the_answer_of_a_net_without_skips() -> None:
    # The Jacobian of the whole is the product of those of its halves: no path leads around the code.
    model = autoencoder(UNetConfig(channels=1, width=3, levels=2, convolutions=1, statistics="none"))
    x = images(1, (1, 4, 6))
    with torch.no_grad():
        z = model.encode(x)
    jacobian: Any = torch.autograd.functional.jacobian
    whole = jacobian(model, x).reshape(24, 24)
    encoder = jacobian(model.encode, x).reshape(z.numel(), 24)
    decoder = jacobian(model.decode, z).reshape(24, z.numel())
    torch.testing.assert_close(decoder @ encoder, whole, rtol=1e-4, atol=1e-6)
    assert whole.abs().sum() > 0


def test_a_hidden_module_of_width_two_leaves_a_jacobian_of_rank_two() -> None:
    model = autoencoder(
        UNetConfig(channels=1, width=3, levels=1, convolutions=1, statistics="none", hidden=(5, 2), image_size=(4, 6))
    )
    jacobian: Any = torch.autograd.functional.jacobian
    whole = jacobian(model.double(), images(1, (1, 4, 6)).double()).reshape(24, 24)
    assert int(torch.linalg.matrix_rank(whole, rtol=1e-10)) == 2


def test_with_skips_the_image_reaches_the_answer_around_the_lowest_level() -> None:
    model = built(UNetConfig(channels=3, width=4, levels=3, statistics="none", skips=True))
    x = images(2, COLOR)
    lowest: Any = model.down[-1]  # pyright: ignore[reportIndexIssue]
    lowest.register_forward_hook(lambda *_: torch.zeros(2, 16, 4, 6))
    with torch.no_grad():
        assert (model(x) - model(1 - x)).abs().max() > 1e-3


@pytest.mark.parametrize("skips", [False, True])
def test_batch_statistics_are_those_of_the_batch_in_training_and_in_use(skips: bool) -> None:
    model = built(UNetConfig(channels=3, width=4, levels=2, skips=skips))
    x = images(6, COLOR)
    with torch.no_grad():
        in_use, in_training = model.eval()(x), model.train()(x)
    assert torch.equal(in_use, in_training)
    assert not list(model.buffers())


def test_image_statistics_are_batch_statistics_of_batches_of_one() -> None:
    by_batch = built(UNetConfig(channels=3, width=4, levels=3))
    by_image = built(UNetConfig(channels=3, width=4, levels=3, statistics="image"))
    by_image.load_state_dict(by_batch.state_dict())
    x = images(5, COLOR)
    with torch.no_grad():
        one_by_one = torch.cat([by_batch(one[None]) for one in x])
        torch.testing.assert_close(by_image(x), one_by_one, rtol=1e-4, atol=1e-5)


def test_running_statistics_differ_between_training_and_use() -> None:
    model = built(UNetConfig(channels=3, width=4, levels=2, statistics="running"))
    x = images(6, COLOR)
    with torch.no_grad():
        assert (model.train()(x) - model.eval()(x)).abs().max() > 1e-2


def test_a_fresh_net_answers_gray_where_nothing_is_put_in() -> None:
    model = built(UNetConfig(channels=3, width=4, levels=2, statistics="none"))
    with torch.no_grad():
        assert torch.equal(model(torch.zeros(1, *COLOR)), torch.full((1, *COLOR), 0.5))


@pytest.mark.parametrize("skips", [False, True])
def test_a_config_is_fitted_to_the_channels_of_the_data(skips: bool) -> None:
    config = UNetConfig(levels=3, skips=skips)
    assert config.fitted((7, 8, 12)).channels == 7
    with pytest.raises(
        ShapeError, match=r"^the model was built for images of 3 channels, got 1; add \?channels=3 to the source"
    ):
        config.fitted((3, 8, 12)).fitted((1, 8, 12))


def test_a_hidden_module_is_fitted_to_the_size_of_the_data() -> None:
    config = UNetConfig(levels=3, hidden=(5,))
    assert config.fitted((3, 8, 12)).image_size == (8, 12)
    assert UNetConfig(levels=3).fitted((3, 8, 12)).image_size is None
    with pytest.raises(ShapeError, match=r"^the hidden module was built for images of 8x12, got 8x16$"):
        config.fitted((3, 8, 12)).fitted((3, 8, 16))
    with pytest.raises(ShapeError, match=r"^the model's hidden module takes images of 8x12 only, got 12x8; resize"):
        config.fitted((3, 8, 12)).build().check_batch(torch.rand(2, 3, 12, 8))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": 0}, "width must be at least 1, got 0"),
        ({"levels": 0}, "levels must be at least 1, got 0"),
        ({"convolutions": 0}, "convolutions must be at least 1, got 0"),
        ({"channels": 0}, "channels must be at least 1, got 0"),
        ({"hidden": (5, 0)}, "hidden must be at least 1, got 0"),
        ({"hidden": (5,), "skips": True}, "a U-Net with skips has no code to put a hidden module into; take skips=fa"),
    ],
)
def test_a_config_that_cannot_be_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=f"^{message}"):
        UNetConfig(**settings)


def test_unknown_statistics_are_refused_with_the_nearest() -> None:
    wrong: Any = "batches"
    with pytest.raises(
        UnknownNameError, match=r"^there is no normalization statistics 'batches'; did you mean 'batch'\?$"
    ):
        UNetConfig(statistics=wrong)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (UNetConfig(), "a U-Net must know its number of channels; give channels, or fit the config to data"),
        (UNetConfig(skips=True), "a U-Net must know its number of channels; give channels, or fit the config to data"),
        (UNetConfig(channels=3, hidden=(5,)), "a U-Net with a hidden module must know its image_size; give it, or fit"),
    ],
)
def test_a_config_that_was_not_fitted_builds_nothing(config: UNetConfig, message: str) -> None:
    with pytest.raises(ArgumentError, match=f"^{message}"):
        config.build()


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((2, 1, 16, 24), r"^the model takes images of 3 channels, got 1; convert the images"),
        ((2, 3, 18, 24), r"^image sides must be multiples of 4, got 18x24; pad the images \(\?size=20x24&fit=pad\)"),
        ((2, 3, 16, 22), r"^image sides must be multiples of 4, got 16x22; pad the images \(\?size=16x24&fit=pad\)"),
        ((2, 3, 4, 24), r"^image sides must be at least 8 for 3 levels, got 4x24; enlarge the images \(\?size=8x24\)"),
    ],
)
@pytest.mark.parametrize("skips", [False, True])
def test_images_that_do_not_fit_are_refused(skips: bool, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        built(UNetConfig(channels=3, width=4, levels=3, skips=skips)).check_batch(torch.rand(*shape))
    with pytest.raises(ShapeError):
        UNetConfig(channels=3, levels=3, skips=skips).fitted((shape[1], shape[2], shape[3]))


def spreads(model: nn.Module, x: torch.Tensor) -> float:
    """The standard deviation of the answer over images, per position: 0 for a net that answers a constant."""
    with torch.no_grad():
        return float(model(x).std(dim=0).mean())


def with_pytorch_initialization(model: nn.Module) -> None:
    for part in model.modules():
        if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
            part.reset_parameters()


def mean_squares(model: nn.Module, x: torch.Tensor) -> list[float]:
    """Of what each convolution of 3×3 puts out, from the first to the last."""
    seen: list[float] = []
    for part in convolutions_of(model):
        if part.kernel_size == (3, 3):
            part.register_forward_hook(lambda _module, _inputs, output: seen.append(float(output.square().mean())))
    with torch.no_grad():
        model(x)
    return seen


@pytest.mark.parametrize("seed", range(3))
def test_without_normalization_the_signal_neither_grows_nor_shrinks_through_five_levels(seed: int) -> None:
    model = built(UNetConfig(channels=3, width=16, levels=5, statistics="none"), seed=seed)
    seen = mean_squares(model, images(8, (3, 32, 32)))
    assert len(seen) == 18
    # Eighteen layers, each with random weights: a factor of 20 over all is 18 % per layer.
    assert max(seen) < 20 * seen[0]
    assert min(seen) > seen[0] / 20


def test_answers_differ_with_the_image_and_by_default_initialization_they_would_not() -> None:
    config = UNetConfig(channels=3, width=8, levels=5, statistics="none")
    ours, by_default = built(config), built(config)
    with_pytorch_initialization(by_default)
    x = images(8, (3, 32, 32))
    assert spreads(ours, x) > 0.01
    assert spreads(by_default, x) < 1e-5


def trained_error(model: nn.Module, x: torch.Tensor, held_out: torch.Tensor, *, steps: int) -> float:
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    draws = torch.Generator().manual_seed(0)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 5e-3 * warmup_cosine(step, steps=steps, warmup=steps // 10)
        batch = x[torch.randint(len(x), (32,), generator=draws)]
        optimizer.zero_grad()
        F.mse_loss(model(batch), batch).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    with torch.no_grad():
        return float(F.mse_loss(model(held_out), held_out))


@pytest.mark.slow
def test_without_normalization_it_trains_at_five_levels_and_by_default_it_hardly_beats_the_mean() -> None:
    splits = open_source("scenes?size=32&limit=512")
    x, held_out = splits.train.images(), splits.test.images(0, 128)
    mean_image = float(F.mse_loss(x.mean(dim=0).expand_as(held_out), held_out))
    config = UNetConfig(channels=3, width=8, levels=5, convolutions=1, statistics="none")
    ours, by_default = built(config), built(config)
    with_pytorch_initialization(by_default)
    assert trained_error(ours, x, held_out, steps=250) < 0.6 * mean_image
    assert trained_error(by_default, x, held_out, steps=250) > 0.85 * mean_image
    assert spreads(ours, held_out) > 0.5 * float(held_out.std(dim=0).mean())
