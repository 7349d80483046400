"""Attention trained to copy: between convolutions, alone, and within a U-Net."""

__all__ = ["dot_attention", "dot_attention_alone", "linear_attention", "linear_attention_unet", "mixed_attention_unet"]

from dataclasses import replace

from copyist.models.attention import AttentionConfig
from copyist.models.unet import UNetConfig
from copyist.objectives import Copying
from copyist.recipes.copying import unet
from copyist.training import Optimization, Recipe, Training


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
    """One dot-product attention between two convolutions, whose time grows with the square of the positions."""
    base = linear_attention(data=data)
    return replace(base, name="dot-attention", model=AttentionConfig(attention="dot"))


def dot_attention_alone(*, data: str = "photos") -> Recipe:
    """Dot-product attention with no convolution beside it, from pixels to pixels."""
    base = linear_attention(data=data)
    return replace(base, name="dot-attention-alone", model=AttentionConfig(attention="dot", maps=None))


def linear_attention_unet(*, data: str = "photos") -> Recipe:
    """The U-Net without skips, with linear attention added behind each level's block."""
    model = UNetConfig(width=16, levels=4, attention="linear")
    return replace(unet(data=data), name="linear-attention-unet", model=model)


def mixed_attention_unet(*, data: str = "photos") -> Recipe:
    """The U-Net without skips, with linear attention, and dot-product attention at the lowest two levels."""
    model = UNetConfig(width=16, levels=4, attention="mixed")
    return replace(unet(data=data), name="mixed-attention-unet", model=model)
