"""The contracts of models: what can be asked of anything that copies images, or names them."""

__all__ = [
    "Autoencoder",
    "Classifier",
    "ClassifierConfig",
    "CodeLayer",
    "Dictionary",
    "Masked",
    "Model",
    "ModelConfig",
    "Reconstructor",
    "Stack",
    "Variational",
]

import abc
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self, final

import torch
from torch import Tensor, nn

from copyist.checks import check_at_least, check_images
from copyist.errors import ArgumentError, ContractError
from copyist.nn.gaussian import Gaussian
from copyist.nn.likelihoods import Likelihood
from copyist.nn.patches import check_visible
from copyist.tensors import Codes, Features, Images, Visible


@dataclass(frozen=True, kw_only=True)
class ModelConfig(abc.ABC):
    """What it takes to build a model again, but for its weights."""

    @abc.abstractmethod
    def fitted(self, image_shape: tuple[int, int, int]) -> Self:
        """Fill in what was left to the data, for images (C, H, W).

        Raises:
            ShapeError: the config was built for other images.
        """

    def with_classes(self, num_classes: int) -> Self:
        """Fill in how many classes there are; a model that names none stays as it is.

        Raises:
            ArgumentError: the config was built for fewer classes.
        """
        return self

    def stacks(self) -> "tuple[ModelConfig, ...]":
        """The stacks that greedy pretraining trains in turn, each with a layer more; the model starts from the last.

        Raises:
            ContractError: the model is not made of layers in a row.
        """
        raise ContractError(
            f"pretraining needs layers in a row, and {type(self).__name__} describes none; "
            "take an mlp or a stacked-classifier, or leave pretraining out"
        )

    @abc.abstractmethod
    def build(self) -> "Model":
        """A model of this shape with fresh weights, drawn from torch's global generator."""


@dataclass(frozen=True, kw_only=True)
class ClassifierConfig(ModelConfig):
    """What it takes to build a classifier again, but for its weights."""

    num_classes: int | None = None
    """K; None takes the data's."""

    def __post_init__(self) -> None:
        if self.num_classes is not None:
            check_at_least("num_classes", self.num_classes, 1)

    @final
    def with_classes(self, num_classes: int) -> Self:
        if self.num_classes is not None and self.num_classes < num_classes:
            raise ArgumentError(
                f"the model was built for {self.num_classes} classes, got {num_classes}; leave num_classes open"
            )
        return replace(self, num_classes=self.num_classes or num_classes)

    @abc.abstractmethod
    def build(self) -> "Classifier": ...


class Model(nn.Module, abc.ABC):
    """A module that takes images: what models of every contract share.

    `forward` must take images (B, C, H, W) whose shape `check_input` accepts, with values that may leave [0, 1].
    """

    copies: bool = False
    """Whether it is a `Reconstructor`."""

    has_code: bool = False
    """Whether it is an `Autoencoder`."""

    has_likelihood: bool = False
    """Whether it is `Variational`."""

    takes_visible: bool = False
    """Whether it is a `Masked`."""

    batch_size: int = 64
    """The batch the model was trained with; verbs take images in batches of this size."""

    uses_batch_statistics: bool = False
    """Whether the answer for one image depends on the others in its batch."""

    size_multiple: int = 1
    """Both sides of an image must be multiples of this."""

    image_shape: tuple[int, int, int] | None = None
    """(C, H, W) of the images it was trained on, which its samples have too unless told otherwise."""

    image_size: tuple[int, int] | None = None
    """The only (H, W) the model takes; None where it takes many."""

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
    """A module from images to images of the same shape."""

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
        check_images(x)
        self.check_input(x)
        return self.decode(self.encode(x))


class Dictionary(Autoencoder):
    """An autoencoder whose units each listen with a row of one matrix and speak with a column of another.

    A unit is silent at 0 and never negative.
    """

    readers: nn.Linear
    """From the last hidden layer of the encoder, or the image, to what each unit hears: a row and a bias per unit."""

    atoms: nn.Linear
    """From the code to the first hidden layer of the decoder, or the image: a column per unit."""

    silence: Tensor
    """(K,), int64: images of training since each unit last spoke. It is no weight, but is saved with them."""

    @abc.abstractmethod
    def hidden(self, x: Images) -> Tensor:
        """What the readers are handed, (B, D), for images (B, C, H, W)."""

    @abc.abstractmethod
    def spoken(self, h: Tensor) -> Images:
        """The images (B, C, H, W) that the rest of the decoder makes of what the atoms hand on, (B, D)."""

    @final
    def decode(self, z: Codes) -> Images:
        return self.spoken(self.atoms(z))

    @final
    def as_dictionary(self, *, verb: str) -> "Dictionary":
        return self


