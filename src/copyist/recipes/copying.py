"""Models trained to copy, and nothing else."""

__all__ = ["hidden_unet", "linear", "overcomplete_mlp", "unet", "unet_skips"]

from dataclasses import replace

from copyist.models.mlp import MLPConfig
from copyist.models.unet import UNetConfig
from copyist.objectives import Copying
from copyist.training import Optimization, Recipe, Training


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
    """The U-Net with skips, as the control: it may pass its input around the code, and learns to."""
    base = unet(data=data)
    return replace(base, name="unet-skips", model=UNetConfig(width=16, levels=4, skips=True))


def hidden_unet(*, data: str = "photos") -> Recipe:
    """The U-Net with a hidden module of 500, 100 and 500 units that joins all positions."""
    base = unet(data=data)
    return replace(base, name="hidden-unet", model=UNetConfig(width=16, levels=4, hidden=(500, 100, 500)))


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
