"""Accuracies and the other built-in metrics, against NumPy and scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss, top_k_accuracy_score

from kmb_core import metrics, ops
from kmb_core.backend import convert_to_numpy

generator = np.random.default_rng(1)
CLASSES = generator.integers(0, 5, size=40)
SCORES = generator.random((40, 5)).astype("float32")
SCORES /= SCORES.sum(axis=1, keepdims=True)
ONE_HOT = np.eye(5, dtype="float32")[CLASSES]
WEIGHTS = generator.random(40).astype("float32")


def value(metric, *args, batches=4, **kwargs):
    """The result over several batches."""
    for part in zip(*(np.array_split(a, batches) for a in args), strict=True):
        metric.update_state(*part, **kwargs)
    return float(metric.result())


def test_accuracies_of_class_numbers_and_one_hot_targets():
    expected = accuracy_score(CLASSES, SCORES.argmax(1))
    assert value(metrics.SparseCategoricalAccuracy(), CLASSES, SCORES) == pytest.approx(expected)
    assert value(metrics.SparseCategoricalAccuracy(), CLASSES[:, None], SCORES) == pytest.approx(expected)
    assert value(metrics.CategoricalAccuracy(), ONE_HOT, SCORES) == pytest.approx(expected)


def test_weighted_accuracy():
    expected = accuracy_score(CLASSES, SCORES.argmax(1), sample_weight=WEIGHTS)
    metric = metrics.SparseCategoricalAccuracy()
    for part in zip(*(np.array_split(a, 3) for a in (CLASSES, SCORES, WEIGHTS)), strict=True):
        metric.update_state(part[0], part[1], sample_weight=part[2])
    assert float(metric.result()) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("k", [1, 2, 4])
def test_top_k_accuracies(k):
    expected = top_k_accuracy_score(CLASSES, SCORES, k=k, labels=range(5))
    assert value(metrics.SparseTopKCategoricalAccuracy(k=k), CLASSES, SCORES) == pytest.approx(expected)
    assert value(metrics.TopKCategoricalAccuracy(k=k), ONE_HOT, SCORES) == pytest.approx(expected)
    ids = np.argsort(-SCORES, axis=1)
    sorted_ids = metrics.SparseTopKCategoricalAccuracy(k=k, from_sorted_ids=True)
    assert value(sorted_ids, CLASSES, ids) == pytest.approx(expected)


def test_sequences_give_one_value_for_each_step():
    found = metrics.sparse_categorical_accuracy(CLASSES.reshape(8, 5), SCORES.reshape(8, 5, 5))
    assert tuple(found.shape) == (8, 5)
    top = metrics.sparse_top_k_categorical_accuracy(CLASSES.reshape(8, 5), SCORES.reshape(8, 5, 5), k=2)
    assert tuple(top.shape) == (8, 5)


@pytest.mark.parametrize("shape", [(20,), (20, 1), (10, 2)])
@pytest.mark.parametrize("threshold", [0.3, 0.5])
def test_binary_accuracy_of_vectors_columns_and_matrices(shape, threshold):
    bits = (generator.random(20) > 0.5).astype("int32")
    scores = generator.random(20).astype("float32")
    expected = accuracy_score(bits, scores > threshold)
    metric = metrics.BinaryAccuracy(threshold=threshold)
    assert value(metric, bits.reshape(shape), scores.reshape(shape)) == pytest.approx(expected)


def test_a_threshold_outside_of_zero_to_one_is_refused():
    with pytest.raises(ValueError, match="threshold"):
        metrics.BinaryAccuracy(threshold=1.5)


def test_accuracy_compares_for_equality():
    assert value(metrics.Accuracy(), np.array([1, 2, 3, 4]), np.array([1, 2, 0, 4]), batches=2) == 0.75


def test_crossentropies():
    expected = log_loss(CLASSES, SCORES.astype("float64"), labels=range(5))
    assert value(metrics.SparseCategoricalCrossentropy(), CLASSES, SCORES) == pytest.approx(expected, rel=1e-5)
    assert value(metrics.CategoricalCrossentropy(), ONE_HOT, SCORES) == pytest.approx(expected, rel=1e-5)
    bits, scores = ONE_HOT[:, 0], SCORES[:, 0]
    binary = -(bits * np.log(scores) + (1 - bits) * np.log(1 - scores)).mean()
    assert value(metrics.BinaryCrossentropy(), bits[:, None], scores[:, None]) == pytest.approx(binary, rel=1e-5)


def test_errors_of_numbers():
    true, pred = generator.normal(size=(12, 3)), generator.normal(size=(12, 3))
    assert value(metrics.MeanSquaredError(), true, pred) == pytest.approx(((true - pred) ** 2).mean(), rel=1e-5)
    assert value(metrics.MeanAbsoluteError(), true, pred) == pytest.approx(np.abs(true - pred).mean(), rel=1e-5)
    assert value(metrics.RootMeanSquaredError(), true, pred) == pytest.approx(
        np.sqrt(((true - pred) ** 2).mean()), rel=1e-5
    )


@pytest.mark.parametrize("name", ["mse", "MSE", "mean_squared_error", "MeanSquaredError"])
def test_names_mean_new_objects(name):
    assert type(metrics.get(name)) is metrics.MeanSquaredError
    assert metrics.get(name) is not metrics.get(name)


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="acuracy"):
        metrics.get("acuracy")


@pytest.mark.parametrize(
    "cls",
    [
        "Mean",
        "Sum",
        "BinaryAccuracy",
        "TopKCategoricalAccuracy",
        "SparseCategoricalCrossentropy",
        "RootMeanSquaredError",
    ],
)
def test_saved_forms_come_back(cls):
    metric = getattr(metrics, cls)(name="mine")
    saved = metrics.serialize(metric)
    assert (saved["module"], saved["class_name"], saved["registered_name"]) == ("keras.metrics", cls, None)
    again = metrics.deserialize(saved)
    assert type(again) is type(metric)
    assert again.get_config() == metric.get_config()


def test_recorded_configs():
    assert metrics.TopKCategoricalAccuracy().get_config() == {
        "name": "top_k_categorical_accuracy",
        "dtype": "float32",
        "k": 5,
    }
    assert metrics.SparseTopKCategoricalAccuracy().get_config() == {
        "name": "sparse_top_k_categorical_accuracy",
        "dtype": "float32",
        "k": 5,
    }
    expected = {"name": "binary_crossentropy", "dtype": "float32", "from_logits": False, "label_smoothing": 0}
    assert metrics.BinaryCrossentropy().get_config() == expected


def test_functions_give_zeros_and_ones_in_floatx():
    found = metrics.sparse_categorical_accuracy(ops.convert_to_tensor(CLASSES), ops.convert_to_tensor(SCORES))
    assert convert_to_numpy(found).dtype == np.float32
    assert set(convert_to_numpy(found)) <= {0.0, 1.0}
