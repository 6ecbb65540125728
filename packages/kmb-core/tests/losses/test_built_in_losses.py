"""The built-in losses, against formulas in float64 NumPy."""

import numpy as np
import pytest
import scipy.stats
from scipy.special import gammaln, rel_entr

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


def test_percentages_logarithms_and_log_cosh():
    close(losses.mean_absolute_percentage_error(REAL, OTHER), (100 * np.abs((REAL - OTHER) / REAL)).mean(-1), 1e-4)
    first, second = np.abs(REAL), np.abs(OTHER)
    close(losses.mean_squared_logarithmic_error(first, second), ((np.log1p(first) - np.log1p(second)) ** 2).mean(-1))
    close(losses.log_cosh(REAL, OTHER), np.log(np.cosh(REAL - OTHER)).mean(-1))


def test_log_cosh_does_not_overflow():
    close(losses.log_cosh([[0.0]], [[1000.0]]), [1000 - np.log(2)])


@pytest.mark.parametrize("targets", [BITS, 2 * BITS - 1])
def test_hinges_take_bits_and_signs(targets):
    margin = np.maximum(1 - (2 * BITS - 1) * OTHER, 0)
    close(losses.hinge(targets, OTHER), margin.mean(-1))
    close(losses.squared_hinge(targets, OTHER), (margin**2).mean(-1))


def test_categorical_hinge_compares_the_right_class_with_the_best_wrong_one():
    right = np.take_along_axis(OTHER, CLASSES[:, None], 1)[:, 0]
    wrong = np.where(ONE_HOT == 1, 0, OTHER).max(-1)
    close(losses.categorical_hinge(ONE_HOT, OTHER), np.maximum(wrong - right + 1, 0))


def test_divergence_and_poisson():
    p, q = softmax(REAL), softmax(OTHER)
    close(losses.kl_divergence(p, q), rel_entr(p, q).sum(-1))
    counts = np.rint(np.abs(REAL) * 3)
    likelihood = -scipy.stats.poisson.logpmf(counts, np.abs(OTHER)) - gammaln(counts + 1)
    close(losses.poisson(counts, np.abs(OTHER)), likelihood.mean(-1), 1e-4)


def test_the_cosine_is_that_of_the_angle():
    angles = np.array([0.0, 60.0, 90.0, 180.0]) / 180 * np.pi
    vectors = np.stack([np.cos(angles), np.sin(angles)], -1) * 3
    close(losses.cosine_similarity([[2.0, 0.0]] * 4, vectors), -np.cos(angles))


def test_overlaps_are_those_of_sets():
    true, predicted = np.array([[1.0, 1.0, 1.0, 0.0]]), np.array([[1.0, 0.0, 0.0, 1.0]])
    close(losses.dice(true, predicted), 1 - 2 * 1 / (3 + 2))
    close(losses.tversky(true, predicted, alpha=0.25, beta=0.5), 1 - 1 / (1 + 0.25 * 2 + 0.5 * 1))


@pytest.mark.parametrize("gamma", [0.0, 2.0])
def test_focal_losses_weaken_what_is_easy(gamma):
    p = sigmoid(REAL)
    truth = np.where(BITS == 1, p, 1 - p)
    close(losses.binary_focal_crossentropy(BITS, p, gamma=gamma), (-((1 - truth) ** gamma) * np.log(truth)).mean(-1))
    p = softmax(REAL)
    chosen = np.take_along_axis(p, CLASSES[:, None], 1)[:, 0]
    expected = -0.5 * (1 - chosen) ** gamma * np.log(chosen)
    close(losses.categorical_focal_crossentropy(ONE_HOT, p, gamma=gamma, alpha=0.5), expected)


def test_the_generalized_crossentropy_lies_between_two_others():
    p = softmax(REAL)
    chosen = np.take_along_axis(p, CLASSES[:, None], 1)[:, 0]
    close(losses.categorical_generalized_cross_entropy(CLASSES, p, q=1.0), 1 - chosen)
    close(losses.categorical_generalized_cross_entropy(CLASSES, p, q=1e-2), -np.log(chosen), 0.05)


def test_the_circle_loss_is_the_formula_of_the_paper():
    labels = np.array([0, 0, 1, 1, 1])
    vectors = REAL / np.linalg.norm(REAL, axis=-1, keepdims=True)
    gamma, margin, expected = 3.0, 0.25, []
    for i in range(5):
        positive = [vectors[i] @ vectors[j] for j in range(5) if labels[j] == labels[i] and j != i]
        negative = [vectors[i] @ vectors[j] for j in range(5) if labels[j] != labels[i]]
        near = sum(np.exp(-gamma * max(1 + margin - s, 0) * (s - 1 + margin)) for s in positive)
        far = sum(np.exp(gamma * max(s + margin, 0) * (s - margin)) for s in negative)
        expected.append(np.log1p(near * far))
    close(losses.circle(labels, vectors, gamma=gamma, margin=margin), expected)


def test_a_sequence_has_the_probability_of_all_its_alignments():
    logits = OTHER[None, :3, :3]
    p = softmax(logits)[0]
    # "1" over three steps: one, two or three in a row, blanks (0) around them
    ways = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (0, 1, 1), (1, 1, 1)]
    total = sum(p[0, a] * p[1, b] * p[2, c] for a, b, c in ways)
    close(losses.ctc([[1, 0]], logits), [-np.log(total)])
