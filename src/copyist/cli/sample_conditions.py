"""The conditions of `copyist sample`: classes, an image to start from, and a mask of what is made anew."""

__all__ = ["check_together", "read_conditions"]

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from copyist.models import Model
    from copyist.procedures.diffusion import Conditions


def check_together(
    *, like: str | None, strength: float | None, inpaint: str | None, times: int | None, deterministic: bool
) -> None:
    """Refuse, before anything is read, an option that lacks the other that it belongs to.

    Raises:
        ArgumentError: one does, or --strength or --resample is out of its range.
    """
    from copyist.checks import check_at_least, check_within
    from copyist.errors import ArgumentError

    of_image = {"--strength": strength is not None, "--inpaint": inpaint is not None, "--deterministic": deterministic}
    for name, given in of_image.items():
        if given and like is None:
            raise ArgumentError(f"{name} must come with an image, got none; name one (--like IMAGE)")
    if times is not None and inpaint is None:
        raise ArgumentError(f"--resample must come with a mask, got {times} and none; name one (--inpaint MASK)")
    check_within("--strength", 0 if strength is None else strength, 0, 1)
    check_at_least("--resample", 1 if times is None else times, 1)
    if deterministic and inpaint is not None:
        raise ArgumentError("--deterministic must come without --inpaint; leave one of them out")


def read_conditions(
    model: "Model",
    *,
    classes: Sequence[str],
    guidance: float | None,
    like: str | None,
    strength: float | None,
    inpaint: str | None,
    times: int | None,
    deterministic: bool,
    limit: int,
) -> "Conditions | None":
    """The conditions that options name; None where there are none.

    Args:
        model: whose channels images are to have.
        classes: --class.
        guidance: --guidance.
        like: --like.
        strength: --strength.
        inpaint: --inpaint.
        times: --resample.
        deterministic: --deterministic.
        limit: of the images, at most so many are read.

    Raises:
        ContractError: guidance is asked of a diffusion model that knows no classes.
        CopyistError: a file cannot be read, or as `Conditions`.
    """
    from copyist.cli.preamble import read_batch
    from copyist.errors import ContractError
    from copyist.models.contracts import Diffusion
    from copyist.procedures.diffusion import Conditions

    if not classes and guidance is None and like is None:
        return None
    if guidance is not None and isinstance(model, Diffusion) and model.num_classes is None:
        raise ContractError(
            f"guidance needs a model that was trained with classes, and this one was not, got {guidance:g}; train one "
            "(--set conditional=true)"
        )
    return Conditions(
        classes=tuple(classes),
        guidance=guidance,
        like=None if like is None else read_batch(model, [like], limit=limit)[1],
        strength=strength,
        visible=None if inpaint is None else ~_read_masks(inpaint),
        times=times,
        deterministic=deterministic,
    )


def _read_masks(inpaint: str) -> "torch.Tensor":
    """The masks (M, H, W) that a path names: True where any channel is at least half of white.

    Raises:
        DataError: one cannot be read; or it is not black, and nothing in it is so bright.
        ShapeError: they differ in size.
    """
    import torch

    from copyist.cli.preamble import check_one_size
    from copyist.cli.terminal import say
    from copyist.data.inputs import find_inputs
    from copyist.errors import DataError
    from copyist.files.picture_files import PicturesOfFiles

    pictures = PicturesOfFiles(find_inputs([inpaint], say=say), say=say)
    check_one_size(pictures)
    masks: list[torch.Tensor] = []
    for _, picture in pictures.read():
        brightest = picture.pixels.amax(0)
        if 0 < float(brightest.max()) < 0.5:
            raise DataError(
                f"a mask must be white where the image is to be made anew, got at most "
                f"{100 * float(brightest.max()):.2g} % of white in {picture.name}; write 255 there and 0 elsewhere"
            )
        masks.append(brightest >= 0.5)
    pictures.report()
    return torch.stack(masks)
