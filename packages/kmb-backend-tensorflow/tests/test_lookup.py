"""Lookups in graphs by TensorFlow's tables, beside the same layers in NumPy."""

import copy
import pickle

import numpy as np
import pytest
import tensorflow as tf

from kmb_core import layers, use_backend

WORDS = np.array([["b", "a", "zü"], ["c", "", "x"]])
NUMBERS = np.array([[3, -7, 2**40], [4, 0, 11]])
WEIGHTS = [0.5, 2.0, 3.0]
TEXT, WHOLE = {"vocabulary": ["a", "b", "c"]}, {"vocabulary": [3, 4, 2**40]}
RANGES = {"bin_boundaries": [-7.0, 0.1, 0.1, 4.0]}
REALS = np.array([[-8.0, -7.0, 0.1], [np.nan, np.inf, 3.9]], "float32")

CASES = [
    ("StringLookup", TEXT, WORDS),
    ("StringLookup", {**TEXT, "mask_token": ""}, WORDS),
    ("StringLookup", {**TEXT, "num_oov_indices": 5}, WORDS),
    ("StringLookup", {**TEXT, "num_oov_indices": 5, "salt": [3, 4]}, WORDS),
    ("StringLookup", {**TEXT, "num_oov_indices": 0}, WORDS[0, :2]),
    ("StringLookup", {**TEXT, "output_mode": "one_hot"}, WORDS[:, :1]),
    ("StringLookup", {**TEXT, "output_mode": "multi_hot", "max_tokens": 9, "pad_to_max_tokens": True}, WORDS),
    ("StringLookup", {**TEXT, "output_mode": "count", "mask_token": ""}, WORDS),
    ("StringLookup", {**TEXT, "output_mode": "count"}, WORDS[None]),
    ("StringLookup", {**TEXT, "output_mode": "multi_hot"}, np.array("b")),
    ("StringLookup", {**TEXT, "output_mode": "count"}, WORDS[:, :0]),
    ("StringLookup", {**TEXT, "output_mode": "tf_idf", "idf_weights": WEIGHTS}, WORDS),
    ("StringLookup", {"vocabulary": ["ä", "b"], "encoding": "latin-1"}, np.array([b"\xe4", b"b"])),
    ("StringLookup", {**TEXT, "invert": True, "oov_token": "ö"}, np.array([0, 3, 1, 9])),
    ("IntegerLookup", WHOLE, NUMBERS),
    ("IntegerLookup", WHOLE, np.array([3, 200], "uint8")),
    ("IntegerLookup", {**WHOLE, "num_oov_indices": 3}, NUMBERS),
    ("IntegerLookup", {**WHOLE, "num_oov_indices": 3, "oov_method": "farmhash", "salt": 5}, NUMBERS),
    ("IntegerLookup", {**WHOLE, "mask_token": 0, "output_mode": "count"}, NUMBERS),
    ("IntegerLookup", {**WHOLE, "invert": True}, np.array([[2, 0], [3, -1]])),
    ("Hashing", {"num_bins": 7}, WORDS),
    ("Hashing", {"num_bins": 7, "salt": [3, 4], "mask_value": "a"}, WORDS),
    ("Hashing", {"num_bins": 7, "mask_value": -7, "dtype": "int32"}, NUMBERS),
    ("Hashing", {"num_bins": 1, "mask_value": 3}, NUMBERS),
    ("Hashing", {"num_bins": 4, "output_mode": "one_hot"}, WORDS[:, :1]),
    ("Hashing", {"num_bins": 4, "output_mode": "count"}, NUMBERS),
    ("Hashing", {"num_bins": 4, "output_mode": "multi_hot", "dtype": "float16"}, WORDS),
    ("Discretization", RANGES, NUMBERS),
    ("Discretization", RANGES, REALS),
    ("Discretization", {**RANGES, "dtype": "float64", "output_mode": "one_hot"}, REALS[:, :1]),
    ("Discretization", {**RANGES, "output_mode": "multi_hot"}, REALS),
    ("Discretization", {**RANGES, "output_mode": "count"}, REALS),
    ("Discretization", {"bin_boundaries": []}, REALS),
]
COLUMN, NUMBER = WORDS.reshape(-1), NUMBERS.reshape(-1)
CROSSES = [
    ({"num_bins": 1000}, [COLUMN, NUMBER]),
    ({"num_bins": 1000}, [NUMBER[:, None], COLUMN[:, None], COLUMN[::-1, None]]),
    ({"num_bins": 3, "output_mode": "one_hot"}, [COLUMN[:, None], NUMBER[:, None]]),
    ({"num_bins": 1000}, [np.array("a"), np.array(200, "uint8")]),
    ({"num_bins": 1000, "dtype": "int32"}, [COLUMN[:0], NUMBER[:0]]),
]


