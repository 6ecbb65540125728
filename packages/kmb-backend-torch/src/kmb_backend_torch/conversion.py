"""Between torch's tensors and everything else: arrays, scalars, lists, and dtype names.

An array becomes a tensor without a copy where torch can look at its memory; a tensor becomes an array of its own,
because parameters change in place and an array that was read must not.
"""

from typing import Any

import numpy as np
import torch

from kmb_backend_torch.placement import placement
from kmb_core.backend.foreign import array_of, as_array, is_foreign
from kmb_core.dtypes import floatx, numpy_dtype, standardize_dtype
from kmb_core.errors import DTypeError, message

_PLAIN = (
    "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 bfloat16 float32 float64 complex64 complex128 "
    "float8_e4m3fn float8_e5m2"
)
NATIVE: dict[str, torch.dtype] = {name: getattr(torch, name) for name in _PLAIN.split()}
NAMES: dict[torch.dtype, str] = {dtype: name for name, dtype in NATIVE.items()}
FLOATS = tuple(NATIVE[name] for name in ("float16", "bfloat16", "float32", "float64"))
INTEGERS = tuple(NATIVE[name] for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"))

# NumPy has no such dtypes of its own; the bits cross over as integers of the same width.
AS_BITS = {
    "bfloat16": (np.int16, torch.bfloat16, torch.int16),
    "float8_e4m3fn": (np.uint8, torch.float8_e4m3fn, torch.uint8),
    "float8_e5m2": (np.uint8, torch.float8_e5m2, torch.uint8),
}


def native_dtype(dtype: str) -> torch.dtype:
    """torch's dtype for a canonical name, or for anything else that names a dtype.

    Raises:
        DTypeError: for "string", which torch has not.
    """
    try:
        return NATIVE[dtype]
    except (KeyError, TypeError):
        return _recognised(dtype)


def _recognised(dtype: object) -> torch.dtype:
    name = standardize_dtype(dtype)
    if name not in NATIVE:
        raise DTypeError(message(f"torch has no dtype {name!r}", None, "Turn strings into integers first."))
    return NATIVE[name]


def dtype_name(x: torch.Tensor) -> str:
    """The canonical name of a tensor's dtype."""
    return NAMES.get(x.dtype) or str(x.dtype).removeprefix("torch.")


def cast(x: torch.Tensor, dtype: str) -> torch.Tensor:
    """The tensor in another dtype; itself when it has that dtype."""
    return x.to(native_dtype(dtype))


def convert(x: Any, dtype: str | None = None) -> torch.Tensor:
    """A tensor from a tensor, an array, a scalar or nested lists of these; dtype None keeps x's.

    Tensors stay on their device; what is new goes to the current one.
    """
    if isinstance(x, torch.Tensor):
        return x if dtype is None else x.to(native_dtype(dtype))
    kind = x.__class__
    if kind is float or kind is int or kind is bool:
        return torch.tensor(x, dtype=native_dtype(dtype or _scalar_dtype(kind)), device=placement.device)
    if kind is not np.ndarray:
        if isinstance(x, (list, tuple)) and _holds_tensor(x):
            return torch.stack([convert(item, dtype) for item in x])
        weak = not hasattr(x, "dtype")
        x = array_of(x) if is_foreign(x) else as_array(x)
        if weak and dtype is None:
            dtype = {"f": floatx(), "i": "int32", "u": "int32"}.get(x.dtype.kind)
    return _from_array(x, dtype)


def _scalar_dtype(kind: type) -> str:
    if kind is float:
        return floatx()
    return "bool" if kind is bool else "int32"


def _holds_tensor(x: Any) -> bool:
    return any(_holds_tensor(item) if isinstance(item, (list, tuple)) else isinstance(item, torch.Tensor) for item in x)


def _from_array(x: np.ndarray, dtype: str | None) -> torch.Tensor:
    if torch.compiler.is_dynamo_compiling():  # to which arrays are tensors, that lack what is asked for below
        tensor = torch.as_tensor(x)
        return tensor.to(placement.device, None if dtype is None else native_dtype(dtype))
    kind = x.dtype.kind
    if kind in "OUSMm":
        what = f"cannot make a tensor of an array of dtype {x.dtype}"
        cause = "A ragged list gives dtype object; torch has no text or dates."
        raise DTypeError(message(what, cause, "Encode it as numbers first."))
    if x.dtype.isbuiltin == 2:  # registered by ml_dtypes: bfloat16 and the 8-bit floats
        bits, native, _ = AS_BITS[x.dtype.name]
        tensor = _shared(x.view(bits)).view(native)
    else:
        tensor = _shared(x)
    if dtype is None:
        return tensor.to(placement.device)
    return tensor.to(placement.device, native_dtype(dtype))


def _shared(x: np.ndarray) -> torch.Tensor:
    if not x.dtype.isnative:
        x = x.astype(x.dtype.newbyteorder("="))
    if not x.flags.writeable or any(stride < 0 for stride in x.strides):
        x = x.copy()  # torch refuses negative strides and warns of memory that must not be written to
    return torch.from_numpy(x)


def to_numpy(x: Any) -> np.ndarray:
    """The values on the host, in memory of their own."""
    if not isinstance(x, torch.Tensor):
        return np.asarray(x)
    if x.is_cpu:
        try:
            return x.detach().numpy().copy()
        except (RuntimeError, TypeError):
            pass  # conjugated, sparse, or of a dtype that NumPy lacks
    x = x.detach().resolve_conj().resolve_neg()
    if x.layout is not torch.strided:
        x = x.to_dense()
    if x.device.type == "cpu":
        x = x.clone()
    name = NAMES.get(x.dtype)
    if name in AS_BITS:
        return x.cpu().contiguous().view(AS_BITS[name][2]).numpy().view(numpy_dtype(name))
    return x.cpu().numpy()
