"""Every kind of model leaves for ONNX Runtime and for PyTorch alone, and computes there what it computes here."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor

from codecs_to_test import codec
from copyist.export import export_model
from copyist.export.exporting import ENDINGS
from copyist.export.part import Part
from copyist.export.parts import find_part
from copyist.export.tracing import trace
from copyist.models import (
    MODELS,
    AttentionConfig,
    ConvClassifierConfig,
    ConvConfig,
    DiffusionUNetConfig,
    DnCNNConfig,
    LatentDiffusionConfig,
    MaskedViTConfig,
    MLPConfig,
    ModelConfig,
    ResidualConfig,
    SparseMLPConfig,
    StackedClassifierConfig,
    UNetConfig,
    VariationalMLPConfig,
    VariationalUNetConfig,
    ViTConfig,
)
from copyist.models.contracts import Classifier, Compressor, Diffusion, Model, Reconstructor, Variational

from .conftest import made, run_onnx, run_torch

SHAPE = (3, 8, 12)
UNET = UNetConfig(channels=3, width=4, levels=1, convolutions=1, code_channels=2)
DENOISER = DiffusionUNetConfig(channels=3, width=4, levels=1, embedding=6, num_classes=2, attention="none")

KINDS: dict[str, tuple[ModelConfig | None, str]] = {
    "attention": (AttentionConfig(channels=3, attention="dot", maps=6, heads=2, head_width=5), "whole"),
    "dncnn": (DnCNNConfig(channels=3, width=5, depth=3), "whole"),
    "masked-vit": (
        MaskedViTConfig(image_shape=SHAPE, width=12, depth=1, heads=2, decoder_width=8, decoder_depth=1), "whole"
    ),
    "conv": (ConvConfig(image_shape=SHAPE, width=4, levels=1, code=6), "decoder"),
    "mlp": (MLPConfig(image_shape=SHAPE, widths=(7, 5)), "encoder"),
    "residual": (ResidualConfig(model=MLPConfig(image_shape=SHAPE, widths=(7,))), "whole"),
    "sparse-mlp": (SparseMLPConfig(image_shape=SHAPE, widths=(40,), k=3), "whole"),
    "unet": (UNET, "encoder"),
    "variational-mlp": (VariationalMLPConfig(image_shape=SHAPE, widths=(9,), code_size=5), "decoder"),
    "variational-unet": (
        VariationalUNetConfig(channels=3, width=4, levels=1, convolutions=1, code_size=5, image_size=(8, 12)), "encoder"
    ),
    "diffusion-unet": (DENOISER, "whole"),
    "image-codec": (None, "synthesis"),
    "latent-diffusion": (
        LatentDiffusionConfig(first_stage=UNET, denoiser=DiffusionUNetConfig(width=4, levels=1, embedding=6)).fitted(
            SHAPE
        ), "decoder"
    ),
    "conv-classifier": (
        ConvClassifierConfig(channels=3, num_classes=4, width=4, levels=1, convolutions=1, statistics="batch"), "whole"
    ),
    "stacked-classifier": (
        StackedClassifierConfig(stack=MLPConfig(image_shape=SHAPE, widths=(9,)), num_classes=4), "whole"
    ),
    "vit-classifier": (ViTConfig(image_shape=SHAPE, num_classes=4, width=10, depth=1, heads=2), "whole"),
}  # fmt: skip
"""One of each kind, and a part of it; a codec must be measured, and is made by another function."""


def test_no_kind_of_the_catalogue_is_left_out() -> None:
    assert set(KINDS) == set(MODELS)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_computes_the_same_in_onnx_and_as_a_program_of_torch(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, name = KINDS[kind]
    model = codec() if config is None else made(config, image_shape=SHAPE)
    size = (32, 48) if config is None else None
    program = trace(find_part(model, name, size=size))

    def traced(part: Part) -> torch.export.ExportedProgram:
        """For both files, since tracing takes as long as writing them."""
        return program

    monkeypatch.setattr("copyist.export.exporting.trace", traced)
    inputs, expected = _answers(model, name)
    for to in ("onnx", "torch"):
        exported = export_model(model, tmp_path / f"model{ENDINGS[to]}", to=to, part=name, size=size)
        given = {value.name: x for value, x in zip(exported.parts[0].inputs, inputs, strict=True)}
        found = run_onnx(exported.out, **given) if to == "onnx" else run_torch(exported.out, *inputs)
        for theirs, ours in zip(found, expected, strict=True):
            if ours.is_floating_point():
                torch.testing.assert_close(theirs, ours, rtol=1e-4, atol=1e-5)
            else:
                assert torch.equal(theirs, ours)


@torch.no_grad()
def _answers(model: Model, name: str) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
    """Inputs for a part, another number of them than it was traced on, and what the model makes of them."""
    x = torch.rand(5, *SHAPE, generator=torch.Generator().manual_seed(5))
    if isinstance(model, Compressor):
        x = torch.rand(2, 3, 48, 32, generator=torch.Generator().manual_seed(2))
        whole = [model.analyze(image[None], quality=quality).round() for image, quality in zip(x, (0, 2), strict=True)]
        images = [model.synthesize(code, quality=quality) for code, quality in zip(whole, (0, 2), strict=True)]
        return (torch.cat(whole), torch.tensor([0, 2])), (torch.cat(images),)
    if isinstance(model, Diffusion):
        if name == "decoder":
            return (z := model.to_space(x),), (model.from_space(z),)
        sigma, labels = torch.tensor([0.0, 0.01, 0.3, 5.0, 1.0]), torch.tensor([0, 1, -1, 1, 0])
        return (x, sigma, labels), (model(x, sigma, labels),)
    if isinstance(model, Classifier):
        return (x,), (logits := model(x), logits.argmax(1))
    assert isinstance(model, Reconstructor)
    if name == "whole":
        return (x,), (model(x),)
    if name == "decoder":
        z = torch.randn(model.encode(x).shape, generator=torch.Generator().manual_seed(1))  # type: ignore[operator]
        return (z,), (model.decode(z),)  # type: ignore[operator]
    if isinstance(model, Variational):
        posterior = model.posterior(x)
        return (x,), (posterior.mean, posterior.log_variance)
    return (x,), (model.encode(x),)  # type: ignore[operator]
