"""StringLookup and IntegerLookup: what is found, learned, stored and refused."""

import math

import numpy as np
import pytest

import kmb_core
from kmb_core import layers
from kmb_core.errors import DTypeError, SecurityError

WORDS = ["a", "b", "c", "d"]


def test_numbers_follow_the_special_tokens(numpy):
    x = np.array([["a", "c", "d"], ["d", "z", ""]])
    assert numpy(layers.StringLookup(vocabulary=WORDS)(x)).tolist() == [[1, 3, 4], [4, 0, 0]]
    assert numpy(layers.StringLookup(vocabulary=WORDS, mask_token="")(x)).tolist() == [[2, 4, 5], [5, 1, 0]]


@pytest.mark.parametrize(
    "given",
    [
        ["c", "z"],
        ("c", "z"),
        np.array(["c", "z"]),
        np.array(["c", "z"], dtype=object),
        np.array([b"c", b"z"]),
        [b"c", "z"],
        np.array(["c", "z"]).astype("S1").astype(object),
    ],
    ids=repr,
)
def test_text_is_taken_as_it_comes(given, numpy):
    assert numpy(layers.StringLookup(vocabulary=WORDS)(given)).tolist() == [3, 0]


def test_a_column_of_a_table_is_taken(numpy):
    class Column:
        """What a data frame's column is to NumPy."""

        def __array__(self, dtype=None, copy=None):
            return np.array(["a", "b", "a"], dtype=object)

    layer = layers.StringLookup()
    layer.adapt(Column())
    assert layer.get_vocabulary() == ["[UNK]", "a", "b"]
    assert numpy(layer(Column())).tolist() == [1, 2, 1]


def test_frequent_tokens_come_first_and_of_equal_ones_the_last_in_the_alphabet():
    layer = layers.StringLookup()
    layer.adapt(["b", "a", "c", "b"])
    assert layer.get_vocabulary(include_special_tokens=False) == ["b", "c", "a"]
    numbers = layers.IntegerLookup(max_tokens=3)
    numbers.adapt([[5, 7], [5, 30]])
    assert numbers.get_vocabulary() == [-1, 5, 30]


def test_batches_are_counted_together_and_bytes_are_text():
    layer = layers.StringLookup(mask_token="")
    layer.adapt(iter([["b", "a"], [b"a", ""], ["[UNK]", "ü"]]))
    assert layer.get_vocabulary() == ["", "[UNK]", "a", "ü", "b"]
    layer.adapt(iter([["x"], ["y"]]), steps=1)
    assert layer.get_vocabulary() == ["", "[UNK]", "x"]


def test_weights_are_the_logarithm_of_inverse_frequencies(numpy):
    layer = layers.StringLookup(output_mode="tf_idf")
    layer.adapt([["b", "a"], ["a", "c"], ["a", "a"]])
    a, others = math.log(1 + 3 / 4), math.log(1 + 3 / 2)
    np.testing.assert_allclose(layer.idf_weights, [(a + 2 * others) / 3, a, others, others], rtol=1e-6)
    np.testing.assert_allclose(numpy(layer([["a", "a", "z"]])), [[(a + 2 * others) / 3, 2 * a, 0, 0]], rtol=1e-6)


def test_rows_of_different_lengths_are_counted(numpy):
    layer = layers.StringLookup(vocabulary=WORDS, output_mode="count")
    assert numpy(layer([["a"], ["b", "b", "z"], []])).tolist() == [[0, 1, 0, 0, 0], [1, 0, 2, 0, 0], [0, 0, 0, 0, 0]]
    with pytest.raises(ValueError, match="different lengths"):
        layers.StringLookup(vocabulary=WORDS)([["a"], ["b", "b"]])


def test_numbers_become_tokens_again():
    layer = layers.StringLookup(vocabulary=WORDS, invert=True)
    tokens = layer([[1, 3], [4, 9]])
    found = np.asarray(tokens).tolist()
    assert [[t.decode() if isinstance(t, bytes) else t for t in row] for row in found] == [["a", "c"], ["d", "[UNK]"]]


def test_unknown_numbers_are_spread_by_the_rest_of_a_division(numpy):
    layer = layers.IntegerLookup(vocabulary=[10, 20], num_oov_indices=3)
    assert numpy(layer([10, 20, 0, 1, 2, 3, -1])).tolist() == [3, 4, 0, 1, 2, 0, 2]


