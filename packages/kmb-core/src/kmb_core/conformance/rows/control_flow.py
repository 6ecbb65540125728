"""Rows of `ops.control_flow`. Functions stand among the arguments; the oracles call none of them."""

from typing import Any

import numpy as np

from kmb_core import ops
from kmb_core.backend import dtype_of
from kmb_core.conformance.row import FLOATS, NUMBERS, Table, fixed, integers, numbers

TABLE = Table()


def seven() -> Any:
    """A branch that reads nothing."""
    return ops.full((2,), 7.0)


def pair() -> Any:
    """A branch with a structure."""
    return ops.ones((2,)), (ops.full((), 3, "int32"), ops.zeros((1, 2)))


def other_pair() -> Any:
    """Another of the same form."""
    return ops.zeros((2,)), (ops.full((), 5, "int32"), ops.ones((1, 2)))


FIRST, SECOND = (np.ones(2), np.int32(3), np.zeros((1, 2))), (np.zeros(2), np.int32(5), np.ones((1, 2)))
ONLY = {"dtypes": ("float32",)}

TABLE.add("cond", lambda p, yes, no: FIRST if p else SECOND, fixed(True, "bool"), pair, other_pair, **ONLY)
TABLE.add("cond", lambda p, yes, no: FIRST if p else SECOND, fixed(False, "bool"), pair, other_pair, **ONLY)
TABLE.add("cond", lambda p, yes, no: np.full(2, 7.0), fixed(1, "int32"), seven, seven, **ONLY)
TABLE.add("cond", lambda p, yes, no: np.full(2, 7.0), True, seven, seven, **ONLY)


def product_and_sum(x: Any, y: Any) -> Any:
    """A branch of two operands."""
    return ops.multiply(x, y), ops.add(x, y)


def sum_and_product(x: Any, y: Any) -> Any:
    """The same the other way round."""
    return ops.add(x, y), ops.multiply(x, y)


def _switched(index: Any, branches: Any, x: Any, y: Any) -> Any:
    return (x * y, x + y) if index <= 0 else (x + y, x * y)


BOTH = [product_and_sum, sum_and_product]
for index in (0, 1, -3, 9):
    operands = (numbers(2, 3), numbers(2, 3))
    TABLE.add("switch", _switched, fixed(index, "int32"), BOTH, *operands, dtypes=NUMBERS, gradients=True)
TABLE.add("switch", _switched, 1, BOTH, numbers(0, 3), numbers(0, 3))
TABLE.add("switch", lambda i, b, x: np.abs(x), integers(low=1, high=2), [ops.square, ops.abs], numbers(4))
TABLE.add("switch", lambda i, b, x: x[0] - x[1], 0, [lambda x: x[0] - x[1]], (numbers(3), numbers(3)), gradients=True)


def below_five(count: Any, x: Any) -> Any:
    """The condition of a loop of five rounds."""
    return count < 5


def squeezed(count: Any, x: Any) -> Any:
    """A round."""
    return count + 1, ops.add(ops.sin(x), 0.5)


def _squeezed(x: np.ndarray, rounds: int) -> np.ndarray:
    for _ in range(rounds):
        x = np.sin(x) + 0.5
    return x


def _loop(limit: int | None, start: int = 0) -> Any:
    rounds = max(0, 5 - start) if limit is None else min(max(0, 5 - start), limit)
    return lambda cond, body, loop_vars, **options: (np.int32(start + rounds), _squeezed(loop_vars[1], rounds))


for limit in (3, 9, 0):
    given = (fixed(0, "int32"), numbers(2, 3))
    TABLE.add("while_loop", _loop(limit), below_five, squeezed, given, maximum_iterations=limit, gradients=True)
TABLE.add("while_loop", _loop(None), below_five, squeezed, [fixed(0, "int32"), numbers(2, 3)])
TABLE.add("while_loop", _loop(None, 7), below_five, squeezed, (fixed(7, "int32"), numbers(2, 3)))
TABLE.add("while_loop", _loop(None), below_five, squeezed, (fixed(0, "int32"), numbers(0, 3)))


def small(x: Any) -> Any:
    """The condition of a loop over one variable."""
    return ops.sum(x) < 100


def doubled(x: Any) -> Any:
    """A round of it."""
    return ops.multiply(x, 2)


def _until_large(cond: Any, body: Any, x: np.ndarray) -> np.ndarray:
    while x.sum() < 100:
        x = x * 2
    return x


TABLE.add("while_loop", _until_large, small, doubled, numbers(3, low=1.0), dtypes=NUMBERS)


