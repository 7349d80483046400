"""Fully connected layers: activations, initialization, and a layer with the transposed weights of another."""

__all__ = ["Activation", "InFloat32", "Initialization", "Transposed", "activation_layer", "draw_weights"]

import math
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Activation: TypeAlias = Literal["gelu", "relu", "elu", "silu", "tanh", "sigmoid", "identity"]
"""The activation function of a layer."""

Initialization: TypeAlias = Literal["uniform", "normal", "glorot", "he"]
"""The initialization of weights: see `draw_weights`."""

_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "gelu": nn.GELU,
    "relu": nn.ReLU,
    "elu": nn.ELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "identity": nn.Identity,
}

_SMALL = 0.01
"""Standard deviation of weights drawn from the old normal distribution."""

_SIGMOID_GAIN = 4.0
"""The sigmoid is four times flatter at 0 than the hyperbolic tangent."""


class Transposed(nn.Module):
    """h ↦ Wᵀh + b, with the W of another layer and a b of its own: the decoder of tied weights."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        # In a tuple, so that the weights count once, as the other layer's.
        self._layer = (layer,)
        self.bias = nn.Parameter(torch.zeros(layer.in_features))

    def forward(self, h: Tensor) -> Tensor:
        """(B, outputs of the layer) to (B, its inputs)."""
        return F.linear(h, self._layer[0].weight.T, self.bias)


class InFloat32(nn.Module):
    """An activation of what was computed in half precision, taken in float32.

    In bfloat16 a sigmoid is 1 from a logit of 6 on, and its logarithm is lost.
    """

    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self.activation = activation

    def forward(self, h: Tensor) -> Tensor:
        """Values of any shape, one by one; float32 at least."""
        return self.activation(h.float() if h.dtype.itemsize < 4 else h)


def activation_layer(name: Activation) -> nn.Module:
    """The activation of that name."""
    return _ACTIVATIONS[name]()


@torch.no_grad()
def draw_weights(layer: nn.Linear, how: Initialization, *, activation: Activation) -> None:
    """Initialize a layer's weights, from torch's global generator.

    With n inputs and m outputs, the weights are drawn from

        uniform  U(−1/√n, 1/√n), and the biases too: PyTorch's own, and the usual one before 2010
        normal   N(0, 0.01²), usual then as well
        glorot   U(−g√(6/(n + m)), g√(6/(n + m))), with g = 4 before a sigmoid and 1 elsewhere
        he       N(0, 2/n)

    and but for the first the biases are 0.

    Args:
        layer: is changed; `uniform` leaves it as PyTorch made it.
        how: the name of the distribution.
        activation: what follows the layer.

    Source:
        Glorot & Bengio (2010), equations 1 and 16; the factor of 4 is that of the Theano tutorials. Krizhevsky et al.
        (2012), section 5, for the small normal; He et al. (2015), equation 10.
    """
    outputs, inputs = layer.weight.shape
    match how:
        case "uniform":
            return
        case "normal":
            layer.weight.normal_(0, _SMALL)
        case "glorot":
            gain = _SIGMOID_GAIN if activation == "sigmoid" else 1.0
            reach = gain * math.sqrt(6 / (inputs + outputs))
            layer.weight.uniform_(-reach, reach)
        case "he":
            layer.weight.normal_(0, math.sqrt(2 / inputs))
    layer.bias.zero_()
