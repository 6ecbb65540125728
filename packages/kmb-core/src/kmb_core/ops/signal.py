"""Spectra: Fourier transforms, of whole signals and of short pieces of them.

Complex numbers are pairs of tensors, (real, imag), in and out. `fft` is the only primitive: the other transforms follow
from it, and backends put their frameworks' in place. Half precision is computed in float32 and rounded at the end.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from kmb_core.backend import KerasTensor, current_backend, dtype_of
from kmb_core.dtypes import is_complex
from kmb_core.errors import DTypeError, ShapeError, message
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import divide, multiply, square
from kmb_core.ops.comparison import equal, greater, where
from kmb_core.ops.creation import arange, cast, ones_like, zeros_like
from kmb_core.ops.declaration import composite, primitive
from kmb_core.ops.indexing import get_item, take
from kmb_core.ops.manipulation import broadcast_to, concatenate, flip, moveaxis, pad, reshape, swapaxes
from kmb_core.ops.reduction import sum as total
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.ops.tensors import static_shape
from kmb_core.shapes import Shape
from kmb_core.typing import Floating, Tensor, TensorLike

MATH = "keras.src.ops.math"
HALVES = ("float16", "bfloat16")

Pair = tuple[Tensor, Tensor]


@primitive(saved="FFT", saved_module=MATH)
def fft(x: Sequence[Floating]) -> Pair:
    """The discrete Fourier transform along the last axis: `sum_n x[n] exp(-2πi k n / size)`.

    Args:
        x: a pair (real, imag) of tensors of shape `(..., size)`; integers are taken as floatx.

    Returns:
        A pair (real, imag) of the same shape, in the floating dtype.

    Raises:
        ShapeError: when x is no pair of equal shapes, or has no points to transform.

    Example:
        >>> from kmb_core import ops
        >>> real, imag = ops.fft(([1.0, 2.0], [0.0, 1.0]))
        >>> [float(v) for v in real], [float(v) for v in imag]
        ([3.0, -1.0], [1.0, -1.0])
    """
    real, imag = _parts(x, 1, "fft")
    _need_points(real.shape[-1:], "fft")
    return rules.same(real), rules.same(imag)


@composite(saved="FFT2", saved_module=MATH)
def fft2(x: Sequence[Floating]) -> Pair:
    """The discrete Fourier transform over the last two axes.

    Args:
        x: a pair (real, imag) of tensors of shape `(..., rows, columns)`; integers are taken as floatx.

    Returns:
        A pair (real, imag) of the same shape, in the floating dtype.

    Raises:
        ShapeError: when x is no pair of equal shapes, has fewer than two axes or no points to transform.

    Example:
        >>> from kmb_core import ops
        >>> real, imag = ops.fft2(([[1.0, 2.0], [2.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]))
        >>> [[float(v) for v in row] for row in real]
        [[6.0, 0.0], [0.0, -2.0]]
    """
    real, imag = _parts(x, 2, "fft2")
    _need_points(static_shape(real)[-2:], "fft2")
    if isinstance(real, KerasTensor):
        return rules.same(real), rules.same(imag)
    return _in_float32(_over_two_axes, real, imag)


@composite(saved="IFFT2", saved_module=MATH)
def ifft2(x: Sequence[Floating]) -> Pair:
    """The inverse of `fft2`.

    Args:
        x: a pair (real, imag) of tensors of shape `(..., rows, columns)`; integers are taken as floatx.

    Returns:
        A pair (real, imag) of the same shape, in the floating dtype.

    Raises:
        ShapeError: when x is no pair of equal shapes, has fewer than two axes or no points to transform.

    Example:
        >>> from kmb_core import ops
        >>> real, imag = ops.ifft2(([[6.0, 0.0], [0.0, -2.0]], [[0.0, 0.0], [0.0, 0.0]]))
        >>> [[float(v) for v in row] for row in real]
        [[1.0, 2.0], [2.0, 1.0]]
    """
    real, imag = _parts(x, 2, "ifft2")
    _need_points(static_shape(real)[-2:], "ifft2")
    if isinstance(real, KerasTensor):
        return rules.same(real), rules.same(imag)
    return _in_float32(lambda *parts: _inverse(_over_two_axes, 2, *parts), real, imag)


@composite(saved="RFFT", saved_module=MATH)
def rfft(x: Floating, fft_length: int | None = None) -> Pair:
    """The Fourier transform of a real signal along the last axis: its frequencies from 0 up, which say all.

    Args:
        x: tensor of shape `(..., size)`; integers and booleans are taken as floatx.
        fft_length: how many points are transformed: x is cut, or filled up with zeros. `size` when None.

    Returns:
        A pair (real, imag) of shape `(..., fft_length // 2 + 1)`, in the floating dtype.

    Raises:
        ShapeError: for a scalar, or when there are no points to transform.

    Example:
        >>> from kmb_core import ops
        >>> real, imag = ops.rfft([1.0, 2.0, 3.0, 4.0])
        >>> [float(v) for v in real]
        [10.0, -2.0, -2.0]
    """
    _real_signal(x, 1, "rfft")
    length = static_shape(x)[-1] if fft_length is None else fft_length
    _need_points((length,), "rfft")
    kept = None if length is None else length // 2 + 1
    if isinstance(x, KerasTensor):
        spectrum = rules.shaped(x, (*x.shape[:-1], kept))
        return spectrum, rules.same(spectrum)
    if fft_length is not None:
        x = _resized(x, fft_length)
    real, imag = fft((x, zeros_like(x)))
    size = shape_of(x)[-1]
    count = size // 2 + 1
    real, imag = get_item(real, (..., slice(0, count))), get_item(imag, (..., slice(0, count)))
    alternating = equal(multiply(arange(count), 2), size)  # the frequency whose sines are all zero
    return real, where(alternating, zeros_like(imag), imag)


@composite(saved="IRFFT", saved_module=MATH)
def irfft(x: Sequence[Floating], fft_length: int | None = None) -> Tensor:
    """The real signal that has given frequencies: the inverse of `rfft`.

    Args:
        x: a pair (real, imag) of tensors of shape `(..., count)`; integers are taken as floatx. They are cut, or filled
            up with zeros, to `fft_length // 2 + 1` frequencies.
        fft_length: how many points the signal has; `2 * (count - 1)` when None. An odd number has to be given.

    Returns:
        A tensor of shape `(..., fft_length)`, in the floating dtype.

    Raises:
        ShapeError: when x is no pair of equal shapes, or the signal would have no points.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.irfft(([10.0, -2.0, -2.0], [0.0, 2.0, 0.0]))]
        [1.0, 2.0, 3.0, 4.0]
    """
    real, imag = _parts(x, 1, "irfft")
    count = static_shape(real)[-1]
    length = fft_length if fft_length is not None else None if count is None else 2 * (count - 1)
    _need_points((length,), "irfft")
    if isinstance(real, KerasTensor):
        return rules.shaped(real, (*real.shape[:-1], length))
    if length is None:
        raise ShapeError(_unknown("irfft", "fft_length"))
    return _in_float32(lambda *parts: _hermitian(*parts, length), real, imag)


@composite(saved_module=MATH)
def extract_sequences(x: TensorLike, sequence_length: int, sequence_stride: int) -> Tensor:
    """Pieces of equal length along the last axis, one each `sequence_stride` steps.

    Args:
        x: tensor of shape `(..., size)`, of any dtype.
        sequence_length: how long a piece is.
        sequence_stride: how far the next one starts behind.

    Returns:
        A tensor of shape `(..., 1 + (size - sequence_length) // sequence_stride, sequence_length)`, in the dtype of x.

    Raises:
        ShapeError: for a scalar, for lengths below 1, and when not one piece fits.

    Example:
        >>> from kmb_core import ops
        >>> [[int(v) for v in piece] for piece in ops.extract_sequences([1, 2, 3, 4, 5, 6], 3, 2)]
        [[1, 2, 3], [3, 4, 5]]
    """
    count = pieces(static_shape(x), sequence_length, sequence_stride, "ops.extract_sequences")
    if isinstance(x, KerasTensor):
        return rules.shaped(x, (*x.shape[:-1], count, sequence_length))
    if count is None:
        raise ShapeError(_unknown("extract_sequences", "the size of the last axis"))
    starts = np.arange(count, dtype="int32")[:, None] * sequence_stride
    return take(x, starts + np.arange(sequence_length, dtype="int32"), -1)


@composite(saved="STFT", saved_module=MATH)
def stft(
    x: Floating,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int | None,
    window: Any = "hann",
    center: bool = True,
) -> Pair:
    """The short-time Fourier transform: the spectra of overlapping, windowed pieces of a real signal.

    Piece t is `x[t * stride : t * stride + fft_length]`; the window stands in its middle.

    Args:
        x: tensor of shape `(..., size)`; integers and booleans are taken as floatx.
        sequence_length: how long the window is.
        sequence_stride: steps from one piece to the next.
        fft_length: points of each transform, `sequence_length` at least; the next power of 2 when None.
        window: "hann" or "hamming" (periodic), a tensor of shape `(sequence_length,)`, or None: the whole piece counts.
        center: whether `fft_length // 2` mirrored elements are put before and behind, so that piece t is centred at
            `t * sequence_stride`.

    Returns:
        A pair (real, imag) of shape `(..., pieces, fft_length // 2 + 1)`, in the floating dtype.

    Raises:
        ShapeError: when lengths do not fit: a window of another size, a transform that is shorter than the window, a
            signal that is shorter than a piece or, centred, than half of one. ValueError: for an unknown window.

    Example:
        >>> from kmb_core import ops
        >>> real, imag = ops.stft([0.0, 1.0, 2.0, 3.0, 4.0], 3, 2, 3)
        >>> [[round(float(v), 3) for v in piece] for piece in real]
        [[0.75, -0.375], [3.75, -1.875], [5.25, -2.625]]
    """
    fft_length = transform_length(sequence_length, fft_length, "ops.stft")
    _check_window(window, sequence_length, "ops.stft")
    _real_signal(x, 1, "stft")
    size = centred_size(static_shape(x)[-1], fft_length, center, "ops.stft")
    count = pieces((*static_shape(x)[:-1], size), fft_length, sequence_stride, "ops.stft")
    if isinstance(x, KerasTensor):
        spectrum = rules.shaped(x, (*x.shape[:-1], count, fft_length // 2 + 1))
        return spectrum, rules.same(spectrum)
    dtype = dtype_of(x)
    x = cast(x, "float32") if dtype in HALVES else x
    if center:
        half = fft_length // 2
        x = pad(x, (*[(0, 0)] * (len(static_shape(x)) - 1), (half, half)), "reflect") if half else x
    frames = extract_sequences(x, fft_length, sequence_stride)
    if window is not None:
        frames = multiply(frames, _window_tensor(window, sequence_length, fft_length, dtype_of(x)))
    real, imag = rfft(frames)
    return (cast(real, dtype), cast(imag, dtype)) if dtype in HALVES else (real, imag)


@composite(saved="ISTFT", saved_module=MATH)
def istft(
    x: Sequence[Floating],
    sequence_length: int,
    sequence_stride: int,
    fft_length: int | None,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> Tensor:
    """The signal with a given short-time Fourier transform: the inverse of `stft`, in the least-squares sense.

    The pieces are windowed again and added up where they overlap; the sum is divided by that of the squared windows
    (Griffin and Lim, "Signal estimation from modified short-time Fourier transform", 1984). It is 0 where no window
    reaches.

    Args:
        x: a pair (real, imag) of tensors of shape `(..., pieces, fft_length // 2 + 1)`.
        sequence_length: how long the window is.
        sequence_stride: steps from one piece to the next.
        fft_length: points of each transform, `sequence_length` at least; the next power of 2 when None.
        length: how many elements the signal has: it is cut, or filled up with zeros. All that the pieces tell when
            None; where they are centred, without the mirrored ends.
        window: "hann" or "hamming" (periodic), a tensor of shape `(sequence_length,)`, or None: the whole piece counts.
        center: whether pieces were centred.

    Returns:
        A tensor of shape `(..., length)`, in the floating dtype.

    Raises:
        ShapeError: when x is no pair of equal shapes with two axes, has no pieces or another number of frequencies;
            when lengths do not fit. ValueError: for an unknown window.

    Example:
        >>> from kmb_core import ops
        >>> x = ops.convert_to_tensor([0.0, 1.0, 2.0, 3.0, 4.0])
        >>> [round(float(v), 3) + 0.0 for v in ops.istft(ops.stft(x, 4, 1, 4), 4, 1, 4)]
        [0.0, 1.0, 2.0, 3.0, 4.0]
    """
    fft_length = transform_length(sequence_length, fft_length, "ops.istft")
    _check_window(window, sequence_length, "ops.istft")
    real, imag = _parts(x, 2, "istft")
    known = static_shape(real)
    size = _signal_size(known, sequence_stride, fft_length, length, center)
    if isinstance(real, KerasTensor):
        return rules.shaped(real, (*known[:-2], size))
    dtype = dtype_of(real)
    if dtype in HALVES:
        real, imag = cast(real, "float32"), cast(imag, "float32")
    frames = irfft((real, imag), fft_length)
    shape = _window_tensor(window, sequence_length, fft_length, dtype_of(real))
    signal = _overlapped(multiply(frames, shape), sequence_stride, fft_length)
    weight = _overlapped(_repeated(square(shape), shape_of(real)[-2]), sequence_stride, fft_length)
    covered = greater(weight, 1e-11)
    signal = divide(where(covered, signal, zeros_like(signal)), where(covered, weight, ones_like(weight)))
    return cast(_trimmed(signal, fft_length // 2 if center else 0, length), dtype)


# Arguments -------------------------------------------------------------------------------------------------------


def _parts(x: Any, axes: int, op: str) -> Pair:
    """The two parts of complex numbers."""
    if not isinstance(x, (list, tuple)) or len(x) != 2:
        what = f"ops.{op}: expected a pair (real, imag) of tensors"
        raise ShapeError(message(what, "Complex numbers are two tensors here.", "Of real x: (x, ops.zeros_like(x))."))
    real, imag = x
    if not rules.fits(static_shape(real), static_shape(imag)):
        shapes = f"{static_shape(real)} and {static_shape(imag)}"
        raise ShapeError(f"ops.{op}: expected a real and an imaginary part of the same shape, got {shapes}")
    _real_signal(real, axes, op)
    return real, imag


def _real_signal(x: Any, axes: int, op: str) -> None:
    if is_complex(dtype_of(x)):
        raise DTypeError(f"ops.{op}: complex numbers are pairs of real tensors, got a part of dtype {dtype_of(x)}")
    if len(static_shape(x)) < axes:
        raise ShapeError(f"ops.{op}: expected {axes} or more axes, got shape {static_shape(x)}")


def _need_points(sizes: Sequence[int | None], op: str) -> None:
    if any(size is not None and size < 1 for size in sizes):
        raise ShapeError(f"ops.{op}: there has to be a point at least to transform, got {tuple(sizes)}")


def _unknown(op: str, what: str) -> str:
    remedy = "Give it, or let the backend supply the op."
    return message(f"ops.{op}: {what} is not known while the function is traced", None, remedy)


def pieces(shape: Shape, length: int, stride: int, where: str) -> int | None:
    """How many pieces the last axis has; None when its size is unknown.

    Raises:
        ShapeError: when there is no axis, no piece fits, or a length is below 1.
    """
    if length < 1 or stride < 1:
        raise ShapeError(f"{where}: a piece and a step have a length of 1 or more, got {length} and {stride}")
    if not shape:
        raise ShapeError(f"{where}: expected an axis to cut into pieces, got a scalar")
    size = shape[-1]
    if size is not None and size < length:
        raise ShapeError(f"{where}: a piece of {length} does not fit in an axis of {size}")
    return None if size is None else 1 + (size - length) // stride


def transform_length(sequence_length: int, fft_length: int | None, where: str) -> int:
    """The points of a transform: those given, or a power of 2.

    Raises:
        ShapeError: when there are fewer than the window has.
    """
    if sequence_length < 1:
        raise ShapeError(f"{where}: a window has a length of 1 or more, got sequence_length={sequence_length}")
    if fft_length is None:
        return 1 << (sequence_length - 1).bit_length()
    if fft_length < sequence_length:
        what = f"{where}: a transform of fft_length={fft_length} does not hold sequence_length={sequence_length}"
        raise ShapeError(message(what, None, "Give fft_length=None for the next power of 2."))
    return fft_length


def centred_size(size: int | None, fft_length: int, center: bool, where: str) -> int | None:
    """The size with the mirrored ends.

    Raises:
        ShapeError: when there is too little to mirror.
    """
    half = fft_length // 2
    if not center or size is None or not half:
        return size
    if size <= half:
        what = f"{where}: to centre pieces of {fft_length}, {half} elements are mirrored at each end; x has {size}"
        raise ShapeError(message(what, "The signal is too short.", "Use a smaller fft_length, or center=False."))
    return size + 2 * half


def _signal_size(known: Shape, stride: int, fft_length: int, length: int | None, center: bool) -> int | None:
    if stride < 1:
        raise ShapeError(f"ops.istft: a step has a length of 1 or more, got sequence_stride={stride}")
    if known[-2] == 0 or known[-1] not in (None, fft_length // 2 + 1):
        expected = f"pieces of {fft_length // 2 + 1} frequencies for fft_length={fft_length}"
        raise ShapeError(f"ops.istft: expected {expected}, got shape {known}")
    if length is not None or known[-2] is None:
        return length
    return fft_length + (known[-2] - 1) * stride - (2 * (fft_length // 2) if center else 0)


# Windows ---------------------------------------------------------------------------------------------------------

_COSINES = {"hann": 0.5, "hamming": 0.54}


def _check_window(window: Any, length: int, where: str) -> None:
    if window is None:
        return
    if isinstance(window, str):
        if window not in _COSINES:
            raise ValueError(f"{where}: window is one of {tuple(_COSINES)}, a tensor or None, got {window!r}")
    elif static_shape(window) != (length,):
        got = static_shape(window)
        raise ShapeError(f"{where}: expected a window of shape {(length,)}, as sequence_length says, got {got}")


def periodic_window(name: str, length: int) -> np.ndarray:
    """One period of a raised cosine, in float64."""
    if length == 1:
        return np.ones(1)
    mean = _COSINES[name]
    return mean - (1 - mean) * np.cos(2 * np.pi * np.arange(length) / length)


@cache
def window_values(name: str | None, length: int, fft_length: int) -> np.ndarray:
    """A named window in the middle of a piece; None: ones all over it."""
    if name is None:
        return np.ones(fft_length)
    before = (fft_length - length) // 2
    values = np.zeros(fft_length)
    values[before : before + length] = periodic_window(name, length)
    return np.broadcast_to(values, values.shape)  # not to be written to, since every call gets the same array


def _window_tensor(window: Any, length: int, fft_length: int, dtype: str) -> Tensor:
    backend = current_backend()
    if window is None or isinstance(window, str):
        return backend.convert(window_values(window, length, fft_length), dtype)
    before = (fft_length - length) // 2
    values = cast(window, dtype) if backend.is_tensor(window) else backend.convert(window, dtype)
    return pad(values, ((before, fft_length - length - before),))


# Transforms ------------------------------------------------------------------------------------------------------


def _in_float32(transform: Callable[..., Any], real: Tensor, imag: Tensor) -> Any:
    """A transform of a pair; halves are widened for it, so that they are rounded once."""
    dtype = dtype_of(real)
    if dtype not in HALVES:
        return transform(real, imag)
    outputs = transform(cast(real, "float32"), cast(imag, "float32"))
    return tuple(cast(x, dtype) for x in outputs) if isinstance(outputs, tuple) else cast(outputs, dtype)


def _over_two_axes(real: Tensor, imag: Tensor) -> Pair:
    real, imag = fft((real, imag))
    real, imag = fft((swapaxes(real, -1, -2), swapaxes(imag, -1, -2)))
    return swapaxes(real, -1, -2), swapaxes(imag, -1, -2)


def _inverse(forward: Callable[..., Pair], axes: int, real: Tensor, imag: Tensor) -> Pair:
    """Exchanging real and imaginary parts, before and after, turns a transform round."""
    imag, real = forward(imag, real)
    count = float(np.prod(static_shape(real)[-axes:]))
    return divide(real, count), divide(imag, count)


def _resized(x: Tensor, size: int) -> Tensor:
    """The last axis cut, or filled up with zeros."""
    missing = size - (static_shape(x)[-1] or 0)
    if missing > 0:
        x = pad(x, (*[(0, 0)] * (len(static_shape(x)) - 1), (0, missing)))
    return x if static_shape(x)[-1] == size else get_item(x, (..., slice(0, size)))


def _hermitian(real: Tensor, imag: Tensor, length: int) -> Tensor:
    """The signal of a spectrum whose second half is the conjugate of the first."""
    real, imag = _resized(real, length // 2 + 1), _resized(imag, length // 2 + 1)
    mirrored = (..., slice(1, (length + 1) // 2))
    whole_real = concatenate([real, flip(get_item(real, mirrored), -1)], -1)
    whole_imag = concatenate([imag, multiply(flip(get_item(imag, mirrored), -1), -1)], -1)
    return _inverse(lambda *parts: fft(parts), 1, whole_real, whole_imag)[0]


def _repeated(window: Tensor, count: Any) -> Tensor:
    return broadcast_to(reshape(window, (1, -1)), (count, static_shape(window)[0]))


def _overlapped(frames: Tensor, stride: int, size: int) -> Tensor:
    """Pieces added up at their places: `(..., count, size)` to `(..., size + (count - 1) * stride)`.

    A piece is cut into blocks of one step. Block k of piece t belongs to place t + k: rows of `count + blocks`
    elements, read as rows of one less, are shifted by one from row to row, and the columns are summed.
    """
    *outer, count, _ = shape_of(frames)
    blocks = -(-size // stride)
    frames = _resized(frames, blocks * stride)
    rows = moveaxis(reshape(frames, (*outer, count, blocks, stride)), -2, -3)
    rows = pad(rows, (*[(0, 0)] * len(outer), (0, 0), (0, blocks), (0, 0)))
    rows = reshape(rows, (*outer, blocks * (count + blocks), stride))
    rows = get_item(rows, (..., slice(0, blocks * (count + blocks - 1)), slice(None)))
    summed = total(reshape(rows, (*outer, blocks, count + blocks - 1, stride)), axis=-3)
    whole = reshape(summed, (*outer, (count + blocks - 1) * stride))
    return get_item(whole, (..., slice(0, size + (count - 1) * stride)))


def _trimmed(signal: Tensor, ends: int, length: int | None) -> Tensor:
    if length is None:
        return get_item(signal, (..., slice(ends, -ends or None)))
    signal = get_item(signal, (..., slice(ends, None)))
    return _resized(signal, length)
