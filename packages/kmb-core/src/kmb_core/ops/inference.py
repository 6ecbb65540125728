"""Inference: what shape and dtype an op gives, by running its declared body on symbolic tensors.

Promotion happens here once for eager and symbolic calls alike: a body gets tensors that share the promoted dtype.
"""

import inspect
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from kmb_core import tree
from kmb_core.backend.foreign import as_array
from kmb_core.backend.keras_tensor import KerasTensor
from kmb_core.backend.scopes import SymbolicScope
from kmb_core.backend.variable import Variable
from kmb_core.dtypes import is_complex, is_float, result_type, standardize_dtype
from kmb_core.errors import DTypeError
from kmb_core.ops.complaints import in_its_name

if TYPE_CHECKING:
    from kmb_core.ops.declaration import Op

SCALARS = (int, float, complex)  # weak types of promotion; bool is an int to isinstance, but not weak


def infer(op: "Op", arguments: dict[str, Any]) -> Any:
    """The KerasTensors that a call gives, from those in `arguments` (or from anything with shape and dtype)."""
    given = dict(arguments)
    try:
        return _inferred(op, arguments)
    except Exception as error:
        complaint = in_its_name(op, given, error)
        if complaint is error:
            raise
        raise complaint from None


def _inferred(op: "Op", arguments: dict[str, Any]) -> Any:
    slots = []
    for parameter in op.tensors:
        value = arguments.get(parameter.name)
        if parameter.nested and isinstance(value, (list, tuple)):
            arguments[parameter.name] = value = list(value)
        slots += [(parameter.name, i, parameter.role, v) for i, v in items(parameter.nested, value)]
    dtypes = [_symbolic_dtype(v) for _, _, role, v in slots if role.promotes]
    target = promoted(tuple(dtypes), *widening(slots)) if dtypes else None
    for name, index, role, value in slots:
        abstract = _abstract(value, target if role.promotes else None)
        if index is None:
            arguments[name] = abstract
        else:
            arguments[name][index] = abstract
    for parameter in op.structures:
        if parameter.name in arguments:
            arguments[parameter.name] = tree.map_structure(_abstract_leaf, arguments[parameter.name])
    bound = inspect.BoundArguments(op.signature, arguments)  # type: ignore[arg-type]  # any mapping does
    with SymbolicScope():
        outputs = op.body(*bound.args, **bound.kwargs)
    if isinstance(outputs, KerasTensor) and any(outputs is value for value in arguments.values()):
        return KerasTensor.like(outputs.shape, outputs.dtype)  # an input has its own place in the graph
    return outputs


def _symbolic_dtype(value: Any) -> Any:
    if value.__class__ in SCALARS:
        return value.__class__
    if isinstance(value, (KerasTensor, Variable)):
        return value.dtype
    if hasattr(value, "dtype"):
        return standardize_dtype(value.dtype)
    return weak_dtype(value)


def weak_dtype(value: Any) -> Any:
    """What a structure of Python numbers counts as beside tensors: a number of its widest class."""
    weak = {"f": float, "i": int, "u": int, "c": complex, "b": "bool"}.get(kind_of(value))
    return weak or standardize_dtype(as_array(value).dtype)


def _abstract(value: Any, dtype: str | None) -> KerasTensor:
    if isinstance(value, KerasTensor):
        return value if dtype in (None, value.dtype) else KerasTensor.like(value.shape, dtype)  # type: ignore[arg-type]  # not None
    shape = getattr(value, "shape", None)
    if shape is None:
        array = as_array(value)
        return KerasTensor.like(array.shape, dtype or default_dtype(value) or standardize_dtype(array.dtype))
    return KerasTensor.like(tuple(shape), dtype or standardize_dtype(value.dtype))


def _abstract_leaf(leaf: Any) -> KerasTensor | None:
    return None if leaf is None else _abstract(leaf, None)


def items(nested: bool, value: Any) -> list[tuple[int | None, Any]]:
    """The tensors of one argument with their places in it."""
    if value is None:
        return []
    if nested and isinstance(value, list):
        return list(enumerate(value))
    return [(None, value)]


def widening(slots: Iterable[Any]) -> tuple[bool, bool]:
    """Whether the roles among the slots ask for floats, and for numbers."""
    roles = [role for _, _, role, _ in slots]
    return any(role.to_float for role in roles), any(role.to_number for role in roles)


def promoted(dtypes: tuple[Any, ...], to_float: bool, to_number: bool = False) -> str:
    """The dtype that arguments are brought to; Python scalars come as their types.

    Where all tensors share one dtype and the scalars fit it, that dtype stays, 64 bits wide or not: the quick way
    through the dispatcher, which takes the same arguments as they are, gives the same.
    """
    if "string" in dtypes:
        raise DTypeError("expected numbers, got strings")
    sized = {dtype for dtype in dtypes if isinstance(dtype, str)}
    dtype = sized.pop() if len(sized) == 1 else result_type(*dtypes)
    if sized or not _holds(dtype, dtypes):
        dtype = result_type(*dtypes)
    if to_float and not is_float(dtype) and not is_complex(dtype):
        return result_type(dtype, float)
    return "int32" if to_number and dtype == "bool" else dtype


def _holds(dtype: str, dtypes: tuple[Any, ...]) -> bool:
    """Whether Python scalars of these types need no other kind of dtype."""
    if complex in dtypes:
        return is_complex(dtype)
    if float in dtypes:
        return is_float(dtype) or is_complex(dtype)
    return int not in dtypes or dtype != "bool"


def default_dtype(value: Any) -> str | None:
    """The dtype of what has none: Python numbers and lists become int32 or floatx, never 64 bits wide."""
    if isinstance(value, np.ndarray) or hasattr(value, "dtype"):  # a compiler may say no to the second of an array
        return None
    return {"i": "int32", "u": "int32", "f": standardize_dtype(None)}.get(kind_of(value))


def kind_of(value: Any) -> str:
    """The kind of NumPy's dtype for it; of a number or a row of them without an array, which some compilers lack."""
    row = value if isinstance(value, (list, tuple)) and value else (value,)
    if not all(isinstance(x, (bool, int, float)) for x in row):
        return as_array(value).dtype.kind
    if any(isinstance(x, float) for x in row):
        return "f"
    return "b" if all(isinstance(x, bool) for x in row) else "i"
