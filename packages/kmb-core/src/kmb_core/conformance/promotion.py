"""Promotion: what an op makes of two tensors of different dtypes is what the core's table says."""

import itertools
import random
from inspect import Parameter
from typing import Any

import numpy as np

from kmb_core.backend import KerasTensor, SymbolicScope, current_backend
from kmb_core.conformance.checks import assert_close
from kmb_core.conformance.row import flat
from kmb_core.dtypes import is_float, numpy_dtype, result_type
from kmb_core.errors import DTypeError
from kmb_core.ops.declaration import OPS, Op

DTYPES: tuple[Any, ...] = (
    "bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64",
    "float16", "bfloat16", "float32", "float64", bool, int, float,
)  # fmt: skip
WIDE = {"int64": "int32", "uint64": "uint32", "float64": "float32"}  # each with what the table makes of it
VALUES = np.array([1, 2, 3])
MATRIX = np.array([[4, 1, 0], [1, 3, 1], [0, 1, 2]])
# Ops that take matrices: which of their tensors is one. As truth values it can be inverted too.
MATRICES = {"solve": (0,), "solve_triangular": (0,), "lstsq": (0,), "cdist": (0, 1)}
# Ops with two promoting tensors to which neither means anything, that need more arguments, or (polar) give complex
# numbers, which are exact to 32 bits whatever halves they are computed from.
OTHERS = {
    "linspace", "conv", "conv_transpose", "depthwise_conv", "tensordot", "binary_crossentropy",
    "categorical_crossentropy", "psnr", "ssim", "dense", "polar",
}  # fmt: skip
NO_SCALARS = {
    "matmul",
    "vdot",
    "correlate",
    "cross",
    "digitize",
    "searchsorted",
    *MATRICES,
}


def binary_ops() -> list[str]:
    """Ops that promote exactly two tensors, both of them needed."""
    return sorted(name for name, op in OPS.items() if name not in OTHERS and _is_binary(op))


def _is_binary(op: Op) -> bool:
    if op.family.startswith("random"):
        return False
    needed = [t for t in op.tensors if t.default is Parameter.empty]
    return len(needed) == 2 and all(t.role is not None and t.role.promotes and not t.nested for t in needed)


def pairs(op: str, fraction: float) -> list[tuple[Any, Any]]:
    """A sample of the pairs of dtypes, the same in each run; two Python scalars are no pair."""
    fewest = 2 if op in NO_SCALARS else 1
    every = [pair for pair in itertools.product(DTYPES, DTYPES) if sum(isinstance(d, str) for d in pair) >= fewest]
    count = max(1, min(len(every), round(len(every) * fraction)))
    return random.Random(op).sample(every, count)


def check_pair(op: str, left: Any, right: Any) -> None:
    """Eagerly the dtype that the declaration infers from the table's, and the values of that dtype."""
    given = [_argument(op, place, dtype) for place, dtype in enumerate((left, right))]
    symbolic = [KerasTensor(x.shape, d) if isinstance(d, str) else x for x, d in zip(given, (left, right), strict=True)]
    backend = current_backend()
    tensors = [backend.convert(x, d) if isinstance(d, str) else x for x, d in zip(given, (left, right), strict=True)]
    try:
        with SymbolicScope():
            declared = flat(OPS[op].function(*symbolic))[0].dtype
    except DTypeError:
        _refused(op, tensors)
        return
    output = flat(OPS[op].function(*tensors))[0]
    assert backend.dtype_name(output) == declared, f"{backend.dtype_name(output)}, the table says {declared}"
    common = _common(op, left, right)
    wide = [backend.convert(np.asarray(x).astype(numpy_dtype(common)), common) for x in given]
    # the same call with both tensors in the promoted dtype
    same = backend.to_numpy(flat(OPS[op].function(*wide))[0])
    tolerance = 1e-6 if declared not in ("float16", "bfloat16") else 1e-2
    assert_close(backend.to_numpy(output), same.astype("float64") if is_float(declared) else same, tolerance)


def _argument(op: str, place: int, dtype: Any) -> Any:
    if dtype is bool:
        return True
    if not isinstance(dtype, str):
        return dtype(2)
    return (MATRIX if place in MATRICES.get(op, ()) else VALUES).astype(numpy_dtype(dtype))


def described(op: str, left: Any, right: Any) -> str:
    """The call, for a complaint."""
    return f"{op}({_name(left)}, {_name(right)})"


def _name(dtype: Any) -> str:
    return dtype if isinstance(dtype, str) else f"Python {dtype.__name__}"


def _common(op: str, left: Any, right: Any) -> str:
    """The table's dtype, widened as the declared roles ask."""
    roles = [t.role for t in OPS[op].tensors if t.role is not None]
    dtype = result_type(left, right)
    kept = {"bool" if d is bool else d for d in (left, right) if isinstance(d, str) or d is bool}
    if len(kept) == 1 and WIDE.get(*kept) == dtype:  # where all tensors are wide, they stay so
        (dtype,) = kept
    if any(role.to_float for role in roles) and not is_float(dtype):
        return result_type(dtype, float)
    return "int32" if dtype == "bool" and any(role.to_number for role in roles) else dtype


def _refused(op: str, tensors: list[Any]) -> None:
    try:
        OPS[op].function(*tensors)
    except DTypeError:
        return
    raise AssertionError("the declaration refuses it, the backend computes it")
