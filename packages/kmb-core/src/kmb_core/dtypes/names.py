"""Canonical dtype names: plain strings, such as "float32".

Names are recognised in whatever a framework calls a dtype without importing or knowing the framework: a NumPy dtype or
scalar type through NumPy, an object that carries a NumPy dtype by that, any other dtype object by its `name` or by the
end of its `str`. Everything recognised is kept in one dict, so that the next look-up is one subscript
(`np.dtype.name` is a slow property: 24 % of an eager NumPy call in Keras). Not kept are: what follows `floatx`;
dtypes of text, of which NumPy has one for every length; dtypes that hash and compare like small integers.
"""

from collections.abc import Hashable

import numpy as np

from kmb_core.dtypes import default
from kmb_core.errors import DTypeError, message

FLOAT8_NAMES = ("float8_e4m3fn", "float8_e5m2")
FLOAT_NAMES = (*FLOAT8_NAMES, "float16", "bfloat16", "float32", "float64")
INTEGER_NAMES = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
COMPLEX_NAMES = ("complex64", "complex128")
NAMES = ("bool", *INTEGER_NAMES, *FLOAT_NAMES, *COMPLEX_NAMES, "string")

_recognised: dict[Hashable, str] = {name: name for name in NAMES}
_recognised |= {bool: "bool", int: "int32", "int": "int32", complex: "complex64", str: "string", bytes: "string"}


def standardize_dtype(dtype: object) -> str:
    """Return the canonical name of a dtype.

    Args:
        dtype: a name, a Python type (`int` is "int32", `float` is `floatx`), a dtype of NumPy, ml_dtypes, torch,
            JAX or TensorFlow, or None for `floatx`.

    Returns:
        One of `dtypes.NAMES`.

    Raises:
        DTypeError: where the dtype is none of these.

    Example:
        >>> import numpy as np
        >>> standardize_dtype(np.dtype("uint8")), standardize_dtype(int)
        ('uint8', 'int32')
    """
    try:
        return _recognised[dtype]
    except (KeyError, TypeError):  # TypeError: an unhashable argument, which is no dtype either
        return _recognise(dtype)


def _recognise(dtype: object) -> str:
    # `is str` first: np.dtype("float64") == "float" is true
    if dtype is None or dtype is float or (type(dtype) is str and dtype == "float"):
        return default.floatx()
    name = _name_of(dtype)
    if name not in NAMES:
        raise DTypeError(_unknown(dtype))
    if name != "string" and not _equals_an_integer(dtype):
        _recognised[dtype] = name
    return name


def _name_of(dtype: object) -> str | None:
    if isinstance(dtype, np.dtype):
        return "string" if dtype.kind in "UST" else dtype.name
    if isinstance(dtype, type) and issubclass(dtype, np.generic):
        return _name_of(np.dtype(dtype))
    carried = getattr(dtype, "dtype", None)
    if callable(dtype) and isinstance(carried, np.dtype):  # jax.numpy.float32; an array is not callable
        return carried.name
    if type(dtype).__name__.lower() != "dtype":  # a framework's own dtype objects, whatever the framework
        return None
    name = getattr(dtype, "name", None)
    return name if isinstance(name, str) else str(dtype).rpartition(".")[2]


def _equals_an_integer(dtype: object) -> bool:
    """Tell whether a dtype hashes and compares like a number, for which it would answer if it were kept."""
    return bool(dtype == hash(dtype))


def _unknown(dtype: object) -> str:
    return message(
        f"Unknown dtype: expected a dtype or its name, got {dtype!r:.60} of type {type(dtype).__name__}.",
        remedy=f"Use one of {', '.join(NAMES)}.",
    )


def is_float(dtype: object) -> bool:
    """Tell whether a dtype is a floating one, of any width.

    Example:
        >>> is_float("bfloat16"), is_float("int8"), is_float("complex64")
        (True, False, False)
    """
    return standardize_dtype(dtype) in FLOAT_NAMES


def is_integer(dtype: object) -> bool:
    """Tell whether a dtype is a signed or unsigned integer; "bool" is not.

    Example:
        >>> is_integer("uint8"), is_integer("bool")
        (True, False)
    """
    return standardize_dtype(dtype) in INTEGER_NAMES


def is_complex(dtype: object) -> bool:
    """Tell whether a dtype is complex.

    Example:
        >>> is_complex("complex64"), is_complex("float64")
        (True, False)
    """
    return standardize_dtype(dtype) in COMPLEX_NAMES
