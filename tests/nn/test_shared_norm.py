"""Parts of a batch, normalized together, are the batch that is normalized whole; here the processes are threads."""

import pytest
import torch
from torch import Tensor, distributed
from torch.nn import functional as F

from copyist.nn import shared_norm
from copyist.nn.norm import BatchNorm, RunningNorm
from copyist.nn.shared_norm import shared_batch_norm
from meeting import Meeting

EPS = 1e-5


@pytest.fixture
def meeting(monkeypatch: pytest.MonkeyPatch) -> Meeting:
    meeting = Meeting()
    monkeypatch.setattr(shared_norm, "gather_batch", meeting.gather)
    monkeypatch.setattr(distributed, "get_world_size", lambda: 2)
    return meeting


def drawn(*shape: int, seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


H, G = 3 * drawn(6, 5, 3, 4, seed=0) + 40, drawn(6, 5, 3, 4, seed=1)
WEIGHT, BIAS = drawn(5, seed=2), drawn(5, seed=3)


def leaves(*tensors: Tensor) -> list[Tensor]:
    return [tensor.clone().requires_grad_() for tensor in tensors]


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-4), (torch.bfloat16, 3e-2)]
)
def test_two_parts_have_the_answers_and_gradients_of_the_whole(
    meeting: Meeting, dtype: torch.dtype, tolerance: float, layout: torch.memory_format
) -> None:
    wide = torch.float64 if dtype == torch.float64 else torch.float32
    given = H.to(dtype).to(memory_format=layout)

    def part(rank: int) -> tuple[Tensor, ...]:
        h, weight, bias = leaves(given[3 * rank : 3 * rank + 3], WEIGHT.to(wide), BIAS.to(wide))
        y, mean, variance = shared_batch_norm(h, weight, bias, eps=EPS)
        assert y.dtype == dtype
        assert y.is_contiguous(memory_format=layout)
        y.backward(G[3 * rank : 3 * rank + 3].to(dtype))
        assert h.grad is not None
        return y, h.grad, *(weight.grad, bias.grad), mean, variance  # type: ignore[return-value]

    a, b = meeting.run(part)
    # In double precision, from the same rounded maps.
    h, weight, bias = leaves(given.double(), WEIGHT.double(), BIAS.double())
    y = F.batch_norm(h, None, None, weight, bias, training=True, eps=EPS)
    y.backward(G.to(dtype).double())
    expected_variance, expected_mean = torch.var_mean(h, (0, 2, 3), correction=0)
    pairs = [
        (torch.cat([a[0], b[0]]), y),
        (torch.cat([a[1], b[1]]), h.grad),
        (a[2] + b[2], weight.grad),
        (a[3] + b[3], bias.grad),
        *((each[4], expected_mean) for each in (a, b)),
        *((each[5], expected_variance) for each in (a, b)),
    ]
    for found, expected in pairs:
        torch.testing.assert_close(found.double(), expected, rtol=tolerance, atol=tolerance)
    assert meeting.messages == 2


def test_gradients_can_be_differentiated_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributed, "get_rank", lambda: 0)
    monkeypatch.setattr(distributed, "get_world_size", lambda: 1)
    given = leaves(H[:2, :2, :2, :2].double(), WEIGHT[:2].double(), BIAS[:2].double())
    assert torch.autograd.gradcheck(lambda *each: shared_batch_norm(*each, eps=EPS)[0], given)
    assert torch.autograd.gradgradcheck(lambda *each: shared_batch_norm(*each, eps=EPS)[0], given)


@pytest.mark.parametrize("kind", [BatchNorm, RunningNorm])
def test_layers_that_share_their_statistics_become_the_layer_of_the_whole(
    meeting: Meeting, kind: type[BatchNorm | RunningNorm]
) -> None:
    def part(rank: int) -> tuple[Tensor, ...]:
        layer = kind(5)
        layer.shared = True
        y = layer(H[3 * rank : 3 * rank + 3])
        return (y, layer.eval()(H))

    (a, used), (b, also) = meeting.run(part)
    whole = kind(5)
    torch.testing.assert_close(torch.cat([a, b]), whole(H), rtol=1e-4, atol=1e-4)
    # In use nothing is exchanged, and running averages are those of the whole.
    assert torch.equal(used, also)
    torch.testing.assert_close(used, whole.eval()(H), rtol=1e-4, atol=1e-4)
    assert meeting.messages == 1
