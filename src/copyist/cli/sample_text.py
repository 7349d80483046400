"""What `copyist sample` says of its samples."""

__all__ = ["sample_result", "sample_text"]

from pathlib import Path
from typing import TYPE_CHECKING, Any

from copyist.cli.sample_methods import described
from copyist.cli.terminal import counted

if TYPE_CHECKING:
    from copyist.cli.sample_methods import Plan
    from copyist.tensors import Examples


def sample_result(plan: "Plan", x_hat: "Examples", *, steps: int, out: Path) -> dict[str, Any]:
    """For machines: how many samples of what shape, made how, and where they went.

    Args:
        plan: how they were made.
        x_hat: the samples (B, C, H, W), or rows (B, D).
        steps: that were taken.
        out: where they are.
    """
    noun = "rows" if x_hat.ndim == 2 else "images"
    result: dict[str, Any] = {noun: len(x_hat), "steps": steps, "method": plan.name}
    if plan.name == "no-diffusion":
        result["schedule"] = plan.schedule or "linear"
    return result | {"image_shape": list(x_hat.shape[1:]), "out": str(out)}


def sample_text(result: dict[str, Any], plan: "Plan") -> str:
    """The same for people, once the batch is stated in it."""
    samples = counted(result["rows"], "row") if "rows" in result else counted(result["images"], "image")
    how = described(plan.name, plan.schedule, plan.sizes)
    return f"sampled {samples} in {counted(result['steps'], 'step')} {how} into {result['out']}, {result['batch']}"
