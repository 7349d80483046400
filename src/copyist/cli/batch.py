"""Which batch a result was computed in, said with every result."""

__all__ = ["stated"]

from typing import TYPE_CHECKING, Any

from copyist.cli.terminal import say

if TYPE_CHECKING:
    from copyist.models import Model


def stated(model: "Model", *, num_images: int, batch: int | None) -> dict[str, Any]:
    """The batch size, and a clause that says what it means; warns when there are fewer images than a batch.

    Raises:
        ArgumentError: `batch` is less than 1.
    """
    from copyist.checks import check_at_least

    size = model.batch_size if batch is None else batch
    check_at_least("batch", size, 1)
    if not model.uses_batch_statistics:
        return {
            "batch_size": size,
            "batch_statistics": False,
            "batch": f"each {'row' if model.takes_tables else 'image'} by itself",
        }
    if num_images < size:
        few, repeated = (
            ("one image does not fill", "it is repeated, so that its own")
            if num_images == 1
            else (f"{num_images} images do not fill", "they are repeated, so that their own")
        )
        say(f"this model normalizes by the batch at hand, and {few} a batch of {size}: {repeated} statistics are used")
    return {"batch_size": size, "batch_statistics": True, "batch": f"by the statistics of batches of {size}"}
