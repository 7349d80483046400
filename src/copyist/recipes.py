"""Functions that each return one complete recipe: data, model, objective, training."""

__all__ = [
    "RECIPES",
    "configured",
    "conv_classifier",
    "denoising_unet",
    "dot_attention",
    "dot_attention_alone",
    "hidden_unet",
    "linear",
    "linear_attention",
    "linear_attention_unet",
    "mixed_attention_unet",
    "overcomplete_mlp",
    "unet",
    "unet_skips",
    "vit_classifier",
]

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from copyist.checks import check_choice
from copyist.corruption import Blend, GaussianNoise, OneOf
from copyist.errors import ArgumentError
from copyist.models.attention import AttentionConfig
from copyist.models.attention_unet import AttentionUNetConfig
from copyist.models.classifier import ConvClassifierConfig
from copyist.models.mlp import MLPConfig
from copyist.models.unet import UNetConfig, UNetSkipsConfig
from copyist.models.vit import ViTConfig
from copyist.objectives import Classification, Copying, Denoising
from copyist.settings import change
from copyist.training import CATALOGUES, Optimization, Recipe, Training


def unet(*, data: str = "photos") -> Recipe:
    """The U-Net without skips, small enough for two cores; at full size it is --set width=64 --set levels=5."""
    return Recipe(
        name="unet",
        data=data,
        model=UNetConfig(width=16, levels=4),
        objective=Copying(),
        training=Training(steps=1000, optimization=Optimization(learning_rate=3e-3)),
    )


def unet_skips(*, data: str = "photos") -> Recipe:
    """The same with skips, as the control: it may pass its input around the code, and learns to."""
    base = unet(data=data)
    return replace(base, name="unet-skips", model=UNetSkipsConfig(width=16, levels=4))


def hidden_unet(*, data: str = "photos") -> Recipe:
    """The U-Net with a hidden module of 500, 100 and 500 units that joins all positions."""
    base = unet(data=data)
    return replace(base, name="hidden-unet", model=UNetConfig(width=16, levels=4, hidden=(500, 100, 500)))


def denoising_unet(*, data: str = "photos") -> Recipe:
    """The U-Net trained to denoise: blends with any α from 0.1 to 1, or zero-mean noise up to σ = 0.5."""
    corruption = OneOf((Blend(alpha=(0.1, 1.0)), GaussianNoise(sigma=(0.0, 0.5))))
    return replace(unet(data=data), name="denoising-unet", objective=Denoising(corruption=corruption))


def overcomplete_mlp(*, data: str = "photos") -> Recipe:
    """Five hidden layers of 4000 units, each wider than an image of 32×32 in color, trained to copy."""
    return Recipe(
        name="overcomplete-mlp",
        data=data,
        model=MLPConfig(widths=(4000, 4000, 4000), activation="gelu"),
        objective=Copying(),
        training=Training(steps=2000, batch_size=512, optimization=Optimization(learning_rate=1e-4)),
    )


def linear(*, data: str = "digits") -> Recipe:
    """A linear autoencoder with a code of 16, which at its best spans the first 16 principal axes."""
    return Recipe(
        name="linear",
        data=data,
        model=MLPConfig(widths=(16,), activation="identity"),
        objective=Copying(),
        training=Training(steps=3000, flip=False, optimization=Optimization(learning_rate=3e-3)),
    )


def linear_attention(*, data: str = "photos") -> Recipe:
    """One linear attention over 64 maps, between a convolution in and one out."""
    return Recipe(
        name="linear-attention",
        data=data,
        model=AttentionConfig(attention="linear"),
        objective=Copying(),
        training=Training(steps=1000, batch_size=16, optimization=Optimization(learning_rate=3e-3)),
    )


def dot_attention(*, data: str = "photos") -> Recipe:
    """The same with dot-product attention, whose time grows with the square of the positions."""
    base = linear_attention(data=data)
    return replace(base, name="dot-attention", model=AttentionConfig(attention="dot"))


def dot_attention_alone(*, data: str = "photos") -> Recipe:
    """Dot-product attention with no convolution beside it, from pixels to pixels."""
    base = linear_attention(data=data)
    return replace(base, name="dot-attention-alone", model=AttentionConfig(attention="dot", maps=None))


def linear_attention_unet(*, data: str = "photos") -> Recipe:
    """The U-Net without skips, with linear attention added behind each level's block."""
    model = AttentionUNetConfig(width=16, levels=4)
    return replace(unet(data=data), name="linear-attention-unet", model=model)


def mixed_attention_unet(*, data: str = "photos") -> Recipe:
    """The same with dot-product attention at the lowest two levels, as diffusion models have it."""
    model = AttentionUNetConfig(width=16, levels=4, attention="mixed")
    return replace(unet(data=data), name="mixed-attention-unet", model=model)


def conv_classifier(*, data: str = "digits") -> Recipe:
    """Convolutions that name the classes of labeled images, 8×8 or larger; a mirrored digit is another, so none is."""
    return Recipe(
        name="conv-classifier",
        data=data,
        model=ConvClassifierConfig(),
        objective=Classification(),
        training=Training(steps=600, flip=False, optimization=Optimization(learning_rate=3e-3)),
    )


def vit_classifier(*, data: str = "digits") -> Recipe:
    """A vision transformer that does the same on patches of 2×2; for images of 32×32 and more take --set patch=4."""
    base = conv_classifier(data=data)
    training = replace(base.training, optimization=Optimization(learning_rate=1e-3))
    return replace(base, name="vit-classifier", model=ViTConfig(patch=2), training=training)


RECIPES: Mapping[str, Callable[..., Recipe]] = {
    "unet": unet,
    "unet-skips": unet_skips,
    "hidden-unet": hidden_unet,
    "denoising-unet": denoising_unet,
    "overcomplete-mlp": overcomplete_mlp,
    "linear": linear,
    "linear-attention": linear_attention,
    "dot-attention": dot_attention,
    "dot-attention-alone": dot_attention_alone,
    "linear-attention-unet": linear_attention_unet,
    "mixed-attention-unet": mixed_attention_unet,
    "conv-classifier": conv_classifier,
    "vit-classifier": vit_classifier,
}
"""By the name under which `copyist train` knows them."""


def configured(
    name: str, *, data: str | None = None, steps: int | None = None, assignments: Sequence[str] = ()
) -> Recipe:
    """A recipe by name, with some of its settings changed.

    Args:
        name: of the recipe; `unet_skips` and `unet-skips` are the same.
        data: another source.
        steps: another number of steps.
        assignments: `name=value` each; a setting is named in full (`model.width`) or by its last part (`width`).

    Raises:
        UnknownNameError: there is no such recipe or setting; the nearest is offered.
        ArgumentError: a value is of the wrong type, or breaks a rule.
    """
    plain = name.replace("_", "-")
    check_choice("recipe", plain, RECIPES)
    recipe = RECIPES[plain]() if data is None else RECIPES[plain](data=data)
    changes: dict[str, str] = {}
    for assignment in assignments:
        setting, separator, value = assignment.partition("=")
        if not separator or not setting.strip():
            raise ArgumentError(f"a setting must be written name=value, got {assignment!r}; write --set width=32")
        changes[setting.strip()] = value.strip()
    recipe = change(recipe, changes, CATALOGUES)
    return recipe if steps is None else replace(recipe, training=replace(recipe.training, steps=steps))
