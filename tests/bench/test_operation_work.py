"""What operations have to do is counted as on paper."""

from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.profiler import ProfilerActivity, profile

from copyist.bench.measure import count_flops
from copyist.bench.reference import textbook_copy
from copyist.bench.step_operations import BOTH_GRADIENTS, KINDS, Operation, StepCounter
from copyist.bench.step_profile import profiled_calls
from copyist.models.unet import UNetConfig


def counted(compute: Callable[[], object]) -> dict[str, list[Operation]]:
    """By kind."""
    with StepCounter() as counter:
        compute()
    operations = counter.operations(steps=1)
    return {kind: [each for each in operations if each.kind == kind] for kind in KINDS}


def flops(operations: list[Operation]) -> float:
    return sum(each.calls * each.work.flops for each in operations)


def moved(operations: list[Operation]) -> float:
    return sum(each.calls * each.work.bytes for each in operations)


@pytest.mark.parametrize(("dtype", "size"), [(torch.float32, 4), (torch.bfloat16, 2)])
def test_a_convolution_has_the_work_on_paper_in_all_three_directions(dtype: torch.dtype, size: int) -> None:
    conv = nn.Conv2d(5, 3, 3, padding=1, bias=False, dtype=dtype)
    x = torch.rand(2, 5, 7, 6, dtype=dtype, requires_grad=True)
    found = counted(lambda: conv(x).sum().backward())
    # Along a side of 7, three taps of the kernel each, but two fall on the padding.
    products = 2 * 2 * (5 * 3) * (3 * 7 - 2) * (3 * 6 - 2)
    inputs, outputs, weights = 2 * 5 * 7 * 6, 2 * 3 * 7 * 6, 5 * 3 * 9
    for kind in ("convolution", "convolution, to inputs", "convolution, to weights"):
        (each,) = found[kind]
        assert each.work.flops == pytest.approx(products, rel=1e-12)
        assert each.work.dtype == str(dtype).removeprefix("torch.")
    assert moved(found["convolution"]) == size * (inputs + weights + outputs)
    # The gradient of a sum is one number expanded, which lies in memory once.
    assert moved(found["convolution, to inputs"]) == size * (1 + weights + inputs)
    # It counts once, though both halves read it.
    assert moved(found["convolution, to weights"]) == size * (inputs + weights)


def test_the_first_convolution_has_no_gradient_to_its_inputs() -> None:
    conv = nn.Conv2d(3, 4, 3, padding=1, bias=False)
    x, gradient = torch.rand(2, 3, 5, 7), torch.rand(2, 4, 5, 7)
    found = counted(lambda: conv(x).backward(gradient))
    assert found["convolution, to inputs"] == []
    # The weights are not needed for their gradient.
    assert moved(found["convolution, to weights"]) == 4 * (gradient.numel() + x.numel() + 4 * 3 * 9)


def test_the_way_back_by_halves_moves_what_one_call_does() -> None:
    x, weight, gradient = torch.rand(2, 3, 5, 7), torch.rand(4, 3, 3, 3), torch.rand(2, 4, 5, 7)
    settings = ([4], [1, 1], [1, 1], [1, 1], False, [0, 0], 1, [True, True, True])
    found = counted(lambda: torch.ops.aten.convolution_backward(gradient, x, weight, *settings))
    # All three are read, and the gradients to inputs, weights and bias written.
    assert sum(map(moved, found.values())) == 4 * (gradient.numel() + 2 * x.numel() + 2 * weight.numel() + 4)


def test_a_padding_of_one_number_is_that_of_all_axes() -> None:
    x, weight = torch.rand(2, 3, 5, 7), torch.rand(4, 3, 3, 3)

    def convolve(padding: list[int]) -> Tensor:
        return torch.ops.aten.convolution(x, weight, None, [1], padding, [1], False, [0], 1)

    both, one = (counted(partial(convolve, padding))["convolution"] for padding in ([1, 1], [1]))
    assert flops(one) == flops(both) > 0


def test_gradients_by_halves_are_those_of_one_call() -> None:
    conv = nn.Conv2d(3, 4, 3)
    x = torch.rand(2, 3, 5, 7, requires_grad=True)
    expected = torch.autograd.grad(conv(x).square().sum(), [x, *conv.parameters()])
    with StepCounter() as counter:
        found = torch.autograd.grad(conv(x).square().sum(), [x, *conv.parameters()])
    torch.testing.assert_close(found, expected)
    assert min(counter.halves) > 0


def test_a_linear_layer_is_a_product_and_reads_its_bias() -> None:
    layer, x = nn.Linear(5, 3), torch.rand(7, 5)
    (each,) = counted(lambda: layer(x))["resampling"]
    assert each.work.flops == 2 * 7 * 5 * 3
    assert each.work.bytes == 4 * (7 * 5 + 5 * 3 + 3 + 7 * 3)


def test_normalization_reads_and_writes_its_maps_once_and_computes_nothing_that_counts() -> None:
    norm, x = nn.BatchNorm2d(3, track_running_stats=False), torch.rand(2, 3, 5, 7, requires_grad=True)
    gradient = torch.rand(2, 3, 5, 7)
    forward = counted(lambda: norm(x))["normalization"]
    # Maps in and out; scale and shift; mean and spread of each channel.
    assert (moved(forward), flops(forward)) == (4 * (2 * x.numel() + 4 * 3), 0)
    both = counted(lambda: norm(x).backward(gradient))["normalization"]
    # Gradient and maps in, gradient out; scale, mean and spread in, gradients of scale and shift out.
    assert moved(both) - moved(forward) == 4 * (3 * x.numel() + 5 * 3)


