"""The base class of all models, which take images or rows of a table, and that of their configs."""

__all__ = ["Model", "ModelConfig", "TrainedOn"]

import abc
from dataclasses import dataclass
from typing import ClassVar, Self, final

from torch import Tensor, nn

from copyist.checks import check_images, check_rows
from copyist.errors import ContractError, ShapeError
from copyist.models.contracts.needs import Contract
from copyist.nn.standardization import ColumnUnit
from copyist.tensors import Examples


@dataclass(frozen=True, kw_only=True)
class ModelConfig(Contract, abc.ABC):
    """The settings that rebuild a model, without its weights."""

    refusal: ClassVar[str] = "{verb} needs the settings of a model, and {name} has none"

    @abc.abstractmethod
    def fitted(self, shape: tuple[int, ...]) -> Self:
        """Fill in what was left to the data, for images (C, H, W) or rows (D,) of a table.

        Raises:
            ShapeError: the config was built for other examples, or takes no tables.
        """

    def with_classes(self, num_classes: int) -> Self:
        """Fill in how many classes there are; the config of a model that is no classifier stays as it is.

        Raises:
            ArgumentError: the config was built for fewer classes.
        """
        return self

    @property
    def unit(self) -> ColumnUnit:
        """What the columns of a table are measured in when the model learns them."""
        return "std"

    @abc.abstractmethod
    def build(self) -> "Model":
        """A model of this shape with fresh weights, drawn from torch's global generator."""


@final
@dataclass(frozen=True, kw_only=True)
class TrainedOn:
    """The facts about a model's training that its use needs, beside weights and settings."""

    batch_size: int = 64
    """Examples per batch in training; verbs take images in batches of this size."""

    image_shape: tuple[int, int, int] | None = None
    """(C, H, W) of the images, the default shape of samples; None for a table, or where unknown."""

    columns: tuple[str, ...] = ()
    """The names of the table's columns, where they are known."""

    classes: tuple[str, ...] | None = None
    """The names of the classes, in the order of their numbers; None where it learned none, or they are not known."""

    source: str = ""
    """What the training data was called; empty where unknown."""

    fingerprint: str = ""
    """Of the training examples; empty where unknown."""

    objective: str = ""
    """The kind of what was minimized, such as `copying` or `denoising`; empty where unknown."""


