"""Elementary functions: NumPy's universal functions, and the error functions that it lacks."""

import math

import numpy as np

sqrt = np.sqrt
exp = np.exp
expm1 = np.expm1
log = np.log
log1p = np.log1p
log2 = np.log2
log10 = np.log10
sin = np.sin
cos = np.cos
tan = np.tan
arcsin = np.arcsin
arccos = np.arccos
arctan = np.arctan
sinh = np.sinh
cosh = np.cosh
tanh = np.tanh
arcsinh = np.arcsinh
arccosh = np.arccosh
arctanh = np.arctanh
arctan2 = np.arctan2
logaddexp = np.logaddexp


def rsqrt(x: np.ndarray) -> np.ndarray:
    """The reciprocal of the square root, in the dtype of x."""
    return np.reciprocal(np.sqrt(x))


_erf = np.frompyfunc(math.erf, 1, 1)


def erf(x: np.ndarray) -> np.ndarray:
    """The C library's function, element by element: exact, 0.1 µs an element. NumPy has none."""
    return np.asarray(_erf(np.asarray(x, dtype=np.float64)), dtype=x.dtype)


_erfc = np.frompyfunc(math.erfc, 1, 1)


def erfc(x: np.ndarray) -> np.ndarray:
    """The C library's function."""
    return np.asarray(_erfc(np.asarray(x, dtype=np.float64)), dtype=x.dtype)


def erfinv(x: np.ndarray) -> np.ndarray:
    """Giles' approximation ("Approximating the erfinv function", 2010) in float64, then two steps of Newton's method.

    Near ±1 a step solves 1 - erf = erfc for the small difference, where erf has no digits left.
    """
    wide = np.asarray(x, dtype=np.float64)
    with np.errstate(all="ignore"):
        start = _giles(wide)
        inside = np.isfinite(start)
        y = np.where(inside, start, 0.0)
        for _ in range(2):
            y = y - _excess(y, wide) * (math.sqrt(math.pi) / 2) * np.exp(y * y)
        y = np.where(inside, y, np.sign(wide) * np.inf)
    return np.where(np.abs(wide) > 1, np.nan, y).astype(x.dtype)


def _excess(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """erf(y) - x, by way of erfc of |y|: `1 - |x|` is exact near one."""
    tail = np.asarray(_erfc(np.abs(y)), dtype=np.float64)
    return np.where(y < 0, -1.0, 1.0) * ((1 - np.sign(y) * x) - tail)


_CENTRE = (
    2.81022636e-08,
    3.43273939e-07,
    -3.5233877e-06,
    -4.39150654e-06,
    2.1858087e-04,
    -1.25372503e-03,
    -4.17768164e-03,
    2.46640727e-01,
    1.50140941,
)
_TAIL = (
    -2.00214257e-04,
    1.00950558e-04,
    1.34934322e-03,
    -3.67342844e-03,
    5.73950773e-03,
    -7.6224613e-03,
    9.43887047e-03,
    1.00167406,
    2.83297682,
)


def _giles(x: np.ndarray) -> np.ndarray:
    w = -np.log((1 - x) * (1 + x))
    return np.where(w < 5, np.polyval(_CENTRE, w - 2.5), np.polyval(_TAIL, np.sqrt(w) - 3)) * x
