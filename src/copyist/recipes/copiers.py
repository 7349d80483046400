"""Recipes of models trained only to copy: images or tables, with and without attention."""

__all__ = [
    "attention_unet",
    "conv",
    "dot_attention",
    "dot_attention_alone",
    "hidden_unet",
    "linear",
    "linear_attention",
    "overcomplete_mlp",
    "table",
    "undercomplete_mlp",
    "unet",
    "unet_skips",
]

from dataclasses import replace

from copyist.models.attention import AttentionConfig
from copyist.models.conv import ConvConfig
from copyist.models.mlp import MLPConfig
from copyist.models.unet import UNetConfig
from copyist.objectives import Copying
from copyist.training import Optimization, Recipe, Training


def unet(*, data: str = "photos") -> Recipe:
    """The U-Net without skips, overcomplete: its code has 4/3 as many values as an image in color.

    Of a gray image it has 4 times as many. At full size, for a GPU, it is --set width=64 --set levels=5, with the same
    ratio; --set width=16 is undercomplete, at 2/3, and nearly three times as fast.
    """
    return Recipe(
        name="unet",
        data=data,
        model=UNetConfig(width=32, levels=4),
        objective=Copying(),
        training=Training(steps=2000, batch_size=32, optimization=Optimization(learning_rate=3e-3)),
    )


def unet_skips(*, data: str = "photos") -> Recipe:
    """The U-Net with skips, as the control: it may pass its input around the lowest level, and learns to; no code."""
    base = unet(data=data)
    return replace(base, name="unet-skips", model=UNetConfig(width=32, levels=4, skips=True))


def hidden_unet(*, data: str = "photos") -> Recipe:
    """The U-Net with a hidden module of 500, 100 and 500 units that joins all positions: a code of 100."""
    base = unet(data=data)
    return replace(base, name="hidden-unet", model=UNetConfig(width=32, levels=4, hidden=(500, 100, 500)))


def attention_unet(*, data: str = "photos") -> Recipe:
    """The U-Net of diffusion models: skips, group norm, residual blocks, and linear attention behind each of them.

    It has no code. With dot-product attention at the lowest two levels it is --set attention=mixed. A step takes nearly
    four times as long as one of unet, so that there are half as many.
    """
    base = unet(data=data)
    model = UNetConfig(width=32, levels=4, statistics="group", blocks="residual", attention="linear", skips=True)
    return replace(base, name="attention-unet", model=model, training=replace(base.training, steps=1000))


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


def undercomplete_mlp(*, data: str = "photos") -> Recipe:
    """A fully connected autoencoder: a hidden layer of 512 units on either side of a linear code of 64."""
    return replace(
        conv(data=data),
        name="undercomplete-mlp",
        model=MLPConfig(widths=(512,), code=64),
        training=Training(steps=1000, optimization=Optimization(learning_rate=1e-3)),
    )


def conv(*, data: str = "photos") -> Recipe:
    """Strided convolutions to a linear code of 64 and back, far smaller than an image; change it by --set code=32."""
    return Recipe(
        name="conv",
        data=data,
        model=ConvConfig(code=64),
        objective=Copying(),
        training=Training(steps=1000, optimization=Optimization(learning_rate=2e-3)),
    )


def table(*, data: str = "cancer") -> Recipe:
    """Rows of a table through a linear code of 4 and back; give a .csv by --data and another size by --set code=8."""
    return Recipe(
        name="table",
        data=data,
        model=MLPConfig(widths=(64, 32), code=4),
        objective=Copying(),
        # No patience: weights that test rows chose could not be compared with PCA on those rows.
        training=Training(
            steps=1000,
            flip=False,
            optimization=Optimization(optimizer="adamw", learning_rate=3e-3, weight_decay=0.3),
        ),
    )