def test_adam_reads_four_numbers_a_weight_and_writes_three() -> None:
    weight = nn.Parameter(torch.rand(5, 7))
    optimizer = torch.optim.Adam([weight], lr=1e-3, fused=True)
    weight.grad = torch.rand(5, 7)
    optimizer.step()
    found = counted(optimizer.step)["optimizer"]
    (adam,) = (each for each in found if each.name == "_fused_adam_")
    # Weight, gradient and two moments; weight and two moments. The number of the step is read too.
    assert adam.work.bytes == 4 * (7 * weight.numel() + 1)
    (number,) = (each for each in found if each.name == "_foreach_add_")
    assert number.work.bytes == 4 * 2


def test_all_that_an_optimizer_calls_is_its_own() -> None:
    weight = nn.Parameter(torch.rand(5, 7))
    optimizer = torch.optim.Adam([weight], lr=1e-3, foreach=False)
    weight.grad = torch.rand(5, 7)
    found = counted(optimizer.step)
    assert {kind for kind, operations in found.items() if operations} == {"optimizer"}
    assert "addcdiv_" in {each.name for each in found["optimizer"]}


@pytest.mark.parametrize(
    ("compute", "read", "written"),
    [
        (lambda x: x.relu_(), 24, 24),
        (lambda x: x * x, 24, 24),
        (lambda x: x.zero_(), 0, 24),
        (torch.ones_like, 0, 24),
        (torch.empty_like, 0, 0),
        (lambda x: x.view(6, 4).t().detach(), 0, 0),
        (lambda x: x.to(torch.bfloat16), 24, 12),
        (lambda x: x[:, :2] + 1, 12, 12),
        (lambda x: torch.add(x, 1, out=torch.empty_like(x)), 24, 24),
        # One value into all twelve places of the first row, at an index of two that is written first; then added there.
        (lambda x: x.index_put_((torch.empty(1, dtype=torch.int64).zero_(),), torch.empty(12)[0]), 1 + 2, 12 + 2),
        (lambda x: x.index_put_((torch.empty(1, dtype=torch.int64).zero_(),), torch.empty(4, 3), True), 24 + 2, 12 + 2),
        (lambda x: x.index_put((torch.empty(1, dtype=torch.int64).zero_(),), torch.empty(4, 3)), 36 + 2, 24 + 2),
        (lambda x: x[:, :, :1].expand(2, 4, 3).clone(), 8, 24),
        # An index into the first axis, eight bytes that are written first, reads half of the values.
        (lambda x: x[torch.empty(1, dtype=torch.int64).zero_()], 12 + 2, 12 + 2),
    ],
)
def test_tensors_are_counted_once_as_they_lie_in_memory(
    compute: Callable[[Tensor], Tensor], read: int, written: int
) -> None:
    x = torch.rand(2, 4, 3)
    found = counted(lambda: compute(x))
    assert sum(map(moved, found.values())) == 4 * (read + written)


def test_pooling_goes_back_by_its_indices_alone() -> None:
    x = torch.rand(2, 3, 4, 6, requires_grad=True)
    gradient = torch.rand(2, 3, 2, 3)
    found = counted(lambda: F.max_pool2d(x, 2).backward(gradient))["resampling"]
    small, large = gradient.numel(), x.numel()
    assert moved(found) == (4 * large + (4 + 8) * small) + ((4 + 8) * small + 4 * large)


def test_the_arithmetic_of_a_step_without_padding_is_what_pytorchs_own_counter_finds() -> None:
    layers = (nn.Conv2d(3, 4, 3), nn.ReLU(), nn.ConvTranspose2d(4, 5, 3), nn.Conv2d(5, 3, 1))
    model, x = nn.Sequential(*layers), torch.rand(2, 3, 8, 12)
    found = counted(lambda: F.mse_loss(model(x), x).backward())
    assert sum(map(flops, found.values())) == count_flops(model, x, backward=True)


def test_the_padding_of_a_transposed_convolution_is_cut_off_its_output() -> None:
    # Along one axis of 4 the 4·3 products fall on 6 places, of which the first and last, with one product each, go.
    layer, x = nn.ConvTranspose2d(3, 5, (3, 1), padding=(1, 0)), torch.rand(2, 3, 4, 7)
    assert flops(counted(lambda: layer(x))["resampling"]) == pytest.approx(2 * 2 * (3 * 5) * (4 * 3 - 2) * 7, rel=1e-12)


@pytest.mark.parametrize("ours", [True, False])
def test_the_profiler_sees_the_calls_that_are_counted(ours: bool) -> None:
    config = UNetConfig(channels=3, width=4, levels=2)
    model = config.build().train() if ours else textbook_copy(config)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=ours)
    x = torch.rand(2, 3, 8, 12)

    def step() -> None:
        optimizer.zero_grad()
        F.mse_loss(model(x), x).backward()
        optimizer.step()

    step()
    with StepCounter() as counter:
        step()
    with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as profiler:
        step()
    expected = Counter[str]()
    for each in counter.operations(steps=1):
        if each.work.bytes:  # Views are many, and free.
            expected[each.kind] += int(each.calls)
    names = {each.name for each in counter.operations(steps=1) if each.work.bytes}
    found = Counter(call.kind for call in profiled_calls(profiler.events() or (), names))
    both = found.pop(BOTH_GRADIENTS)
    found.update({"convolution, to inputs": both, "convolution, to weights": both})
    assert found == expected
