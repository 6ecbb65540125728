"""Layers that prepare numbers and text give what Keras's give: outputs, vocabularies, their order, configs.

Where Keras differs on purpose:

- Vocabularies of file paths are written into configs as lists of tokens, because a config opens no file.
- `compute_output_spec` says what a call gives; Keras's names other dtypes for the counts of lookups.
- Discretization refuses NaN in `adapt` and boundaries that do not ascend; Keras makes bins of them that hold nothing.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris, load_wine

import kmb_core
from kmb_core import layers
from kmb_core.backend import current_backend
from kmb_core.plugins import Capability

pytestmark = pytest.mark.parity


def real_texts():
    """Paragraphs of documentation and of the licence that come with Python's and NumPy's modules."""
    modules = (json, sys.modules["pathlib"], sys.modules["re"], np, pytest)
    text = "\n\n".join([*(m.__doc__ or "" for m in modules), np.array.__doc__, str.split.__doc__])
    licences = sorted(Path(np.__file__).parent.parent.glob("numpy-*.dist-info/**/LICENSE*"))
    text += licences[0].read_text(encoding="utf-8")
    odd = ["Ünïcode — “quotes” naïve ÄÖ", "", "tab\tand\x0bmore"]
    return [part for part in text.split("\n\n") if part.strip()] + odd


TEXTS = real_texts()
WORDS = [word for text in TEXTS for word in text.split()][:1200]


def array(x):
    """Whatever either library gives, as an array."""
    if hasattr(x, "detach"):
        x = x.detach().cpu()
    if current_backend().is_tensor(x):
        return current_backend().to_numpy(x)
    return np.asarray(x.numpy() if hasattr(x, "numpy") else x)


def text(x):
    return [v.decode() if isinstance(v, bytes) else str(v) for v in x.flat]


def keras_layer(name, **arguments):
    import keras

    return getattr(keras.layers, name)(**arguments)


def pair(name, **arguments):
    return getattr(layers, name)(**arguments), keras_layer(name, **arguments)


def assert_same(found, expected):
    found, expected = array(found), array(expected)
    assert found.shape == expected.shape
    if expected.dtype.kind in "OSU":
        assert text(found) == text(expected)
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def assert_same_config(layer, other):
    found, expected = json.loads(json.dumps(layer.get_config())), json.loads(json.dumps(other.get_config()))
    for config in (found, expected):
        config.pop("name")
    for key in ("idf_weights", "bin_boundaries"):
        if expected.get(key) is not None:
            np.testing.assert_allclose(found.pop(key), expected.pop(key), rtol=1e-5)
    assert found == expected


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"ngrams": 2},
        {"ngrams": (1, 3)},
        {"standardize": None},
        {"standardize": "lower"},
        {"standardize": "strip_punctuation"},
        {"split": "character"},
        {"split": None},
        {"max_tokens": 20, "output_sequence_length": 7},
        {"output_sequence_length": 300},
        {"output_mode": "multi_hot", "max_tokens": 50},
        {"output_mode": "count", "ngrams": 2, "max_tokens": 90, "pad_to_max_tokens": True},
        {"output_mode": "tf_idf"},
        {"output_mode": "tf_idf", "max_tokens": 3000, "pad_to_max_tokens": True},
    ],
    ids=str,
)
def test_text_vectorization_learns_and_looks_up_the_same(arguments):
    layer, other = pair("TextVectorization", **arguments)
    layer.adapt(np.array(TEXTS[::2]))
    other.adapt(np.array(TEXTS[::2]))
    assert layer.get_vocabulary() == [str(token) for token in other.get_vocabulary()]
    assert_same(layer(np.array(TEXTS)), other(np.array(TEXTS)))
    assert_same(layer(np.array(TEXTS)[:, None]), other(np.array(TEXTS)[:, None]))
    assert_same(layer("a Text, of words"), other("a Text, of words"))
    assert_same_config(layer, other)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"mask_token": "the", "num_oov_indices": 3},
        {"num_oov_indices": 4, "salt": 7},
        {"num_oov_indices": 4, "salt": (7, 9), "oov_method": "farmhash"},
        {"output_mode": "one_hot", "max_tokens": 30},
        {"output_mode": "multi_hot", "mask_token": "the", "max_tokens": 30},
        {"output_mode": "count", "max_tokens": 30, "pad_to_max_tokens": True, "num_oov_indices": 2},
        {"output_mode": "tf_idf", "max_tokens": 60, "mask_token": "the"},
    ],
    ids=str,
)
def test_string_lookup_learns_and_looks_up_the_same(arguments):
    words = np.array(WORDS).reshape(-1, 8)
    layer, other = pair("StringLookup", **arguments)
    layer.adapt(words[::2])
    other.adapt(words[::2])
    assert layer.get_vocabulary() == [str(token) for token in other.get_vocabulary()]
    assert layer.get_vocabulary(False) == [str(token) for token in other.get_vocabulary(False)]
    assert_same(layer(words), other(words))
    assert_same(layer(words[0]), other(words[0]))
    assert_same(layer(words[:, :1]), other(words[:, :1]))
    assert_same_config(layer, other)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"mask_token": 5, "num_oov_indices": 3},
        {"num_oov_indices": 4, "oov_method": "farmhash"},
        {"num_oov_indices": 4, "oov_method": "farmhash", "salt": 11},
        {"output_mode": "multi_hot", "oov_token": -7},
        {"output_mode": "tf_idf"},
    ],
    ids=str,
)
def test_integer_lookup_learns_and_looks_up_the_same(arguments):
    numbers = np.random.default_rng(0).zipf(1.4, (200, 5)).clip(max=5000) - 3
    layer, other = pair("IntegerLookup", **arguments)
    layer.adapt(numbers[:100])
    other.adapt(numbers[:100])
    assert layer.get_vocabulary() == [int(token) for token in other.get_vocabulary()]
    assert_same(layer(numbers), other(numbers))
    assert_same_config(layer, other)


def test_lookups_find_their_way_back():
    ids = np.arange(-1, 9).reshape(2, 5)
    layer, other = pair("IntegerLookup", vocabulary=[9, 4], invert=True)
    assert_same(layer(ids), other(ids))
    for arguments in ({"mask_token": "", "num_oov_indices": 2}, {}):
        layer, other = pair("StringLookup", vocabulary=["a", "b", "ü"], invert=True, **arguments)
        tokens = [*map(str, other.get_vocabulary()), "[UNK]"]
        expected = np.array([tokens[i] if 0 <= i < len(tokens) - 1 else "[UNK]" for i in ids.flat]).reshape(2, 5)
        found = layer(ids)
        assert text(array(found)) == text(expected)
        if current_backend().supports(Capability.STRINGS):  # elsewhere Keras has no tensor for its answer
            assert_same(found, other(ids))


@pytest.mark.parametrize(
    "arguments",
    [
        {"num_bins": 17},
        {"num_bins": 5, "mask_value": "the"},
        {"num_bins": 1000, "salt": 133},
        {"num_bins": 1000, "salt": [133, 137]},
        {"num_bins": 9, "output_mode": "one_hot"},
        {"num_bins": 9, "output_mode": "count"},
    ],
    ids=str,
)
def test_hashes_are_the_same(arguments):
    words = np.array([*WORDS[:1000], *(text[:200].replace("\0", "") for text in TEXTS)][:1000]).reshape(-1, 4)
    layer, other = pair("Hashing", **arguments)
    assert_same(layer(words), other(words))
    assert_same_config(layer, other)
    if "mask_value" not in arguments:
        numbers = np.arange(-6, 6).reshape(3, 4)
        assert_same(layer(numbers), other(numbers))


@pytest.mark.parametrize("output_mode", ["int", "one_hot"])
def test_crossed_features_are_the_same(output_mode):
    layer, other = pair("HashedCrossing", num_bins=50, output_mode=output_mode)
    words, numbers = np.array(WORDS[:60]), np.arange(60) - 30
    assert_same(layer((words, numbers)), other((words, numbers)))
    assert_same(layer([words[:, None], numbers[:, None]]), other([words[:, None], numbers[:, None]]))
    assert_same(layer([words, words, numbers]), other([words, words, numbers]))
    assert_same_config(layer, other)


@pytest.mark.parametrize("output_mode", ["int", "one_hot", "multi_hot", "count"])
def test_bins_of_real_data_are_the_same(output_mode):
    data = load_diabetes().data.astype("float32")
    for arguments in ({"num_bins": 7}, {"num_bins": 20, "epsilon": 0.05}):
        layer, other = pair("Discretization", output_mode=output_mode, **arguments)
        layer.adapt(data)
        other.adapt(data)
        np.testing.assert_allclose(layer.bin_boundaries, other.bin_boundaries, rtol=1e-4, atol=1e-6)
        layer.bin_boundaries = list(other.bin_boundaries)
        assert_same(layer(data), other(data))
        assert_same_config(layer, other)


@pytest.mark.parametrize(
    "arguments", [{}, {"axis": None}, {"axis": (0, 1)}, {"axis": 0}, {"invert": True}, {"axis": 1}], ids=str
)
def test_normalization_of_real_data_is_the_same(arguments):
    data = load_wine().data.astype("float32")
    layer, other = pair("Normalization", **arguments)
    layer.adapt(data)
    other.adapt(data)
    np.testing.assert_allclose(array(layer(data)), array(other(data)), rtol=1e-3, atol=2e-3)
    for found, expected in zip(layer.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    assert [w.name for w in layer.weights] == [w.name for w in other.weights]
    assert_same_config(layer, other)


def test_normalization_by_given_numbers_is_the_same():
    data = load_iris().data.astype("float32")
    for arguments in (
        {"mean": 3.0, "variance": 2.0},
        {"mean": [1.0, 2.0, 3.0, 4.0], "variance": [1.0, 0.5, 2.0, 0.0], "axis": 1},
    ):
        layer, other = pair("Normalization", **arguments)
        assert_same(layer(data), other(data))
        assert_same_config(layer, other)


@pytest.mark.parametrize("output_mode", ["one_hot", "multi_hot", "count"])
def test_category_encoding_is_the_same(output_mode):
    layer, other = pair("CategoryEncoding", num_tokens=6, output_mode=output_mode)
    for x in (np.array([[0, 1, 1], [5, 2, 0]]), np.array([[3], [4]]), np.array([2, 2, 1]), np.array(4)):
        assert_same(layer(x), other(x))
        for shape in ((None, 3), (None, 1), (None,)):
            assert tuple(layer.compute_output_shape(shape)) == tuple(other.compute_output_shape(shape))
    if output_mode == "count":
        x, weights = np.array([[0, 1, 1]]), np.array([[0.5, 1.0, 2.0]], "float32")
        assert_same(layer(x, count_weights=weights), other(x, count_weights=weights))
    assert_same_config(layer, other)


def test_rescaling_is_the_same():
    data = load_iris().data
    for arguments in ({"scale": 0.5, "offset": -1}, {"scale": [1.0, 2.0, 3.0, 4.0]}):
        layer, other = pair("Rescaling", **arguments)
        assert_same(layer(data), other(data))
        assert_same_config(layer, other)


@pytest.mark.parametrize("name", ["StringLookup", "IntegerLookup", "TextVectorization"])
@pytest.mark.parametrize("output_mode", ["int", "tf_idf"])
def test_files_with_learned_vocabularies_are_read_by_either(name, output_mode, tmp_path):
    import keras

    data = np.array([[3], [4], [3]]) if name == "IntegerLookup" else np.array([["b a"], ["a"], ["b a"]])
    kind = "int64" if name == "IntegerLookup" else "string"
    layer = getattr(layers, name)(output_mode=output_mode)
    layer.adapt(data)
    x = kmb_core.Input((1,), dtype=kind)
    kmb_core.Model(x, layer(x)).save(tmp_path / "own.keras")
    read = keras.saving.load_model(tmp_path / "own.keras").layers[-1]
    assert [str(t) for t in read.get_vocabulary()] == [str(t) for t in layer.get_vocabulary()]
    read.name = name.lower()
    x = keras.Input((1,), dtype=kind)
    keras.Model(x, read(x)).save(tmp_path / "keras.keras")
    again = kmb_core.saving.load_model(tmp_path / "keras.keras").layers[-1]
    assert again.get_vocabulary() == layer.get_vocabulary()
    assert_same(again(data), layer(data))


def sound(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"fft_length": 512, "sequence_stride": 100, "sequence_length": 400, "window": "hamming", "num_mel_bins": 20},
        {"fft_length": 256, "num_mel_bins": 10, "mag_exp": 1.0, "min_freq": 50.0, "max_freq": 4000.0, "top_db": 10.0},
        {"fft_length": 256, "num_mel_bins": 10, "power_to_db": False, "window": None},
        {"fft_length": 256, "num_mel_bins": 10, "ref_power": 0.5, "min_power": 1e-2},
    ],
    ids=str,
)
def test_mel_spectra_are_the_same(arguments):
    layer, other = pair("MelSpectrogram", **arguments)
    for x in (sound(2, 3000), sound(3000)):
        np.testing.assert_allclose(array(layer(x)), array(other(x)), rtol=1e-3, atol=2e-3)
    for shape in ((2, 4000), (None, 4000), (None, None), (100,)):
        assert tuple(layer.compute_output_shape(shape)) == tuple(other.compute_output_shape(shape))
    matrix, expected = layer.linear_to_mel_weight_matrix(), other.linear_to_mel_weight_matrix()
    np.testing.assert_allclose(array(matrix), array(expected), atol=1e-4)
    assert_same_config(layer, other)


@pytest.mark.parametrize("mode", ["log", "magnitude", "psd", "real", "imag", "angle", "stft"])
@pytest.mark.parametrize(
    "arguments",
    [
        {"frame_length": 16},
        {"frame_length": 16, "frame_step": 5, "fft_length": 32, "padding": "same", "scaling": "spectrum"},
        {"frame_length": 16, "expand_dims": True, "scaling": None, "window": "hamming", "periodic": True},
        {"frame_length": 12, "data_format": "channels_first", "window": "bartlett"},
        {"frame_length": 12, "data_format": "channels_first", "expand_dims": True, "window": None},
    ],
    ids=str,
)
def test_spectra_are_the_same(mode, arguments):
    layer, other = pair("STFTSpectrogram", mode=mode, **arguments)
    x = sound(2, 3, 64) if "data_format" in arguments else sound(2, 64, 3)
    found, expected = array(layer(x)), array(other(x))
    if mode == "angle":  # pi and -pi are the same angle
        found, expected = np.cos(found), np.cos(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)
    assert [w.name for w in layer.weights] == [w.name for w in other.weights]
    assert tuple(layer.compute_output_shape(x.shape)) == tuple(other.compute_output_shape(x.shape))
    assert_same_config(layer, other)


def test_a_pipeline_is_the_same():
    parts = [{"scale": 2.0}, {"scale": 1.0, "offset": 3.0}]
    layer = layers.Pipeline([layers.Rescaling(**part) for part in parts])
    import keras

    other = keras.layers.Pipeline([keras.layers.Rescaling(**part) for part in parts])
    assert_same(layer(sound(2, 3)), other(sound(2, 3)))
    assert layer.get_config().keys() == other.get_config().keys()
