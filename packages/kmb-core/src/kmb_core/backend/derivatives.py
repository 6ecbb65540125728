"""What derivatives ask of their arguments and of the functions that they call; the same on every backend."""

import inspect
from collections.abc import Callable
from typing import Any

from kmb_core import tree
from kmb_core.backend.forms import leaves_of, matched, outcome, shape_and_dtype
from kmb_core.dtypes import is_complex, is_float
from kmb_core.errors import DTypeError, StructureError, message


def check_directions(primals: Any, tangents: Any) -> None:
    """Raise for primals that are no sequence of floating tensors, and for tangents that do not go with them."""
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        what = f"ops.jvp: primals and tangents are tuples or lists, got {type(primals).__name__}"
        raise StructureError(message(f"{what} and {type(tangents).__name__}", None, "Write (x,) for one argument."))
    for primal in leaves_of(primals):
        dtype = shape_and_dtype(primal)[1]
        if not is_float(dtype) and not is_complex(dtype):
            raise DTypeError(f"ops.jvp: primals are floating tensors, got {dtype}")
    matched("ops.jvp", "the tangent", tuple(primals), tuple(tangents))


def value_and_aux(given: Any, has_aux: bool) -> tuple[Any, Any]:
    """What the function of a jvp gave."""
    if not has_aux:
        return outcome("ops.jvp", given), None
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        raise StructureError("ops.jvp: with has_aux the function gives (value, aux), got something else")
    return outcome("ops.jvp", given[0]), outcome("ops.jvp", given[1])


def result_and_gradient(given: Any) -> tuple[Any, Callable[..., Any]]:
    """What a function with a gradient of its own gave."""
    if not isinstance(given, (tuple, list)) or len(given) != 2 or not callable(given[1]):
        raise StructureError("ops.custom_gradient: the function gives (result, gradient function), got something else")
    return outcome("ops.custom_gradient", given[0]), given[1]


def gradients_of(gradient: Callable[..., Any], operands: Any, upstream: list[Any]) -> list[Any]:
    """One gradient for each tensor of the operands; None for those that the function gives none for."""
    if _wants_arguments(gradient):
        given = gradient(*operands, upstream=upstream[0] if len(upstream) == 1 else tuple(upstream))
    else:
        given = gradient(*upstream)
    tensors = leaves_of(operands)
    found = [given] if len(tensors) == 1 and not isinstance(given, (tuple, list, dict)) else tree.flatten(given)
    if len(found) != len(tensors):
        what = f"ops.custom_gradient: {len(found)} gradients for {len(tensors)} tensors"
        raise StructureError(message(what, None, "The gradient function gives one for each argument, None for none."))
    checked = (
        None if value is None else matched("ops.custom_gradient", "the gradient", tensor, value)[0]
        for tensor, value in zip(tensors, found, strict=True)
    )
    return list(checked)


def _wants_arguments(gradient: Callable[..., Any]) -> bool:
    """Whether a gradient function takes the arguments and `upstream`, rather than upstream gradients alone."""
    parameters = inspect.signature(gradient).parameters
    upstream = parameters.get("upstream")
    return upstream is not None and upstream.default is upstream.empty and len(parameters) > 1
