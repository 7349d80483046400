"""What the demo shows of denoising: noisy images, their copies, and what the filters beside them make of them."""

__all__ = ["SHOWN", "draw_denoising", "draw_passes", "draw_real", "write_strips"]

from collections.abc import Mapping, Sequence
from pathlib import Path

from copyist.baselines.controls import ControlFitter
from copyist.corruption import Blend, Corruption, GaussianNoise
from copyist.data import Splits
from copyist.demo.document import Shown, Strip
from copyist.drawing.grids import grid, write_png
from copyist.models.contracts import Reconstructor
from copyist.models.in_batches import apply_in_batches
from copyist.procedures import denoise
from copyist.randomness import generator
from copyist.tensors import Images

SHOWN = 8
"""Images side by side."""

SIGMA = 0.2
"""Of the zero-mean noise that is shown."""

ALPHA = 0.5
"""Of the blend that is shown."""


def draw_denoising(
    out: Path, models: Mapping[str, Reconstructor], splits: Splits, *, seed: int, filters: bool = True
) -> dict[str, Shown]:
    """Test images in zero-mean noise and in a blend, and what each network and each filter makes of them.

    Args:
        out: the folder of the demo.
        models: by name; all must take the images.
        splits: filters are set on its training images, and its test images are shown.
        seed: of the noise.
        filters: whether to show them too.
    """
    copier = next(iter(models.values()))
    # A whole batch is judged, as in the table; some of it is shown.
    x = splits.test.images(0, copier.batch_size).to(next(copier.parameters()).device)
    zero_mean, blend = GaussianNoise(SIGMA), Blend(ALPHA)
    noisy = _corrupted(zero_mean, x, seed, "gaussian", SIGMA)
    faded = _corrupted(blend, x, seed, "blend", ALPHA)
    shown = {
        "noise": _compared(out, "noise", models, x, noisy, f"with noise of σ = {SIGMA:g}"),
        "blend": _compared(out, "blend", models, x, faded, f"half image, half bright noise (α = {ALPHA:g})"),
    }
    if filters:
        beside = _filtered(zero_mean, splits, noisy, copier.batch_size, seed)
        shown["filters"] = write_strips(out, "filters", {name: answer[:SHOWN] for name, answer in beside.items()})
    return shown


def draw_passes(out: Path, model: Reconstructor, x: Images, *, seed: int) -> Shown:
    """Test images in a blend, copied again and again."""
    faded = _corrupted(Blend(ALPHA), x, seed, "blend", ALPHA)
    passes = {f"with noise (α = {ALPHA:g})": faded}
    passes |= {_times(count): denoise(model, faded, passes=count) for count in (1, 2, 4, 8, 16)}
    return write_strips(out, "passes", {label: images[:SHOWN] for label, images in passes.items()})


def draw_real(out: Path, name: str, model: Reconstructor, splits: Splits, *, seed: int) -> Shown:
    """Real test images in zero-mean noise, their copies, and the images themselves; the faces among them, if any."""
    x = splits.test.images().to(next(model.parameters()).device)
    noisy = _corrupted(GaussianNoise(SIGMA), x, seed, "gaussian", SIGMA)
    answers = {f"with noise of σ = {SIGMA:g}": noisy, f"copied by the {name}": denoise(model, noisy), "the images": x}
    faces = [i for i, file in enumerate(splits.test.names) if file.startswith("face")]
    some = (faces or list(range(len(x))))[:SHOWN]
    return write_strips(out, "real", {label: images[some] for label, images in answers.items()})


def write_strips(
    out: Path, name: str, images: Mapping[str, Images], *, heads: Sequence[str] = (), columns: int | None = None
) -> Shown:
    """Write strips of images, each of one row unless there are `columns`, and name them by what they are."""
    strips: list[Strip] = []
    for place, (label, x) in enumerate(images.items()):
        file = f"pictures/{name}-{place}.png" if len(images) > 1 else f"pictures/{name}.png"
        write_png(out / file, grid(x.cpu(), columns=columns or len(x)))
        strips.append(Strip(file, label))
    return Shown(strips=tuple(strips), heads=tuple(heads))


def _compared(
    out: Path, name: str, models: Mapping[str, Reconstructor], x: Images, x_tilde: Images, words: str
) -> Shown:
    answers = {words: x_tilde}
    answers |= {f"copied by the {each}": denoise(model, x_tilde) for each, model in models.items()}
    answers["the images"] = x
    return write_strips(out, name, {label: images[:SHOWN] for label, images in answers.items()})


def _filtered(corruption: Corruption, splits: Splits, x_tilde: Images, batch_size: int, seed: int) -> dict[str, Images]:
    train = splits.train.subset(4096).images().to(x_tilde.device)
    fitter = ControlFitter(train, run=lambda each, x: apply_in_batches(each, x, batch_size=batch_size))
    fitted = fitter.fit(corruption, generator=generator(seed, "train", "gaussian", str(SIGMA)))
    return {
        f"{name}: {each.setting}" if each.setting else name: apply_in_batches(each, x_tilde, batch_size=batch_size)
        for name, each in fitted.items()
        if name not in ("identity", "mean image")
    }


def _corrupted(corruption: Corruption, x: Images, seed: int, kind: str, strength: float) -> Images:
    """The same noise on the same images as in the table."""
    return corruption(x, generator=generator(seed, "test", kind, str(strength)))


def _times(count: int) -> str:
    return f"{count} pass" if count == 1 else f"{count} passes"
