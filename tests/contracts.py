"""The laws that every family of models keeps, each as a function that fails where one is broken."""

from collections.abc import Mapping

import torch
from torch import Tensor

from copyist import settings
from copyist.checkpoint import MODEL_CATALOGUES
from copyist.models import (
    AttentionConfig,
    AttentionUNetConfig,
    Autoencoder,
    Classifier,
    ConvClassifierConfig,
    ConvConfig,
    MLPConfig,
    Model,
    ModelConfig,
    Reconstructor,
    UNetConfig,
    UNetSkipsConfig,
    ViTConfig,
)

CONFIGS: Mapping[str, ModelConfig] = {
    "attention-linear": AttentionConfig(channels=3, maps=6, heads=2, head_width=5),
    "attention-dot": AttentionConfig(channels=3, attention="dot", maps=6, residual=True, heads=2, head_width=5),
    "attention-alone": AttentionConfig(channels=3, attention="dot", maps=None, heads=2, head_width=5),
    "attention-unet": AttentionUNetConfig(channels=3, width=4, levels=3, convolutions=1),
    "attention-unet-mixed": AttentionUNetConfig(channels=3, width=4, levels=3, statistics="none", attention="mixed"),
    "attention-unet-skips": AttentionUNetConfig(channels=3, width=4, levels=3, attention="mixed", skips=True),
    "mlp": MLPConfig(image_shape=(3, 8, 12), widths=(7, 5)),
    "conv": ConvConfig(image_shape=(3, 8, 12), width=4, levels=3, code=6),
    "conv-odd": ConvConfig(image_shape=(3, 8, 12), width=4, levels=2, code=300),
    "mlp-code": MLPConfig(image_shape=(3, 8, 12), widths=(7,), code=5),
    "linear": MLPConfig(image_shape=(3, 8, 12), widths=(4,), activation="identity"),
    "unet-batch": UNetConfig(channels=3, width=4, levels=3, convolutions=1),
    "unet-image": UNetConfig(channels=3, width=4, levels=2, statistics="image"),
    "unet-running": UNetConfig(channels=3, width=4, levels=2, statistics="running"),
    "unet-group": UNetConfig(channels=3, width=6, levels=2, statistics="group"),
    "unet-none": UNetConfig(channels=3, width=4, levels=3, statistics="none"),
    "unet-hidden": UNetConfig(channels=3, width=4, levels=2, hidden=(6, 2, 9), image_size=(8, 12)),
    "unet-skips": UNetSkipsConfig(channels=3, width=4, levels=3),
    "unet-skips-none": UNetSkipsConfig(channels=3, width=4, levels=2, statistics="none"),
}
"""One of every kind that copies, for images (3, 8, 12)."""

CLASSIFIERS: Mapping[str, ModelConfig] = {
    "conv-running": ConvClassifierConfig(channels=3, num_classes=7, width=4, levels=3, convolutions=1),
    "conv-batch": ConvClassifierConfig(channels=3, num_classes=7, width=4, levels=2, statistics="batch"),
    "conv-image": ConvClassifierConfig(channels=3, num_classes=7, width=4, levels=2, statistics="image"),
    "conv-none": ConvClassifierConfig(channels=3, num_classes=7, width=4, levels=2, statistics="none"),
    "vit": ViTConfig(image_shape=(3, 8, 12), num_classes=7, width=10, depth=3, heads=2),
}
"""One of every kind that names, for images (3, 8, 12) of 7 classes."""

CODELESS = {
    kind for kind in CONFIGS if "skips" in kind or kind in ("attention-linear", "attention-dot", "attention-alone")
}
"""Those with no code to walk in."""


def images(count: int = 5, shape: tuple[int, int, int] = (3, 8, 12), *, seed: int = 0) -> Tensor:
    return torch.rand(count, *shape, generator=torch.Generator().manual_seed(seed))


def built(config: ModelConfig, *, seed: int = 0) -> Reconstructor:
    """A model that copies, in evaluation mode, whose weights depend on the seed alone."""
    return _built(config, seed).as_reconstructor(verb="test")


def classifier(config: ModelConfig, *, seed: int = 0) -> Classifier:
    return _built(config, seed).as_classifier(verb="test")


def _built(config: ModelConfig, seed: int) -> Model:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return config.build().eval()


def autoencoder(config: ModelConfig, *, seed: int = 0) -> Autoencoder:
    return built(config, seed=seed).as_autoencoder(verb="test")


def keeps_the_shape(model: Reconstructor, x: Tensor) -> None:
    x_hat = model(x)
    assert x_hat.shape == x.shape
    assert x_hat.dtype == x.dtype


def gives_every_parameter_a_gradient(model: Model, x: Tensor) -> None:
    model.train()
    # A random weighting of the output: a plain sum has no gradient in front of a normalization.
    answers = model(x)
    (answers * torch.rand(answers.shape, generator=torch.Generator().manual_seed(9))).sum().backward()
    for name, weight in model.named_parameters():
        assert weight.grad is not None, f"{name} has no gradient"
        assert weight.grad.abs().sum() > 0, f"{name} has a gradient of 0"
    model.zero_grad(set_to_none=True)
    model.eval()


def ignores_neighbors_unless_it_says_so(model: Model, x: Tensor) -> None:
    neighbors = torch.cat([x[:1], 1 - x[1:]])
    with torch.no_grad():
        change = (model(x)[0] - model(neighbors)[0]).abs().max()
    # Products of other sizes round differently.
    assert change > 1e-3 if model.uses_batch_statistics else change < 1e-5


def does_not_care_about_order(model: Model, x: Tensor) -> None:
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(model(x[order]), model(x)[order], rtol=1e-4, atol=1e-5)


def is_rebuilt_from_its_config(model: Model, x: Tensor) -> None:
    document = settings.dump(model.config, MODEL_CATALOGUES)
    again = settings.load(ModelConfig, document, MODEL_CATALOGUES).build().eval()
    again.load_state_dict(model.state_dict())
    assert again.config == model.config
    with torch.no_grad():
        assert torch.equal(again(x), model(x))


def passes_through_its_code_only(model: Autoencoder, x: Tensor) -> None:
    with torch.no_grad():
        z = model.encode(x)
        assert len(z) == len(x)
        assert torch.equal(model.decode(z), model(x))
        assert not torch.equal(model.decode(z + 0.5), model(x))
    # With the code held, nothing of the image is left in the answer.
    x = x.clone().requires_grad_()
    z = model.encode(x).detach().requires_grad_()
    model.decode(z).square().sum().backward()
    assert x.grad is None
    assert z.grad is not None
