"""The models that claims are about, at each scale: one recipe each, so that claims share what is trained."""

__all__ = [
    "attention_copier",
    "attention_unet",
    "bottleneck",
    "brief_unet",
    "denoiser",
    "overcomplete",
    "photos",
    "photos_unet",
    "photos_unet_skips",
    "scenes",
    "scenes_attention_unet",
    "scenes_classifier",
    "scenes_unet",
    "scenes_unet_skips",
    "small_photos",
    "small_photos_unet",
    "widened",
]

from dataclasses import replace
from typing import Literal

from copyist.corruption import Blend, GaussianNoise, OneOf
from copyist.experiments.trial import Trial
from copyist.models.attention import AttentionConfig
from copyist.models.attention_unet import AttentionUNetConfig, LevelsAttention
from copyist.models.classifier import ConvClassifierConfig
from copyist.models.mlp import MLPConfig
from copyist.models.unet import UNetConfig, UNetSkipsConfig
from copyist.models.vit import ViTConfig
from copyist.nn.attention import AttentionKind
from copyist.nn.norm import Statistics
from copyist.objectives import Classification, Copying, Denoising
from copyist.training import Optimization, Recipe, Training


def photos(trial: Trial) -> str:
    """Photographs, with whole photographs held out."""
    return trial.pick(smoke="photos?size=16&stride=32&limit=64", cpu="photos", gpu="photos?size=64")


def scenes(trial: Trial, *, count: int | None = None) -> str:
    """Landscapes with known rules; `count` of them to train on."""
    smoke, cpu, gpu = ("scenes?size=16", "scenes?size=32", "scenes?size=64")
    number = count if count is not None else trial.pick(smoke=64, cpu=2048, gpu=2048)
    return f"{trial.pick(smoke=smoke, cpu=cpu, gpu=gpu)}&limit={number}"


def photos_unet(
    trial: Trial,
    *,
    statistics: Statistics = "batch",
    hidden: bool = False,
    batch_size: int = 64,
    share: float = 1.0,
) -> Recipe:
    """The U-Net without skips on photographs; the source's sizes at scale gpu.

    Args:
        trial: decides sizes and steps.
        statistics: whose the normalization uses.
        hidden: whether the module of 500, 100 and 500 units is in its middle.
        batch_size: images per step.
        share: of the usual number of steps.
    """
    return _unet("photos", photos(trial), trial, statistics, hidden, batch_size, share)


def photos_unet_skips(trial: Trial, *, statistics: Statistics = "batch", share: float = 1.0) -> Recipe:
    """The same with skips, which may pass its input around the code."""
    base = photos_unet(trial, statistics=statistics, share=share)
    config = UNetSkipsConfig(width=_width(trial), levels=_levels(trial), statistics=statistics)
    return replace(base, name=base.name.replace("unet", "unet-skips"), model=config)


def denoiser(recipe: Recipe) -> Recipe:
    """The same net, trained to denoise blends and zero-mean noise of any strength."""
    corruption = OneOf((Blend(alpha=(0.1, 1.0)), GaussianNoise(sigma=(0.0, 0.5))))
    return replace(recipe, name=f"{recipe.name}-denoiser", objective=Denoising(corruption=corruption))


def scenes_unet(
    trial: Trial,
    *,
    widen: int = 1,
    deepen: int = 0,
    hidden: bool = False,
    count: int | None = None,
    batch_size: int = 64,
    share: float = 1.0,
) -> Recipe:
    """The U-Net without skips on landscapes.

    Args:
        trial: decides sizes and steps.
        widen: factor on the maps of every level.
        deepen: further levels; fewer where it is negative.
        hidden: whether the module of 500, 100 and 500 units is in its middle.
        count: how many landscapes to train on.
        batch_size: images per step.
        share: of the usual number of steps.
    """
    base = _unet("scenes", scenes(trial, count=count), trial, "batch", hidden, batch_size, share)
    assert isinstance(base.model, UNetConfig)
    shape = replace(base.model, width=base.model.width * widen, levels=base.model.levels + deepen)
    depth = "-deep" if deepen > 0 else f"-shallow-by-{-deepen}" if deepen < 0 else ""
    marks = f"{'-wide' if widen > 1 else ''}{depth}"
    return replace(base, name=f"{base.name}{marks}", model=shape)


