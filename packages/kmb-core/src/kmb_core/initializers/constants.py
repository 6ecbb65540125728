"""Initializers that draw nothing."""

from typing import Any

import numpy as np

from kmb_core.dtypes import is_complex, is_float, numpy_dtype
from kmb_core.errors import DTypeError, ShapeError
from kmb_core.initializers.initializer import Initializer, Shape

_WINDOWS = {
    "hann": np.hanning,
    "hamming": np.hamming,
    "blackman": np.blackman,
    "bartlett": np.bartlett,
}


class Constant(Initializer):
    """Fills with one value, or with an array that broadcasts to the shape.

    Example:
        >>> Constant(3).sample((2,), "int32").tolist()
        [3, 3]
    """

    arguments = ("value",)

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def sample(self, shape: Shape, dtype: str) -> np.ndarray:
        """Return the values as a NumPy array."""
        try:
            return np.broadcast_to(np.asarray(self.value), shape).astype(numpy_dtype(dtype))
        except ValueError as error:
            got = np.shape(self.value)
            raise ShapeError(f"Constant: expected a value that broadcasts to {shape}, got shape {got}.") from error


class Zeros(Initializer):
    """Fills with zeros."""

    def sample(self, shape: Shape, dtype: str) -> np.ndarray:
        """Return the values as a NumPy array."""
        return np.zeros(shape, numpy_dtype(dtype))


class Ones(Initializer):
    """Fills with ones."""

    def sample(self, shape: Shape, dtype: str) -> np.ndarray:
        """Return the values as a NumPy array."""
        return np.ones(shape, numpy_dtype(dtype))


class Identity(Initializer):
    """Fills a matrix with `gain` on the diagonal, and zeros elsewhere.

    Example:
        >>> Identity(2.0).sample((2, 3), "float32").tolist()
        [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def sample(self, shape: Shape, dtype: str) -> np.ndarray:
        """Return the values as a NumPy array."""
        if len(shape) != 2:
            raise ShapeError(f"Identity: expected a shape of 2 axes, got {shape}.")
        return (self.gain * np.eye(*shape)).astype(numpy_dtype(dtype))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments; a gain of 1 is left out, as files of Keras have no gain."""
        return {} if self.gain == 1.0 else {"gain": self.gain}


class STFT(Initializer):
    """Fills a kernel with a short-time Fourier transform, for use as a convolution.

    The kernel's shape is `(frame_length, channels, bins)`, where `bins = fft_length // 2 + 1`. With the window w, bin
    k of sample n is `w[n] cos(2 pi n k / fft_length)`, or `-w[n] sin(2 pi n k / fft_length)`.

    Args:
        side: "real" or "imag".
        window: "hann", "hamming", "blackman", "bartlett", an array of `frame_length` values, or None.
        scaling: "density" divides by the root of the sum of squares of the window, "spectrum" by its sum; or None.
        periodic: whether the window is the periodic one, rather than the symmetric one.

    Raises:
        ValueError: where an argument is none of these.
    """

    arguments = ("side", "window", "periodic", "scaling")

    def __init__(
        self, side: str = "real", window: Any = "hann", scaling: str | None = "density", periodic: bool = False
    ) -> None:
        if side not in ("real", "imag"):
            raise ValueError(f"STFT: expected side 'real' or 'imag', got {side!r:.60}.")
        if isinstance(window, str) and window not in _WINDOWS:
            raise ValueError(f"STFT: expected a window out of {', '.join(_WINDOWS)}; got {window!r:.60}.")
        if scaling not in ("density", "spectrum", None):
            raise ValueError(f"STFT: expected scaling 'density', 'spectrum' or None, got {scaling!r:.60}.")
        self.side, self.window, self.scaling, self.periodic = side, window, scaling, periodic

    def sample(self, shape: Shape, dtype: str) -> np.ndarray:
        """Return the values as a NumPy array."""
        if len(shape) != 3:
            raise ShapeError(f"STFT: expected a shape (frame_length, channels, bins), got {shape}.")
        if not is_float(dtype) and not is_complex(dtype):
            raise DTypeError(f"STFT: expected a floating or complex dtype, got {dtype!r}.")
        frame_length, _, bins = shape
        fft_length = max(1, 2 * (bins - 1))
        angles = 2.0 * np.pi / fft_length * np.outer(np.arange(frame_length), np.arange(bins))
        waves = np.cos(angles) if self.side == "real" else -np.sin(angles)
        kernel = waves * self._scaled_window(frame_length)[:, None]
        return np.broadcast_to(kernel[:, None, :], shape).astype(numpy_dtype(dtype))

    def _scaled_window(self, length: int) -> np.ndarray:
        if self.window is None:
            return np.ones(length)
        window = self._window(length)
        if self.scaling == "density":
            return window / np.sqrt(np.sum(window**2))
        return window / np.sum(window) if self.scaling == "spectrum" else window

    def _window(self, length: int) -> np.ndarray:
        if isinstance(self.window, str):
            return _WINDOWS[self.window](length + self.periodic)[:length]
        window = np.asarray(self.window, "float64")
        if window.shape != (length,):
            raise ShapeError(f"STFT: expected a window of shape ({length},), got {window.shape}.")
        return window
