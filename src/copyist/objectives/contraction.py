"""Contractive autoencoders: a penalty on the Jacobian of the encoder."""

__all__ = ["Contraction", "Scale", "differentiable_copy"]

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias, final, get_args

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from copyist.checks import check_at_least, check_choice, check_whole
from copyist.errors import ArgumentError
from copyist.metrics.jacobian_probes import probed_energy
from copyist.models.contracts import Affine, AffineEncoder, Autoencoder, Model, lacks, needs
from copyist.objectives.base import Objective
from copyist.tensors import Codes, Images, PerImage

Scale: TypeAlias = Literal["image", "code"]
"""The units of a penalty on the code.

image  by what it does to the copy: a decoder that grows while the code shrinks gains nothing
code   as the numbers are
"""

_NUM_SHOWN = 8
"""Probes of which the history shows the spread."""


@final
@dataclass(frozen=True, kw_only=True)
class Contraction(Objective):
    """Copying with a penalty on the Jacobian of the encoder, for images of N values:

        mean (D(E(x)) − x)² + λ/N · mean over images of ‖J‖²_F,  J = ∂E/∂x

    With one layer, z = s(Wx + b), it has a closed form: ‖J‖²_F = Σᵢ s'(aᵢ)² ‖Wᵢ‖². Of any other encoder it is estimated
    by Hutchinson's probes. Where images of a batch depend on one another, as with batch statistics, J is that of all
    codes of the batch with respect to one image; there is no Jacobian of an image alone.

    Code / a with decoder · a has a Jacobian smaller by a and copies the same: tie the decoder's weights to the
    encoder's, or let the scale be that of the image.

    Source:
        Rifai et al. (2011), "Contractive Auto-Encoders", equations 1 and 5; Alain & Bengio (2014), section 3.2, for
        the Jacobian of the copy; Hutchinson (1990) for the probes.
    """

    trains: ClassVar[type[Model]] = Autoencoder

    weight: float
    """λ, at least 0; 0 only copies."""

    probes: int | None = None
    """Random-sign probes per step, one backward pass each, that estimate the norm; None uses the closed form."""

    scale: Scale = "code"
    """With `image` J is the Jacobian of the copy, ∂D(E(x))/∂x, whose scale no decoder can change."""

    def __post_init__(self) -> None:
        check_at_least("weight", self.weight, 0)
        check_choice("scale", self.scale, get_args(Scale))
        if self.probes is not None:
            check_whole("probes", self.probes, 1)
        elif self.scale == "image":
            raise ArgumentError("probes must be given for the Jacobian of the copy, got none; take probes=1")

    @property
    def differentiates(self) -> bool:
        return self.probes is not None

    def check_settings(self, model: Model) -> None:
        if self.probes is None:
            _affine(model)

    def __call__(self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        copier = needs(model, Autoencoder, verb="Contraction")
        if self.probes is None:
            z, energy = _on_paper(_affine(copier), x)
            x_hat = copier.decode(z)
        else:
            x_hat, energies = self._probed(copier, x, probes=self.probes, generator=generator)
            energy = energies.mean(0)
        loss = F.mse_loss(x_hat.float(), x) + self.weight * energy.mean() / x[0].numel()
        return loss if torch.is_grad_enabled() else loss.detach()

    def measures(
        self, model: Model, x: Images, *, generator: torch.Generator, labels: Tensor | None = None
    ) -> dict[str, float]:
        """`jacobian_energy`, the mean of ‖J‖²_F; with probes also `probe_spread`, how far one of them is off.

        It is the root mean square over images of the standard deviation of one probe, over the mean energy.
        """
        copier = needs(model, Autoencoder, verb="Contraction")
        if self.probes is None:
            _, energy = _on_paper(_affine(copier), x)
            return {"jacobian_energy": float(energy.detach().mean())}
        energies = self._probed(copier, x, probes=max(_NUM_SHOWN, self.probes), generator=generator)[1].detach()
        mean, variance = energies.mean(), energies.var(0).mean()
        return {"jacobian_energy": float(mean), "probe_spread": float(variance.sqrt() / mean.clamp_min(1e-30))}

    def _probed(
        self, copier: Autoencoder, x: Images, *, probes: int, generator: torch.Generator
    ) -> tuple[Images, Tensor]:
        """The copies, and the estimates (probes, B) of ‖J‖²_F."""
        x, z, x_hat = differentiable_copy(copier, x, follow="image")
        y = x_hat if self.scale == "image" else z
        return x_hat, torch.stack([probed_energy(y, x, generator=generator) for _ in range(probes)])


def differentiable_copy(
    model: Autoencoder, x: Images, *, follow: Literal["image", "code"]
) -> tuple[Images, Codes, Images]:
    """Image, code and copy, with the copy a function of the followed one for gradients, even where they are off.

    Args:
        model: how it copies.
        x: images (B, C, H, W).
        follow: with respect to what derivatives are wanted.

    Returns:
        x, z = E(x) and x̂ = D(z).
    """
    # The faster kernels of attention cannot be differentiated twice.
    with torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):
        x = x.detach().requires_grad_() if follow == "image" else x
        z = model.encode(x)
        if not z.requires_grad:
            z = z.detach().requires_grad_()
        return x, z, model.decode(z)


def _affine(model: Model) -> Affine:
    """The one layer of the encoder.

    Raises:
        ContractError: it has more, or is something else.
    """
    verb = "the exact contraction"
    layer = needs(model, AffineEncoder, verb=verb).affine
    if layer is None:
        raise lacks(model, AffineEncoder, verb=verb)
    return layer


def _on_paper(layer: Affine, x: Images) -> tuple[Tensor, PerImage]:
    """The code of one layer, and ‖J‖²_F of each image."""
    with torch.enable_grad():
        a = F.linear(x.flatten(1), layer.weight, layer.bias)
        a = a if a.requires_grad else a.detach().requires_grad_()
        z = layer.activation(a)
        # Each unit depends on its own a alone, so that the gradient of their sum is s'(a).
        (slope,) = torch.autograd.grad(z.sum(), a, create_graph=True, materialize_grads=True)
        rows = layer.weight.float().square().sum(1)
        return z, slope.float().square() @ rows
