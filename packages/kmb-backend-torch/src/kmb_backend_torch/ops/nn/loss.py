"""Losses: torch's fused kernels where their maths is the declared one."""

import torch
from torch.nn import functional

from kmb_backend_torch.conversion import native_dtype
from kmb_core.backend import epsilon
from kmb_core.dtypes import floatx

Tensor = torch.Tensor
_NARROW = (torch.float16, torch.bfloat16)  # 1 - epsilon is 1 in these


def _same_shape(target: Tensor, output: Tensor) -> None:
    """Raise where torch would broadcast; the op's own rule then says what is wrong."""
    if target.shape != output.shape:
        raise ValueError(f"target {tuple(target.shape)}, output {tuple(output.shape)}")


def binary_crossentropy(target: Tensor, output: Tensor, from_logits: bool = False) -> Tensor:
    """The cross-entropy of each element; probabilities are held off 0 and 1 by epsilon."""
    _same_shape(target, output)
    if from_logits:
        return functional.binary_cross_entropy_with_logits(output, target, reduction="none")
    if output.dtype in _NARROW:
        return binary_crossentropy(target.float(), output.float()).to(output.dtype)
    margin = epsilon()
    output = torch.clamp(output, margin, 1 - margin)
    # Not torch's kernel: it refuses targets outside of 0 to 1, which label smoothing or a user may well give.
    return -(target * torch.log(output) + (1 - target) * torch.log(1 - output))


def _log_probabilities(output: Tensor, from_logits: bool, axis: int) -> Tensor:
    if from_logits:
        return torch.log_softmax(output, axis)
    if output.dtype in _NARROW:
        return _log_probabilities(output.float(), from_logits, axis).to(output.dtype)
    margin = epsilon()
    return torch.log(torch.clamp(output / torch.sum(output, axis, True), margin, 1 - margin))


def categorical_crossentropy(target: Tensor, output: Tensor, from_logits: bool = False, axis: int = -1) -> Tensor:
    """The cross-entropy of distributions along an axis."""
    _same_shape(target, output)
    return -torch.sum(target * _log_probabilities(output, from_logits, axis), axis)


def sparse_categorical_crossentropy(
    target: Tensor, output: Tensor, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """The cross-entropy of class indices with distributions along an axis."""
    if target.ndim == output.ndim:
        target = torch.squeeze(target, axis)
    if target.dtype is not torch.int64:
        target = target.to(torch.int64)
    if from_logits and output.ndim == 2 and axis in (-1, 1):
        return torch._C._nn.cross_entropy_loss(output, target, None, 0)
    logs = _log_probabilities(output, from_logits, axis)
    target = target.unsqueeze(axis)
    if target.shape != torch.narrow(logs, axis, 0, 1).shape:
        raise ValueError(f"target {tuple(target.shape)}, output {tuple(output.shape)}")
    return -torch.gather(logs, axis, target).squeeze(axis)


def one_hot(x: Tensor, num_classes: int, axis: int = -1, dtype: str | None = None, sparse: bool = False) -> Tensor:
    """1 at the class of each element, 0 elsewhere; zeros only for what is no class."""
    if sparse:
        raise ValueError("one_hot: torch's sparse tensors lack most ops")
    wanted = native_dtype(dtype or floatx())
    if x.dtype.is_floating_point:
        x = x.to(torch.int32)
    encoded = (x.unsqueeze(-1) == torch.arange(num_classes, device=x.device)).to(wanted)
    return encoded if axis in (-1, x.ndim) else torch.moveaxis(encoded, -1, axis)
