"""The built-in losses, against formulas in float64 NumPy."""

import numpy as np
import pytest

from kmb_core import losses, ops
from kmb_core.backend import convert_to_numpy, masks

generator = np.random.default_rng(0)
REAL = generator.normal(size=(5, 4))
OTHER = generator.normal(size=(5, 4))
BITS = (generator.random((5, 4)) > 0.5).astype("float64")
CLASSES = np.array([0, 3, 1, 1, 2])
ONE_HOT = np.eye(4)[CLASSES]


def softmax(x):
    exponentials = np.exp(x - x.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def close(actual, expected, rtol=1e-5):
    np.testing.assert_allclose(convert_to_numpy(actual), expected, rtol=rtol, atol=1e-6)


def test_errors_are_averaged_along_the_last_axis():
    close(losses.mean_squared_error(REAL, OTHER), ((REAL - OTHER) ** 2).mean(-1))
    close(losses.mean_absolute_error(REAL, OTHER), np.abs(REAL - OTHER).mean(-1))


@pytest.mark.parametrize("delta", [0.5, 1.0, 2.0])
def test_huber_is_a_parabola_within_delta_and_lines_beyond(delta):
    error = np.abs(REAL - OTHER)
    expected = np.where(error <= delta, 0.5 * error**2, delta * error - 0.5 * delta**2).mean(-1)
    close(losses.huber(REAL, OTHER, delta=delta), expected)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_binary_crossentropy_of_probabilities_and_of_logits(smoothing):
    targets = BITS * (1 - smoothing) + 0.5 * smoothing
    probabilities = sigmoid(REAL)
    expected = -(targets * np.log(probabilities) + (1 - targets) * np.log(1 - probabilities)).mean(-1)
    close(losses.binary_crossentropy(BITS, probabilities, label_smoothing=smoothing), expected)
    close(losses.binary_crossentropy(BITS, REAL, from_logits=True, label_smoothing=smoothing), expected)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_categorical_crossentropy_of_probabilities_and_of_logits(smoothing):
    targets = ONE_HOT * (1 - smoothing) + smoothing / 4
    expected = -(targets * np.log(softmax(REAL))).sum(-1)
    close(losses.categorical_crossentropy(ONE_HOT, softmax(REAL), label_smoothing=smoothing), expected)
    close(losses.categorical_crossentropy(ONE_HOT, REAL, from_logits=True, label_smoothing=smoothing), expected)


@pytest.mark.parametrize("targets", [CLASSES, CLASSES[:, None], CLASSES.astype("float32"), CLASSES.astype("uint8")])
def test_class_numbers_of_any_dtype_and_with_an_axis_more_give_the_same(targets):
    expected = -np.log(softmax(REAL))[np.arange(5), CLASSES]
    close(losses.sparse_categorical_crossentropy(targets, softmax(REAL)), expected)
    close(losses.SparseCategoricalCrossentropy(from_logits=True)(targets, REAL), expected.mean())


def test_an_axis_of_classes_that_is_not_the_last():
    expected = -np.log(softmax(REAL))[np.arange(5), CLASSES]
    moved = np.moveaxis(np.stack([REAL, REAL]), 1, -1)  # (2, classes, 5)
    result = losses.sparse_categorical_crossentropy(np.stack([CLASSES, CLASSES]), moved, from_logits=True, axis=1)
    close(result, np.stack([expected, expected]))


def test_ignored_classes_count_neither_in_the_sum_nor_in_the_mean():
    targets = np.array([0, -1, 1, -1, 2])
    values = -np.log(softmax(REAL))[[0, 2, 4], [0, 1, 2]]
    loss = losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    close(loss(targets, REAL), values.mean())
    single = losses.sparse_categorical_crossentropy(targets, REAL, from_logits=True, ignore_class=-1)
    assert list(convert_to_numpy(single)[[1, 3]]) == [0.0, 0.0]


def test_hopeless_predictions_give_large_but_finite_losses():
    value = losses.CategoricalCrossentropy(from_logits=True)(np.array([[0.0, 1.0]]), np.array([[1e4, -1e4]]))
    close(value, 2e4)
    assert np.isfinite(float(losses.BinaryCrossentropy()(np.array([[1.0]]), np.array([[0.0]]))))


def test_label_smoothing_outside_of_zero_to_one_is_refused():
    with pytest.raises(ValueError, match="label_smoothing"):
        losses.BinaryCrossentropy(label_smoothing=1.5)


def test_an_empty_batch_sums_to_zero():
    assert float(losses.MeanSquaredError(reduction="sum")(np.zeros((0, 3)), np.zeros((0, 3)))) == 0.0


@pytest.mark.parametrize(
    ("name", "function"),
    [("mse", "mean_squared_error"), ("MAE", "mean_absolute_error"), ("bce", "binary_crossentropy")],
)
def test_short_names_mean_functions(name, function):
    assert losses.get(name) is getattr(losses, function)


def test_a_class_name_means_an_object_and_a_close_name_is_told():
    assert isinstance(losses.get("MeanSquaredError"), losses.MeanSquaredError)
    assert isinstance(losses.get(losses.Huber), losses.Huber)
    assert losses.get(None) is None
    with pytest.raises(ValueError, match="mean_square_error"):
        losses.get("mean_square_error")


CONFIGS = {
    "MeanSquaredError": {"name": "mean_squared_error", "reduction": "sum_over_batch_size"},
    "Huber": {"name": "huber_loss", "reduction": "sum_over_batch_size"},
    "BinaryCrossentropy": {
        "name": "binary_crossentropy",
        "reduction": "sum_over_batch_size",
        "from_logits": False,
        "label_smoothing": 0.0,
        "axis": -1,
    },
    "SparseCategoricalCrossentropy": {
        "name": "sparse_categorical_crossentropy",
        "reduction": "sum_over_batch_size",
        "from_logits": False,
        "ignore_class": None,
    },
}


@pytest.mark.parametrize("name", CONFIGS)
def test_saved_forms_are_those_of_keras_and_come_back(name):
    saved = losses.serialize(getattr(losses, name)())
    assert saved == {"module": "keras.losses", "class_name": name, "config": CONFIGS[name], "registered_name": None}
    assert type(losses.deserialize(saved)).__name__ == name


def test_settings_that_are_not_the_defaults_come_back_too():
    assert losses.deserialize(losses.serialize(losses.Huber(delta=3.0))).delta == 3.0
    loss = losses.deserialize(losses.serialize(losses.SparseCategoricalCrossentropy(axis=1)))
    assert loss.get_config()["axis"] == 1


def test_functions_are_saved_by_name():
    saved = losses.serialize(losses.mean_squared_error)
    assert saved == {
        "module": "builtins",
        "class_name": "function",
        "config": "mean_squared_error",
        "registered_name": "function",
    }
    assert losses.deserialize(saved) is losses.mean_squared_error


def test_a_plain_call_makes_few_calls(calls_of, monkeypatch):
    monkeypatch.setattr(masks.in_use, "any", False)  # as in a process without masks
    loss, true, pred = losses.MeanSquaredError(), ops.ones((4, 3)), ops.zeros((4, 3))
    framework = calls_of(lambda: ops.mean(ops.mean(ops.square(ops.subtract(true, pred)), axis=-1)))
    assert calls_of(lambda: loss(true, pred)) <= 1.5 * framework + 24
