"""An inversion is known on paper where the layer is linear, and where it sees nothing."""

from typing import Any, final

import pytest
import torch
from torch import Tensor, nn

from contracts import CONFIGS, built, images
from copyist.errors import ArgumentError, ShapeError, UnknownNameError
from copyist.metrics.distortion import aligned, distance
from copyist.models import TrainedOn
from copyist.procedures import invert, representation
from copyist.procedures.descent import METHODS
from known import Exact

SHAPE = (2, 3, 5)
NUM_VALUES = 30


def linear_map(num_outputs: int, *, singular: tuple[float, float] = (0.5, 2.0)) -> nn.Sequential:
    """A layer of so many outputs whose singular values lie in that range."""
    g = torch.Generator().manual_seed(1)
    left, _ = torch.linalg.qr(torch.randn(num_outputs, num_outputs, generator=g))
    right, _ = torch.linalg.qr(torch.randn(NUM_VALUES, num_outputs, generator=g))
    linear = nn.Linear(NUM_VALUES, num_outputs)
    with torch.no_grad():
        linear.weight.copy_(left @ torch.diag(torch.linspace(*singular, num_outputs)) @ right.T)
    return nn.Sequential(nn.Flatten(), linear)


class Forgetful(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.ones(len(x), 4)


@final
class BatchMean(Exact):
    """What an image is beside the mean of its batch."""

    uses_batch_statistics = True
    trained_on = TrainedOn(batch_size=4)

    def forward(self, x: Tensor) -> Tensor:
        return x - x.mean(0, keepdim=True)


@pytest.mark.parametrize("method", ["lbfgs", "adam"])
def test_a_layer_that_loses_nothing_gives_back_the_image(method: Any) -> None:
    x = images(3, SHAPE)
    found = invert(linear_map(NUM_VALUES), x, method=method, steps=400, tolerance=1e-3, dtype=torch.float64)
    assert bool(found.converged.all())
    # The least singular value is 0.5, so that an image is at most twice as far as its representation.
    assert bool((found.input_distance <= 2.01 * found.distance).all())
    torch.testing.assert_close(found.x, x.double(), atol=5e-3, rtol=0)


def test_a_layer_that_loses_directions_keeps_those_of_the_start_there() -> None:
    model, x, start = linear_map(11), images(3, SHAPE), images(3, SHAPE, seed=5)
    found = invert(model, x, start=start, tolerance=1e-5, dtype=torch.float64)
    weight = model.get_parameter("1.weight").detach().double()
    seen = torch.linalg.pinv(weight) @ weight
    unseen = torch.eye(NUM_VALUES).double() - seen
    x_hat = found.x.flatten(1)
    torch.testing.assert_close(x_hat @ seen, x.double().flatten(1) @ seen, atol=1e-4, rtol=0)
    torch.testing.assert_close(x_hat @ unseen, start.double().flatten(1) @ unseen, atol=1e-4, rtol=0)


def test_the_methods_agree_where_there_is_one_answer() -> None:
    model, x = linear_map(11), images(3, SHAPE)
    one, other = (
        invert(model, x, method=method, start="constant", tolerance=1e-4, dtype=torch.float64, steps=2000)
        for method in ("lbfgs", "adam")
    )
    torch.testing.assert_close(model.double()(one.x), model(other.x), atol=1e-3, rtol=0)


def test_the_source_takes_all_its_steps_down_the_sum_of_absolute_differences() -> None:
    x, start = images(2, SHAPE), images(2, SHAPE, seed=3)
    found = invert(nn.Identity(), x, method="reference", start=start, steps=7)
    # On the identity each step moves each value by 0.1 · 0.005 toward its target, unless it is there.
    by_hand = start - (7 * 0.0005) * (start - x).sign()
    far = (start - x).abs() > 0.01
    torch.testing.assert_close(found.x[far], by_hand[far])
    assert found.steps == 7


def test_the_certificate_says_what_the_layer_says() -> None:
    model, x = linear_map(11), images(3, SHAPE)
    found = invert(model, x, steps=3)
    with torch.no_grad():
        torch.testing.assert_close(found.distance, (model(found.x) - model(x)).norm(dim=1))
    torch.testing.assert_close(found.input_distance, distance(found.x, x))
    torch.testing.assert_close(found.aligned_distance, distance(aligned(found.x, x), x))
    assert torch.equal(found.converged, found.distance < found.yardstick)


def test_the_yardstick_of_the_identity_is_the_length_of_the_shift() -> None:
    x = images(2, (3, 40, 50))
    found = invert(nn.Identity(), x, steps=1)
    torch.testing.assert_close(found.yardstick, torch.full((2,), 6000**0.5 / 18), rtol=0.05, atol=0)


def test_a_layer_that_sees_nothing_is_content_with_the_start() -> None:
    x, start = images(3, SHAPE), images(3, SHAPE, seed=4)
    found = invert(Forgetful(), x, start=start)
    assert bool(found.converged.all())
    assert found.steps == 0
    assert torch.equal(found.x, start)
    torch.testing.assert_close(found.input_distance, distance(start, x))


def test_what_has_not_converged_is_said_to_have_not() -> None:
    model, x = linear_map(NUM_VALUES, singular=(1e-3, 10.0)), images(3, SHAPE)
    found = invert(model, x, method="adam", steps=2)
    assert not bool(found.converged.any())
    assert bool((found.distance >= found.yardstick).all())


def test_of_several_starts_the_nearest_is_kept_of_each_image() -> None:
    model, x = linear_map(11), images(3, SHAPE)

    def drawn(restarts: int) -> Any:
        g = torch.Generator().manual_seed(8)
        return invert(model, x, method="adam", steps=9, restarts=restarts, generator=g)

    one, several = drawn(1), drawn(4)
    assert bool((several.distance <= one.distance).all())
    assert bool((several.distance < one.distance).any())


def test_a_seed_decides_the_noise_and_nothing_else_is_drawn() -> None:
    model, x = linear_map(11), images(3, SHAPE)
    state = torch.random.get_rng_state()
    one, same, other = (invert(model, x, steps=3, generator=torch.Generator().manual_seed(s)).x for s in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_images_keep_the_company_in_which_they_are_represented() -> None:
    model, x = BatchMean(), images(6, SHAPE)
    found = invert(model, x, tolerance=1e-3)
    assert bool(found.converged.all())
    # Four images, then the other two with the first two: by hand, as the rule of batches says.
    for own, company in ((slice(0, 4), [0, 1, 2, 3]), (slice(4, 6), [4, 5, 0, 1])):
        difference = (model(found.x[company]) - model(x[company]))[: own.stop - own.start]
        torch.testing.assert_close(found.distance[own], difference.flatten(1).norm(dim=1), atol=1e-6, rtol=1e-4)


def test_one_image_alone_is_its_own_company() -> None:
    x = images(1, SHAPE)
    found = invert(BatchMean(), x, start="constant")
    assert found.distance.item() == 0
    assert found.converged.item()
    torch.testing.assert_close(found.x, torch.full_like(x, 0.5))


def test_a_model_in_half_precision_is_inverted_in_single() -> None:
    model, x = linear_map(NUM_VALUES).bfloat16(), images(2, SHAPE)
    found = invert(model, x, tolerance=0.01)
    assert found.x.dtype == torch.float32
    assert model[1].weight.dtype == torch.bfloat16
    # Rounded to bfloat16 an image is off by a thousandth, which is farther than this.
    assert float(found.distance.max()) < 0.01
    with torch.autocast("cpu", dtype=torch.bfloat16), torch.no_grad():
        assert torch.equal(invert(model, x, tolerance=0.01).x, found.x)


class Watching(nn.Module):
    """Notes whether others may stand in for float32 when it runs."""

    def __init__(self) -> None:
        super().__init__()
        self.allowed: list[tuple[str, bool]] = []

    def __deepcopy__(self, memo: object) -> "Watching":
        return self

    def forward(self, x: Tensor) -> Tensor:
        self.allowed.append((torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32))
        return x


def test_float32_is_computed_in_full_and_only_meanwhile() -> None:
    model, before = Watching(), (torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32)
    invert(model, images(2, SHAPE), steps=1)
    assert set(model.allowed) == {("highest", False)}
    assert (torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32) == before
    assert before[1]


def test_the_model_is_left_as_it_was() -> None:
    model, x = built(CONFIGS["unet-running"]), images()
    model.train()
    model(x).sum().backward()
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    grads = {name: each.grad.clone() for name, each in model.named_parameters() if each.grad is not None}
    invert(model, x, layer="down.1", steps=2)
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())
    assert grads
    after = {name: each.grad for name, each in model.named_parameters() if each.grad is not None}
    assert all(torch.equal(after[name], grad) for name, grad in grads.items())
    assert all(part.training for part in model.modules())
    assert all(each.requires_grad for each in model.parameters())


def test_an_inner_layer_is_brought_near_its_target() -> None:
    model, x = built(CONFIGS["unet-group"]), images()
    found = invert(model, x, layer="down.1", steps=100)
    assert bool(found.converged.all())
    with torch.no_grad():
        h, h_hat = (representation(model, each, "down.1").flatten(1) for each in (x, found.x))
    torch.testing.assert_close(found.distance, (h_hat - h).norm(dim=1), rtol=1e-3, atol=1e-5)


def test_alignment_undoes_brightness_and_contrast_of_each_channel_and_no_more() -> None:
    x = images(2, SHAPE)
    gain, offset = torch.tensor([0.3, 2.0]).view(1, 2, 1, 1), torch.tensor([0.5, -0.1]).view(1, 2, 1, 1)
    torch.testing.assert_close(aligned(gain * x + offset, x), x)
    x_hat = images(2, SHAPE, seed=7)
    for image, target, ours in zip(x_hat.flatten(0, 1), x.flatten(0, 1), aligned(x_hat, x).flatten(0, 1), strict=True):
        columns = torch.stack([image.flatten(), torch.ones(15)], dim=1)
        theirs = columns @ torch.linalg.lstsq(columns, target.flatten()[:, None]).solution
        torch.testing.assert_close(ours.flatten(), theirs[:, 0])
    torch.testing.assert_close(aligned(torch.zeros_like(x), x), x.mean((2, 3), keepdim=True).expand_as(x))


def test_what_cannot_be_asked_is_refused() -> None:
    model, x = linear_map(11), images(3, SHAPE)
    with pytest.raises(UnknownNameError, match="there is no layer 'outptu'; did you mean 'output'"):
        invert(model, x, layer="outptu")
    with pytest.raises(UnknownNameError, match="there is no method 'adm'; did you mean 'adam'"):
        invert(model, x, method="adm")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ArgumentError, match="restarts must be 1 from a start that is always the same"):
        invert(model, x, start="constant", restarts=2)
    with pytest.raises(ArgumentError, match=r"dtype must be torch.float32 or torch.float64, got torch.bfloat16"):
        invert(model, x, dtype=torch.bfloat16)
    with pytest.raises(ShapeError, match="one shape"):
        invert(model, x, start=x[:2])
    assert METHODS == ("lbfgs", "adam", "reference")
