"""Numbers of categories as the layers give them out: as they are, one-hot, multi-hot, counted."""

from typing import Any

from kmb_core.backend import KerasTensor, current_backend
from kmb_core.errors import CapabilityError, message
from kmb_core.ops.arithmetic import multiply
from kmb_core.ops.creation import cast
from kmb_core.ops.manipulation import expand_dims, reshape, squeeze
from kmb_core.ops.nn.loss import one_hot
from kmb_core.ops.reduction import max as max_of
from kmb_core.ops.reduction import sum as sum_of

MODES = ("int", "one_hot", "multi_hot", "count")


def encoded(x: Any, mode: str, depth: int, dtype: str, weights: Any = None) -> Any:
    """Categories in an output mode.

    Args:
        x: integers of shape `(..., categories of a sample)`, or a scalar; what is not in [0, depth) gives zeros.
        mode: "int" leaves them; "one_hot" puts `depth` zeros and a one in the place of each; "multi_hot" and "count"
            join those of a sample.
        depth: how many categories there are.
        dtype: of the result.
        weights: for "count", of the shape of x: what each counts.

    Returns:
        "int": the shape of x. "one_hot": the same with `depth` behind it, or in the place of a last axis of 1.
        "multi_hot", "count": with `depth` in the place of the last axis.
    """
    if mode == "int":
        return cast(x, dtype)
    rank = len(x.shape)
    if rank == 0:
        x, rank = reshape(x, (1,)), 1
    if mode == "one_hot":
        return one_hot(squeeze(x, -1) if rank > 1 and x.shape[-1] == 1 else x, depth, dtype=dtype)
    each = one_hot(x, depth, dtype=dtype)
    if mode == "multi_hot":
        return max_of(each, axis=-2, initial=0)
    if weights is not None:
        each = multiply(each, expand_dims(cast(weights, dtype), -1))
    return sum_of(each, axis=-2)


def encoded_shape(shape: Any, mode: str, depth: int | None) -> tuple[int | None, ...]:
    """The shape that `encoded` gives."""
    shape = tuple(shape)
    if mode == "int":
        return shape
    if not shape:
        return (1, depth) if mode == "one_hot" else (depth,)
    if mode == "one_hot" and (len(shape) == 1 or shape[-1] != 1):
        return (*shape, depth)
    return (*shape[:-1], depth)


def as_sparse(x: Any, where: str) -> Any:
    """A tensor in the sparse form of the current backend.

    Raises:
        CapabilityError: where it has none.
    """
    if isinstance(x, KerasTensor):
        return KerasTensor(x.shape, x.dtype, sparse=True)
    backend = current_backend()
    kernel = backend.kernels.get("as_sparse")
    if kernel is None:
        what = f"{where}: sparse=True: the {backend.name} backend makes no sparse tensors"
        raise CapabilityError(message(what, None, "Leave it out: outputs are dense then."))
    return kernel(x)


def check_mode(where: str, mode: Any, allowed: tuple[str, ...], sparse: bool) -> None:
    """Refuse an unknown output mode, and `sparse` where there is nothing sparse.

    Raises:
        ValueError: for both.
    """
    if mode not in allowed:
        raise ValueError(f"{where}: output_mode is one of {', '.join(map(repr, allowed))}; got {mode!r}")
    if sparse and mode == "int":
        raise ValueError(f"{where}: sparse=True needs an output_mode other than 'int'")
