"""MelSpectrogram, STFTSpectrogram and Pipeline, beside NumPy and SciPy."""

import numpy as np
import pytest
from scipy import signal

from kmb_core import layers
from kmb_core.errors import ShapeError


def test_spectra_are_scipys(array, numpy):
    x = array(2, 96, 2)
    layer = layers.STFTSpectrogram("psd", frame_length=16, frame_step=8, expand_dims=True, periodic=True)
    *_, expected = signal.spectrogram(
        np.moveaxis(x, 1, 2), window="hann", nperseg=16, noverlap=8, detrend=False, scaling="density", mode="psd"
    )
    np.testing.assert_allclose(numpy(layer(x)), expected.transpose(0, 3, 2, 1), rtol=2e-4, atol=1e-5)


def test_a_window_by_another_name_is_scipys(array, numpy):
    named = layers.STFTSpectrogram("real", frame_length=16, window="cosine")
    given = layers.STFTSpectrogram("real", frame_length=16, window=signal.get_window("cosine", 16, fftbins=False))
    x = array(1, 40, 1)
    np.testing.assert_allclose(numpy(named(x)), numpy(given(x)), atol=1e-5)


def test_a_tone_is_loudest_in_its_bin(numpy):
    rate, bins = 8000, 20
    tone = np.sin(2 * np.pi * 1000 * np.arange(4000) / rate).astype("float32")
    layer = layers.MelSpectrogram(fft_length=512, sampling_rate=rate, num_mel_bins=bins, min_freq=0.0)
    edges = np.linspace(0, 1127 * np.log1p(4000 / 700), bins + 2)
    nearest = np.abs(edges[1:-1] - 1127 * np.log1p(1000 / 700)).argmin()
    spectra = numpy(layer(tone))
    assert (spectra[:, 2:-2].argmax(0) == nearest).all()
    assert spectra.max() - spectra.min() <= 80.001


def test_without_a_limit_silence_is_as_quiet_as_it_is(numpy):
    layer = layers.MelSpectrogram(fft_length=64, num_mel_bins=4, top_db=None)
    np.testing.assert_allclose(numpy(layer(np.zeros(128, "float32"))), -100.0, rtol=1e-5)


@pytest.mark.parametrize(
    ("kind", "arguments", "match"),
    [
        ("MelSpectrogram", {"fft_length": 16, "sequence_length": 20}, "less than sequence_length"),
        ("MelSpectrogram", {"num_mel_bins": 0}, "num_mel_bins is positive"),
        ("MelSpectrogram", {"min_freq": 5000.0, "max_freq": 100.0}, "not between"),
        ("MelSpectrogram", {"window": "other"}, "window"),
        ("STFTSpectrogram", {"mode": "other"}, "mode is one of"),
        ("STFTSpectrogram", {"padding": "causal"}, "padding is one of"),
        ("STFTSpectrogram", {"scaling": "other"}, "scaling is one of"),
        ("STFTSpectrogram", {"frame_length": 0}, "frame_length"),
        ("STFTSpectrogram", {"frame_step": 300}, "frame_step"),
        ("STFTSpectrogram", {"fft_length": 10}, "fft_length"),
        ("STFTSpectrogram", {"window": "other"}, "no window 'other'"),
        ("STFTSpectrogram", {"window": np.ones(3)}, "window has shape"),
        ("Pipeline", {"layers": []}, "list of layers"),
        ("Pipeline", {"layers": [len]}, "list of layers"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(kind, arguments, match):
    with pytest.raises(ValueError, match=match):
        getattr(layers, kind)(**arguments)


def test_too_few_samples_are_refused(array):
    with pytest.raises(ShapeError):
        layers.STFTSpectrogram(frame_length=16)(array(1, 8, 1))


def test_a_pipeline_tells_its_layers_of_training(array, numpy):
    pipeline = layers.Pipeline([layers.Rescaling(2.0), layers.Dropout(0.5, seed=1)])
    x = array(50, 20)
    np.testing.assert_allclose(numpy(pipeline(x, training=False)), 2 * x, rtol=1e-6)
    assert 0.4 < (numpy(pipeline(x, training=True)) == 0).mean() < 0.6
    assert [type(layer).__name__ for layer in pipeline.layers] == ["Rescaling", "Dropout"]
