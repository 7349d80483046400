"""The contracts of models: what can be asked of anything that copies images, or names them."""

__all__ = ["Autoencoder", "Classifier", "Model", "Reconstructor"]

import abc
from typing import TYPE_CHECKING, final

from torch import Tensor, nn

from copyist.checks import check_images, check_rows
from copyist.errors import ContractError, ShapeError
from copyist.models.config import ModelConfig
from copyist.nn.standardization import Standardization
from copyist.tensors import Codes, Examples, Features, Images

if TYPE_CHECKING:
    from copyist.models.families import CodeLayer, Dictionary, Masked, Stack, Variational


class Model(nn.Module, abc.ABC):
    """A module that takes images, or rows of a table: what models of every contract share.

    `forward` must take images (B, C, H, W) whose shape `check_input` accepts, with values that may leave [0, 1]; or,
    where it `takes_tables`, rows (B, D). What is said of images in a contract then holds for rows.
    """

    copies: bool = False
    """Whether it is a `Reconstructor`."""

    has_code: bool = False
    """Whether it is an `Autoencoder`."""

    has_likelihood: bool = False
    """Whether it is `Variational`."""

    takes_visible: bool = False
    """Whether it is a `Masked`."""

    takes_tables: bool = False
    """Whether it takes rows (B, D) of a table, and no images."""

    batch_size: int = 64
    """The batch the model was trained with; verbs take images in batches of this size."""

    uses_batch_statistics: bool = False
    """Whether the answer for one image depends on the others in its batch."""

    size_multiple: int = 1
    """Both sides of an image must be multiples of this."""

    image_shape: tuple[int, ...] | None = None
    """(C, H, W) of the images it was trained on, which its samples have too unless told otherwise; (D,) of rows."""

    columns: tuple[str, ...] = ()
    """What the columns of the table were called that it was trained on, where that is known."""

    image_size: tuple[int, int] | None = None
    """The only (H, W) the model takes; None where it takes many."""

    def __init__(self) -> None:
        super().__init__()
        self.standardization: Standardization | None = None
        """From the units of a table to those that were learned; None for images, and for parts of a model."""

    @property
    @abc.abstractmethod
    def config(self) -> ModelConfig:
        """What rebuilds the model."""

    @abc.abstractmethod
    def check_input(self, x: Images) -> None:
        """Refuse images of a shape this model does not take.

        Raises:
            ShapeError: in one sentence, with the remedy.
        """

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
        named = all(any(not name.isdigit() for name in names) for names in (self.columns, columns))
        if named and self.columns != columns:
            raise ShapeError(
                f"the model was trained on the columns {_listed(self.columns)}, got {_listed(columns)}; give these "
                "columns in that order, and leave others out by ?drop="
            )

    @final
    def standardize_by(self, *, mean: Tensor, std: Tensor) -> None:
        """Take and give, from now on, rows in units of their own rather than standardized by these statistics (D,).

        Raises:
            ContractError: the model takes no tables.
        """
        if self.standardization is None:
            raise ContractError(f"{type(self).__name__} takes images, and only tables are standardized; leave this out")
        self.standardization.set(mean=mean, std=std)

    @abc.abstractmethod
    def as_reconstructor(self, *, verb: str) -> "Reconstructor":
        """This model as one that copies, for a verb that needs copies.

        Raises:
            ContractError: the model does not copy.
        """

    @abc.abstractmethod
    def as_autoencoder(self, *, verb: str) -> "Autoencoder":
        """This model as one with a code, for a verb that works there.

        Raises:
            ContractError: the model has no code.
        """

    @abc.abstractmethod
    def as_classifier(self, *, verb: str) -> "Classifier":
        """This model as one that names images, for a verb that needs names or features.

        Raises:
            ContractError: the model names nothing.
        """

    def as_variational(self, *, verb: str) -> "Variational":
        """This model as one that says how likely an image is.

        Raises:
            ContractError: the model gives no likelihood.
        """
        raise ContractError(
            f"{verb} needs a model's likelihood, and {type(self).__name__} has none; take a variational autoencoder"
        )

    def as_stack(self, *, verb: str) -> "Stack":
        """This model as shallow autoencoders in a row, for a verb that needs them one by one.

        Raises:
            ContractError: it is not made of such.
        """
        raise ContractError(f"{verb} needs layers in a row, and {type(self).__name__} has none; take an mlp")

    def start_from(self, stack: "Stack") -> None:
        """Copy the weights of as many layers as a pretrained stack has, from the outermost inward, in place.

        Raises:
            ContractError: this model is not made of such layers.
        """
        raise ContractError(f"pretraining needs layers in a row, and {type(self).__name__} has none; take an mlp")

    def as_dictionary(self, *, verb: str) -> "Dictionary":
        """This model as one whose units can be told apart and given new work, for a verb that does so.

        Raises:
            ContractError: the model is no dictionary.
        """
        raise ContractError(
            f"{verb} gives single units of a code new work, and {type(self).__name__} has none that can be told apart; "
            "take a sparse-mlp"
        )

    def as_code_layer(self, *, verb: str) -> "CodeLayer":
        """The encoder of this model as one layer, for a verb that knows its derivative on paper.

        Raises:
            ContractError: the encoder is something else.
        """
        raise ContractError(
            f"{verb} is known on paper for an encoder of one layer, and that of {type(self).__name__} is another; "
            "take an MLP with one width, or probes=1"
        )

    def as_masked(self, *, verb: str) -> "Masked":
        """This model as one that can be shown a part of an image, for a verb that hides the rest from its encoder.

        Raises:
            ContractError: its encoder takes whole images only.
        """
        raise ContractError(
            f"{verb} shows a model some patches only, and {type(self).__name__} takes whole images; "
            "take a masked autoencoder, such as a masked-vit"
        )

    @abc.abstractmethod
    def forward(self, x: Images) -> Tensor: ...


