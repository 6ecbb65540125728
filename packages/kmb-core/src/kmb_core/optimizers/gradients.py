"""Lists of gradients: which count, and how long they may be."""

import warnings
from typing import Any

from kmb_core.backend import AutocastScope, Variable, dtype_of
from kmb_core.backend.selection import current_backend
from kmb_core.errors import message
from kmb_core.ops.arithmetic import add, clip, maximum, multiply, square, true_divide
from kmb_core.ops.creation import cast
from kmb_core.ops.functions import sqrt
from kmb_core.ops.reduction import sum


def exact_dtypes() -> AutocastScope:
    """The scope of an update: variables are read in their own dtype, whatever layers compute in."""
    return AutocastScope(None)


def overwritten(grads: list[Any], variables: list[Variable]) -> tuple[list[Any], list[Variable]]:
    """Give variables that are to be overwritten their gradients as values; return what remains."""
    if not any(v.overwrite_with_gradient for v in variables):
        return grads, variables
    pairs = list(zip(grads, variables, strict=True))
    for gradient, variable in pairs:
        if variable.overwrite_with_gradient and gradient is not None:
            variable.assign(gradient)
    rest = [(g, v) for g, v in pairs if not v.overwrite_with_gradient]
    return [g for g, _ in rest], [v for _, v in rest]


def without_none(grads: list[Any], variables: list[Variable], name: str) -> tuple[list[Any], list[Variable]]:
    """The pairs that have a gradient.

    Raises:
        ValueError: when no variable has one.
    """
    if not any(g is None for g in grads):
        return grads, variables
    lacking = [v.path for g, v in zip(grads, variables, strict=True) if g is None]
    if len(lacking) == len(variables):
        what = f"Optimizer {name!r}: no gradient was given for any variable"
        raise ValueError(message(what, "The loss does not depend on the trainable variables.", None))
    warnings.warn(
        f"Optimizer {name!r}: no gradients for {', '.join(lacking)}: the loss does not depend on them", stacklevel=5
    )
    pairs = [(g, v) for g, v in zip(grads, variables, strict=True) if g is not None]
    return [g for g, _ in pairs], [v for _, v in pairs]


def as_tensors(grads: list[Any]) -> list[Any]:
    """Arrays, and what a framework has beside dense tensors, as tensors."""
    backend = current_backend()
    return [g if backend.is_tensor(g) else backend.convert(g) for g in grads]


def clipped(grads: list[Any], norm: float | None, value: float | None, global_norm: float | None) -> list[Any]:
    """Gradients of which none, no element, or not all together are longer than allowed."""
    if norm is not None:
        return [_shortened(g, sqrt(sum(square(g))), norm) for g in grads]
    if global_norm is not None:
        length = _length(grads)
        return [_shortened(g, length, global_norm) for g in grads]
    if value is not None:
        return [clip(g, -value, value) for g in grads]
    return grads


def _length(grads: list[Any]) -> Any:
    total: Any = None
    for gradient in grads:
        part = sum(square(cast(gradient, "float32") if dtype_of(gradient) in ("float16", "bfloat16") else gradient))
        total = part if total is None else add(total, part)
    return sqrt(total)


def _shortened(gradient: Any, length: Any, limit: float) -> Any:
    return multiply(gradient, cast(true_divide(limit, maximum(length, limit)), dtype_of(gradient)))
