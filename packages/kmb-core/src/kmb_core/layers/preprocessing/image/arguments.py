"""What layers for images are made with: ranges to draw from, and the range of a pixel's values."""

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any


def number_range(name: str, value: Any, default_low: float | None, bounds: tuple[float, float], where: str) -> Any:
    """Lowest and highest number of what is drawn.

    Args:
        name: the argument's name.
        value: one number, the highest; or two.
        default_low: the lowest for one number; None for the same below zero.
        bounds: what one number may be; two have to reach into it.
        where: which layer.

    Returns:
        Two numbers, the smaller one first.

    Raises:
        ValueError: for anything else.

    Example:
        >>> from kmb_core.layers.preprocessing.image.arguments import number_range
        >>> number_range("factor", 0.3, 0, (0, 1), "RandomContrast"), number_range("factor", [1, 0.5], 0, (0, 1), "")
        ((0, 0.3), (0.5, 1))
    """
    if is_number(value) and bounds[0] <= value <= bounds[1]:
        return (-abs(value), abs(value)) if default_low is None else (default_low, value)
    if is_pair(value):
        low, high = sorted(value)
        if low <= bounds[1] and high >= bounds[0]:
            return low, high
    one = f"a number from {bounds[0]:g} to {bounds[1]:g}"
    raise ValueError(f"{where}: {name} is {one}, or two numbers to draw between; got {value!r}")


def bounded_range(name: str, value: Any, low: float, bounds: tuple[float, float], where: str) -> Any:
    """The same, where two numbers have to keep within the bounds as well."""
    found = number_range(name, value, low, bounds, where)
    if not bounds[0] <= found[0] <= found[1] <= bounds[1]:
        raise ValueError(f"{where}: {name} is from {bounds[0]:g} to {bounds[1]:g}, both of two numbers; got {value!r}")
    return found


def pixel_range(value: Any, where: str) -> list[float]:
    """The lowest and the highest value of a pixel.

    Args:
        value: two numbers.
        where: which layer.

    Returns:
        The two numbers, the smaller one first.

    Raises:
        ValueError: for anything else.
    """
    if not is_pair(value) or value[0] == value[1]:
        raise ValueError(f"{where}: value_range is the lowest and the highest value of a pixel, got {value!r}")
    return sorted(value)


def is_number(value: Any) -> bool:
    """Whether it is a finite number, and no bool."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def is_pair(value: Any) -> bool:
    """Whether it is two finite numbers."""
    return isinstance(value, Sequence) and len(value) == 2 and all(map(is_number, value))
