"""Normalization: torch's fused kernels where the axes are the last ones, else the declared composite."""

from collections.abc import Sequence
from typing import Any

import torch
from torch._C._functorch import is_functorch_wrapped_tensor
from torch.compiler import is_compiling

from kmb_backend_torch.replicas import Replicas
from kmb_core.backend import epsilon as default_epsilon
from kmb_core.plugins.contract import DECLARED
from kmb_core.shapes import normalize_axes, normalize_axis

Tensor = torch.Tensor
Axis = int | Sequence[int]


def moments(x: Tensor, axes: Axis, keepdims: bool = False, synchronized: bool = False) -> tuple[Tensor, Tensor]:
    """Mean and variance along axes; half precision is accumulated in float32."""
    if x.dtype is torch.float16 or x.dtype is torch.bfloat16:
        mean, variance = moments(x.float(), axes, keepdims, synchronized)
        return mean.to(x.dtype), variance.to(x.dtype)
    if not x.ndim and axes != ():  # torch takes a scalar for a vector
        raise ValueError("a scalar has no axes")
    variance, mean = torch.var_mean(x, axes if isinstance(axes, int) else tuple(axes), correction=0, keepdim=keepdims)
    if synchronized and Replicas.training is not None:
        return Replicas.training.moments(mean, variance)
    return mean, variance


def batch_normalization(
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    axis: int,
    offset: Tensor | None = None,
    scale: Tensor | None = None,
    epsilon: float = 1e-3,
) -> Tensor:
    """`(x - mean) / sqrt(variance + epsilon) * scale + offset`: torch's own kernel, or two passes over x.

    The kernel carries no derivatives to mean and variance. A compiler fuses the two passes with their neighbours.
    """
    for given in (mean, variance, offset, scale):
        if given is not None and given.shape != x.shape[axis : axis + 1 or None]:
            raise ValueError(f"batch_normalization: axis {axis} of {tuple(x.shape)}, got {tuple(given.shape)}")
    if not is_compiling() and x.ndim > 1 and _of_kernel(x, mean, variance):
        if axis == 1:
            return torch.batch_norm(x, scale, offset, mean, variance, False, 0.0, epsilon, True)
        moved = x.movedim(axis, 1)
        return torch.batch_norm(moved, scale, offset, mean, variance, False, 0.0, epsilon, True).movedim(1, axis)
    factor = torch.rsqrt(variance + epsilon)
    if scale is not None:
        factor = factor * scale
    if axis not in (-1, x.ndim - 1):
        shape = [1] * x.ndim
        shape[axis] = -1
        mean, factor = mean.reshape(shape), factor.reshape(shape)
        offset = None if offset is None else offset.reshape(shape)
    centred = x - mean
    return centred * factor if offset is None else torch.addcmul(offset, centred, factor)


def _of_kernel(x: Tensor, mean: Tensor, variance: Tensor) -> bool:
    """Whether torch's kernel takes the statistics as they are, and nobody differentiates with respect to them."""
    if x.dtype is not mean.dtype or x.dtype is torch.float16 or x.dtype is torch.bfloat16 or not x.numel():
        return False
    differentiated = mean.requires_grad or variance.requires_grad
    return not (differentiated or is_functorch_wrapped_tensor(mean) or is_functorch_wrapped_tensor(variance))


def normalize_batch(
    x: Tensor, axis: int, offset: Tensor | None = None, scale: Tensor | None = None, epsilon: float = 1e-3
) -> tuple[Tensor, Tensor, Tensor]:
    """torch's own kernel, whose backward pass is one too; channels stand second for it, as a view."""
    axis = normalize_axis(axis, x.ndim, "ops.normalize_batch")
    rank, channels = x.ndim, x.shape[axis]
    fitting = all(given is None or given.shape == (channels,) for given in (offset, scale))
    if rank < 2 or not x.numel() or not fitting or x.dtype in (torch.float16, torch.bfloat16):
        return DECLARED["normalize_batch"].body(x, axis, offset, scale, epsilon)
    if axis != 1:
        x = x.movedim(axis, 1)
    count = x.numel() // channels
    if count == 1 or is_compiling() or is_functorch_wrapped_tensor(x):
        outputs, mean, inverse = torch.native_batch_norm(x, scale, offset, None, None, True, 0.0, epsilon)
        mean, variance = mean.detach(), (inverse.detach().double().pow(-2) - epsilon).clamp_min(0.0).to(mean.dtype)
    else:  # from zeros, with a momentum of 1, the kernel moves to the batch's statistics; its variance is a sample's
        mean, variance = torch.zeros((2, channels), dtype=x.dtype, device=x.device).unbind()
        outputs = torch.native_batch_norm(x, scale, offset, mean, variance, True, 1.0, epsilon)[0]
        variance = variance * ((count - 1) / count)
    return outputs if axis == 1 else outputs.movedim(1, axis), mean, variance


def _normalized_shape(axis: Axis, shape: torch.Size) -> Sequence[int] | None:
    """The sizes of the axes when they are the last ones of the tensor, else None."""
    if axis == -1 and shape:
        return shape[-1:]
    rank = len(shape)
    axes = normalize_axes(axis, rank, "normalization")
    return shape[axes[0] :] if axes == tuple(range(rank - len(axes), rank)) else None


def layer_normalization(
    x: Tensor,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    axis: Axis = -1,
    epsilon: float | None = None,
    **kwargs: Any,
) -> Tensor:
    """x with mean 0 and variance 1 along axes, times gamma plus beta."""
    shape = _normalized_shape(axis, x.shape)
    if shape is None or kwargs:
        return DECLARED["layer_normalization"].body(x, gamma, beta, axis, epsilon, **kwargs)
    return torch.layer_norm(x, shape, gamma, beta, default_epsilon() if epsilon is None else epsilon)


def rms_normalization(x: Tensor, scale: Tensor | None = None, axis: Axis = -1, epsilon: float | None = None) -> Tensor:
    """x over its root mean square along axes, times scale."""
    shape = _normalized_shape(axis, x.shape)
    if shape is None:
        return DECLARED["rms_normalization"].body(x, scale, axis, epsilon)
    return torch.rms_norm(x, shape, scale, default_epsilon() if epsilon is None else epsilon)
