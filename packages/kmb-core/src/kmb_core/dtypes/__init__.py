"""Dtypes: their canonical names, promotion, and NumPy's dtypes for them."""

from kmb_core.dtypes.arrays import numpy_dtype
from kmb_core.dtypes.default import floatx, set_floatx
from kmb_core.dtypes.names import (
    COMPLEX_NAMES,
    FLOAT8_NAMES,
    FLOAT_NAMES,
    INTEGER_NAMES,
    NAMES,
    is_complex,
    is_float,
    is_integer,
    standardize_dtype,
)
from kmb_core.dtypes.promotion import result_type

__all__ = [
    "COMPLEX_NAMES",
    "FLOAT8_NAMES",
    "FLOAT_NAMES",
    "INTEGER_NAMES",
    "NAMES",
    "floatx",
    "is_complex",
    "is_float",
    "is_integer",
    "numpy_dtype",
    "result_type",
    "set_floatx",
    "standardize_dtype",
]
