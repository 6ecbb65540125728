"""Spectra: TensorFlow's transforms, float32 for half precision, which it does not transform.

Its kernels end the process where there are no points to transform, so that is looked at before.
"""

from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.dtypes import HALVES_AS_FLOAT32, cast
from kmb_backend_tensorflow.raw import raw_op
from kmb_backend_tensorflow.shapes import dynamic_shape

Pair = tuple[Any, Any]

_complex, _real, _imag = raw_op("Complex"), raw_op("Real"), raw_op("Imag")
_fft, _fft2, _ifft2 = raw_op("FFT"), raw_op("FFT2D"), raw_op("IFFT2D")
_rfft, _irfft = raw_op("RFFT"), raw_op("IRFFT")
_PARTS = {tf.float32: tf.complex64, tf.float64: tf.complex128}


def _joined(x: Any, axes: int) -> Any:
    real, imag = x
    wide = HALVES_AS_FLOAT32.get(real.dtype, real.dtype)
    if not real.shape.is_compatible_with(imag.shape) or 0 in real.shape[-axes:]:
        raise ValueError("two tensors of the same shape, with points")  # the declaration says it in full
    return _complex(cast(real, wide), cast(imag, wide), _PARTS[wide])


def _split(spectrum: Any, dtype: tf.DType) -> Pair:
    wide = HALVES_AS_FLOAT32.get(dtype, dtype)
    return cast(_real(spectrum, wide), dtype), cast(_imag(spectrum, wide), dtype)


def fft(x: Any) -> Pair:
    """TensorFlow's."""
    return _split(_fft(_joined(x, 1)), x[0].dtype)


def fft2(x: Any) -> Pair:
    """TensorFlow's."""
    return _split(_fft2(_joined(x, 2)), x[0].dtype)


def ifft2(x: Any) -> Pair:
    """TensorFlow's."""
    return _split(_ifft2(_joined(x, 2)), x[0].dtype)


def rfft(x: Any, fft_length: int | None = None) -> Pair:
    """TensorFlow's kernel, for a signal of the right length."""
    length = x.shape[-1] if fft_length is None else fft_length
    wide = HALVES_AS_FLOAT32.get(x.dtype, x.dtype)
    if wide not in _PARTS or (length is not None and length < 1):
        raise ValueError("a real signal, with points")
    signal = cast(x, wide) if fft_length is None else _resized(cast(x, wide), length)
    return _split(_rfft(signal, [dynamic_shape(signal)[-1]], _PARTS[wide]), x.dtype)


def irfft(x: Any, fft_length: int | None = None) -> Any:
    """TensorFlow's kernel, for a spectrum of the right length."""
    joined = _joined(x, 1)
    length = 2 * (dynamic_shape(joined)[-1] - 1) if fft_length is None else fft_length
    if length.__class__ is int and length < 1:
        raise ValueError("no points")
    spectrum = joined if fft_length is None else _resized(joined, length // 2 + 1)
    return cast(_irfft(spectrum, [length], HALVES_AS_FLOAT32.get(x[0].dtype, x[0].dtype)), x[0].dtype)


def _resized(x: Any, size: int) -> Any:
    """The last axis cut, or filled up with zeros; TensorFlow's own way has wrong derivatives, or reads past the end."""
    known = x.shape[-1]
    if known is None or known < size:
        borders = [[0, 0]] * (len(x.shape) - 1)
        x = tf.pad(x, [*borders, [0, size if known is None else size - known]])
    return x if known is not None and known <= size else x[..., :size]


def extract_sequences(x: Any, sequence_length: int, sequence_stride: int) -> Any:
    """Windows along the last axis."""
    size = x.shape[-1]
    if sequence_length < 1 or sequence_stride < 1 or (size is not None and size < sequence_length):
        raise ValueError("no piece fits")
    return tf.signal.frame(x, sequence_length, sequence_stride)
