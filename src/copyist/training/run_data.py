"""The data of a run: its splits in the units that are learned, and their description in the model file."""

__all__ = ["RunData", "fit_standardization", "learned_examples", "standardize_set"]

from dataclasses import dataclass, replace
from typing import Any, Self, final

from copyist.data.examples import ExampleSet
from copyist.data.parts import digest
from copyist.data.splits import Splits
from copyist.errors import DataError
from copyist.nn.standardization import ColumnUnit, Standardization
from copyist.training.config import Recipe
from copyist.training.trimming import without_strangest


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class RunData:
    """The splits of a run: images as they are, and tables in the units of their training rows' columns."""

    splits: Splits
    """In units of their own."""

    num_classes: int | None
    """Of the labels, where they are learned; None where they are not."""

    standardization: Standardization | None
    """Of a table, by all of its training rows; None for images."""

    learned: ExampleSet
    """The training examples that are learned: all, or those that are not trimmed; in units of their own."""

    @classmethod
    def of(cls, splits: Splits, *, num_classes: int | None, unit: ColumnUnit = "std", trimmed: float = 0.0) -> Self:
        """Take splits as they are to be learned.

        Args:
            splits: in units of their own.
            num_classes: of the labels, where they are learned.
            unit: the kind of units of a table's columns.
            trimmed: the share of a table's rows that is not learned.

        Raises:
            DataError: a table has one row only.
            ArgumentError: images were to be trimmed.
        """
        fitted = fit_standardization(splits.train, unit=unit) if splits.train.is_table else None
        return cls(
            splits=splits, num_classes=num_classes, standardization=fitted, learned=_learned(splits, unit, trimmed)
        )

    @property
    def train(self) -> ExampleSet:
        """The training examples that are learned, in the units that are."""
        return self._in_learned_units(self.learned)

    def held_out(self, count: int) -> ExampleSet:
        """At most so many test examples in the units that are learned; not the first ones, since data is often sorted
        by class."""
        return self._in_learned_units(self.splits.test.subset(count))

    def summary(self) -> dict[str, Any]:
        """Source, shape, counts, statistics and fingerprint, ready for JSON; of a table its columns too."""
        train, test = self.splits.train, self.splits.test
        mean, std = _statistics(train, self.standardization)
        learned = {"num_classes": self.num_classes, "labels": self._labels_hash()}
        learned |= {} if train.classes is None else {"classes": list(train.classes)}
        return {
            "source": train.source,
            **({"columns": list(train.columns)} if train.is_table else {"image_shape": list(train.image_shape)}),
            "num_train": len(train),
            "num_test": len(test),
            "mean": mean,
            "std": std,
            "fingerprint": train.fingerprint,
            **({} if self.num_classes is None else learned),
        }

    def _in_learned_units(self, examples: ExampleSet) -> ExampleSet:
        return examples if self.standardization is None else standardize_set(examples, self.standardization)

    def _labels_hash(self) -> str:
        """Of the labels, which are no part of the images' fingerprint."""
        both = (self.splits.train, self.splits.test)
        return digest(b"".join(each.labels.tobytes() for each in both if each.labels is not None))


def learned_examples(recipe: Recipe, splits: Splits) -> ExampleSet:
    """The training examples that a run of this recipe learns from, in units of their own.

    Raises:
        ArgumentError: images were to be trimmed.
    """
    return _learned(splits, recipe.model.unit, recipe.training.trimmed)


def fit_standardization(rows: ExampleSet, *, unit: ColumnUnit = "std") -> Standardization:
    """The standardization of a table by the mean and the unit of its own rows' columns, on the CPU.

    A column that is constant in them, as a part of a table may have, keeps its unit.

    Raises:
        DataError: there is one row only.
    """
    x = rows.examples()
    if len(x) < 2:
        raise DataError(f"{rows.source} must have at least two rows to learn from, got {len(x)}; add rows")
    standardization = Standardization(x.shape[1])
    standardization.fit(x, unit=unit)
    return standardization


def standardize_set(rows: ExampleSet, standardization: Standardization) -> ExampleSet:
    """The same table with its columns standardized."""
    return replace(rows, array=standardization(rows.examples()).numpy())


def _learned(splits: Splits, unit: ColumnUnit, trimmed: float) -> ExampleSet:
    return without_strangest(splits.train, share=trimmed, unit=unit) if trimmed > 0 else splits.train


def _statistics(
    examples: ExampleSet, standardization: Standardization | None, *, most: int = 4096
) -> tuple[list[float], list[float]]:
    """Mean and standard deviation: per column of all rows, or per channel, over at most so many images."""
    if standardization is not None:
        return standardization.mean.tolist(), standardization.std.tolist()
    x = examples.images(0, most).double()
    return x.mean(dim=(0, 2, 3)).tolist(), x.std(dim=(0, 2, 3), correction=0).tolist()
