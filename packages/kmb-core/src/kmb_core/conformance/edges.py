"""Calls at the edge of shapes, made from an op's rows: no batch, no axes, axes counted from the other end.

The row's oracle decides what is right: where NumPy makes nothing of such a call, or the declaration refuses it, there
is nothing to prove. An axis counted from the other end has to give what it gives counted from the front.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kmb_core.backend import current_backend
from kmb_core.conformance import misuse, special
from kmb_core.conformance.checks import Called, assert_close
from kmb_core.conformance.rows import ROWS
from kmb_core.ops.declaration import OPS


@dataclass(frozen=True)
class Edge:
    """A call, what is at the edge in it, and what its oracle gives."""

    what: str
    call: Called
    expected: list[np.ndarray]


def calls_of(op: str) -> list[Called]:
    """The rows in float32 whose oracle computes; not of ops that call functions, which may never come to an end."""
    return [] if any(misuse.calls_functions(row) for row in ROWS[op]) else special.calls_of(op)


def edges(call: Called) -> Iterator[Edge]:
    """The calls of which the oracle and the declaration make something."""
    for what, changed in (*_without_batch(call), *_without_axes(call)):
        expected = _answer(changed)
        if expected is not None:
            yield Edge(what, changed, expected)
    for what, changed in _from_the_end(call):
        expected, usual = _answer(changed), _answer(call)
        if expected is not None and usual is not None and _same(expected, usual):
            yield Edge(what, changed, usual)


def _without_batch(call: Called) -> Iterator[tuple[str, Called]]:
    count = call.row.unknown_batch
    if count and all(array.ndim for array in call.arrays[:count]):
        arrays = [array[:0] if place < count else array for place, array in enumerate(call.arrays)]
        yield "a batch of 0", replace(call, arrays=arrays)


def _without_axes(call: Called) -> Iterator[tuple[str, Called]]:
    shapes = {array.shape for array in call.arrays}
    if len(shapes) == 1 and shapes != {()} and call.arrays[0].size:
        yield "no axes", replace(call, arrays=[array.ravel()[0].reshape(()) for array in call.arrays])


def _from_the_end(call: Called) -> Iterator[tuple[str, Called]]:
    bound = OPS[call.op].signature.bind(*call.row.arguments, **call.row.keywords)
    bound.apply_defaults()
    ranks = {array.ndim for array in call.arrays} | {array.ndim + 1 for array in call.arrays}
    for parameter in OPS[call.op].configuration:
        value = bound.arguments.get(parameter.name)
        for rank in sorted(ranks) if parameter.name in misuse.AXES else ():
            turned = _turned(value, rank)
            if turned is not None:
                changed = misuse.given(call, parameter.name, turned)
                yield f"{changed.what} for {value!r}", changed.call


def _turned(value: Any, rank: int) -> Any:
    """The axes counted from the other end; None where there are none."""
    if isinstance(value, (list, tuple)) and value:
        axes = [_turned(axis, rank) for axis in value]
        return None if None in axes else type(value)(axes)
    if isinstance(value, bool) or not isinstance(value, int) or not -rank <= value < rank:
        return None
    return value - rank if value >= 0 else value + rank


def _answer(call: Called) -> list[np.ndarray] | None:
    try:
        declared, expected = call.inferred(), call.expected()
    except Exception:  # refused: how, is proved elsewhere
        return None
    return expected if [x.shape for x in declared] == [x.shape for x in expected] else None


def _same(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return len(one) == len(other) and all(
        a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc") for a, b in zip(one, other)
    )


def check(edge: Edge) -> None:
    """What the backend gives has the declared dtype and the oracle's shape and values."""
    backend, call = current_backend(), edge.call
    outputs = call.run(call.tensors())
    for output, declared, expected in zip(outputs, call.inferred(), edge.expected, strict=True):
        dtype = backend.dtype_name(output)
        assert dtype == declared.dtype, f"{edge.what}: eager gives {dtype}, the declaration {declared.dtype}"
        try:
            assert_close(backend.to_numpy(output), expected, call.row.tolerance)
        except AssertionError as error:
            raise AssertionError(f"{edge.what}: {error}") from None