def test_numbers_of_64_bits_are_told_apart(numpy):
    layer = layers.IntegerLookup(vocabulary=[2**40, 2**40 + 1])
    assert numpy(layer(np.array([2**40 + 1, 0, 2**40]))).tolist() == [2, 0, 1]


def test_a_file_of_tokens_is_read_and_a_config_opens_none(tmp_path, numpy):
    path = tmp_path / "tokens.txt"
    path.write_text("a\nü\n", encoding="utf-8")
    layer = layers.StringLookup(vocabulary=str(path))
    assert numpy(layer(["ü"])).tolist() == [2]
    config = layer.get_config()
    assert config["vocabulary"] == ["a", "ü"]
    with pytest.raises(SecurityError, match="names the vocabulary file"):
        layers.StringLookup.from_config({**config, "vocabulary": str(path)})


@pytest.mark.parametrize("kind", ["StringLookup", "IntegerLookup"])
def test_a_learned_vocabulary_is_saved_with_a_model(kind, tmp_path, numpy):
    data = np.array([["x"], ["y"], ["x"]]) if kind == "StringLookup" else np.array([[7], [9], [7]])
    layer = getattr(layers, kind)(output_mode="tf_idf")
    layer.adapt(data)
    x = kmb_core.Input((1,), dtype="string" if kind == "StringLookup" else "int32")
    model = kmb_core.Model(x, layer(x))
    model.save(tmp_path / "model.keras")
    loaded = kmb_core.saving.load_model(tmp_path / "model.keras")
    assert loaded.layers[-1].get_vocabulary() == layer.get_vocabulary()
    np.testing.assert_allclose(numpy(loaded(data)), numpy(model(data)))


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"vocabulary": []}, "empty"),
        ({"vocabulary": ["a", "a"]}, r"repeats \['a'\]"),
        ({"vocabulary": ["a", None]}, "got None"),
        ({"vocabulary": [1, 2]}, "got int"),
        ({"vocabulary": ["a", ""], "mask_token": ""}, "mask token"),
        ({"vocabulary": "nowhere.txt"}, "no vocabulary file"),
        ({"vocabulary": WORDS, "max_tokens": 4}, "there are 5"),
        ({"vocabulary": WORDS, "output_mode": "tf_idf"}, "needs idf_weights"),
        ({"vocabulary": WORDS, "output_mode": "tf_idf", "idf_weights": [1.0]}, "4 tokens"),
        ({"idf_weights": [1.0]}, "output_mode 'tf_idf'"),
        ({"max_tokens": 1}, "max_tokens"),
        ({"num_oov_indices": -1}, "num_oov_indices"),
        ({"invert": True, "output_mode": "count"}, "invert"),
        ({"output_mode": "words"}, "output_mode is one of"),
        ({"sparse": True}, "sparse"),
        ({"pad_to_max_tokens": True, "output_mode": "count"}, "needs max_tokens"),
        ({"oov_method": "other"}, "oov_method"),
        ({"salt": "x"}, "salt"),
    ],
)
def test_arguments_that_contradict_one_another_are_refused(arguments, match):
    with pytest.raises(ValueError, match=match):
        layers.StringLookup(**arguments)


def test_tokens_without_a_number_are_named():
    with pytest.raises(ValueError, match="not in the vocabulary: 'y', 'z'"):
        layers.StringLookup(vocabulary=WORDS, num_oov_indices=0)(["a", "z", "y"])


def test_a_lookup_without_vocabulary_is_refused():
    with pytest.raises(ValueError, match="no vocabulary yet"):
        layers.StringLookup()(["a"])
    with pytest.raises(ValueError, match="nothing to find"):
        layers.StringLookup(vocabulary=WORDS).adapt(["x"])


@pytest.mark.parametrize(
    ("layer", "inputs"), [("StringLookup", [1, 2]), ("StringLookup", [None]), ("IntegerLookup", ["x"])]
)
def test_inputs_of_another_kind_are_refused(layer, inputs):
    made = getattr(layers, layer)(vocabulary=["1", "2"] if layer == "StringLookup" else [1, 2])
    with pytest.raises(DTypeError, match=r"expected (text|whole numbers)"):
        made(inputs)


def test_no_rows_give_no_rows(numpy):
    assert numpy(layers.StringLookup(vocabulary=WORDS)(np.zeros((0, 3), "U1"))).shape == (0, 3)
    assert numpy(layers.StringLookup(vocabulary=WORDS, output_mode="count")(np.zeros((0, 3), "U1"))).shape == (0, 5)
