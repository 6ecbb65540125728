"""Spectra: NumPy's transforms. Half precision is computed in float32, which NumPy would widen or not know."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

Pair = tuple[np.ndarray, np.ndarray]
_TRANSFORMED = (np.dtype("float32"), np.dtype("float64"))


def _joined(x: Any) -> np.ndarray:
    real, imag = x
    if real.shape != imag.shape or real.dtype.kind == "c":
        raise ValueError("two real tensors of the same shape")  # the declaration says it in full
    wide = real.dtype if real.dtype in _TRANSFORMED else np.dtype("float32")
    joined = np.empty(real.shape, "complex64" if wide == "float32" else "complex128")
    joined.real, joined.imag = real, imag
    return joined


def _split(spectrum: np.ndarray, dtype: np.dtype) -> Pair:
    return spectrum.real.astype(dtype), spectrum.imag.astype(dtype)


def fft(x: Any) -> Pair:
    """NumPy's."""
    return _split(np.fft.fft(_joined(x)), x[0].dtype)


def fft2(x: Any) -> Pair:
    """NumPy's."""
    return _split(np.fft.fft2(_joined(x)), x[0].dtype)


def ifft2(x: Any) -> Pair:
    """NumPy's."""
    return _split(np.fft.ifft2(_joined(x)), x[0].dtype)


def rfft(x: np.ndarray, fft_length: int | None = None) -> Pair:
    """NumPy's."""
    if x.dtype.kind == "c":
        raise ValueError("a real signal")
    return _split(np.fft.rfft(x if x.dtype in _TRANSFORMED else x.astype("float32"), fft_length), x.dtype)


def irfft(x: Any, fft_length: int | None = None) -> np.ndarray:
    """NumPy's."""
    return np.fft.irfft(_joined(x), fft_length).astype(x[0].dtype, copy=False)


def extract_sequences(x: np.ndarray, sequence_length: int, sequence_stride: int) -> np.ndarray:
    """A copy of every `sequence_stride`-th window."""
    if sequence_length < 1 or sequence_stride < 1:
        raise ValueError("lengths are positive")
    return sliding_window_view(x, sequence_length, -1)[..., ::sequence_stride, :].copy()
