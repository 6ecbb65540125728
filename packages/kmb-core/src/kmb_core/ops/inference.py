"""Inference: what shape and dtype an op gives, by running its declared body on symbolic tensors.

Promotion happens here once for eager and symbolic calls alike: a body gets tensors that share the promoted dtype.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from kmb_core.backend.keras_tensor import KerasTensor
from kmb_core.backend.scopes import SymbolicScope
from kmb_core.backend.variable import Variable
from kmb_core.dtypes import is_complex, is_float, result_type, standardize_dtype

if TYPE_CHECKING:
    from kmb_core.ops.declaration import Op

SCALARS = (int, float, complex)  # weak types of promotion; bool is an int to isinstance, but not weak


def infer(op: "Op", arguments: dict[str, Any]) -> Any:
    """The KerasTensors that a call gives, worked out from those in `arguments` (or from anything with shape and dtype)."""
    slots = []
    for parameter in op.tensors:
        value = arguments.get(parameter.name)
        if parameter.nested and isinstance(value, (list, tuple)):
            arguments[parameter.name] = value = list(value)
        slots += [(parameter.name, i, parameter.role, v) for i, v in items(parameter.nested, value)]
    dtypes = [_symbolic_dtype(v) for _, _, role, v in slots if role.promotes]
    target = promoted(tuple(dtypes), any(role.to_float for _, _, role, _ in slots)) if dtypes else None
    for name, index, role, value in slots:
        abstract = _abstract(value, target if role.promotes else None)
        if index is None:
            arguments[name] = abstract
        else:
            arguments[name][index] = abstract
    with SymbolicScope():
        return op.body(**arguments)


def _symbolic_dtype(value: Any) -> Any:
    if value.__class__ in SCALARS:
        return value.__class__
    if isinstance(value, (KerasTensor, Variable)):
        return value.dtype
    if hasattr(value, "dtype"):
        return standardize_dtype(value.dtype)
    array = np.asarray(value)
    return {"f": float, "i": int, "u": int}.get(array.dtype.kind) or standardize_dtype(array.dtype)


def _abstract(value: Any, dtype: str | None) -> KerasTensor:
    if isinstance(value, KerasTensor):
        return value if dtype in (None, value.dtype) else KerasTensor.like(value.shape, dtype)  # type: ignore[arg-type]  # not None
    shape = getattr(value, "shape", None)
    if shape is None:
        array = np.asarray(value)
        return KerasTensor.like(array.shape, dtype or default_dtype(value) or standardize_dtype(array.dtype))
    return KerasTensor.like(tuple(shape), dtype or standardize_dtype(value.dtype))


def items(nested: bool, value: Any) -> list[tuple[int | None, Any]]:
    if value is None:
        return []
    if nested and isinstance(value, list):
        return list(enumerate(value))
    return [(None, value)]


def promoted(dtypes: tuple[Any, ...], to_float: bool) -> str:
    dtype = result_type(*dtypes)
    if to_float and not is_float(dtype) and not is_complex(dtype):
        return result_type(dtype, float)
    return dtype


def default_dtype(value: Any) -> str | None:
    """The dtype of what has none: Python numbers and lists become int32 or floatx, never 64 bits wide."""
    if hasattr(value, "dtype"):
        return None
    kind = np.asarray(value).dtype.kind
    return {"i": "int32", "u": "int32", "f": standardize_dtype(None)}.get(kind)
