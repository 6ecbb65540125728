"""Activations: torch's fused functions. Bound ones are the C functions below `torch.nn.functional`."""

from collections.abc import Callable, Sequence

import torch

from kmb_backend_torch.ops.unsigned import with_unsigned
from kmb_core.shapes import normalize_axes

Tensor = torch.Tensor

# `torch.nn.functional` wraps these in Python that only handles tensor subclasses and in-place forms.
_native = torch._C._nn

relu = with_unsigned(torch.relu)
relu6 = with_unsigned(_native.relu6)
sigmoid = torch.sigmoid
silu = _native.silu
swish = silu
softplus = _native.softplus
log_sigmoid = _native.log_sigmoid
selu = torch.selu
hard_sigmoid = _native.hardsigmoid
hard_silu = _native.hardswish
hard_swish = hard_silu


def softsign(x: Tensor) -> Tensor:
    """x / (1 + |x|)."""
    return x / (1 + torch.abs(x))


def leaky_relu(x: Tensor, negative_slope: float = 0.2) -> Tensor:
    """x where positive, else negative_slope * x."""
    return _native.leaky_relu(x, negative_slope)


def elu(x: Tensor, alpha: float = 1.0) -> Tensor:
    """x where positive, else alpha * (e^x - 1)."""
    return _native.elu(x, alpha)


def celu(x: Tensor, alpha: float = 1.0) -> Tensor:
    """x where positive, else alpha * (e^(x / alpha) - 1)."""
    return torch.celu(x, alpha)


def gelu(x: Tensor, approximate: bool = True) -> Tensor:
    """x times the normal distribution function of x; with tanh when approximate."""
    return _native.gelu(x, approximate="tanh" if approximate else "none")


def hard_tanh(x: Tensor) -> Tensor:
    """x held between -1 and 1."""
    return torch.clamp(x, -1, 1)  # at the bounds the derivative is 1, as everywhere; hardtanh has 0


def hard_shrink(x: Tensor, threshold: float = 0.5) -> Tensor:
    """x where |x| exceeds the threshold, else 0."""
    return torch.hardshrink(x, threshold)


def soft_shrink(x: Tensor, threshold: float = 0.5) -> Tensor:
    """x moved towards 0 by the threshold."""
    return _native.softshrink(x, threshold)


def tanh_shrink(x: Tensor) -> Tensor:
    """x - tanh(x)."""
    return x - torch.tanh(x)


def threshold(x: Tensor, threshold: float, default_value: float) -> Tensor:
    """x where it exceeds the threshold, else the default."""
    return torch.threshold(x, threshold, default_value)


def glu(x: Tensor, axis: int = -1) -> Tensor:
    """The first half along an axis times the sigmoid of the second."""
    return _native.glu(x, axis)


def softmax(x: Tensor, axis: int | Sequence[int] | None = -1) -> Tensor:
    """e^x over its sum along one or several axes."""
    return _along(torch.softmax, x, axis)


def log_softmax(x: Tensor, axis: int | Sequence[int] | None = -1) -> Tensor:
    """The logarithm of `softmax`."""
    return _along(torch.log_softmax, x, axis)


def _along(function: Callable[[Tensor, int], Tensor], x: Tensor, axis: int | Sequence[int] | None) -> Tensor:
    if isinstance(axis, int) and x.ndim:  # torch takes a scalar for a vector
        return function(x, axis)
    axes = list(normalize_axes(axis, x.ndim, "ops.softmax"))
    order = [a for a in range(x.ndim) if a not in axes] + axes
    moved = x.permute(order)
    flat = function(moved.flatten(x.ndim - len(axes)), -1)
    return flat.reshape(moved.shape).permute([order.index(a) for a in range(x.ndim)])
