"""Fourier transforms: against SciPy and Parseval, there and back again, windows, pieces, errors."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import fft as scipy_fft
from scipy import signal as scipy_signal

from kmb_core import ops
from kmb_core.backend import KerasTensor
from kmb_core.errors import DTypeError, ShapeError

SEEDS = st.integers(0, 2**16)


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def joined(pair):
    real, imag = map(ops.convert_to_numpy, pair)
    return real + 1j * imag


@pytest.mark.parametrize("size", [1, 2, 5, 12, 31])
def test_the_transform_is_scipys_for_any_size(size):
    real, imag = drawn(2, size), drawn(2, size, seed=1)
    np.testing.assert_allclose(joined(ops.fft((real, imag))), scipy_fft.fft(real + 1j * imag), atol=1e-5)


def test_float64_is_transformed_in_float64(wide):
    x = np.random.default_rng(0).normal(size=(3, 9)).astype(wide)
    found = ops.rfft(ops.convert_to_tensor(x, "float64"))
    np.testing.assert_allclose(joined(found), scipy_fft.rfft(x), atol=1e-13)


@settings(deadline=None, max_examples=25)
@given(rows=st.integers(1, 5), columns=st.integers(1, 6), seed=SEEDS)
def test_ifft2_undoes_fft2_and_energy_is_kept(rows, columns, seed):
    pair = (drawn(rows, columns, seed=seed), drawn(rows, columns, seed=seed + 1))
    there = ops.fft2(pair)
    np.testing.assert_allclose(joined(ops.ifft2(there)), pair[0] + 1j * pair[1], atol=1e-5)
    energy = (np.abs(joined(there)) ** 2).sum() / (rows * columns)
    np.testing.assert_allclose(energy, sum((part**2).sum() for part in pair), rtol=1e-4)


@settings(deadline=None, max_examples=25)
@given(size=st.integers(1, 20), length=st.integers(1, 24), seed=SEEDS)
def test_irfft_undoes_rfft_of_any_length(size, length, seed):
    x = drawn(2, size, seed=seed)
    filled = np.zeros((2, length), "float32")
    filled[:, : min(size, length)] = x[:, :length]
    back = ops.convert_to_numpy(ops.irfft(ops.rfft(x, length), length))
    np.testing.assert_allclose(back, filled, atol=1e-5)


@settings(deadline=None, max_examples=40)
@given(
    window=st.sampled_from(["hann", "hamming"]),
    length=st.integers(2, 9),
    more=st.integers(0, 4),
    overlaps=st.integers(2, 4),
    steps=st.integers(2, 6),
    seed=SEEDS,
)
def test_istft_undoes_stft(window, length, more, overlaps, steps, seed):
    stride, points = max(1, length // overlaps), length + more
    x = drawn(2, points + steps * stride, seed=seed)
    spectra = ops.stft(x, length, stride, points, window)
    back = ops.convert_to_numpy(ops.istft(spectra, length, stride, points, x.shape[-1], window))
    reached = (steps + 1 + 2 * (points // 2) // stride) * stride - points // 2  # the last pieces fade out
    inner = slice(0, min(x.shape[-1], reached - length))
    np.testing.assert_allclose(back[:, inner], x[:, inner], atol=2e-4)


def test_spectra_of_pieces_are_scipys():
    x = drawn(40)
    window = scipy_signal.get_window("hann", 8)
    _, _, expected = scipy_signal.stft(x, window="hann", nperseg=8, noverlap=6, boundary="even", padded=False)
    found = joined(ops.stft(x, 8, 2, 8))
    np.testing.assert_allclose(found, expected.T * window.sum(), atol=1e-5)


def test_the_window_stands_in_the_middle_of_a_longer_piece():
    ones = np.ones(9, "float32")
    real, _ = ops.stft(ones, 3, 1, 9, np.array([1.0, 2.0, 4.0], "float32"), center=False)
    np.testing.assert_allclose(ops.convert_to_numpy(real)[0, 0], 7.0, atol=1e-6)
    impulse = np.eye(9, dtype="float32")[4]
    real, imag = ops.stft(impulse, 3, 1, 9, np.array([1.0, 2.0, 4.0], "float32"), center=False)
    np.testing.assert_allclose(np.abs(joined((real, imag))), 2.0, atol=1e-5)


def test_a_window_by_name_is_the_periodic_one_given_as_a_tensor():
    x = drawn(3, 20)
    for name in ("hann", "hamming"):
        values = scipy_signal.get_window(name, 6).astype("float32")
        by_name, by_value = ops.stft(x, 6, 3, 8, name), ops.stft(x, 6, 3, 8, ops.convert_to_tensor(values))
        np.testing.assert_allclose(joined(by_name), joined(by_value), atol=1e-5)


def test_without_a_window_the_whole_piece_counts():
    x = drawn(20)
    pieces = np.lib.stride_tricks.sliding_window_view(x, 8)[::3]
    found = joined(ops.stft(x, 6, 3, 8, window=None, center=False))
    np.testing.assert_allclose(found, np.fft.rfft(pieces), atol=1e-5)


def test_no_fft_length_is_the_next_power_of_two():
    x = drawn(20)
    assert tuple(ops.stft(x, 5, 2, None)[0].shape) == (11, 5)
    np.testing.assert_allclose(joined(ops.stft(x, 5, 2, None)), joined(ops.stft(x, 5, 2, 8)))


def test_a_signal_that_is_asked_for_longer_than_it_is_ends_in_zeros():
    spectra = ops.stft(drawn(16), 4, 2, 4)
    found = ops.convert_to_numpy(ops.istft(spectra, 4, 2, 4, 30))
    assert found.shape == (30,)
    assert not found[20:].any()


def test_half_precision_is_rounded_once():
    x = ops.cast(ops.convert_to_tensor(drawn(64)), "bfloat16")
    exact = scipy_fft.rfft(ops.convert_to_numpy(ops.cast(x, "float32")))
    real, imag = ops.rfft(x)
    got = ops.convert_to_numpy(ops.cast(real, "float32")) + 1j * ops.convert_to_numpy(ops.cast(imag, "float32"))
    assert np.abs(got - exact).max() <= 2**-8 * np.abs(exact).max()


def test_unknown_sizes_stay_unknown():
    x = KerasTensor((None, None))
    assert [part.shape for part in ops.rfft(x)] == [(None, None)] * 2
    assert ops.rfft(x, 7)[0].shape == (None, 4)
    assert ops.stft(x, 6, 3, 8)[0].shape == (None, None, 5)
    spectrum = KerasTensor((None, None, 5))
    assert ops.istft((spectrum, spectrum), 6, 3, 8).shape == (None, None)
    assert ops.istft((spectrum, spectrum), 6, 3, 8, 25).shape == (None, 25)
    assert ops.irfft((spectrum, spectrum)).shape == (None, None, 8)
    assert ops.extract_sequences(KerasTensor((2, None), "int32"), 3, 2).shape == (2, None, 3)


WRONG = {
    "no pair": lambda x: ops.fft(x),
    "one part": lambda x: ops.fft((x,)),
    "parts of different sizes": lambda x: ops.irfft((x, x[:2])),
    "one axis for two": lambda x: ops.fft2((x, x)),
    "no points": lambda x: ops.fft((x[:0], x[:0])),
    "no points to fill up to": lambda x: ops.rfft(x, 0),
    "one frequency is no signal": lambda x: ops.irfft((x[:1], x[:1])),
    "a window of another size": lambda x: ops.stft(x, 3, 1, 4, window=np.ones(4, "float32")),
    "a transform shorter than the window": lambda x: ops.stft(x, 4, 1, 3),
    "too short to be centred": lambda x: ops.stft(x, 4, 1, 16),
    "too short for one piece": lambda x: ops.stft(x, 4, 1, 16, center=False),
    "no step": lambda x: ops.extract_sequences(x, 2, 0),
    "a piece longer than the signal": lambda x: ops.extract_sequences(x, 9, 1),
    "a scalar": lambda x: ops.extract_sequences(x[0], 1, 1),
    "spectra of another length": lambda x: ops.istft((x[None], x[None]), 4, 1, 4),
}


@pytest.mark.parametrize("call", WRONG.values(), ids=WRONG.keys())
def test_what_does_not_fit_is_a_shape_error(call):
    x = ops.convert_to_tensor(drawn(6))
    with pytest.raises(ShapeError, match=r"^ops\."):
        call(x)


def test_a_window_that_is_not_known_and_complex_parts_are_refused():
    x = drawn(8)
    with pytest.raises(ValueError, match="hann"):
        ops.stft(x, 4, 2, 4, window="triangle")
    with pytest.raises(DTypeError, match="complex64"):
        ops.rfft(x.astype("complex64"))


def test_a_sine_has_its_frequency():
    x = np.sin(2 * math.pi * 3 * np.arange(32) / 32).astype("float32")
    assert int(np.abs(joined(ops.rfft(x))).argmax()) == 3
