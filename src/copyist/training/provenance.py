"""What a model file says of the data that it was trained on."""

__all__ = ["described"]

from typing import Any

from copyist.data.examples import ExampleSet, Splits, digest
from copyist.data.scaling import Scaling


def described(source: str, splits: Splits, scaling: Scaling | None, *, num_classes: int | None) -> dict[str, Any]:
    """Source, shape, counts, statistics and fingerprint, ready for JSON; of a table its columns too.

    Args:
        source: as it was named.
        splits: that is trained on, and held out.
        scaling: of a table; None for images.
        num_classes: of the labels, where they are learned; None where they are not.
    """
    mean, std = _statistics(splits.train) if scaling is None else (scaling.mean.tolist(), scaling.std.tolist())
    named = {} if num_classes is None else {"num_classes": num_classes, "labels": _labels_hash(splits)}
    return {
        "source": source,
        **(
            {"columns": list(splits.train.columns)}
            if splits.train.is_table
            else {"image_shape": list(splits.train.image_shape)}
        ),
        "num_train": len(splits.train),
        "num_test": len(splits.test),
        "mean": mean,
        "std": std,
        "fingerprint": splits.train.fingerprint,
        **named,
    }


def _labels_hash(splits: Splits) -> str:
    """Of the labels, which are no part of the images' fingerprint."""
    return digest(b"".join(each.labels.tobytes() for each in (splits.train, splits.test) if each.labels is not None))


def _statistics(images: ExampleSet, *, most: int = 4096) -> tuple[list[float], list[float]]:
    """Mean and standard deviation per channel, over at most so many images."""
    x = images.images(0, most).double()
    return x.mean(dim=(0, 2, 3)).tolist(), x.std(dim=(0, 2, 3), correction=0).tolist()
