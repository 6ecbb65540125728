"""What is compared for one row: values, shapes and dtypes with the declaration's inference and with the oracle.

A case looks at all rows of an op and reports every one that is wrong; each complaint names the call.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kmb_core.backend import KerasTensor, SymbolicScope, current_backend
from kmb_core.conformance.row import Row, flat
from kmb_core.dtypes import is_float, standardize_dtype
from kmb_core.ops.declaration import OPS

WIDE = 1e-6  # float64 is that much more exact than float32
LOW = {"bfloat16": 1.0, "float16": 0.125}


@dataclass(frozen=True, eq=False)
class Called:
    """A row as it is called for one dtype: its arrays, and the seed that they came from."""

    op: str
    row: Row
    dtype: str
    arrays: list[np.ndarray]

    def tensors(self) -> list[Any]:
        """The arrays as the backend's tensors."""
        convert = current_backend().convert
        return [convert(array, standardize_dtype(array.dtype)) for array in self.arrays]

    def run(self, tensors: Sequence[Any]) -> list[Any]:
        """The op's outputs for these tensors."""
        args, kwargs = self.row.filled(tensors, self.dtype)
        outputs = flat(OPS[self.op].function(*args, **kwargs))
        return outputs if self.row.determined is None else flat(self.row.determined(*outputs))

    def inferred(self, unknown_batch: bool = False) -> list[KerasTensor]:
        """What the declaration says of the outputs; with `unknown_batch` from inputs whose first size is unknown."""
        unknown = self.row.unknown_batch if unknown_batch else 0
        shapes = [_batched(array.shape, place < unknown) for place, array in enumerate(self.arrays)]
        symbolic = [KerasTensor(s, standardize_dtype(a.dtype)) for s, a in zip(shapes, self.arrays, strict=True)]
        with SymbolicScope():
            return self.run(symbolic)

    def expected(self) -> list[np.ndarray]:
        """What the oracle says."""
        return self.row.expected(self.arrays, self.dtype)

    def described(self) -> str:
        """The call, for a complaint."""
        inputs = [f"{array.dtype}{list(array.shape)}" for array in self.arrays]
        args, kwargs = self.row.filled([_Text(text) for text in inputs], self.dtype)
        shown = [repr(a) for a in args] + [f"{k}={v!r}" for k, v in kwargs.items()]
        return f"{self.op}({', '.join(shown)})"


class _Text(str):
    def __repr__(self) -> str:
        return str(self)


def _batched(shape: tuple[int, ...], unknown: bool) -> tuple[int | None, ...]:
    return (None, *shape[1:]) if unknown and shape else shape


def called(op: str, rows: Sequence[Row], dtype: str) -> list[Called]:
    """The rows that are for a dtype, each with a sample."""
    found = enumerate(rows)
    return [Called(op, row, dtype, row.sample(dtype, seed)) for seed, row in found if dtype in row.dtypes]


def sampled(calls: list[Called], fraction: float, special: bool = True) -> list[Called]:
    """The first call, those with infinities or NaN unless not wanted, and a share of the others; the same in each run.

    Each combination of shapes and dtype is a compilation for some frameworks, the time of which adds up to minutes.
    """
    kept = [call for call in calls if call is calls[0] or (special and not call.row.finite)]
    rest = [call for call in calls if call not in kept]
    chosen = random.Random(calls[0].op).sample(rest, round(len(rest) * min(fraction, 1.0))) if rest else []
    return [call for call in calls if call in kept or call in chosen]


def each(calls: Sequence[Called], check: Callable[[Called], None]) -> None:
    """Run a check of every call; raise one AssertionError with all complaints."""
    complaints = []
    for call in calls:
        try:
            check(call)
        except Exception as error:
            complaints.append(f"{call.described()}: {told(error)}")
    if complaints:
        raise AssertionError("\n".join(complaints))


def told(error: Exception) -> str:
    """An error in one line; of a failed check without its kind, which says nothing."""
    text = str(error).partition("\n")[0]
    return text if isinstance(error, AssertionError) else f"{type(error).__name__}: {text}"


def check_eager(call: Called) -> None:
    """Eager outputs agree with the declaration and with the oracle."""
    backend = current_backend()
    outputs = call.run(call.tensors())
    arrays = [backend.to_numpy(output) for output in outputs]
    if call.row.compiled or call.row.oracle is None:
        check_inferred(call, outputs)
    expected = call.expected()
    if call.row.oracle is None:
        assert not call.row.finite or all(np.isfinite(a.astype("float64")).all() for a in arrays), "not finite"
        return
    assert len(arrays) == len(expected), f"{len(arrays)} outputs, expected {len(expected)}"
    tolerance = call.row.tolerance * (WIDE if call.dtype == "float64" else 1.0)
    for got, wanted in zip(arrays, expected, strict=True):
        assert_close(got, wanted, tolerance)


