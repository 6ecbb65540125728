"""Sequences of unequal length, brought to one length."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from kmb_core.errors import DTypeError, ShapeError, message

_SIDES = ("pre", "post")


def pad_sequences(
    sequences: Iterable[Any],
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:
    """One array from sequences of different lengths: short ones are filled up, long ones are cut.

    Args:
        sequences: a sized iterable of sequences, each of shape `(steps, ...)`.
        maxlen: length of every row; that of the longest sequence when None.
        dtype: dtype of the result; "object" for texts of different lengths.
        padding: "pre" fills up in front, "post" behind.
        truncating: "pre" cuts off the first steps, "post" the last ones.
        value: what to fill up with.

    Returns:
        Array `(samples, maxlen, ...)`.

    Raises:
        ValueError: for another side than "pre" and "post", or something that holds no sequences.
        DTypeError: when `value` is a text and the dtype holds none.
        ShapeError: when the steps of the sequences have different shapes.

    Example:
        >>> import kmb_core
        >>> kmb_core.utils.pad_sequences([[1], [2, 3], [4, 5, 6]], maxlen=2).tolist()
        [[0, 1], [2, 3], [5, 6]]
    """
    _check_side("padding", padding)
    _check_side("truncating", truncating)
    rows = _rows(sequences)
    lengths = [len(row) for row in rows]
    length = max(lengths, default=0) if maxlen is None else _checked_length(maxlen)
    result = _filled((len(rows), length, *_step_shape(rows)), value, _dtype(dtype, rows, value))
    for row, steps, target in zip(rows, lengths, result, strict=True):
        taken = min(steps, length)
        if taken:
            kept = row[steps - taken :] if truncating == "pre" else row[:taken]
            target[slice(length - taken, None) if padding == "pre" else slice(taken)] = kept
    return result


def _check_side(argument: str, value: str) -> None:
    if value not in _SIDES:
        raise ValueError(f"pad_sequences: {argument} is 'pre' or 'post', got {value!r}")


def _rows(sequences: Any) -> list[Any]:
    if not hasattr(sequences, "__len__") or isinstance(sequences, str | bytes):
        raise ValueError(f"pad_sequences: expected a list of sequences, got {type(sequences).__name__}")
    rows = list(sequences)
    for position, row in enumerate(rows):
        if not hasattr(row, "__len__"):
            what = f"pad_sequences: expected a list of sequences, got {row!r:.40} at position {position}"
            raise ValueError(message(what, remedy="For a single sequence: pad_sequences([sequence])."))
    return [row if hasattr(row, "shape") or isinstance(row, list | tuple | str) else list(row) for row in rows]


def _checked_length(maxlen: Any) -> int:
    length = int(maxlen)
    if length < 0:
        raise ValueError(f"pad_sequences: maxlen is a number from 0, got {maxlen}")
    return length


def _step_shape(rows: list[Any]) -> tuple[int, ...]:
    """The common shape of what stands at each step."""
    shapes = [(position, np.shape(row[0])) for position, row in enumerate(rows) if len(row)]
    for position, shape in shapes:
        if shape != shapes[0][1]:
            what = f"pad_sequences: steps of sequence {position} have shape {shape}, expected {shapes[0][1]}"
            raise ShapeError(message(what, "All steps of all sequences have one shape."))
    return shapes[0][1] if shapes else ()


def _dtype(dtype: Any, rows: list[Any], value: Any) -> np.dtype:
    kind = np.dtype(dtype)
    if kind.kind in "US" and kind.itemsize == 0:  # texts of any length: as wide as the longest one
        return np.asarray([value, *(step for row in rows for step in row)], dtype=kind).dtype
    return kind


def _filled(shape: tuple[int, ...], value: Any, kind: np.dtype) -> np.ndarray:
    if isinstance(value, str) and kind.kind not in "OUS":
        what = f"pad_sequences: value is the text {value!r}, dtype is {kind}"
        raise DTypeError(message(what, None, 'Give dtype="object" for texts.'))
    return np.full(shape, value, dtype=kind)
