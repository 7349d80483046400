"""Nets that attend, on whole landscapes: one attention alone or between two convolutions, and U-Nets with attention."""

__all__ = ["AttentionData", "attention_copier", "attention_unet"]

from dataclasses import replace
from typing import Literal, TypeAlias

from copyist import recipes
from copyist.claims.nets.ladder import ladder, small_ladder
from copyist.claims.nets.scaling import marked_name
from copyist.claims.trial import Trial
from copyist.models.levels import LevelsAttention
from copyist.models.unet import UNetConfig
from copyist.nn.attention import AttentionKind
from copyist.objectives import Copying
from copyist.training import Optimization, Recipe

AttentionData: TypeAlias = Literal["scenes", "photos"]
"""Whole landscapes, or crops of photographs."""

SNAPSHOTS = (20.0, 22.0, 24.0, 26.0, 28.0, 30.0, 33.0, 36.0, 40.0)
"""PSNR of copies of held-out images, in dB, at which a single attention is kept."""


def attention_copier(
    trial: Trial,
    *,
    attention: AttentionKind = "linear",
    convolutions: bool = True,
    residual: bool = False,
    size: Literal[8, 16, 32] = 16,
    data: AttentionData = "scenes",
) -> Recipe:
    """One attention between two convolutions of 64 maps, or alone, in batches of 8.

    At scale standard it sees 64,000 images of up to 16×16 and 40,000 of 32×32. One thread takes, for one net between
    convolutions: of 16×16 linear attention 2 minutes and dot products 4, alone 5; of 32×32 linear attention 5 minutes
    and dot products 22; of 8×8 any less than one.

    Args:
        trial: decides sizes and steps.
        attention: linear, or by dot products.
        convolutions: whether it stands between two of them.
        residual: whether it is added to what it is given.
        size: of an image's sides at scale standard; at scale gpu they are twice that, but for 32, which stays.
        data: on what it is trained.
    """
    side = min(2 * size, 32) if trial.scale == "gpu" else trial.pick(smoke=min(size, 16), standard=size, gpu=size)
    marks = {"alone": not convolutions, "residual": residual}
    steps = 5000 if size == 32 else 8000
    return Recipe(
        name=marked_name(f"{data}-{attention}-attention-{side}", marks),
        data=_source(trial, data, side),
        model=replace(
            recipes.linear_attention().model,
            attention=attention,
            maps=trial.pick(smoke=8, standard=64, gpu=64) if convolutions else None,
            residual=residual,
        ),
        objective=Copying(),
        training=replace(
            small_ladder(trial).training,
            steps=trial.pick(smoke=20, standard=steps, gpu=20_000),
            batch_size=trial.pick(smoke=8, standard=8, gpu=16),
            validate_every=trial.pick(smoke=10, standard=100 if size < 32 else 200, gpu=200),
            snapshots=SNAPSHOTS,
            optimization=Optimization(learning_rate=3e-3),
        ),
    )


def attention_unet(trial: Trial, *, attention: LevelsAttention = "linear", skips: bool = True) -> Recipe:
    """The U-Net of diffusion models on the images of the ladder: group norm, residual blocks, attention at each level.

    1250 steps of 32 images at scale standard, 40,000 visits: some 12 minutes of one thread with attention, and 5
    without; half as many steps of the mixed one. Copies reach 33 dB within the first 200 where there are skips.

    Args:
        trial: decides sizes and steps.
        attention: linear at every level, by dot products at the lowest two, or none.
        skips: whether the decoder is also handed the encoder's maps, as it is in diffusion models.
    """
    base = ladder(trial, "skips")
    assert isinstance(base.model, UNetConfig)
    model = replace(base.model, statistics="group", blocks="residual", attention=attention, skips=skips)
    steps = trial.pick(smoke=20, standard=625 if attention == "mixed" else 1250, gpu=10_000)
    looks = trial.pick(smoke=10, standard=50, gpu=200)
    return replace(
        base,
        name=marked_name(f"{attention}-attention-unet", {"without-skips": not skips}),
        model=model,
        training=replace(base.training, steps=steps, validate_every=looks),
    )


def _source(trial: Trial, data: AttentionData, side: int) -> str:
    if data == "photos":
        return f"photos?size={side}" + trial.pick(smoke="&stride=32&limit=64", standard="", gpu="")
    return f"scenes?size={side}&limit={trial.pick(smoke=32, standard=2048, gpu=2048)}"
