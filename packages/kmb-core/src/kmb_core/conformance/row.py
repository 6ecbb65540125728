"""Rows: what an op is called with, and what it has to give.

A row's arguments hold `Draw`s where the call has tensors. One sample of a row serves all checks: filled with tensors it
is the eager call, with symbolic tensors the inference, with tracers the compiled one, with float64 arrays the oracle's.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from kmb_core.dtypes import is_float, numpy_dtype
from kmb_core.plugins import Capability

FLOATS = ("float32", "float64")
NUMBERS = (*FLOATS, "int32")
ANY = (*NUMBERS, "bool")
NARROW = (*ANY, "int8", "uint8")  # with the integers that sums widen


@dataclass(frozen=True)
class Draw:
    """A tensor among a row's arguments; `dtype` None stands for the dtype that the case is about."""

    shape: tuple[int, ...]
    values: Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]
    dtype: str | None = None
    scale: float = 2.0  # what numbers are multiplied by before they are rounded to integers

    def array(self, generator: np.random.Generator, dtype: str) -> np.ndarray:
        """An array of the dtype that the tensor has in this case."""
        return _stored(self.values(generator, self.shape), self.dtype or dtype, self.scale)


def _stored(values: np.ndarray, dtype: str, scale: float) -> np.ndarray:
    if values.dtype.kind == "f" and not is_float(dtype):
        if dtype == "bool":
            return values > values.mean() if values.size else values.astype(bool)
        whole = np.rint(values * scale)
        return _whole(np.abs(whole) if dtype.startswith("u") else whole, dtype)
    return values.astype(numpy_dtype(dtype))


def _whole(values: np.ndarray, dtype: str) -> np.ndarray:
    """NaN is 0, and what lies outside is the bound: what a processor makes of them differs between processors."""
    least, most = np.iinfo(dtype).min, np.iinfo(dtype).max
    below, above = values <= float(least), values >= float(most)
    inside = np.where(below | above | np.isnan(values), 0.0, values).astype(dtype)
    return np.where(below, np.asarray(least, dtype), np.where(above, np.asarray(most, dtype), inside))


def numbers(*shape: int, low: float = -2.0, high: float = 2.0) -> Draw:
    """Numbers between two bounds."""
    return Draw(shape, lambda generator, size: generator.uniform(low, high, size))


def positive(*shape: int, low: float = 0.25, high: float = 3.0) -> Draw:
    """Positive numbers, none near zero."""
    return numbers(*shape, low=low, high=high)


def apart(*shape: int, gap: float = 0.05, low: float = -2.0) -> Draw:
    """Numbers that all differ, by at least half the gap, in random order: for sorting, and for gradients at kinks."""

    def values(generator: np.random.Generator, size: tuple[int, ...]) -> np.ndarray:
        count = int(np.prod(size))
        places = generator.permutation(count) * gap + low
        return (places + generator.uniform(0.2, 0.6, count) * gap).reshape(size)

    return Draw(shape, values)


def integers(*shape: int, low: int = 0, high: int = 4, dtype: str = "int32") -> Draw:
    """Integers from low up to, but without, high."""
    return Draw(shape, lambda generator, size: generator.integers(low, high, size), dtype)


def booleans(*shape: int) -> Draw:
    """Truth values."""
    return Draw(shape, lambda generator, size: generator.integers(0, 2, size).astype(bool), "bool")


def fixed(values: Any, dtype: str | None = None) -> Draw:
    """Given values; of a given dtype, or of the case's."""
    array = np.asarray(values)
    array = array if dtype is not None else array.astype("float64")
    return Draw(array.shape, lambda generator, size: array, dtype, 1.0)


def probabilities(*shape: int) -> Draw:
    """Positive numbers that sum to 1 along the last axis."""

    def values(generator: np.random.Generator, size: tuple[int, ...]) -> np.ndarray:
        raw = generator.uniform(0.1, 1.0, size)
        return raw / raw.sum(-1, keepdims=True)

    return Draw(shape, values)


