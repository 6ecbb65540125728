"""The weights that neighbours on a line have in a new element: formulas, for arrays and for tensors.

Each gives a matrix (new size, size). With known sizes and numbers it comes from NumPy, in float64 and once for all
calls of the same; where a size or a scale is a tensor it comes from ops, in the dtype that is asked for.
"""

import functools
import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from kmb_core.ops.arithmetic import absolute, maximum, minimum
from kmb_core.ops.comparison import where
from kmb_core.ops.creation import arange, cast
from kmb_core.ops.functions import exp
from kmb_core.ops.manipulation import expand_dims
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.ops.special_functions import sinc

Weights = Any  # a float64 array, or a tensor

TENSORS = SimpleNamespace(
    absolute=absolute, maximum=maximum, minimum=minimum, where=where, exp=exp, sinc=sinc, sum=sum_of
)
NEGLIGIBLE = 1e-4  # of a sum of weights that cannot be brought to 1


def triangle(xp: Any, distance: Any) -> Any:
    """Linear interpolation: from 1 at the element itself down to 0 at its neighbours."""
    return xp.maximum(1.0 - distance, 0.0)


def cubic(xp: Any, distance: Any) -> Any:
    """Keys' cubic convolution with a = -1/2.

    Source: R. Keys, "Cubic Convolution Interpolation for Digital Image Processing", 1981, equation 15.
    """
    near = (1.5 * distance - 2.5) * distance * distance + 1.0
    far = ((-0.5 * distance + 2.5) * distance - 4.0) * distance + 2.0
    return xp.where(distance < 1.0, near, xp.where(distance < 2.0, far, 0.0 * distance))


def lanczos(radius: float) -> Callable[[Any, Any], Any]:
    """A sinc under a wider one.

    Source: C. Duchon, "Lanczos Filtering in One and Two Dimensions", 1979.
    """

    def kernel(xp: Any, distance: Any) -> Any:
        inside = xp.sinc(distance) * xp.sinc(distance / radius)
        return xp.where(distance < radius, inside, 0.0 * distance)

    return kernel


KERNELS: dict[str, Callable[[Any, Any], Any]] = {
    "bilinear": triangle,
    "bicubic": cubic,
    "lanczos3": lanczos(3.0),
    "lanczos5": lanczos(5.0),
}


def _resampling(xp: Any, new: Any, old: Any, size: Any, scale: Any, translation: Any, method: str, smooth: bool) -> Any:
    """An element's centre lies at its number and a half; `old * scale + translation` is the new place."""
    place = (new + 0.5 - translation) / scale - 0.5
    width = xp.maximum(1.0 / scale, 1.0) if smooth else 1.0
    values = KERNELS[method](xp, xp.absolute(place - old) / width)
    total = xp.sum(values, -1, keepdims=True)
    usable = (place >= -0.5) & (place <= size - 0.5) & (xp.absolute(total) > NEGLIGIBLE)
    return xp.where(usable, values / xp.where(usable, total, 1.0 + 0.0 * total), 0.0 * values)


def _area(xp: Any, new: Any, old: Any, ratio: Any) -> Any:
    """How much of an old element lies in the span of the new one."""
    overlap = xp.minimum(old + 1.0, (new + 1.0) * ratio) - xp.maximum(old, new * ratio)
    return xp.maximum(overlap, 0.0) / ratio


def _gaussian(xp: Any, new: Any, old: Any, width: int, sigma: float, before: int) -> Any:
    """A window of `width` elements that starts `before` elements in front of the new one; together they weigh 1."""
    total = sum(_bell(width, sigma))
    offset = old - new + (before - (width - 1) / 2)
    inside = xp.absolute(offset) < width / 2
    return xp.where(inside, xp.exp((offset / sigma) * (offset / sigma) * -0.5), 0.0 * offset) / total


def _bell(width: int, sigma: float) -> list[float]:
    return [math.exp(-((((place - (width - 1) / 2) / sigma) ** 2) / 2)) for place in range(width)]


def bell(width: int, sigma: float) -> list[float]:
    """The Gaussian weights of a window, of sum 1."""
    values = _bell(width, sigma)
    return [value / sum(values) for value in values]


def resampling(new: int, size: Any, scale: Any, translation: Any, method: str, antialias: bool, dtype: str) -> Weights:
    """Interpolation by a kernel; 0 for what lies outside. `antialias` widens the kernel where the line is shortened.

    `scale` and `translation` are numbers or scalar tensors.
    """
    return _made(_resampling, new, size, dtype, scale, translation, method, antialias, with_size=True)


def area(new: int, size: Any, dtype: str) -> Weights:
    """The mean over the span of each new element."""
    return _made(_area, new, size, dtype, _ratio(size, new, dtype))


def gaussian(new: Any, size: Any, width: int, sigma: float, before: int, dtype: str) -> Weights:
    """A smooth mean over a window; what lies outside counts as 0."""
    return _made(_gaussian, new, size, dtype, width, sigma, before)


def scale_of(new: int, size: Any, dtype: str) -> Any:
    """By which factor a line gets longer, as a number or a scalar tensor."""
    return new / size if isinstance(size, int) else float(new) / cast(size, dtype)


def _ratio(size: Any, new: int, dtype: str) -> Any:
    return size / new if isinstance(size, int) else cast(size, dtype) / float(new)


def _made(formula: Any, new: Any, size: Any, dtype: str, *parameters: Any, with_size: bool = False) -> Weights:
    if all(isinstance(number, (int, float, str)) for number in (new, size, *parameters)):
        return _array(formula, new, size, *parameters, with_size=with_size)
    rows, columns = (cast(arange(count, dtype="int32"), dtype) for count in (new, size))
    known = (cast(size, dtype),) if with_size else ()
    return formula(TENSORS, expand_dims(rows, 1), expand_dims(columns, 0), *known, *parameters)


@functools.lru_cache(maxsize=64)
def _array(formula: Any, new: int, size: int, *parameters: Any, with_size: bool) -> np.ndarray:
    known = (size,) if with_size else ()
    rows, columns = np.arange(new, dtype="float64")[:, None], np.arange(size, dtype="float64")[None]
    with np.errstate(all="ignore"):  # an empty line has no scale
        return formula(np, rows, columns, *known, *parameters)
