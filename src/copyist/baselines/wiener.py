"""The optimal linear denoiser: a gain on each component of a basis, and nothing else."""

__all__ = ["Basis", "Linear", "PrincipalBasis", "StationaryBasis", "fit_linear", "linear_bases"]

import abc
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self, final

import torch
from torch import Tensor

from copyist.baselines.filters import Filter, best_setting
from copyist.baselines.principal_axes import principal_axes
from copyist.checks import check_images, check_same_shape
from copyist.errors import ArgumentError, ShapeError
from copyist.tensors import Images

MAX_VALUES_FOR_PRINCIPAL_AXES = 4096
"""Images with more values than this get the stationary basis alone: the axes would be a matrix of this size squared."""


class Basis(abc.ABC):
    """An orthonormal change of coordinates in which the components of images are taken to be uncorrelated."""

    name: str

    @abc.abstractmethod
    def analyze(self, x: Images) -> Tensor:
        """Images (B, C, H, W), less their mean, as components (B, K), real or complex."""

    @abc.abstractmethod
    def synthesize(self, components: Tensor, *, rest: Images, rest_gain: Tensor) -> Images:
        """Images from components (B, K), plus what of the image `rest` the basis does not reach, times `rest_gain`."""


@final
@dataclass(frozen=True, eq=False)
class PrincipalBasis(Basis):
    """The principal axes of clean images: every pixel may depend on every other."""

    axes: Tensor = field(repr=False)
    """(K, C·H·W), orthonormal rows."""

    name: str = "principal axes"

    @classmethod
    def fitted(cls, clean: Images) -> Self:
        """All axes along which these images (N, C, H, W) vary: at most N − 1."""
        check_images(clean)
        return cls(axes=principal_axes(clean).spanned.to(clean))

    def analyze(self, x: Images) -> Tensor:
        return x.flatten(1) @ self.axes.T

    def synthesize(self, components: Tensor, *, rest: Images, rest_gain: Tensor) -> Images:
        beyond = rest.flatten(1) - self.analyze(rest) @ self.axes
        return (components @ self.axes + rest_gain * beyond).view_as(rest)


@final
@dataclass(frozen=True, eq=False)
class StationaryBasis(Basis):
    """The waves of the Fourier transform, channel by channel: images whose statistics are alike at every position."""

    name: str = "waves"

    def analyze(self, x: Images) -> Tensor:
        return torch.fft.fft2(x, norm="ortho").flatten(1)

    def synthesize(self, components: Tensor, *, rest: Images, rest_gain: Tensor) -> Images:
        return torch.fft.ifft2(components.view(rest.shape), norm="ortho").real


@final
@dataclass(frozen=True, eq=False)
class Linear(Filter):
    """x̂ = μ + B⁻¹ g B (x̃ − μ̃): an affine map, so that a shift of brightness is undone like noise is."""

    basis: Basis
    """B, in which a component of the answer depends on that component of the input alone."""

    gain: Tensor = field(repr=False)
    """g (K,), real."""

    rest_gain: Tensor = field(repr=False)
    """One gain for whatever lies outside the basis."""

    noisy_mean: Tensor = field(repr=False)
    """μ̃ (C, H, W)."""

    clean_mean: Tensor = field(repr=False)
    """μ (C, H, W)."""

    @property
    def setting(self) -> str:
        return self.basis.name

    def __call__(self, x_tilde: Images) -> Images:
        check_images(x_tilde)
        if x_tilde.shape[1:] != self.clean_mean.shape:
            raise ShapeError(f"images must have shape {tuple(self.clean_mean.shape)}, got {tuple(x_tilde.shape[1:])}")
        centered = x_tilde - self.noisy_mean
        components = self.basis.analyze(centered) * self.gain
        return self.clean_mean + self.basis.synthesize(components, rest=centered, rest_gain=self.rest_gain)


def linear_bases(clean: Images) -> tuple[Basis, ...]:
    """The bases worth trying for images like these (N, C, H, W).

    Waves always; principal axes where an image has at most 4096 values. Fit them on other images than the gains, or
    the gains of the axes will be too large.
    """
    check_images(clean)
    fits = clean[0].numel() <= MAX_VALUES_FOR_PRINCIPAL_AXES and len(clean) > 1
    return (PrincipalBasis.fitted(clean), StationaryBasis()) if fits else (StationaryBasis(),)


def fit_linear(bases: Sequence[Basis], *, clean: Images, noisy: Images) -> Filter:
    """Fit the linear denoiser of least squared error in each basis, and take the basis that is nearest to the images.

        g_k = Σ Re(x_k conj(x̃_k)) / Σ |x̃_k|²

    Over training pairs, component by component, both sides less their means. This is Wiener's filter; it is the best of
    all affine maps when the basis holds the principal axes of the clean images and the noise is white.

    Args:
        bases: from `linear_bases`, fitted on other images.
        clean: training images (N, C, H, W).
        noisy: the same images, corrupted.

    Returns:
        A `Linear`.

    Raises:
        ShapeError: `clean` and `noisy` differ in shape.
        ArgumentError: there is no basis.

    Source:
        Wiener (1949), "Extrapolation, Interpolation, and Smoothing of Stationary Time Series"; Pratt (1972),
        "Generalized Wiener Filtering Computation Techniques", for bases other than waves.
    """
    check_same_shape(noisy, clean)
    if not bases:
        raise ArgumentError("bases must hold at least one basis, got none")
    return best_setting([_fit_in(basis, clean=clean, noisy=noisy) for basis in bases], clean=clean, noisy=noisy)


def _fit_in(basis: Basis, *, clean: Images, noisy: Images) -> Linear:
    clean_mean, noisy_mean = clean.mean(0), noisy.mean(0)
    centered, target = noisy - noisy_mean, clean - clean_mean
    received, wanted = basis.analyze(centered), basis.analyze(target)
    shared = (wanted * received.conj()).real.sum(0)  # (K,)
    energy = received.abs().square().sum(0)
    # What lies outside an orthonormal basis is what the components leave of each sum.
    rest_shared = (target * centered).sum() - shared.sum()
    rest_energy = centered.square().sum() - energy.sum()
    return Linear(
        basis=basis,
        gain=shared / energy.clamp(min=1e-12),
        rest_gain=rest_shared / rest_energy if rest_energy > 1e-6 * energy.sum() else torch.zeros_like(rest_energy),
        noisy_mean=noisy_mean,
        clean_mean=clean_mean,
    )
