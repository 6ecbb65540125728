"""What a call gives: tensors with their dtypes, shapes and values, or an exception; and how two outcomes differ."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from kmb_core.backend import current_backend
from kmb_core.dtypes import is_complex, is_float, standardize_dtype


@dataclass(frozen=True)
class Leaf:
    """One output."""

    kind: str  # "tensor", "symbolic", "array" or the class of another value
    dtype: str | None
    shape: tuple[int | None, ...] | None
    value: Any


@dataclass(frozen=True)
class Outcome:
    """What came of a call."""

    structure: str = ""
    leaves: tuple[Leaf, ...] = ()
    error: Exception | None = None


def outcome(make: Callable[[], Any]) -> Outcome:
    """Make a call and keep what comes of it."""
    try:
        with np.errstate(all="ignore"):
            result = make()
            return Outcome(structure(result), tuple(leaf(part) for part in flat(result)))
    except Exception as error:
        return Outcome(error=error)


def structure(result: Any) -> str:
    """How the outputs are nested: lists, tuples (named ones too) and dicts."""
    if isinstance(result, dict):
        return "{" + ", ".join(f"{key}: {structure(result[key])}" for key in sorted(result)) + "}"
    if isinstance(result, list):
        return "[" + ", ".join(map(structure, result)) + "]"
    if isinstance(result, tuple):
        return "(" + ", ".join(map(structure, result)) + ")"
    return "." if result is not None else "None"


def flat(result: Any) -> Iterator[Any]:
    """The outputs in order."""
    if isinstance(result, dict):
        result = [result[key] for key in sorted(result)]
    if isinstance(result, (list, tuple)):
        for part in result:
            yield from flat(part)
    elif result is not None:
        yield result


def leaf(value: Any) -> Leaf:
    """What is to be known of an output."""
    backend = current_backend()
    if backend.is_tensor(value):
        return Leaf("tensor", backend.dtype_name(value), tuple(backend.static_shape(value)), backend.to_numpy(value))
    if isinstance(value, (np.ndarray, np.generic)):
        kind = "tensor" if backend.name == "numpy" else "array"
        return Leaf(kind, standardize_dtype(value.dtype), value.shape, np.asarray(value))
    if type(value).__name__ == "KerasTensor":
        return Leaf("symbolic", value.dtype, tuple(value.shape), None)
    return Leaf(type(value).__name__, None, None, value)


def differences(ours: Outcome, theirs: Outcome, float_tolerance: float, low_tolerance: float) -> Iterator[tuple]:
    """Pairs of what differs and how; values only where shapes agree."""
    if ours.error is not None or theirs.error is not None:
        yield from _errors(ours, theirs)
        return
    if ours.structure != theirs.structure:
        yield "structure", f"{ours.structure}, Keras {theirs.structure}"
        if len(ours.leaves) != len(theirs.leaves):
            return
    for one, other in zip(ours.leaves, theirs.leaves, strict=True):
        yield from _leaf_differences(one, other, float_tolerance, low_tolerance)


def _errors(ours: Outcome, theirs: Outcome) -> Iterator[tuple]:
    if theirs.error is None:
        yield "refused", told(ours.error)
    if ours.error is None:
        yield "accepted", f"Keras: {told(theirs.error)}"


def told(error: Exception | None) -> str:
    """An error in one line."""
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:150]}"


def _leaf_differences(ours: Leaf, theirs: Leaf, float_tolerance: float, low_tolerance: float) -> Iterator[tuple]:
    if ours.kind != theirs.kind:
        yield "kind", f"{ours.kind}, Keras {theirs.kind}"
        return
    if ours.dtype != theirs.dtype:
        yield "dtype", f"{ours.dtype}, Keras {theirs.dtype}"
    if ours.shape != theirs.shape:
        yield "shape", f"{ours.shape}, Keras {theirs.shape}"
    elif ours.shape is None:
        if ours.value != theirs.value:
            yield "values", f"{ours.value!r}, Keras {theirs.value!r}"
    elif ours.kind != "symbolic" and float_tolerance:
        low = {"bfloat16": low_tolerance, "float16": low_tolerance / 8}
        widest = max(low.get(leaf.dtype or "", float_tolerance) for leaf in (ours, theirs))
        if not close(ours.value, theirs.value, widest):
            yield "values", f"{_brief(ours.value)}, Keras {_brief(theirs.value)}"


def close(ours: Any, theirs: Any, tolerance: float) -> bool:
    """Floats within the tolerance of the larger of 1 and Keras's value, NaN like NaN; all else equal."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    if not any(is_float(str(x.dtype)) or is_complex(str(x.dtype)) for x in (ours, theirs)):
        return bool(np.array_equal(ours, theirs))
    wide = "complex128" if ours.dtype.kind == "c" or theirs.dtype.kind == "c" else "float64"
    ours, theirs = ours.astype(wide), theirs.astype(wide)
    with np.errstate(all="ignore"):
        near = np.abs(ours - theirs) <= tolerance * np.maximum(np.abs(theirs), 1.0)
    return bool(np.all(near | (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))))


def _brief(value: Any) -> str:
    text = np.array2string(np.asarray(value), precision=5, threshold=8, separator=",").replace("\n", "")
    return text if len(text) < 70 else f"{text[:67]}..."