def weighted(number: Any, x: Any) -> Any:
    """A round that uses its number."""
    return ops.add(ops.multiply(x, 0.5), ops.cast(number, dtype_of(x)))


def _weighted(lower: int, upper: int, body: Any, x: np.ndarray) -> np.ndarray:
    for number in range(int(lower), int(upper)):
        x = x * 0.5 + number
    return x


for bounds in ((0, 3), (-2, 2), (3, 3), (4, 1)):
    TABLE.add("fori_loop", _weighted, *bounds, weighted, numbers(2, 3), gradients=True)
TABLE.add("fori_loop", _weighted, fixed(1, "int32"), fixed(4, "int32"), weighted, numbers(2, 3))
TABLE.add("fori_loop", _weighted, 0, fixed(2, "int32"), weighted, numbers(0, 3))


def exchanged(number: Any, values: Any) -> Any:
    """A round on a structure."""
    left, (right,) = values
    return ops.multiply(right, 0.5), (ops.add(left, right),)


def _exchanged(lower: int, upper: int, body: Any, values: Any) -> Any:
    left, (right,) = values
    for _ in range(lower, upper):
        left, right = right * 0.5, left + right
    return left, right


TABLE.add("fori_loop", _exchanged, 0, 3, exchanged, (numbers(3), (numbers(3),)), gradients=True)


def decayed(carry: Any, x: Any) -> Any:
    """A step with a carry and an output."""
    carry = ops.add(ops.multiply(carry, 0.5), x)
    return carry, ops.multiply(carry, x)


def _decayed(f: Any, carry: np.ndarray, xs: np.ndarray, **options: Any) -> Any:
    outputs = np.zeros(xs.shape)
    for place in range(len(xs))[:: -1 if options.get("reverse") else 1]:
        carry = carry * 0.5 + xs[place]
        outputs[place] = carry * xs[place]
    return carry, outputs


for options in ({}, {"reverse": True}, {"length": 4}, {"unroll": 2}, {"unroll": True, "reverse": True}):
    TABLE.add("scan", _decayed, decayed, numbers(3), numbers(4, 3), gradients=True, unknown_batch=0, **options)
TABLE.add("scan", _decayed, decayed, numbers(3), numbers(0, 3), unknown_batch=0)
TABLE.add("scan", _decayed, decayed, numbers(2, 3), numbers(1, 2, 3), unknown_batch=0)


def counted(carry: Any, nothing: Any) -> Any:
    """A step without slices."""
    return ops.multiply(carry, 2), carry


def _counted(f: Any, carry: np.ndarray, xs: None, length: int) -> Any:
    return carry * 8, np.stack([carry, carry * 2, carry * 4])


TABLE.add("scan", _counted, counted, numbers(2), None, 3, dtypes=NUMBERS)


def both(carry: Any, slices: Any) -> Any:
    """A step on structures."""
    total, (count,) = carry
    left, (right,) = slices
    return (ops.add(total, left * right), (count + 1,)), (left - right, [total])


def _both(f: Any, carry: Any, xs: Any) -> Any:
    total, (count,) = carry
    left, (right,) = xs
    sums = total + np.cumsum(left * right, axis=0)
    before = np.concatenate([total[None], sums[:-1]])
    return sums[-1], np.int32(count + len(left)), left - right, before


STRUCTURES = (numbers(2), (fixed(0, "int32"),)), (numbers(3, 2), (numbers(3, 2),))
TABLE.add("scan", _both, both, *STRUCTURES, gradients=True, unknown_batch=0)


def halved(x: Any) -> Any:
    """What is mapped."""
    return ops.subtract(ops.multiply(x, 0.5), 1.0)


def combined(parts: Any) -> Any:
    """A mapping of a structure to another."""
    left, right = parts
    return left * right, [ops.sum(left)]


TABLE.add("map", lambda f, x: x * 0.5 - 1.0, halved, numbers(4, 3), gradients=True)
TABLE.add("map", lambda f, x: x * 0.5 - 1.0, halved, numbers(5), dtypes=FLOATS)
TABLE.add("map", lambda f, x: x * 0.5 - 1.0, halved, numbers(0, 2))
TABLE.add("map", lambda f, x: x**2, ops.square, numbers(3, 2), dtypes=NUMBERS)
PARTS = (numbers(3, 2), numbers(3, 2))
TABLE.add("map", lambda f, x: (x[0] * x[1], x[0].sum(1)), combined, PARTS, gradients=True)