class Reconstructor(Model):
    """A module from images to images of the same shape, or from rows to rows."""

    copies = True

    @final
    def as_reconstructor(self, *, verb: str) -> "Reconstructor":
        return self

    def as_autoencoder(self, *, verb: str) -> "Autoencoder":
        raise ContractError(
            f"{verb} works in a model's code, and {type(self).__name__} has none; "
            "take a model with a code, such as a U-Net without skips"
        )

    @final
    def as_classifier(self, *, verb: str) -> "Classifier":
        raise ContractError(f"{verb} names images, and {type(self).__name__} copies them; take a classifier")

    @abc.abstractmethod
    def forward(self, x: Images) -> Images: ...


class Autoencoder(Reconstructor):
    """A reconstructor that passes through a code: x̂ = D(E(x))."""

    has_code = True

    @abc.abstractmethod
    def encode(self, x: Images) -> Codes:
        """z = E(x), for images (B, C, H, W)."""

    @abc.abstractmethod
    def decode(self, z: Codes) -> Images:
        """x̂ = D(z), images (B, C, H, W) for codes that `encode` made."""

    @final
    def as_autoencoder(self, *, verb: str) -> "Autoencoder":
        return self

    @final
    def forward(self, x: Images) -> Images:
        self.check_batch(x)
        return self.decode(self.encode(x))


class Classifier(Model):
    """A module from images to one number per class, the larger the likelier: a linear head on its features."""

    head: nn.Linear
    """From features to logits."""

    @abc.abstractmethod
    def features(self, x: Images) -> Features:
        """The last hidden layer, (B, D), for images (B, C, H, W)."""

    @final
    def as_reconstructor(self, *, verb: str) -> Reconstructor:
        raise ContractError(f"{verb} copies images, and {type(self).__name__} names them; take a model trained to copy")

    @final
    def as_autoencoder(self, *, verb: str) -> Autoencoder:
        raise ContractError(
            f"{verb} works in a model's code, and {type(self).__name__} has none; take a model trained to copy"
        )

    @final
    def as_classifier(self, *, verb: str) -> "Classifier":
        return self

    @final
    def forward(self, x: Images) -> Tensor:
        """Logits (B, K), whose softmax are the probabilities of the classes."""
        self.check_batch(x)
        return self.head(self.features(x))


def _listed(names: tuple[str, ...], *, most: int = 6) -> str:
    return ", ".join(map(repr, names[:most])) + (", …" if len(names) > most else "")
