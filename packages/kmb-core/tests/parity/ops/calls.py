"""Calls that both libraries are asked to make, with the same tensors.

A call comes from a row of the conformance suite, in more dtypes than the row was written for, or from a line of
`texts.py`. Either way it can be made with any values in its inputs' places: native tensors, symbolic ones, or others.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np

from kmb_core.conformance.row import Row
from kmb_core.ops.declaration import OPS, Op

from .texts import INPUTS, TEXTS, used_inputs

DTYPES = ("float32", "float16", "bfloat16", "int32", "int8", "uint8", "bool")
SCALARS = (2, 0.5, True)


@dataclass(frozen=True, eq=False)
class Call:
    """One call of an op: `make(ops, function, values)` makes it in a library, given its inputs."""

    text: str
    arrays: tuple[np.ndarray, ...]
    make: Callable[[Any, Callable[..., Any], Sequence[Any]], Any]
    tolerance: float = 1e-5  # in float32
    low_tolerance: float = 0.05  # in bfloat16, an eighth of it in float16
    values: bool = True  # whether they are determined
    symbolic: bool = True  # whether it makes sense without values
    unknown_batch: int = 0  # of how many inputs the first size may be unknown
    described: bool = False  # whether its node in a graph is compared

    def __repr__(self) -> str:
        return self.text


def calls_of(name: str, op: Op | None, rows: Sequence[Row]) -> list[Call]:
    """Every call of a public name."""
    calls = [call for seed, row in enumerate(rows) for call in _from_row(name, row, seed)]
    if op is not None:
        calls += _mixed(name, op, rows)
    return calls + [_from_text(name, text) for text in TEXTS.get(name, ())]


def sampled(calls: Sequence[Call], fraction: float) -> list[Call]:
    """The first call and a share of the others: the same in each run, whatever other calls there are."""
    return [call for place, call in enumerate(calls) if place == 0 or crc32(call.text.encode()) / 2**32 < fraction]


# Rows ------------------------------------------------------------------------------------------------------------


def _from_row(name: str, row: Row, seed: int) -> list[Call]:
    has_draws = any(draw.dtype is None for draw in row.draws())
    wanted = DTYPES if has_draws or row.dtypes != ("float32", "float64") else ("float32", "float16", "bfloat16")
    if not has_draws and len(row.dtypes) == 1:
        wanted = row.dtypes
    first = next((dtype for dtype in wanted if dtype in row.dtypes), None)
    return [_row_call(name, row, dtype, seed, described=dtype == first) for dtype in wanted]


def _row_call(name: str, row: Row, dtype: str, seed: int, described: bool) -> Call:
    def make(ops: Any, function: Callable[..., Any], values: Sequence[Any]) -> Any:
        args, kwargs = row.filled(values, dtype)
        return function(*args, **kwargs)

    with np.errstate(all="ignore"):
        arrays = tuple(row.sample(dtype, seed))
    plain = not _has_function((row.arguments, row.keywords))
    return Call(
        _shown(name, row, arrays, dtype),
        arrays,
        make,
        tolerance=max(row.tolerance * 4, 1e-5),
        low_tolerance=row.low_tolerance,
        values=row.oracle is not None,
        symbolic=plain,
        unknown_batch=row.unknown_batch if row.compiled else 0,
        described=described and plain,
    )


def _shown(name: str, row: Row, values: Sequence[Any], dtype: str) -> str:
    args, kwargs = row.filled([_Shown(value) for value in values], dtype)
    return f"{name}({', '.join([*map(repr, args), *(f'{key}={value!r}' for key, value in kwargs.items())])})"


class _Shown:
    """An input in a call's text: its dtype and shape, or the Python number that it is."""

    def __init__(self, value: Any) -> None:
        self.text = f"{value.dtype}{list(value.shape)}" if hasattr(value, "dtype") else repr(value)

    def __repr__(self) -> str:
        return self.text


def _has_function(structure: Any) -> bool:
    if isinstance(structure, dict):
        structure = list(structure.values())
    if isinstance(structure, (tuple, list)):
        return any(_has_function(part) for part in structure)
    return callable(structure) and not isinstance(structure, type)


# Mixed dtypes and Python numbers ---------------------------------------------------------------------------------


def _mixed(name: str, op: Op, rows: Sequence[Row]) -> list[Call]:
    """The first row that has several tensors of the case's dtype, with tensors of two dtypes, and with scalars."""
    for seed, row in enumerate(rows):
        free = [place for place, draw in enumerate(row.draws()) if draw.dtype is None]
        if len(free) > 1 and not _has_function((row.arguments, row.keywords)):
            return _pairs(name, row, seed, free[:2]) + _with_scalars(name, row, seed, free[:2])
    return []


def _pairs(name: str, row: Row, seed: int, places: Sequence[int]) -> list[Call]:
    calls = []
    for pair in itertools.permutations((*DTYPES, "int16", "uint32"), 2):
        arrays = _of_dtypes(row, seed, dict(zip(places, pair, strict=True)))
        calls.append(_given(name, row, arrays, arrays, max(pair, key=len)))
    return calls


def _with_scalars(name: str, row: Row, seed: int, places: Sequence[int]) -> list[Call]:
    calls = []
    for place, scalar, dtype in itertools.product(places, SCALARS, DTYPES):
        arrays = _of_dtypes(row, seed, dict.fromkeys(places, dtype))
        given = [scalar if index == place else array for index, array in enumerate(arrays)]
        calls.append(_given(name, row, given, [x for x in given if hasattr(x, "dtype")], dtype))
    return calls


def _of_dtypes(row: Row, seed: int, dtypes: dict[int, str]) -> list[np.ndarray]:
    samples = {dtype: row.sample(dtype, seed) for dtype in {*dtypes.values(), "float32"}}
    return [samples[dtypes.get(place, "float32")][place] for place in range(len(row.draws()))]


def _given(name: str, row: Row, given: Sequence[Any], arrays: Sequence[np.ndarray], dtype: str) -> Call:
    """A call with some inputs in the form of Python numbers."""

    def make(ops: Any, function: Callable[..., Any], values: Sequence[Any]) -> Any:
        tensors = iter(values)
        filled = [next(tensors) if hasattr(value, "dtype") else value for value in given]
        args, kwargs = row.filled(filled, dtype)
        return function(*args, **kwargs)

    text = _shown(name, row, given, dtype)
    return Call(text, tuple(arrays), make, low_tolerance=row.low_tolerance, values=row.oracle is not None)


# Texts -----------------------------------------------------------------------------------------------------------


def _from_text(name: str, text: str) -> Call:
    names = used_inputs(text)
    code = compile(text, name, "eval")
    concrete = text.endswith("# eager")

    def make(ops: Any, function: Callable[..., Any], values: Sequence[Any]) -> Any:
        return eval(code, {"__name__": name, "ops": ops, "np": np, **dict(zip(names, values, strict=True))})

    arrays = tuple(INPUTS[key] for key in names)
    return Call(text, arrays, make, symbolic=not concrete, described=not concrete and "lambda" not in text)


def known_op(function: Any) -> Op | None:
    """The declaration behind a public function, where it is a declared op."""
    op = getattr(function, "op", None)
    return op if isinstance(op, Op) and OPS.get(op.name) is op else None