def in_graph(layer, inputs):
    inputs = tf.constant(inputs)
    sizes = [None, *inputs.shape[1:]] if inputs.shape.rank else []
    return tf.function(lambda x: layer(x), input_signature=[tf.TensorSpec(sizes, inputs.dtype)], autograph=False)


@pytest.mark.mixed
@pytest.mark.parametrize(("name", "settings", "inputs"), CASES)
def test_a_graph_looks_up_what_numpy_looks_up_and_calls_no_python(name, settings, inputs):
    layer = getattr(layers, name)(**settings)
    with use_backend("numpy"):
        expected = np.asarray(layer(inputs))
    function = in_graph(layer, inputs)
    found = function(tf.constant(inputs)).numpy()
    assert found.shape == expected.shape
    if found.dtype == object:
        assert np.char.decode(found.astype("S")).tolist() == expected.tolist()
    else:
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert_no_python(function)


def assert_no_python(function):
    kinds = {operation.type for operation in function.get_concrete_function().graph.get_operations()}
    assert kinds.isdisjoint({"PyFunc", "EagerPyFunc"})


@pytest.mark.mixed
@pytest.mark.parametrize(("settings", "features"), CROSSES)
def test_features_are_crossed_as_numpy_crosses_them_without_python(settings, features):
    layer = layers.HashedCrossing(**settings)
    with use_backend("numpy"):
        expected = np.asarray(layer(features))
    tensors = [tf.constant(feature) for feature in features]
    signature = [tf.TensorSpec([None, *x.shape[1:]] if x.shape.rank else [], x.dtype) for x in tensors]
    function = tf.function(lambda *x: layer(x), input_signature=signature, autograph=False)
    for found in (function(*tensors), layer(features)):
        assert found.numpy().dtype == expected.dtype
        assert found.numpy().tolist() == expected.tolist()
    assert_no_python(function)


def test_features_of_another_kind_are_refused_in_a_graph_too():
    layer = layers.HashedCrossing(5)
    with pytest.raises(tf.errors.OpError, match="text or whole numbers"):
        tf.function(lambda x: layer([x, x]), autograph=False)(tf.constant([1.5]))


def test_tokens_without_a_number_are_named_by_a_graph():
    layer = layers.StringLookup(vocabulary=["a"], num_oov_indices=0, name="letters")
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"letters.*tokens are not in the vocabulary.*b.*c.*x"):
        in_graph(layer, WORDS)(tf.constant([["a", "b", "a"], ["c", "a", "x"]]))


def test_what_is_no_text_is_refused_in_a_graph_too():
    with pytest.raises(tf.errors.OpError, match="expected text"):
        in_graph(layers.StringLookup(vocabulary=["a"]), NUMBERS)(tf.constant(NUMBERS))


def test_another_vocabulary_is_another_table():
    layer = layers.StringLookup(vocabulary=["a", "b"])
    assert in_graph(layer, WORDS)(tf.constant(WORDS)).numpy()[0].tolist() == [2, 1, 0]
    layer.set_vocabulary(["b", "zü"])
    assert in_graph(layer, WORDS)(tf.constant(WORDS)).numpy()[0].tolist() == [1, 0, 2]


def test_a_saved_graph_has_its_table_with_it_and_checkpoints_and_copies_do_not(tmp_path):
    layer = layers.StringLookup(vocabulary=["a", "b"])
    archive = tf.Module()
    archive.layer, archive.serve = layer, in_graph(layer, WORDS)
    tf.saved_model.save(archive, str(tmp_path / "saved"))
    assert tf.saved_model.load(str(tmp_path / "saved")).serve(WORDS).numpy().tolist() == [[2, 1, 0], [0, 0, 0]]
    path = tf.train.Checkpoint(layer=layer).save(str(tmp_path / "checkpoint"))
    assert not [name for name, _ in tf.train.list_variables(path) if "table" in name]
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert in_graph(other, WORDS)(tf.constant(WORDS)).numpy()[0].tolist() == [2, 1, 0]
