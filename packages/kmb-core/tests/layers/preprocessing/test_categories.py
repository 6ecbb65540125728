"""Discretization, CategoryEncoding, Hashing and HashedCrossing."""

import numpy as np
import pytest

from kmb_core import layers
from kmb_core.errors import DTypeError, ShapeError


def test_numbers_fall_into_the_bins_of_numpy(random, numpy):
    x = random.normal(size=(4, 30)).astype("float32")
    limits = [-1.0, 0.0, 0.5, 2.0]
    assert numpy(layers.Discretization(limits)(x)).tolist() == np.digitize(x, limits).tolist()


def test_limits_belong_to_the_bin_above_and_nan_to_the_last(numpy):
    layer = layers.Discretization(bin_boundaries=[0.0, 1.0])
    assert numpy(layer([0.0, 1.0, -np.inf, np.inf, np.nan])).tolist() == [1, 2, 0, 2, 2]


def test_bins_that_are_found_hold_about_equally_many(random, numpy):
    data = random.normal(size=20000)
    layer = layers.Discretization(num_bins=8)
    layer.adapt(iter(np.split(data, 10)))
    counts = np.bincount(numpy(layer(data)), minlength=8)
    assert len(layer.bin_boundaries) == 7
    assert (abs(counts - 2500) < 0.02 * 20000).all()


def test_bins_that_were_found_are_in_the_config(numpy):
    layer = layers.Discretization(num_bins=3)
    layer.adapt(np.arange(10.0))
    again = layers.Discretization.from_config(layer.get_config())
    assert numpy(again([0.0, 3.0, 9.0])).tolist() == [0, 1, 2]
    assert again.get_config() == layer.get_config()


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({}, "neither"),
        ({"bin_boundaries": [1.0], "num_bins": 2}, "both"),
        ({"bin_boundaries": [1.0, 0.0]}, "ascend"),
        ({"bin_boundaries": [np.nan]}, "ascend"),
        ({"bin_boundaries": ["a"]}, "list of numbers"),
        ({"num_bins": 0}, "at least 1"),
        ({"num_bins": 2, "epsilon": 0.0}, "epsilon"),
        ({"bin_boundaries": [1.0], "output_mode": "tf_idf"}, "output_mode is one of"),
        ({"bin_boundaries": [1.0], "sparse": True}, "sparse=True needs"),
    ],
)
def test_bins_that_cannot_be_are_refused(arguments, match):
    with pytest.raises(ValueError, match=match):
        layers.Discretization(**arguments)


def test_bins_without_data_are_refused():
    layer = layers.Discretization(num_bins=3)
    with pytest.raises(ValueError, match="no boundaries yet"):
        layer([1.0])
    with pytest.raises(ValueError, match="no data"):
        layer.adapt([])
    with pytest.raises(ValueError, match="NaN"):
        layer.adapt([1.0, np.nan])


def test_categories_become_ones_among_zeros(numpy):
    x = np.array([[0, 1, 1], [3, 2, 0]])
    eye = np.eye(4)[x]
    assert numpy(layers.CategoryEncoding(4, "one_hot")(x)).tolist() == eye.tolist()
    assert numpy(layers.CategoryEncoding(4)(x)).tolist() == eye.max(1).tolist()
    assert numpy(layers.CategoryEncoding(4, "count")(x)).tolist() == eye.sum(1).tolist()


def test_categories_that_are_not_there_give_zeros(numpy):
    assert numpy(layers.CategoryEncoding(3)([[7, 1], [-1, 9]])).tolist() == [[0, 1, 0], [0, 0, 0]]


def test_weights_are_added_up(numpy):
    layer = layers.CategoryEncoding(3, "count")
    y = layer(np.array([[0, 1, 1]]), count_weights=np.array([[0.5, 1.0, 2.0]]))
    assert numpy(y).tolist() == [[0.5, 3.0, 0.0]]
    with pytest.raises(ShapeError, match="count_weights"):
        layer(np.array([[0, 1, 1]]), count_weights=np.array([[0.5]]))
    with pytest.raises(ValueError, match="output_mode 'count'"):
        layers.CategoryEncoding(3)(np.array([[0]]), count_weights=np.array([[0.5]]))


@pytest.mark.parametrize("tokens", [None, 0, 1.5, True])
def test_no_number_of_categories_is_refused(tokens):
    with pytest.raises(ValueError, match="num_tokens is a whole number"):
        layers.CategoryEncoding(tokens)


def test_hashes_are_those_of_the_digits(numpy):
    numbers = np.arange(-5, 20)
    expected = numpy(layers.Hashing(7)([str(n) for n in numbers]))
    assert numpy(layers.Hashing(7)(numbers)).tolist() == expected.tolist()


def test_text_is_the_same_however_it_comes(numpy):
    words = ["ä", "bc", ""]
    expected = numpy(layers.Hashing(50)(words)).tolist()
    for given in (np.array(words), np.array(words, dtype=object), [w.encode() for w in words], tuple(words)):
        assert numpy(layers.Hashing(50)(given)).tolist() == expected


def test_the_mask_has_bucket_zero_for_itself(numpy):
    y = numpy(layers.Hashing(3, mask_value="b")(["a", "b", "c", "d", "e", "f"]))
    assert y[1] == 0
    assert (np.delete(y, 1) > 0).all()


def test_a_salt_makes_another_hash(numpy):
    words = [f"word {n}" for n in range(50)]
    ids = [numpy(layers.Hashing(97, salt=salt)(words)).tolist() for salt in (None, 1, 2, (1, 2))]
    assert len({tuple(row) for row in ids}) == 4


def test_crossed_features_depend_on_each_of_them_and_their_order(numpy):
    layer = layers.HashedCrossing(10**6)
    a, b = np.array(["x", "x", "y", "y"]), np.array([1, 2, 1, 2])
    assert len(set(numpy(layer([a, b])).tolist())) == 4
    assert numpy(layer([a, b])).tolist() != numpy(layer([b, a])).tolist()


@pytest.mark.parametrize(
    ("inputs", "error", "match"),
    [
        ([["a"]], ValueError, "at least two"),
        (["a", "b"], None, None),
        ([["a"], [1.5]], DTypeError, "text or whole numbers"),
        ([["a", "b"], [1]], ShapeError, "one shape"),
        ([np.zeros((2, 2), int), np.zeros((2, 2), int)], ShapeError, "one shape"),
    ],
)
def test_features_that_cannot_be_crossed_are_refused(inputs, error, match):
    layer = layers.HashedCrossing(5)
    if error is None:
        assert tuple(layer(inputs).shape) == ()
        return
    with pytest.raises(error, match=match):
        layer(inputs)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"num_bins": 0}, "num_bins"),
        ({"num_bins": 3, "salt": "a"}, "salt"),
        ({"num_bins": 3, "salt": [1]}, "salt"),
        ({"num_bins": 3, "output_mode": "tf_idf"}, "output_mode"),
        ({"num_bins": 3, "dtype": "float32"}, "integer"),
    ],
)
def test_hashing_that_cannot_be_is_refused(arguments, match):
    with pytest.raises(ValueError, match=match):
        layers.Hashing(**arguments)


@pytest.mark.parametrize("inputs", [[1.5], [None], [["a"], ["b", "c"]]])
def test_what_has_no_hash_is_refused(inputs):
    with pytest.raises(ValueError, match=r"expected text|different lengths"):
        layers.Hashing(3)(inputs)