@dataclass(frozen=True, kw_only=True, eq=False)
class CodeLayer:
    """An encoder of one layer: z = s(Wx + b), with s applied to each unit alone."""

    linear: nn.Linear
    """W (K, N) and b, on images laid out as one row."""

    activation: Callable[[Tensor], Tensor]
    """s."""


class Masked(Autoencoder):
    """An autoencoder whose encoder can be shown some patches of an image, and then knows nothing of the others.

    With every patch visible it is an autoencoder like others.
    """

    takes_visible = True

    patch: int
    """Side of a patch in pixels."""

    @abc.abstractmethod
    def encode_visible(self, x: Images, visible: Visible) -> Codes:
        """z = E(visible patches of x), tokens (B, n, D) of the n patches that each row of (B, N) shows."""

    @abc.abstractmethod
    def decode_visible(self, z: Codes, visible: Visible) -> Images:
        """x̂ = D(z, visible), whole images (B, C, H, W), for codes that `encode_visible` made of these patches."""

    @final
    def forward_visible(self, x: Images, visible: Visible) -> Images:
        """x̂, whole images (B, C, H, W), from the visible patches of `x` alone.

        Raises:
            ShapeError: `x` is not images that the model takes; or `visible` is not bool (B, N) with equally many
                patches shown in each row, at least one.
        """
        check_images(x)
        self.check_input(x)
        check_visible(visible, shape=(len(x), self.num_patches(x)))
        return self.decode_visible(self.encode_visible(x, visible), visible)

    @final
    def num_patches(self, x: Images) -> int:
        """N, the patches of one image of (B, C, H, W)."""
        return (x.shape[2] // self.patch) * (x.shape[3] // self.patch)

    @final
    def encode(self, x: Images) -> Codes:
        return self.encode_visible(x, torch.ones(len(x), self.num_patches(x), dtype=torch.bool))

    @final
    def decode(self, z: Codes) -> Images:
        return self.decode_visible(z, torch.ones(z.shape[:2], dtype=torch.bool))

    @final
    def as_masked(self, *, verb: str) -> "Masked":
        return self


class Stack(Autoencoder):
    """Shallow autoencoders in a row: E = Eₙ ∘ … ∘ E₁ and D = D₁ ∘ … ∘ Dₙ."""

    encoder: nn.Sequential
    """From images to the code, all layers together."""

    @property
    @abc.abstractmethod
    def layers(self) -> tuple[Autoencoder, ...]:
        """The autoencoders it is made of, the outermost first, which share its weights.

        The first takes images; each other takes the codes of the one before it, as (B, units, 1, 1).
        """

    @final
    def as_stack(self, *, verb: str) -> "Stack":
        return self


class Variational(Autoencoder):
    """An autoencoder that encodes to a Gaussian and decodes to a likelihood, under the prior N(0, I) of its codes.

    As an autoencoder its code is the posterior's mean, and it decodes to the likelihood's mean.
    """

    has_likelihood = True

    @abc.abstractmethod
    def posterior(self, x: Images) -> Gaussian:
        """q(z | x), of codes for images (B, C, H, W)."""

    @abc.abstractmethod
    def likelihood(self, z: Codes) -> Likelihood:
        """p(x | z), of images (B, C, H, W) for codes."""

    @abc.abstractmethod
    def code_shape(self, image_shape: tuple[int, int, int]) -> tuple[int, ...]:
        """The shape of one code, of an image (C, H, W)."""

    @final
    def encode(self, x: Images) -> Codes:
        return self.posterior(x).mean

    @final
    def decode(self, z: Codes) -> Images:
        return self.likelihood(z).mean()

    @final
    def as_variational(self, *, verb: str) -> "Variational":
        return self


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
        check_images(x)
        self.check_input(x)
        return self.head(self.features(x))
