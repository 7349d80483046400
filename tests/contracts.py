"""The laws that every family of models keeps, each as a function that fails where one is broken."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from copyist import settings
from copyist.checkpoint import MODEL_CATALOGUES
from copyist.models import (
    AttentionConfig,
    ConvClassifierConfig,
    ConvConfig,
    DiffusionUNetConfig,
    DnCNNConfig,
    MaskedViTConfig,
    MLPConfig,
    Model,
    ModelConfig,
    ResidualConfig,
    SparseMLPConfig,
    StackedClassifierConfig,
    UNetConfig,
    VariationalMLPConfig,
    VariationalUNetConfig,
    ViTConfig,
)
from copyist.models.contracts import Autoencoder, Classifier, Diffusion, Masked, Reconstructor, Variational, needs

CONFIGS: Mapping[str, ModelConfig] = {
    "attention-linear": AttentionConfig(channels=3, maps=6, heads=2, head_width=5),
    "attention-dot": AttentionConfig(channels=3, attention="dot", maps=6, residual=True, heads=2, head_width=5),
    "attention-alone": AttentionConfig(channels=3, attention="dot", maps=None, heads=2, head_width=5),
    "unet-linear-attention": UNetConfig(channels=3, width=4, levels=3, convolutions=1, attention="linear"),
    "unet-mixed-attention": UNetConfig(channels=3, width=4, levels=3, statistics="none", attention="mixed"),
    "unet-skips-attention": UNetConfig(channels=3, width=4, levels=3, attention="mixed", skips=True),
    "unet-shortcuts": UNetConfig(channels=3, width=4, levels=3, statistics="none", blocks="residual"),
    "unet-skips-shortcuts": UNetConfig(
        channels=3, width=4, levels=3, statistics="group", blocks="residual", attention="linear", skips=True
    ),
    "dncnn": DnCNNConfig(channels=3, width=5, depth=4),
    "dncnn-unbiased": DnCNNConfig(channels=3, width=5, depth=4, biases=False),
    "dncnn-none": DnCNNConfig(channels=3, width=5, depth=3, statistics="none"),
    "masked-vit": MaskedViTConfig(
        image_shape=(3, 8, 12), width=12, depth=2, heads=2, decoder_width=8, decoder_depth=1, decoder_heads=4
    ),
    "mlp": MLPConfig(image_shape=(3, 8, 12), widths=(7, 5)),
    "residual": ResidualConfig(model=DnCNNConfig(channels=3, width=5, depth=3)),
    "residual-mlp": ResidualConfig(model=MLPConfig(image_shape=(3, 8, 12), widths=(7, 5))),
    "residual-unet": ResidualConfig(model=UNetConfig(channels=3, width=4, levels=3)),
    "conv": ConvConfig(image_shape=(3, 8, 12), width=4, levels=3, code=6),
    "conv-odd": ConvConfig(image_shape=(3, 8, 12), width=4, levels=2, code=300),
    "mlp-code": MLPConfig(image_shape=(3, 8, 12), widths=(7,), code=5),
    "linear": MLPConfig(image_shape=(3, 8, 12), widths=(4,), activation="identity"),
    "mlp-tied": MLPConfig(image_shape=(3, 8, 12), widths=(7, 5), activation="sigmoid", output="sigmoid", tied=True),
    "sparse": SparseMLPConfig(image_shape=(3, 8, 12), widths=(40,), k=3),
    "sparse-hidden": SparseMLPConfig(image_shape=(3, 8, 12), widths=(11, 30), k=7, activation="tanh"),
    "sparse-rectified": SparseMLPConfig(image_shape=(3, 8, 12), widths=(30,), k=None),
    "unet-batch": UNetConfig(channels=3, width=4, levels=3, convolutions=1),
    "unet-image": UNetConfig(channels=3, width=4, levels=2, statistics="image"),
    "unet-running": UNetConfig(channels=3, width=4, levels=2, statistics="running"),
    "unet-group": UNetConfig(channels=3, width=6, levels=2, statistics="group"),
    "unet-none": UNetConfig(channels=3, width=4, levels=3, statistics="none"),
    "unet-hidden": UNetConfig(channels=3, width=4, levels=2, hidden=(6, 2, 9), image_size=(8, 12)),
    "unet-skips": UNetConfig(channels=3, width=4, levels=3, skips=True),
    "unet-skips-none": UNetConfig(channels=3, width=4, levels=2, statistics="none", skips=True),
    "variational-mlp": VariationalMLPConfig(image_shape=(3, 8, 12), widths=(9, 7), code_size=5),
    "variational-mlp-linear": VariationalMLPConfig(
        image_shape=(3, 8, 12), widths=(), code_size=4, likelihood="gaussian"
    ),
    "variational-unet": VariationalUNetConfig(channels=3, width=4, levels=3, code_size=5, image_size=(8, 12)),
    "variational-unet-positions": VariationalUNetConfig(
        channels=3, width=4, levels=2, code_size=5, joined=False, likelihood="logistic", statistics="none"
    ),
}
"""One of every kind that copies, for images (3, 8, 12)."""

CLASSIFIERS: Mapping[str, ModelConfig] = {
    "conv-running": ConvClassifierConfig(channels=3, num_classes=7, width=4, levels=3, convolutions=1),
    "conv-batch": ConvClassifierConfig(channels=3, num_classes=7, width=4, levels=2, statistics="batch"),
    "conv-image": ConvClassifierConfig(channels=3, num_classes=7, width=4, levels=2, statistics="image"),
    "conv-none": ConvClassifierConfig(channels=3, num_classes=7, width=4, levels=2, statistics="none"),
    "conv-shortcuts": ConvClassifierConfig(channels=3, num_classes=7, width=4, levels=2, blocks="residual"),
    "stacked": StackedClassifierConfig(stack=MLPConfig(image_shape=(3, 8, 12), widths=(9, 6)), num_classes=7),
    "vit": ViTConfig(image_shape=(3, 8, 12), num_classes=7, width=10, depth=3, heads=2),
}
"""One of every kind that names, for images (3, 8, 12) of 7 classes."""

DIFFUSION: Mapping[str, ModelConfig] = {
    "clean": DiffusionUNetConfig(channels=3, width=4, levels=2, embedding=6),
    "edm": DiffusionUNetConfig(channels=3, width=4, levels=2, embedding=6, parameterization="edm", num_classes=3),
}
"""Small diffusion models of images (3, 8, 12), by name."""

CODELESS = {
    kind
    for kind in CONFIGS
    if kind in ("attention-linear", "attention-dot", "attention-alone")
    or any(part in kind for part in ("skips", "dncnn", "residual"))
}
"""Those with no code to walk in."""

VARIATIONAL = {kind for kind in CONFIGS if kind.startswith("variational")}
"""Those with a likelihood, parts of which copies do not pass through."""


def images(count: int = 5, shape: tuple[int, int, int] = (3, 8, 12), *, seed: int = 0) -> Tensor:
    return torch.rand(count, *shape, generator=torch.Generator().manual_seed(seed))


def half(x: Tensor) -> Tensor:
    """Which of the six patches of 4×4 of each image (8, 12) are shown: three, others for each."""
    return torch.stack([torch.arange(6).roll(index) < 3 for index in range(len(x))])


def standardize(model: Model, *, mean: Tensor, std: Tensor) -> None:
    """Let the model of a table take and give rows in units with these statistics (D,) in standard deviations."""
    with torch.no_grad():
        for name, value in (("mean", mean), ("std", std)):
            model.get_buffer(f"standardization.{name}").copy_(value)


def built(config: ModelConfig, *, seed: int = 0) -> Reconstructor:
    """A model that copies, in evaluation mode, whose weights depend on the seed alone."""
    return needs(_built(config, seed), Reconstructor, verb="test")


def classifier(config: ModelConfig, *, seed: int = 0) -> Classifier:
    return needs(_built(config, seed), Classifier, verb="test")


def _built(config: ModelConfig, seed: int) -> Model:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return config.build().eval()


def diffusion(config: ModelConfig, *, seed: int = 0) -> Diffusion:
    """A diffusion model in evaluation mode, whose last layer, which begins at 0, is drawn as well."""
    model = needs(_built(config, seed), Diffusion, verb="test")
    for index, weight in enumerate(model.parameters()):
        if not weight.any():
            torch.nn.init.normal_(weight, std=0.1, generator=torch.Generator().manual_seed(index))
    return model


def autoencoder(config: ModelConfig, *, seed: int = 0) -> Autoencoder:
    return needs(built(config, seed=seed), Autoencoder, verb="test")


def variational(config: ModelConfig, *, seed: int = 0) -> Variational:
    return needs(built(config, seed=seed), Variational, verb="test")


def keeps_the_shape(model: Reconstructor | Diffusion, x: Tensor) -> None:
    x_hat = model(x)
    assert x_hat.shape == x.shape
    assert x_hat.dtype == x.dtype


def gives_every_parameter_a_gradient(
    model: Model, x: Tensor, *, answer: Callable[[Tensor], Tensor] | None = None
) -> None:
    model.train()
    # A random weighting of the output: a plain sum has no gradient in front of a normalization.
    partly = needs(model, Masked, verb="test").forward_visible(x, half(x)) if isinstance(model, Masked) else None
    answers = (answer or model)(x) if partly is None else partly
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
