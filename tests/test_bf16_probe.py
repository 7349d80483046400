"""The look at bfloat16 passes where it is right, and fails where it is wrong or slow."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from copyist.bf16_probe import Probe, _now, bf16_probe

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def asked_anew() -> Iterator[None]:
    bf16_probe.cache_clear()
    yield
    bf16_probe.cache_clear()


def test_what_pytorch_computes_in_bfloat16_is_right_to_its_rounding() -> None:
    state = torch.get_rng_state()
    found = bf16_probe(CPU)
    # Rounding to 8 bits has a relative error of 2^-8 / sqrt(12), about 0.001; sums add to it.
    assert 0.0005 < found.largest_error < 0.01
    assert found.is_right
    assert torch.equal(torch.get_rng_state(), state)
    assert bf16_probe(CPU) is found


@pytest.mark.parametrize("spoiled", [torch.zeros_like, lambda answer: answer * torch.nan], ids=["zero", "nan"])
def test_an_answer_that_is_wrong_at_one_width_is_found(monkeypatch: pytest.MonkeyPatch, spoiled: Any) -> None:
    convolve = F.conv2d

    def wrong(x: Tensor, weight: Tensor, **settings: Any) -> Tensor:
        answer = convolve(x, weight, **settings)
        return spoiled(answer) + 0 * answer if x.dtype == torch.bfloat16 and x.shape[1] == 1 else answer

    monkeypatch.setattr(F, "conv2d", wrong)
    found = bf16_probe(CPU)
    assert not found.is_right
    assert not found.pays


@pytest.mark.parametrize("kernel", [2, 3])
def test_an_answer_that_is_wrong_where_it_is_one_value_wide_is_found(
    monkeypatch: pytest.MonkeyPatch, kernel: int
) -> None:
    """As in pytorch issue 163347, where a kernel of ones on 2x2 ones gave 1 and not 4, and in 169688."""
    convolve = F.conv2d

    def wrong(x: Tensor, weight: Tensor, **settings: Any) -> Tensor:
        answer = convolve(x, weight, **settings)
        is_wrong = x.dtype == torch.bfloat16 and answer.shape[-1] == 1 and weight.shape[-1] == kernel
        return answer / 4 if is_wrong else answer

    monkeypatch.setattr(F, "conv2d", wrong)
    assert not bf16_probe(CPU).is_right


def test_a_gradient_of_an_input_that_is_one_value_wide_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    transpose = F.conv_transpose2d

    def wrong(x: Tensor, weight: Tensor, **settings: Any) -> Tensor:
        if x.dtype == torch.bfloat16 and x.shape[-1] == 1:
            x = x * 1.0
            x.register_hook(lambda gradient: gradient / 4)
        return transpose(x, weight, **settings)

    monkeypatch.setattr(F, "conv_transpose2d", wrong)
    assert not bf16_probe(CPU).is_right


def test_a_gradient_that_is_no_number_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    convolve = F.conv2d

    def wrong(x: Tensor, weight: Tensor, **settings: Any) -> Tensor:
        if weight.dtype == torch.bfloat16:
            weight = weight * 1.0
            weight.register_hook(lambda gradient: gradient * torch.nan)
        return convolve(x, weight, **settings)

    monkeypatch.setattr(F, "conv2d", wrong)
    assert not bf16_probe(CPU).is_right


def test_what_is_many_times_as_slow_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    convolve = F.conv2d

    def slow(x: Tensor, weight: Tensor, **settings: Any) -> Tensor:
        until = time.process_time() + (0.05 if x.dtype == torch.bfloat16 else 0)
        while time.process_time() < until:
            pass
        return convolve(x, weight, **settings)

    monkeypatch.setattr(F, "conv2d", slow)
    found = bf16_probe(CPU)
    assert found.is_right
    assert found.slowdown > 3
    assert not found.pays


def test_it_may_be_asked_for_in_any_mode() -> None:
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        assert 0.0005 < bf16_probe(CPU).largest_error < 0.01


def test_other_work_does_not_decide() -> None:
    assert Probe(largest_error=0.002, slowdown=1.9).pays


def test_what_a_device_was_given_to_do_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    waited = list[torch.device]()
    monkeypatch.setattr(torch.accelerator, "synchronize", waited.append)
    since = time.perf_counter()
    assert since <= _now(torch.device("cuda:1")) <= time.perf_counter()
    assert waited == [torch.device("cuda:1")]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_of_today_computes_rightly_in_bfloat16_and_no_slower() -> None:
    found = bf16_probe(torch.device("cuda"))
    assert 0.0005 < found.largest_error < 0.03
    assert found.pays
    assert bf16_probe(torch.device("cuda")) is found