def scenes_attention_unet(trial: Trial, *, batch_size: int, share: float) -> Recipe:
    """The same with attention at every level beside a residual connection, by dot products at the lowest two.

    A step takes sixteen times as long as one of the U-Net without, so batches and steps are to be chosen.
    """
    base = scenes_unet(trial, batch_size=batch_size, share=share)
    config = AttentionUNetConfig(width=_width(trial), levels=_levels(trial), attention="mixed")
    return replace(base, name=f"{base.name}-attention", model=config)


def scenes_unet_skips(trial: Trial) -> Recipe:
    """The same with skips, which may pass its input around the code."""
    config = UNetSkipsConfig(width=_width(trial), levels=_levels(trial))
    return replace(scenes_unet(trial), name="scenes-unet-skips", model=config)


def scenes_classifier(trial: Trial) -> Recipe:
    """A small classifier of landscapes, in whose 32 features distributions of pictures are compared (smoke: 8)."""
    steps = trial.pick(smoke=20, cpu=600, gpu=2000)
    config = ConvClassifierConfig(width=trial.pick(smoke=4, cpu=8, gpu=8), levels=trial.pick(smoke=2, cpu=3, gpu=3))
    training = Training(
        steps=steps,
        batch_size=trial.pick(smoke=16, cpu=64, gpu=64),
        flip=False,  # a mirrored scene is of another class
        validate_every=steps,
        save_every=steps,
        optimization=Optimization(learning_rate=3e-3),
    )
    return Recipe(
        name="scenes-classifier", data=scenes(trial), model=config, objective=Classification(), training=training
    )


def small_photos(trial: Trial) -> str:
    """Photographs small enough for a fully connected net."""
    return trial.pick(smoke="photos?size=8&stride=32&limit=64", cpu="photos?size=16", gpu="photos?size=32")


def small_photos_unet(trial: Trial, *, skips: bool = False) -> Recipe:
    """The U-Net on the images of the fully connected nets, without skips or with."""
    base = photos_unet_skips(trial) if skips else photos_unet(trial)
    config = replace(base.model, levels=trial.pick(smoke=2, cpu=4, gpu=5))  # pyright: ignore[reportCallIssue]
    return replace(base, name=f"small-{base.name}", data=small_photos(trial), model=config)


def overcomplete(trial: Trial, *, linear: bool = False) -> Recipe:
    """Five hidden layers, each wider than the input, with GELU; or the same without, which is a linear map."""
    data = small_photos(trial)
    units = trial.pick(smoke=200, cpu=1000, gpu=4000)
    steps = trial.pick(smoke=20, cpu=2000, gpu=20_000)
    config = MLPConfig(widths=(units,) * 3, activation="identity" if linear else "gelu")
    training = Training(
        steps=steps,
        batch_size=trial.pick(smoke=32, cpu=128, gpu=512),
        validate_every=steps,
        save_every=steps,
        optimization=Optimization(learning_rate=trial.pick(smoke=1e-3, cpu=5e-4, gpu=1e-4)),
    )
    name = "photos-linear-map" if linear else "photos-overcomplete-mlp"
    return Recipe(name=name, data=data, model=config, objective=Copying(), training=training)


def widened(recipe: Recipe, *, factor: float) -> Recipe:
    """The same U-Net with that many times the maps at every level."""
    if factor == 1:
        return recipe
    assert isinstance(recipe.model, UNetSkipsConfig)
    shape = replace(recipe.model, width=round(recipe.model.width * factor))
    return replace(recipe, name=f"{recipe.name}-{factor:g}-times-as-wide", model=shape)


def bottleneck(trial: Trial, *, code: int, units: float = 1.0) -> Recipe:
    """A fully connected net that is narrowest at its code, on the images of the overcomplete one.

    Args:
        trial: decides sizes and steps.
        code: units of the code.
        units: factor on those of the layer before it and after it.
    """
    base = overcomplete(trial)
    config = MLPConfig(widths=(round(units * trial.pick(smoke=64, cpu=512, gpu=2048)), code))
    rate = Optimization(learning_rate=trial.pick(smoke=1e-3, cpu=1e-3, gpu=3e-4))
    name = f"photos-bottleneck-of-{code}{'' if units == 1 else f'-{units:g}-times-as-wide'}"
    return replace(base, name=name, model=config, training=replace(base.training, optimization=rate))


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
    config = AttentionUNetConfig(width=_width(trial), levels=_levels(trial), attention=attention, skips=skips)
    name = f"photos-{attention}-attention-unet{'-skips' if skips else ''}"
    return replace(brief_unet(trial), name=name, model=config)