class Model(Contract, nn.Module, abc.ABC):
    """A module that takes images, or rows of a table: what models of every contract share.

    `forward` takes images (B, C, H, W) whose shape `check_input` accepts, with values that may leave [0, 1]; or rows
    (B, D), where `num_columns` is D. It checks nothing, so that it can be traced and exported: verbs ask `check_batch`
    once before they call it. What is said of images in a contract then holds for rows.
    """

    refusal: ClassVar[str] = "{verb} needs a model, and {name} is none; take a subclass of copyist.models.Model"

    num_columns: int | None = None
    """D of the rows (B, D) of a table that the model takes; None takes images."""

    uses_batch_statistics: bool = False
    """Whether the answer for one image depends on the others in its batch."""

    weighs_images: bool = False
    """Whether all that depends on the batch is the normalization of `copyist.nn.norm`, in which an image can count
    several times. Then a batch is filled by counts; else by copies of its images, which take time and memory."""

    size_multiple: int = 1
    """Both sides of an image must be multiples of this."""

    image_size: tuple[int, int] | None = None
    """The only (H, W) the model takes; None where it takes many."""

    receptive_radius: int | None = None
    """How many pixels away, at most, an input pixel changes an output pixel, by rows or columns, in evaluation mode and
    wherever the image is cut at multiples of `size_multiple`; None where it may be the whole image. Large pictures go
    through in tiles where this is known."""

    measured: tuple[str, ...] = ()
    """The buffers, by their names in `state_dict`, that `measured_on` fills; empty where nothing is measured."""

    trained_on: TrainedOn = TrainedOn()
    """Batch size, image shape, columns and classes of the training; given once, by what trains or loads the model."""

    @property
    @abc.abstractmethod
    def config(self) -> ModelConfig:
        """What rebuilds the model."""

    @abc.abstractmethod
    def check_input(self, x: Examples) -> None:
        """Refuse a batch of examples of a shape this model does not take.

        Raises:
            ShapeError: in one sentence, with the remedy.
        """

    @abc.abstractmethod
    def forward(self, x: Examples) -> Tensor: ...

    @property
    def lent_layers(self) -> tuple[nn.Module, ...]:
        """Layers whose weights something else than their own `forward` computes with, such as a tied decoder: where
        processes divide the weights, those must be whole whenever the model computes."""
        return ()

    def standardized(self, x: Examples) -> Examples:
        """Rows of a table in the units in which the model learns them; images as they are."""
        return x

    def restored(self, x: Examples) -> Examples:
        """The inverse of `standardized`."""
        return x

    def measured_on(self, examples: Examples) -> None:
        """Measure statistics of the training data that use needs, with the final weights, and store them in buffers.

        Training calls it once, after the last step, on the model that is written, where that names buffers in
        `measured`; before, they are as they were built. They travel in the model file like weights. A run that starts
        from the weights of another takes all but them.

        Args:
            examples: all training examples (N, ...), in their own units, on the CPU.

        Raises:
            DataError: they do not tell it.
        """

    @final
    @property
    def takes_tables(self) -> bool:
        """Whether it takes rows (B, D) of a table, and no images."""
        return self.num_columns is not None

    @final
    @property
    def batch_size(self) -> int:
        """Examples per batch in training, and by default in use."""
        return self.trained_on.batch_size

    @final
    @property
    def image_shape(self) -> tuple[int, int, int] | None:
        """(C, H, W) of the images it was trained on; None for a table, or where unknown."""
        return self.trained_on.image_shape

    @final
    @property
    def example_shape(self) -> tuple[int, ...] | None:
        """(C, H, W) of the images it was trained on, or (D,) of the rows it takes; None where unknown."""
        return self.image_shape if self.num_columns is None else (self.num_columns,)

    @final
    def check_batch(self, x: Examples) -> None:
        """Refuse anything but a batch (B, ...) of the kind and shape this model takes.

        Raises:
            ShapeError: in one sentence, with the remedy.
        """
        if self.takes_tables and x.ndim == 4:
            raise ShapeError(
                f"the model was trained on a table, got images of shape {tuple(x.shape[1:])}; "
                "give a table in .csv, .parquet, .npy or .npz, or train a model on these images"
            )
        if not self.takes_tables and x.ndim == 2:
            raise ShapeError(
                f"the model was trained on images, got a table of {x.shape[1]} columns; "
                "give images, or train a model on this table"
            )
        if self.takes_tables:
            check_rows(x)
        else:
            check_images(x)
        self.check_input(x)

    @final
    def check_pictures(self, *, verb: str) -> None:
        """Refuse, for a verb that makes pictures, a model of tables.

        Raises:
            ContractError: the model takes tables.
        """
        if self.takes_tables:
            raise ContractError(
                f"{verb} works on images, and this model takes tables; use images and a model trained on them"
            )

    @final
    def check_columns(self, columns: tuple[str, ...]) -> None:
        """Refuse a table whose columns are others than those the model was trained on, or in another order.

        Columns without names, which are numbered, pass.

        Raises:
            ShapeError: a name differs.
        """
        own = self.trained_on.columns
        named = all(any(not name.isdigit() for name in names) for names in (own, columns))
        if named and own != columns:
            raise ShapeError(
                f"the model was trained on the columns {_list_names(own)}, got {_list_names(columns)}; give these "
                "columns in that order, and leave others out by ?drop="
            )


def _list_names(names: tuple[str, ...], *, most: int = 6) -> str:
    return ", ".join(map(repr, names[:most])) + (", …" if len(names) > most else "")