class CaseDtype:
    """Stands among a row's arguments for the name of the case's dtype."""


DTYPE = CaseDtype()


@dataclass(frozen=True)
class Row:
    """One way to call an op.

    `oracle` takes the same arguments as NumPy arrays, floats as float64; None where values are not determined, and
    only shape, dtype and finiteness are checked. Tolerances are relative to the larger of 1 and the expected value.
    """

    arguments: tuple[Any, ...]
    keywords: dict[str, Any]
    oracle: Callable[..., Any] | None
    dtypes: tuple[str, ...] = FLOATS
    gradients: bool = False
    tolerance: float = 1e-6  # in float32; a millionth of it in float64
    low_tolerance: float = 0.05  # in bfloat16, an eighth of it in float16
    compiled: bool = True  # whether all shapes are known while tracing
    unknown_batch: int = 99  # of how many tensors, from the first on, the first size may be unknown to inference
    finite: bool = True  # whether 16-bit results have to be finite
    needs: Capability | None = None  # what a backend has to be able to do; the same in all rows of an op
    determined: Callable[..., Any] | None = None  # what is compared, made by ops of outputs whose signs are free

    def draws(self) -> list[Draw]:
        """The tensors among the arguments, in order."""
        return list(_draws((self.arguments, self.keywords)))

    def sample(self, dtype: str, seed: int = 0) -> list[np.ndarray]:
        """An array for each of them; the same for the same seed."""
        generator = np.random.default_rng(seed)
        return [draw.array(generator, dtype) for draw in self.draws()]

    def filled(self, values: Sequence[Any], dtype: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with values in the draws' places."""
        return _filled((self.arguments, self.keywords), iter(values), dtype)

    def expected(self, arrays: Sequence[np.ndarray], dtype: str) -> list[np.ndarray]:
        """What the oracle gives for a sample, as a flat list."""
        if self.oracle is None:
            return []
        wide = [array.astype("float64") if is_float(str(array.dtype)) else array for array in arrays]
        args, kwargs = self.filled(wide, "float64" if is_float(dtype) else dtype)
        with np.errstate(all="ignore"):
            return [np.asarray(part) for part in flat(self.oracle(*args, **kwargs))]


def flat(outputs: Any) -> list[Any]:
    """The tensors of an op's outputs, which are one, or tuples and lists at any depth."""
    return [x for part in outputs for x in flat(part)] if isinstance(outputs, (tuple, list)) else [outputs]


def _draws(structure: Any) -> Iterator[Draw]:
    if isinstance(structure, Draw):
        yield structure
    elif isinstance(structure, (tuple, list)):
        for part in structure:
            yield from _draws(part)
    elif isinstance(structure, dict):
        yield from _draws(list(structure.values()))


def _filled(structure: Any, values: Iterator[Any], dtype: Any) -> Any:
    if isinstance(structure, Draw):
        return next(values)
    if structure is DTYPE:
        return dtype
    if isinstance(structure, (tuple, list)):
        return type(structure)([_filled(part, values, dtype) for part in structure])
    if isinstance(structure, dict):
        return {name: _filled(part, values, dtype) for name, part in structure.items()}
    return structure


@dataclass
class Table:
    """The rows of one family of ops, by op name."""

    rows: dict[str, list[Row]] = field(default_factory=dict)

    def add(self, op: str, oracle: Callable[..., Any] | None, *arguments: Any, **options: Any) -> None:
        """Add a row: options named like a field of `Row` are that, all others are keywords of the call."""
        settings = {name: options.pop(name) for name in _SETTINGS & options.keys()}
        self.rows.setdefault(op, []).append(Row(arguments, options, oracle, **settings))

    def add_all(self, oracles: dict[str, Callable[..., Any]], *arguments: Any, **options: Any) -> None:
        """Add a row of the same arguments to several ops."""
        for op, oracle in oracles.items():
            self.add(op, oracle, *arguments, **options)


_SETTINGS = {setting.name for setting in fields(Row)} - {"arguments", "keywords", "oracle"}
