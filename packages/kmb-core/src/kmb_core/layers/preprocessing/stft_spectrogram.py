"""STFTSpectrogram: the short-time Fourier transform as a convolution, whose kernels can be trained."""

import math
import warnings
from typing import Any

import numpy as np

from kmb_core.errors import message
from kmb_core.layers.input_spec import InputSpec
from kmb_core.layers.layer import Layer
from kmb_core.ops.arithmetic import add, maximum, multiply
from kmb_core.ops.creation import cast
from kmb_core.ops.functions import arctan2, log, sqrt
from kmb_core.ops.manipulation import concatenate, reshape, transpose
from kmb_core.ops.nn.convolution import conv
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.serialization import saved_as
from kmb_core.settings import epsilon, standardize_data_format

_MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")
_WINDOWS = {"hann": np.hanning, "hamming": np.hamming, "blackman": np.blackman, "bartlett": np.bartlett}


@saved_as("keras.layers")
class STFTSpectrogram(Layer):
    """Spectra of overlapping pieces of signals, by kernels that start as the Fourier transform's and can be trained.

    Args:
        mode: "log": logarithm of the magnitudes; "magnitude"; "psd": power spectral density, which counts the
            frequencies that the other half would have; "real"; "imag"; "angle"; "stft": real and imaginary parts.
        frame_length: samples in a piece.
        frame_step: samples from one to the next; half of `frame_length` when None.
        fft_length: size of the transform; the next power of two when None.
        window: a name ("hann", "hamming", "blackman", "bartlett"; others with SciPy), an array, or None.
        periodic: whether a named window is periodic, else symmetric.
        scaling: by the window: "density", "spectrum" or None.
        padding: "valid" or "same".
        expand_dims: an axis of its own for the input's channels, in the place of one after the other.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input: `(batch, samples, channels)`. Output: `(batch, pieces, channels * frequencies)`, or with `expand_dims`
    `(batch, pieces, frequencies, channels)`; channels after the batch for "channels_first".

    Raises:
        ValueError: for an unknown mode, padding or scaling; lengths that do not fit one another; a window of another
            length. ImportError: for a window that needs SciPy where there is none.

    Example:
        >>> import numpy as np
        >>> import kmb_core
        >>> layer = kmb_core.layers.STFTSpectrogram("magnitude", frame_length=8)
        >>> tuple(layer(np.ones((2, 32, 1), "float32")).shape)
        (2, 7, 5)
    """

    def __init__(
        self,
        mode: str = "log",
        frame_length: int = 256,
        frame_step: int | None = None,
        fft_length: int | None = None,
        window: Any = "hann",
        periodic: bool = False,
        scaling: str | None = "density",
        padding: str = "valid",
        expand_dims: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.mode, self.frame_length, self.frame_step, self.fft_length = mode, frame_length, frame_step, fft_length
        self.window, self.periodic, self.scaling, self.padding = window, periodic, scaling, padding
        self.expand_dims, self.data_format = expand_dims, standardize_data_format(data_format)
        self._check()
        self._step = frame_step or max(frame_length // 2, 1)
        self._size = fft_length or 2 ** math.ceil(math.log2(frame_length))
        self._window = self._values_of_window()
        self.input_spec = InputSpec(ndim=3)

    def _check(self) -> None:
        where = self._where()
        for name, allowed in (
            ("mode", _MODES),
            ("padding", ("valid", "same")),
            ("scaling", ("density", "spectrum", None)),
        ):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{where}: {name} is one of {allowed}, got {getattr(self, name)!r}")
        length, step, size = self.frame_length, self.frame_step, self.fft_length
        if not isinstance(length, int) or isinstance(length, bool) or length < 1:
            raise ValueError(f"{where}: frame_length is a whole number, at least 1; got {length!r}")
        if step is not None and (not isinstance(step, int) or not 0 < step <= length):
            raise ValueError(f"{where}: frame_step is from 1 to frame_length {length}, got {step!r}")
        if size is not None and (not isinstance(size, int) or size < length):
            raise ValueError(f"{where}: fft_length is at least frame_length {length}, got {size!r}")
        if size is not None and size & (size - 1):
            what = f"{where}: fft_length {size} is no power of two, which transforms are fastest for"
            warnings.warn(message(what), stacklevel=3)

    def _values_of_window(self) -> np.ndarray:
        window, length = self.window, self.frame_length
        if window is None:
            return np.ones(length)
        if isinstance(window, str) and window in _WINDOWS:
            return _WINDOWS[window](length + 1)[:-1] if self.periodic else _WINDOWS[window](length)
        if isinstance(window, (str, tuple)):
            return self._window_by_scipy(window)
        values = np.asarray(window, "float64")
        if values.shape != (length,):
            raise ValueError(f"{self._where()}: window has shape ({length},), got {values.shape}")
        return values

    def _window_by_scipy(self, window: Any) -> np.ndarray:
        try:
            from scipy.signal import get_window
        except ImportError as error:
            what = f"{self._where()}: window {window!r} needs SciPy"
            raise ImportError(message(what, f"Without it: {', '.join(_WINDOWS)}.", "pip install scipy")) from error
        try:
            values: np.ndarray = get_window(window, self.frame_length, fftbins=self.periodic)
        except ValueError as error:
            raise ValueError(f"{self._where()}: there is no window {window!r}") from error
        return values

    def build(self, input_shape: Any) -> None:
        """Make the kernels."""
        if self.mode != "imag":
            self.real_kernel = self._kernel("real_kernel", np.cos)
        if self.mode != "real":
            self.imag_kernel = self._kernel("imag_kernel", lambda angle: -np.sin(angle))

    def _kernel(self, name: str, wave: Any) -> Any:
        frequencies = self._size // 2 + 1
        angles = 2 * np.pi * np.arange(self.frame_length)[:, None] * np.arange(frequencies) / self._size
        values = self._scale() * self._window[:, None] * wave(angles)
        kernel = values[:, None, :]
        return self.add_weight(
            name=name, shape=kernel.shape, initializer=lambda shape, dtype: kernel.astype(dtype), trainable=True
        )

    def _scale(self) -> float:
        if self.window is None:
            return 1.0
        if self.scaling == "density":
            return float(1 / np.sqrt(np.sum(self._window**2)))
        return float(1 / np.sum(self._window)) if self.scaling == "spectrum" else 1.0

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        first = self.data_format == "channels_first"
        signals = inputs if first else transpose(inputs, (0, 2, 1))
        channels, samples = shape_of(signals)[1:]
        lines = reshape(signals, (-1, samples, 1))
        spectra = self._spectra(lines)
        pieces, frequencies = shape_of(spectra)[1:]
        result = reshape(spectra, (-1, channels, pieces, frequencies))
        if self.expand_dims:
            return result if first else transpose(result, (0, 2, 3, 1))
        if first:
            return reshape(transpose(result, (0, 1, 3, 2)), (-1, channels * frequencies, pieces))
        return reshape(transpose(result, (0, 2, 1, 3)), (-1, pieces, channels * frequencies))

    def _spectra(self, lines: Any) -> Any:
        """`(signals, pieces, frequencies)` of `(signals, samples, 1)`."""
        if self.mode == "real":
            return self._part(lines, self.real_kernel)
        if self.mode == "imag":
            return self._part(lines, self.imag_kernel)
        real, imaginary = self._part(lines, self.real_kernel), self._part(lines, self.imag_kernel)
        if self.mode == "stft":
            return concatenate([real, imaginary], axis=-1)
        if self.mode == "angle":
            return arctan2(imaginary, real)
        power = add(multiply(real, real), multiply(imaginary, imaginary))
        if self.mode == "psd":
            return multiply(power, cast(self._halves(), self.compute_dtype))
        magnitude = sqrt(maximum(power, epsilon()))  # its derivative at 0 is finite
        return log(magnitude) if self.mode == "log" else magnitude

    def _halves(self) -> list[float]:
        """2 for frequencies that stand for themselves and their mirror image."""
        both = [1.0] + [2.0] * (self._size // 2)
        if self._size % 2 == 0:
            both[-1] = 1.0
        return both

    def _part(self, lines: Any, kernel: Any) -> Any:
        return conv(lines, kernel, strides=self._step, padding=self.padding, data_format="channels_last")

    def compute_output_shape(self, input_shape: Any) -> Any:
        """See above."""
        first = self.data_format == "channels_first"
        batch, samples, channels = (input_shape[0], *(input_shape[:0:-1] if first else input_shape[1:]))
        frequencies = (self._size // 2 + 1) * (2 if self.mode == "stft" else 1)
        pieces = None if samples is None else self._pieces(samples)
        if self.expand_dims:
            return (batch, channels, pieces, frequencies) if first else (batch, pieces, frequencies, channels)
        joined = None if channels is None else channels * frequencies
        return (batch, joined, pieces) if first else (batch, pieces, joined)

    def _pieces(self, samples: int) -> int:
        if self.padding == "same":
            return -(-samples // self._step)
        if samples < self.frame_length:
            raise ValueError(f"{self._where()}: {samples} samples are less than frame_length {self.frame_length}")
        return (samples - self.frame_length) // self._step + 1

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        if not isinstance(self.window, (str, tuple, type(None))):
            config["window"] = np.asarray(self.window, "float64").tolist()
        return config