def brief_unet(trial: Trial, *, skips: bool = False, share: float = 1.0) -> Recipe:
    """The U-Net in small batches, and for as few steps as one with attention can be given on two cores.

    Args:
        trial: decides sizes and steps.
        skips: whether the decoder is also handed the encoder's maps.
        share: of these steps.
    """
    part = share * trial.pick(smoke=1.0, cpu=0.6, gpu=1.0)
    base = photos_unet(trial, batch_size=8, share=part)
    if not skips:
        return base
    return replace(photos_unet_skips(trial), name="photos-unet-skips-batches-of-8", training=base.training)


def undercomplete(trial: Trial, *, size: int) -> Recipe:
    """One hidden layer of a quarter of the values of a photograph of `size`², with ReLU."""
    steps = trial.pick(smoke=10, cpu=500, gpu=5000)
    return Recipe(
        name=f"photos-undercomplete-mlp-{size}",
        data=f"photos?size={size}{trial.pick(smoke='&limit=64', cpu='', gpu='')}",
        model=MLPConfig(widths=(3 * size**2 // 4,), activation="relu"),
        objective=Copying(),
        training=Training(
            steps=steps,
            batch_size=trial.pick(smoke=16, cpu=64, gpu=256),
            validate_every=steps,
            save_every=steps,
            optimization=Optimization(learning_rate=1e-3),
        ),
    )


def classifier(trial: Trial, *, data: Literal["digits", "scenes"], transformer: bool = False) -> Recipe:
    """A net that names classes: of digits, or house, sun and daylight of landscapes.

    Args:
        trial: decides sizes and steps.
        data: on which images.
        transformer: whether it is a vision transformer; else it is made of convolutions.
    """
    side = 8 if data == "digits" else trial.pick(smoke=16, cpu=32, gpu=64)
    depth = trial.pick(smoke=3, cpu=6, gpu=12)
    vit = ViTConfig(patch=2 if side == 8 else 4, width=trial.pick(smoke=16, cpu=64, gpu=256), depth=depth)
    conv = ConvClassifierConfig(width=trial.pick(smoke=4, cpu=16, gpu=64), levels=3)
    steps = trial.pick(smoke=10, cpu=1000, gpu=10_000)
    return Recipe(
        name=f"{data}-{'vit' if transformer else 'conv'}-classifier",
        data="digits" if data == "digits" else scenes(trial),
        model=vit if transformer else conv,
        objective=Classification(),
        training=Training(
            steps=steps,
            batch_size=trial.pick(smoke=16, cpu=64, gpu=64),
            flip=False,
            validate_every=steps,
            save_every=steps,
            optimization=Optimization(learning_rate=1e-3 if transformer else 3e-3),
        ),
    )


def _unet(
    family: str, data: str, trial: Trial, statistics: Statistics, hidden: bool, batch_size: int, share: float
) -> Recipe:
    steps = max(1, round(share * trial.pick(smoke=20, cpu=1000, gpu=10_000)))
    config = UNetConfig(
        width=_width(trial), levels=_levels(trial), statistics=statistics, hidden=(500, 100, 500) if hidden else ()
    )
    training = Training(
        steps=steps,
        batch_size=min(batch_size, 16) if trial.scale == "smoke" else batch_size,
        validate_every=steps,
        save_every=min(steps, 500),
        optimization=Optimization(learning_rate=3e-3 if statistics != "none" else 1e-3),
    )
    marks = "".join(
        f"-{mark}"
        for mark, present in (
            ("hidden", hidden),
            (statistics, statistics != "batch"),
            (f"batches-of-{batch_size}", batch_size != 64),
        )
        if present
    )
    return Recipe(name=f"{family}-unet{marks}", data=data, model=config, objective=Copying(), training=training)


def _width(trial: Trial) -> int:
    return trial.pick(smoke=4, cpu=16, gpu=64)


def _levels(trial: Trial) -> int:
    return trial.pick(smoke=3, cpu=4, gpu=5)
