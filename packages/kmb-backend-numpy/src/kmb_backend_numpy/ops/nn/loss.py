"""Losses where NumPy would go wrong in silence."""

from typing import Any

import numpy as np

from kmb_backend_numpy.ops.nn.activations import log_softmax
from kmb_core.backend import epsilon


def sparse_categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """-log(output) at the class that target names; a negative class is refused, where NumPy counts from the end."""
    if target.ndim != output.ndim:
        target = np.expand_dims(target, axis)
    expected = list(output.shape)
    expected[axis] = 1
    if target.shape != tuple(expected):
        raise ValueError(f"targets have shape {tuple(expected)}, got {target.shape}")
    if target.dtype.kind not in "iu":
        target = target.astype(np.int32)
    if target.size and target.min() < 0:
        raise ValueError(f"class numbers are not negative, got {target.min()}")
    logs = log_softmax(output, axis) if from_logits else _logs(output, axis)
    return -np.take_along_axis(logs, target, axis).squeeze(axis)


def _logs(output: Any, axis: int) -> Any:
    wide = output.astype(np.float32) if output.dtype.itemsize == 2 else output
    shares = wide / wide.sum(axis, keepdims=True)
    return np.log(np.clip(shares, epsilon(), 1 - epsilon())).astype(output.dtype, copy=False)
