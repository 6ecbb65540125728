"""Rows of `ops.signal`."""

import numpy as np

from kmb_core.conformance.row import NUMBERS, Table, integers, numbers

TABLE = Table()

SOME = {"gradients": True, "low_tolerance": 0.1}


def pair(*shape):
    """The parts of complex numbers."""
    return (numbers(*shape), numbers(*shape))


def split(spectrum):
    """A complex array as its parts."""
    return spectrum.real.copy(), spectrum.imag.copy()


def transformed(transform):
    """An oracle from one of NumPy's transforms of complex arrays."""
    return lambda x, *args: split(transform(x[0] + 1j * x[1], *args))


TABLE.add("fft", transformed(np.fft.fft), pair(2, 8), dtypes=NUMBERS, **SOME)
TABLE.add("fft", transformed(np.fft.fft), pair(5), **SOME)
TABLE.add("fft", transformed(np.fft.fft), pair(0, 4))
TABLE.add("fft", transformed(np.fft.fft), [numbers(2, 2, 3), numbers(2, 2, 3)], **SOME)
PLANES = {"fft2": transformed(np.fft.fft2), "ifft2": transformed(np.fft.ifft2)}
TABLE.add_all(PLANES, pair(2, 3, 4), dtypes=NUMBERS, **SOME)
TABLE.add_all(PLANES, pair(4, 2), **SOME)
TABLE.add_all(PLANES, pair(0, 2, 3))


def rfft(x, fft_length=None):
    """NumPy's, as parts."""
    return split(np.fft.rfft(x, fft_length))


def irfft(x, fft_length=None):
    """NumPy's, from parts."""
    return np.fft.irfft(x[0] + 1j * x[1], fft_length)


for length in (None, 4, 5, 9):
    TABLE.add("rfft", rfft, numbers(2, 6), length, dtypes=NUMBERS, **SOME)
    TABLE.add("irfft", irfft, pair(2, 4), length, dtypes=NUMBERS, **SOME)
TABLE.add("rfft", rfft, numbers(7), **SOME)
TABLE.add("rfft", rfft, numbers(2, 0), 3)
TABLE.add("rfft", rfft, numbers(0, 3))
TABLE.add("irfft", irfft, pair(1), 1, unknown_batch=0, **SOME)
TABLE.add("irfft", irfft, pair(0, 3))


def sequences(x, length, stride):
    """One piece after the other."""
    count = 1 + (x.shape[-1] - length) // stride
    return np.stack([x[..., i * stride : i * stride + length] for i in range(count)], -2)


TABLE.add("extract_sequences", sequences, numbers(2, 7), 3, 2, dtypes=(*NUMBERS, "bool"), **SOME)
TABLE.add("extract_sequences", sequences, numbers(6), 6, 1, unknown_batch=0, **SOME)
TABLE.add("extract_sequences", sequences, numbers(2, 3, 9), 2, 4, **SOME)
TABLE.add("extract_sequences", sequences, numbers(0, 5), 2, 1)


def window_of(window, length, fft_length):
    """The window in the middle of zeros."""
    if window is None:
        return np.ones(fft_length)
    if isinstance(window, str) and length == 1:
        window = 1.0
    if isinstance(window, str):
        turn = 2 * np.pi * np.arange(length) / length
        window = {"hann": 0.5 - 0.5 * np.cos(turn), "hamming": 0.54 - 0.46 * np.cos(turn)}[window]
    padded = np.zeros(fft_length)
    start = (fft_length - length) // 2
    padded[start : start + length] = window
    return padded


def stft(x, length, stride, fft_length, window="hann", center=True):
    """Piece by piece."""
    fft_length = fft_length or 8
    half = fft_length // 2
    if center:
        x = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(half, half)], mode="reflect")
    return rfft(sequences(x, fft_length, stride) * window_of(window, length, fft_length))


def istft(x, length, stride, fft_length, size=None, window="hann", center=True):
    """Piece by piece, added up; NumPy's pseudo-inverse of nothing is nothing."""
    frames = irfft(x, fft_length)
    window = window_of(window, length, fft_length)
    whole = np.zeros((*frames.shape[:-2], fft_length + stride * (frames.shape[-2] - 1)))
    weight = np.zeros(whole.shape[-1])
    for i in range(frames.shape[-2]):
        span = slice(i * stride, i * stride + fft_length)
        whole[..., span] += frames[..., i, :] * window
        weight[span] += window**2
    whole = np.divide(whole, weight, out=np.zeros_like(whole), where=np.broadcast_to(weight > 1e-9, whole.shape))
    half = fft_length // 2 if center else 0
    if size is None:
        return whole[..., half : whole.shape[-1] - half]
    whole = whole[..., half : half + size]
    return np.concatenate([whole, np.zeros((*whole.shape[:-1], size - whole.shape[-1]))], -1)


WINDOWS = ("hamming", None, [0.2, 0.9, 1.0, 0.8, 0.3])
TABLE.add("stft", stft, numbers(2, 13), 5, 2, 8, dtypes=NUMBERS, **SOME)
TABLE.add("stft", stft, numbers(12), 6, 3, None, unknown_batch=0, **SOME)
TABLE.add("stft", stft, numbers(2, 2, 11), 4, 5, 5, center=False, **SOME)
TABLE.add("stft", stft, numbers(0, 6), 4, 2, 4)
TABLE.add("stft", stft, numbers(2, 3), 1, 1, 1, **SOME)
TABLE.add("istft", istft, (numbers(2, 4, 5), numbers(2, 4, 5)), 5, 2, 8, dtypes=NUMBERS, **SOME)
TABLE.add("istft", istft, (numbers(3, 3), numbers(3, 3)), 5, 2, 5, unknown_batch=0, **SOME)
TABLE.add("istft", istft, (numbers(0, 3, 3), numbers(0, 3, 3)), 4, 2, 4)
for window in WINDOWS:
    TABLE.add("stft", stft, numbers(9), 5, 3, 7, window=window, unknown_batch=0, **SOME)
    for size in (None, 4, 17):
        TABLE.add("istft", istft, (numbers(2, 3, 4), numbers(2, 3, 4)), 5, 3, 7, size, window, False, **SOME)
TABLE.add("istft", istft, (numbers(2, 3, 4), numbers(2, 3, 4)), 6, 7, 6, 20, **SOME)
TABLE.add("stft", stft, integers(2, 9), 4, 2, 4, dtypes=("float32",))