def check_inferred(call: Called, outputs: Sequence[Any]) -> None:
    """Shapes and dtypes are the declared ones, with an unknown batch size too."""
    backend = current_backend()
    given = [(backend.static_shape(output), backend.dtype_name(output)) for output in outputs]
    declared = [(x.shape, x.dtype) for x in call.inferred()]
    assert given == declared, f"eager gives {given}, the declaration {declared}"
    if not call.row.unknown_batch:
        return
    for (shape, dtype), unknown in zip(given, call.inferred(unknown_batch=True), strict=True):
        known = [None if u is None else s for s, u in zip(shape, unknown.shape, strict=False)]
        assert tuple(known) == unknown.shape, f"unknown batch: eager gives {shape}, the declaration {unknown.shape}"
        assert dtype == unknown.dtype, f"unknown batch: eager gives {dtype}, the declaration {unknown.dtype}"


def check_low(call: Called) -> None:
    """16-bit floats: the declared dtype, finite, and about the right values."""
    backend = current_backend()
    outputs = call.run(call.tensors())
    check_inferred(call, outputs)
    for index, output in enumerate(outputs):
        got = backend.to_numpy(output).astype("float64")
        assert not call.row.finite or np.isfinite(got).all(), f"not finite: {got}"
        if call.row.oracle is not None:
            wanted = call.expected()[index]
            if is_float(backend.dtype_name(output)):
                assert_close(got, wanted, call.row.low_tolerance * LOW[call.dtype])


def assert_close(got: np.ndarray, expected: Any, tolerance: float) -> None:
    """Same shape; floats within `tolerance` of the larger of 1 and the expected size, all else identical."""
    expected = np.asarray(expected)
    assert got.shape == expected.shape, f"shape {got.shape}, expected {expected.shape}"
    if got.dtype.kind == "c":
        assert_close(got.real, expected.real, tolerance)
        assert_close(got.imag, expected.imag, tolerance)
        return
    if not is_float(str(got.dtype)):
        same = np.array_equal(got.astype("int64"), expected.astype("int64"))
        assert same, f"got {got.tolist()}, expected {expected.astype(got.dtype).tolist()}"
        return
    got, expected = got.astype("float64"), expected.astype("float64")
    exact = (got == expected) | (np.isnan(got) & np.isnan(expected))
    with np.errstate(invalid="ignore"):
        off = np.where(exact, 0.0, np.abs(got - expected) / np.maximum(np.abs(expected), 1.0))
    wrong = ~(off <= tolerance)
    if wrong.any():
        worst = np.unravel_index(np.argmax(np.where(np.isnan(off), np.inf, off)), off.shape)
        place = list(map(int, worst))
        raise AssertionError(
            f"off by {off[worst]:.2g} > {tolerance:.2g} at {place}: got {got[worst]!r}, expected {expected[worst]!r}"
        )


# Gradients -------------------------------------------------------------------------------------------------------

STEP = 1e-6


def check_gradients(call: Called) -> None:
    """Gradients of a weighted sum of the outputs against central differences of the oracle, in float64."""
    backend = current_backend()
    varied = [i for i, array in enumerate(call.arrays) if is_float(str(array.dtype))]
    weights = _weights(call)
    tensors = call.tensors()

    def total(*floats: Any) -> Any:
        filled = list(tensors)
        for place, value in zip(varied, floats, strict=True):
            filled[place] = value
        parts = [OPS["sum"].function(x * w) for x, w in zip(call.run(filled), constants, strict=True) if w is not None]
        return sum(parts[1:], parts[0])

    constants = [None if w is None else backend.convert(w, "float64") for w in weights]
    _, gradients = backend.implementation.value_and_gradients(total, [tensors[i] for i in varied])
    for place, gradient in zip(varied, gradients, strict=True):
        assert backend.dtype_name(gradient) == "float64", f"gradient in {backend.dtype_name(gradient)}"
        assert_close(backend.to_numpy(gradient), _differences(call, place, weights), 2e-7)


def _weights(call: Called) -> list[np.ndarray | None]:
    """One number for each element of the outputs, so that no gradient hides behind another; None for integers."""
    generator = np.random.default_rng(7)
    shapes = [(part.shape, part.dtype.kind) for part in call.expected()]
    return [generator.uniform(0.5, 1.5, shape) if kind == "f" else None for shape, kind in shapes]


def _differences(call: Called, place: int, weights: Sequence[np.ndarray | None]) -> np.ndarray:
    base = call.arrays[place]
    result = np.zeros(base.shape)
    for index in np.ndindex(base.shape):
        values = []
        for sign in (1.0, -1.0):
            moved = base.copy()
            moved[index] += sign * STEP
            arrays = [moved if i == place else array for i, array in enumerate(call.arrays)]
            outputs = replace(call, arrays=arrays).expected()
            values.append(sum(float((x * w).sum()) for x, w in zip(outputs, weights, strict=True) if w is not None))
        result[index] = (values[0] - values[1]) / (2 * STEP)
    return result
