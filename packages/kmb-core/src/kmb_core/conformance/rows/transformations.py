"""Rows of `ops.transformations`. Functions stand among the arguments; the oracles call none of them."""

from typing import Any

import numpy as np

from kmb_core import ops
from kmb_core.conformance.row import NUMBERS, Table, apart, numbers, positive
from kmb_core.conformance.rows.control_flow import PARTS, combined, halved
from kmb_core.plugins import Capability

TABLE = Table()

TABLE.add("vectorized_map", lambda f, x: x * 0.5 - 1.0, halved, numbers(4, 3), gradients=True)
TABLE.add("vectorized_map", lambda f, x: x * 0.5 - 1.0, halved, numbers(5))
TABLE.add("vectorized_map", lambda f, x: x * 0.5 - 1.0, halved, numbers(0, 2))
TABLE.add("vectorized_map", lambda f, x: x**2, ops.square, numbers(3, 2), dtypes=NUMBERS)
TABLE.add("vectorized_map", lambda f, x: (x[0] * x[1], x[0].sum(1)), combined, PARTS, gradients=True)


def _backwards(cumulate: Any) -> Any:
    return lambda f, x, axis=0, reverse=False: (
        np.flip(cumulate(np.flip(x, axis), axis), axis) if reverse else cumulate(x, axis)
    )


SUMS, LARGEST = _backwards(np.cumsum), _backwards(np.maximum.accumulate)
for options in ({}, {"reverse": True}, {"axis": 1}, {"axis": -1, "reverse": True}):
    TABLE.add("associative_scan", SUMS, ops.add, numbers(5, 4), dtypes=NUMBERS, gradients=True, **options)
    TABLE.add("associative_scan", LARGEST, ops.maximum, apart(3, 6), gradients=True, **options)
TABLE.add("associative_scan", SUMS, ops.add, numbers(0, 4))
TABLE.add("associative_scan", SUMS, ops.add, numbers(1, 4))


def affine(first: Any, second: Any) -> Any:
    """x → scale * x + offset, one after the other: associative, but not commutative."""
    (scale, offset), (next_scale, next_offset) = first, second
    return scale * next_scale, offset * next_scale + next_offset


def _affine(f: Any, elems: Any, reverse: bool = False) -> Any:
    scales, offsets = np.zeros(elems[0].shape), np.zeros(elems[0].shape)
    scale, offset = np.ones(elems[0].shape[1:]), np.zeros(elems[0].shape[1:])
    for place in range(len(scales))[:: -1 if reverse else 1]:
        scale, offset = scale * elems[0][place], offset * elems[0][place] + elems[1][place]
        scales[place], offsets[place] = scale, offset
    return scales, offsets


TABLE.add("associative_scan", _affine, affine, (numbers(7, 2), numbers(7, 2)), gradients=True)
TABLE.add("associative_scan", _affine, affine, (numbers(6, 2), numbers(6, 2)), gradients=True, reverse=True)


def logarithm_and_product(x: Any, y: Any) -> Any:
    """A function of two arguments with two results."""
    return ops.log(x) * y, ops.sum(x * y)


def _directions(f: Any, primals: Any, tangents: Any) -> Any:
    (x, y), (dx, dy) = primals, tangents
    return np.log(x) * y, (x * y).sum(), dx / x * y + np.log(x) * dy, (dx * y + x * dy).sum()


def with_aux(x: Any) -> Any:
    """A function that gives something beside its value."""
    return ops.square(x), ops.sign(x)


def _with_aux(f: Any, primals: Any, tangents: Any, has_aux: bool) -> Any:
    return primals[0] ** 2, 2 * primals[0] * tangents[0], np.sign(primals[0])


TWO = (positive(3), numbers(3)), (numbers(3), numbers(3))
NEEDS = {"needs": Capability.GRADIENTS}
TABLE.add("jvp", _directions, logarithm_and_product, *TWO, gradients=True, **NEEDS)
TABLE.add("jvp", _with_aux, with_aux, (positive(2, 2),), (numbers(2, 2),), has_aux=True, **NEEDS)
TABLE.add("jvp", lambda f, x, d: (x[0] ** 2, 2 * x[0] * d[0]), ops.square, [numbers(0, 2)], [numbers(0, 2)], **NEEDS)


def scaled(x: Any, y: Any) -> Any:
    """A product whose gradient is what it is."""

    def gradient(upstream: Any) -> Any:
        return upstream * y, upstream * x

    return x * y, gradient


def two_results(x: Any) -> Any:
    """A square and a cube; the gradient function takes the arguments too."""

    def gradient(x: Any, upstream: Any) -> Any:
        squares, cubes = upstream
        return ops.multiply(squares, 2.0) * x + ops.multiply(cubes, 3.0) * x * x

    return (x * x, x * x * x), gradient


TABLE.add("with_gradient", lambda f, x, y: x * y, scaled, numbers(2, 3), numbers(2, 3), gradients=True)
TABLE.add("with_gradient", lambda f, x: (x**2, x**3), two_results, numbers(4), gradients=True)
TABLE.add("with_gradient", lambda f, x: (x**2, x**3), two_results, numbers(0, 4))
