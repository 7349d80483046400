"""A training folder with pictures of defects among the good ones, as folders are that nobody has looked through."""

__all__ = ["mixed_training"]

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from copyist.checks import check_within
from copyist.errors import DataError


@contextmanager
def mixed_training(folder: Path, *, outliers: float, seed: int) -> Generator[tuple[Path, frozenset[str]]]:
    """The pictures of `train/good` and so many of those with a defect that they are this share of all.

    Args:
        folder: as `bench_image_detection` takes it.
        outliers: the share, in [0, 0.5].
        seed: of what is drawn from the pictures of test with a defect.

    Yields:
        A folder to train on, which is gone afterwards, or `folder/train` where the share is 0; and the names in
        `folder/test` of the pictures that were drawn.

    Raises:
        ArgumentError: the share is out of range.
        DataError: fewer pictures have a defect.
    """
    check_within("outliers", outliers, 0, 0.5)
    train = folder / "train"
    good = sorted((train / "good").iterdir())
    count = round(len(good) * outliers / (1 - outliers))
    if count == 0:
        yield train, frozenset()
        return
    kinds = sorted(kind for kind in (folder / "test").iterdir() if kind.is_dir() and kind.name != "good")
    defects = [path for kind in kinds for path in sorted(kind.iterdir())]
    if count >= len(defects):
        raise DataError(
            f"test must hold more than {count} pictures with a defect for {outliers:g} of the training, got "
            f"{len(defects)}; take fewer by --outliers"
        )
    drawn = [defects[row] for row in np.random.default_rng(seed).permutation(len(defects))[:count]]
    with TemporaryDirectory() as place:
        mixed = Path(place) / "train" / "mixed"
        mixed.mkdir(parents=True)
        for path in (*good, *drawn):
            shutil.copyfile(path, mixed / f"{path.parent.name}-{path.name}")
        yield mixed.parent, frozenset(f"{path.parent.name}/{path.name}" for path in drawn)
