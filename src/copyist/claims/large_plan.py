"""The source's own sizes: nets of 64×64, how long they are trained, and how much is made with them."""

__all__ = ["LargePlan", "large_recipe", "toy_plan"]

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

from copyist.models.unet import UNetConfig
from copyist.objectives import Copying
from copyist.training import Optimization, Recipe, Training


@final
@dataclass(frozen=True, kw_only=True)
class LargePlan:
    """Sizes and lengths; the defaults are those of the source, for one GPU of today and a quarter of an hour."""

    scenes: str = "scenes?size=64&limit=2048"
    faces: str = "faces?size=64"
    """Any other pictures of 64×64 may take their place."""

    width: int = 64
    levels: int = 5
    batch_size: int = 32
    steps: Mapping[str, int] = field(default_factory=lambda: {"scenes": 24_000, "scenes-skips": 6000, "faces": 8000})
    """Of the optimizer, by net, in the order of training."""

    sample_steps: tuple[int, ...] = (30, 200)
    walk_steps: int = 1000
    count: int = 256
    """Samples of each kind, and walkers a quarter of it."""


def toy_plan() -> LargePlan:
    """The same stages in seconds on any machine."""
    return LargePlan(
        scenes="scenes?size=16&limit=32",
        faces="faces?size=16&limit=32",
        width=4,
        levels=3,
        batch_size=16,
        steps={"scenes": 40, "scenes-skips": 20, "faces": 20},
        sample_steps=(3, 5),
        walk_steps=4,
        count=32,
    )


def large_recipe(plan: LargePlan, name: str) -> Recipe:
    """The recipe of one of the plan's nets, by its name in `steps`."""
    steps = plan.steps[name]
    return Recipe(
        name=f"large-{name}",
        data=plan.faces if name == "faces" else plan.scenes,
        model=UNetConfig(width=plan.width, levels=plan.levels, skips=name.endswith("skips")),
        objective=Copying(),
        training=Training(
            steps=steps,
            batch_size=plan.batch_size,
            averaging=0.99,
            validate_every=max(10, steps // 40),
            validation_images=256,
            save_every=max(10, steps // 40),
            snapshots=(24.0, 28.0, 31.0, 33.0, 36.0, 38.0),
            optimization=Optimization(learning_rate=3e-3),
        ),
    )
