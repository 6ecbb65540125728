"""From dtype names to NumPy dtypes.

NumPy has no bfloat16 or 8-bit float of its own; ml_dtypes adds them, and is imported when first needed.
"""

from functools import cache

import numpy as np

from kmb_core.dtypes.names import FLOAT8_NAMES, standardize_dtype


def numpy_dtype(dtype: object) -> np.dtype:
    """Return the NumPy dtype of a canonical name, or of anything `standardize_dtype` takes.

    "string" gives NumPy's unsized text dtype, which takes the length of the data.

    Example:
        >>> numpy_dtype("bfloat16").itemsize, numpy_dtype("float32").itemsize
        (2, 4)
    """
    return _numpy_dtype(standardize_dtype(dtype))


@cache
def _numpy_dtype(name: str) -> np.dtype:
    if name == "bfloat16" or name in FLOAT8_NAMES:
        import ml_dtypes

        return np.dtype(getattr(ml_dtypes, name))
    return np.dtype("str" if name == "string" else name)
