"""Half precision is used only where a model's estimates stand it."""

from typing import Any, final

import pytest
import torch
from torch import Tensor, nn

from contracts import DIFFUSION, diffusion
from copyist.errors import ContractError
from copyist.models import MLPConfig
from copyist.models.contracts import Diffusion
from copyist.procedures import sample
from copyist.procedures.diffusion import DPMSolver, half_precision
from copyist.procedures.diffusion.half_precision import check_precision

SHAPE = (3, 8, 12)


@final
class Scaled(Diffusion):
    """x̂ = x by a convolution of x + shift, less the shift: exact enough in float32 alone."""

    def __init__(self, *, shift: float) -> None:
        super().__init__()
        self.center, self.spread, self.path = 0.5, 0.25, "straight"
        self.conv = nn.Conv2d(3, 3, 1, bias=False)
        self.shift = shift
        nn.init.dirac_(self.conv.weight)

    @property
    def config(self) -> Any:
        return MLPConfig()

    def check_input(self, x: Tensor) -> None: ...

    def forward(self, x: Tensor, sigma: Tensor | None = None, labels: Tensor | None = None) -> Tensor:
        return self.conv(x + self.shift) - self.shift


def test_a_model_that_cancels_large_numbers_is_refused_in_bf16_and_auto_takes_float32(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The eighth bit of 300 is 1, four spreads.
    with pytest.raises(
        ContractError, match=r"^estimates in bf16 must lie within 0.05 spreads of those in float32, got"
    ):
        sample(Scaled(shift=300.0), count=2, shape=SHAPE, precision="bf16")
    with pytest.raises(ContractError, match=r"got (nan|inf); take float32 \(--precision float32\)$"):
        check_precision(Scaled(shift=float("inf")), SHAPE, "bf16")
    monkeypatch.setattr(half_precision, "resolve", lambda *_: "bf16")
    assert check_precision(Scaled(shift=300.0), SHAPE, "auto") == "float32"
    assert check_precision(diffusion(DIFFUSION["edm"]), SHAPE, "auto") == "bf16"


def test_samples_in_bf16_are_near_those_in_float32() -> None:
    model, method = diffusion(DIFFUSION["clean"]), DPMSolver(steps=5)
    full = sample(model, count=3, shape=SHAPE, method=method)
    half = sample(model, count=3, shape=SHAPE, method=method, precision="bf16")
    assert half.dtype == torch.float32
    assert not torch.equal(half, full)
    assert float((half - full).square().mean().sqrt()) < 0.05 * model.spread
