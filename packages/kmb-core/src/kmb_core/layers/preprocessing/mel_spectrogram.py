"""MelSpectrogram: the loudness of a sound's frequencies over time, on the scale that ears hear."""

from typing import Any

import numpy as np

from kmb_core.layers.preprocessing.data_layer import DataLayer
from kmb_core.ops.arithmetic import add, maximum, multiply, power, subtract
from kmb_core.ops.creation import cast
from kmb_core.ops.functions import log10
from kmb_core.ops.manipulation import swapaxes
from kmb_core.ops.products import matmul
from kmb_core.ops.reduction import max as max_of
from kmb_core.ops.signal import stft
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class MelSpectrogram(DataLayer):
    """Turn sound into spectra of mel bins (Stevens, Volkmann and Newman, 1937), in decibels.

    The short-time Fourier transform's magnitudes, to the power of `mag_exp`, are added up under `num_mel_bins`
    triangles of equal width in mel(f) = 1127 ln(1 + f / 700). In decibels that is 10 log10(x / ref_power).

    Args:
        fft_length: size of the transform.
        sequence_stride: samples from one piece to the next.
        sequence_length: samples in a piece; `fft_length` when None.
        window: "hann", "hamming", an array of `sequence_length`, or None.
        sampling_rate: samples in a second.
        num_mel_bins: how many bins there are.
        min_freq, max_freq: where the first begins and the last ends, in hertz; half the sampling rate when None.
        power_to_db: whether the result is in decibels.
        top_db: what is less loud by more than this than the loudest is raised to that; no limit when None.
        mag_exp: power of the magnitudes: 1 for amplitude, 2 for energy.
        min_power: what counts as silence.
        ref_power: what is 0 decibels.

    Input: `(batch, samples)` or `(samples,)`. Output: `(batch, num_mel_bins, pieces)` or without batch.

    Raises:
        ValueError: where `fft_length` is less than `sequence_length`, for numbers that are not positive, or a range of
            frequencies that is none.

    Example:
        >>> import numpy as np
        >>> import kmb_core
        >>> layer = kmb_core.layers.MelSpectrogram(fft_length=64, sequence_stride=16, num_mel_bins=8)
        >>> tuple(layer(np.ones((2, 128), "float32")).shape)
        (2, 8, 9)
    """

    def __init__(
        self,
        fft_length: int = 2048,
        sequence_stride: int = 512,
        sequence_length: int | None = None,
        window: Any = "hann",
        sampling_rate: int = 16000,
        num_mel_bins: int = 128,
        min_freq: float = 20.0,
        max_freq: float | None = None,
        power_to_db: bool = True,
        top_db: float | None = 80.0,
        mag_exp: float = 2.0,
        min_power: float = 1e-10,
        ref_power: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.fft_length, self.sequence_stride = fft_length, sequence_stride
        self.sequence_length = sequence_length or fft_length
        self.window, self.sampling_rate, self.num_mel_bins = window, sampling_rate, num_mel_bins
        self.min_freq, self.max_freq = min_freq, max_freq or int(sampling_rate / 2)
        self.power_to_db, self.top_db, self.mag_exp = power_to_db, top_db, mag_exp
        self.min_power, self.ref_power = min_power, ref_power
        self._check()
        self._mel = self._triangles(num_mel_bins, fft_length // 2 + 1, sampling_rate, min_freq, self.max_freq)
        self._needs_no_building()

    def _check(self) -> None:
        where = self._where()
        for name in ("fft_length", "sequence_stride", "sequence_length", "sampling_rate", "num_mel_bins", "min_power"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{where}: {name} is positive, got {getattr(self, name)!r}")
        if self.fft_length < self.sequence_length:
            what = f"fft_length {self.fft_length} is less than sequence_length {self.sequence_length}"
            raise ValueError(f"{where}: {what}")
        if isinstance(self.window, str) and self.window not in ("hann", "hamming"):
            raise ValueError(f"{where}: window is 'hann', 'hamming', an array or None; got {self.window!r}")
        if not 0 <= self.min_freq < self.max_freq:
            raise ValueError(f"{where}: min_freq {self.min_freq} is not between 0 and max_freq {self.max_freq}")

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        dtype = self.compute_dtype if self.compute_dtype == "float64" else "float32"  # transforms know no 16 bits
        real, imaginary = stft(
            cast(inputs, dtype), self.sequence_length, self.sequence_stride, self.fft_length, window=self.window
        )
        energy = add(multiply(real, real), multiply(imaginary, imaginary))
        magnitude = energy if self.mag_exp == 2 else power(energy, self.mag_exp / 2)
        result = swapaxes(matmul(magnitude, cast(self._mel, dtype)), -1, -2)
        return cast(self._decibels(result) if self.power_to_db else result, self.compute_dtype)

    def _decibels(self, x: Any) -> Any:
        reference = 10.0 * float(np.log10(max(abs(self.ref_power), self.min_power)))
        loudness = subtract(multiply(log10(maximum(x, self.min_power)), 10.0), reference)
        return (
            loudness
            if self.top_db is None
            else maximum(loudness, subtract(max_of(loudness, initial=float("-inf")), self.top_db))
        )

    def linear_to_mel_weight_matrix(
        self,
        num_mel_bins: int = 20,
        num_spectrogram_bins: int = 129,
        sampling_rate: int = 8000,
        lower_edge_hertz: float = 125.0,
        upper_edge_hertz: float = 3800.0,
        dtype: str = "float32",
    ) -> Any:
        """How much of each frequency's magnitude goes into each mel bin.

        Args:
            num_mel_bins: how many bins there are.
            num_spectrogram_bins: how many frequencies, from 0 to half the sampling rate.
            sampling_rate: samples in a second.
            lower_edge_hertz, upper_edge_hertz: where the first bin begins and the last ends.
            dtype: of the result.

        Returns:
            A tensor of shape `(num_spectrogram_bins, num_mel_bins)`; frequency 0 goes into none.
        """
        matrix = self._triangles(num_mel_bins, num_spectrogram_bins, sampling_rate, lower_edge_hertz, upper_edge_hertz)
        return cast(matrix, dtype)

    @staticmethod
    def _triangles(bins: int, frequencies: int, rate: float, lower: float, upper: float) -> np.ndarray:
        heard = _mel(np.linspace(0.0, rate / 2.0, frequencies))[1:, None]
        edges = np.linspace(_mel(lower), _mel(upper), bins + 2)
        begin, middle, end = edges[:-2], edges[1:-1], edges[2:]
        inside = np.minimum((heard - begin) / (middle - begin), (end - heard) / (end - middle))
        return np.pad(np.maximum(inside, 0.0), ((1, 0), (0, 0)))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """`(batch, num_mel_bins, pieces)`."""
        *batch, samples = input_shape
        pieces = (
            None
            if samples is None
            else 1 + (samples + self.fft_length // 2 * 2 - self.fft_length) // (self.sequence_stride)
        )
        return (*batch, self.num_mel_bins, pieces)


def _mel(hertz: Any) -> Any:
    return 1127.0 * np.log1p(np.asarray(hertz) / 700.0)
