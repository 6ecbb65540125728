"""Signs, neighbours and exponents: NumPy's."""

import numpy as np

nextafter = np.nextafter


def signbit(x: np.ndarray) -> np.ndarray:
    """Where the sign is negative; never for booleans."""
    return np.zeros(x.shape, bool) if x.dtype == bool else np.signbit(x)


def ldexp(x1: np.ndarray, x2: np.ndarray) -> np.ndarray:
    """`x1 * 2**x2`, in the dtype of x1."""
    if x2.dtype.kind not in "iu":
        raise TypeError("ldexp: exponents are integers")
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(x1, x2.astype(np.int32))
