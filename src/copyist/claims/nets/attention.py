"""Attention on photographs: between convolutions, alone, and within a U-Net."""

__all__ = ["attention_copier", "attention_unet"]

from dataclasses import replace

from copyist.claims.nets.photos import brief_unet, photos
from copyist.claims.nets.sizes import unet_levels, unet_width
from copyist.claims.trial import Trial
from copyist.models.attention import AttentionConfig
from copyist.models.levels import LevelsAttention
from copyist.models.unet import UNetConfig
from copyist.nn.attention import AttentionKind
from copyist.objectives import Copying
from copyist.training import Optimization, Recipe, Training


def attention_copier(
    trial: Trial,
    *,
    attention: AttentionKind = "linear",
    convolutions: bool = True,
    residual: bool = False,
    small: bool = False,
    share: float = 1.0,
) -> Recipe:
    """One attention between two convolutions, or alone, on photographs of at most 32×32.

    An image is a thousand positions, so that two of them are batch enough; the source's batches begin there.

    Args:
        trial: decides sizes and steps.
        attention: linear, or by dot products.
        convolutions: whether it stands between two of them, with maps that are more than the pixels.
        residual: whether it is added to what it is given.
        small: whether the photographs are so small that a whole Jacobian can be looked at.
        share: of the usual number of steps.
    """
    data = trial.pick(smoke=photos(trial), cpu=photos(trial), gpu="photos?size=32")
    if small:
        data = trial.pick(smoke="photos?size=8&stride=32&limit=64", cpu="photos?size=8", gpu="photos?size=16")
    steps = max(1, round(share * trial.pick(smoke=20, cpu=1400, gpu=10_000)))
    maps = trial.pick(smoke=8, cpu=64, gpu=64) if convolutions else None
    training = Training(
        steps=steps,
        batch_size=2 if trial.scale == "cpu" else 16,
        validate_every=steps,
        save_every=steps,
        optimization=Optimization(learning_rate=3e-3),
    )
    marks = "".join(
        f"-{mark}"
        for mark, present in (("alone", not convolutions), ("residual", residual), ("small", small))
        if present
    )
    return Recipe(
        name=f"photos-{attention}-attention{marks}",
        data=data,
        model=AttentionConfig(attention=attention, maps=maps, residual=residual),
        objective=Copying(),
        training=training,
    )


def attention_unet(trial: Trial, *, attention: LevelsAttention = "linear", skips: bool = False) -> Recipe:
    """The U-Net with attention added behind each level's block, trained as `brief_unet` is.

    Args:
        trial: decides sizes and steps.
        attention: linear at every level, or by dot products at the lowest two.
        skips: whether the decoder is also handed the encoder's maps.
    """
    config = UNetConfig(width=unet_width(trial), levels=unet_levels(trial), attention=attention, skips=skips)
    name = f"photos-{attention}-attention-unet{'-skips' if skips else ''}"
    return replace(brief_unet(trial), name=name, model=config)
