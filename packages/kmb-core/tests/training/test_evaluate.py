"""evaluate: loss and metrics over all samples, exactly, however they are cut into batches. Runs on every backend."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, losses

CLASSES = np.array([0, 1, 2, 1, 0, 2, 2])
SCORES = np.random.default_rng(1).dirichlet(np.ones(3), 7).astype("float32")


@pytest.fixture
def given():
    """A model that gives back its inputs as scores of classes."""

    def make(**options):
        model = kmb_core.Sequential([kmb_core.Input((3,)), layers.Activation("linear")])
        options = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]} | options
        model.compile(None, **options)
        return model

    return make


@pytest.mark.parametrize("batch_size", [1, 3, 7, 100])
def test_uneven_batches_give_the_mean_over_all_samples(given, batch_size):
    loss, accuracy = given().evaluate(SCORES, CLASSES, batch_size=batch_size, verbose=0)
    assert loss == pytest.approx(-np.log(SCORES[np.arange(7), CLASSES]).mean(), rel=1e-5)
    assert accuracy == pytest.approx((SCORES.argmax(1) == CLASSES).mean(), rel=1e-6)


def test_weights_count_in_the_loss_and_in_weighted_metrics_alone(given):
    weights = np.array([1, 0, 2, 0, 1, 3, 0], "float32")
    model = given(metrics=["accuracy"], weighted_metrics=["accuracy"])
    logs = model.evaluate(SCORES, CLASSES, sample_weight=weights, batch_size=3, verbose=0, return_dict=True)
    right = SCORES.argmax(1) == CLASSES
    assert list(logs) == ["loss", "accuracy", "weighted_accuracy"]
    assert logs["accuracy"] == pytest.approx(right.mean(), rel=1e-6)
    assert logs["weighted_accuracy"] == pytest.approx((right * weights).sum() / weights.sum(), rel=1e-6)
    assert logs["loss"] == pytest.approx((-np.log(SCORES[np.arange(7), CLASSES]) * weights).mean(), rel=1e-5)


def test_one_value_comes_as_a_number_several_as_a_list_or_a_dict(given):
    assert isinstance(given(metrics=None).evaluate(SCORES, CLASSES, verbose=0), float)
    model = given()
    values = model.evaluate(SCORES, CLASSES, verbose=0)
    logs = model.evaluate(SCORES, CLASSES, verbose=0, return_dict=True)
    assert list(logs) == ["loss", "accuracy"]
    assert list(logs.values()) == values
    assert all(isinstance(value, float) for value in values)


def test_results_come_in_the_order_in_which_metrics_were_given(given):
    names = ["top_k_categorical_accuracy", "mse", "accuracy", "mae"]
    model = given(metrics=names, loss="mse")
    logs = model.evaluate(SCORES, SCORES, verbose=0, return_dict=True)
    assert list(logs) == ["loss", *names]
    assert model.test_on_batch(SCORES, SCORES) == pytest.approx(list(logs.values()), rel=1e-6)


def test_evaluating_again_starts_from_zero(given):
    model = given()
    first = model.evaluate(SCORES, CLASSES, batch_size=2, verbose=0)
    assert model.evaluate(SCORES, CLASSES, batch_size=2, verbose=0) == first


def test_steps_limit_what_is_read(given):
    loss, _ = given().evaluate(SCORES, CLASSES, batch_size=2, steps=2, verbose=0)
    assert loss == pytest.approx(-np.log(SCORES[np.arange(4), CLASSES[:4]]).mean(), rel=1e-5)


def test_generators_are_evaluated(given):
    batches = ((SCORES[i : i + 3], CLASSES[i : i + 3]) for i in range(0, 7, 3))
    loss, _ = given().evaluate(batches, verbose=0)
    assert loss == pytest.approx(-np.log(SCORES[np.arange(7), CLASSES]).mean(), rel=1e-5)


@pytest.mark.parametrize("steps_per_execution", [2, 5])
def test_several_steps_an_execution_give_the_same_values(given, steps_per_execution):
    expected = given().evaluate(SCORES, CLASSES, batch_size=2, verbose=0)
    found = given(steps_per_execution=steps_per_execution).evaluate(SCORES, CLASSES, batch_size=2, verbose=0)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_dropout_and_batch_statistics_are_at_rest():
    model = kmb_core.Sequential([kmb_core.Input((3,)), layers.Dropout(0.5), layers.BatchNormalization(epsilon=0.0)])
    model.compile(None, "mse")
    before = [w.copy() for w in model.get_weights()]
    assert model.evaluate(SCORES, SCORES, verbose=0) == pytest.approx(0.0, abs=1e-8)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_added_losses_and_regularizers_count():
    inputs = kmb_core.Input((3,))

    class Heavy(kmb_core.Layer):
        def call(self, x):
            self.add_loss(2.0 * kmb_core.ops.mean(x))
            return x

    outputs = layers.Dense(1, kernel_initializer="ones", kernel_regularizer="l2")(Heavy()(inputs))
    model = kmb_core.Model(inputs, outputs)
    model.compile(None, "mse")
    ones = np.ones((4, 3), "float32")
    assert model.evaluate(ones, 3 * ones[:, :1], verbose=0) == pytest.approx(2.0 + 3 * 0.01, rel=1e-5)


def test_metrics_of_layers_are_reported_and_reset():
    class Counting(kmb_core.Layer):
        def __init__(self):
            super().__init__()
            self.seen = kmb_core.metrics.Mean(name="mean_input")

        def call(self, x):
            self.seen.update_state(x)
            return x

    model = kmb_core.Sequential([kmb_core.Input((3,)), Counting()])
    model.compile(None, "mse", metrics=["mae"])
    for factor in (1.0, 2.0):
        logs = model.evaluate(factor * SCORES, SCORES, batch_size=7, verbose=0, return_dict=True)
        assert list(logs) == ["loss", "mean_input", "mae"]
        assert logs["mean_input"] == pytest.approx(factor * SCORES.mean(), rel=1e-5)


def two_heads(**options):
    inputs = {"a": kmb_core.Input((2,), name="a"), "b": kmb_core.Input((3,), name="b")}
    joined = layers.Concatenate()([inputs["a"], inputs["b"]])
    heads = {
        "number": layers.Dense(1, kernel_initializer="ones", name="number")(joined),
        "chance": layers.Dense(1, activation="sigmoid", kernel_initializer="zeros", name="chance")(joined),
    }
    model = kmb_core.Model(inputs, heads)
    model.compile(None, **options)
    return model


X = {"a": np.arange(10, dtype="float32").reshape(5, 2) / 10, "b": np.ones((5, 3), "float32")}
Y = {"number": np.zeros((5, 1), "float32"), "chance": np.array([[0], [1], [1], [0], [1]], "float32")}


def test_losses_and_metrics_of_several_outputs_are_named_after_them():
    model = two_heads(
        loss={"number": "mse", "chance": "binary_crossentropy"},
        loss_weights={"number": 2.0, "chance": 0.5},
        metrics={"number": ["mae"], "chance": ["accuracy"]},
    )
    logs = model.evaluate(X, Y, batch_size=2, verbose=0, return_dict=True)
    assert next(iter(logs)) == "loss"
    assert set(logs) == {"loss", "number_loss", "chance_loss", "number_mae", "chance_accuracy"}
    sums = X["a"].sum(1) + 3
    assert logs["number_loss"] == pytest.approx((sums**2).mean(), rel=1e-5)
    assert logs["chance_loss"] == pytest.approx(np.log(2), rel=1e-5)
    assert logs["loss"] == pytest.approx(2 * logs["number_loss"] + 0.5 * logs["chance_loss"], rel=1e-5)
    assert logs["number_mae"] == pytest.approx(sums.mean(), rel=1e-5)


def test_an_output_without_a_loss_is_left_out():
    model = two_heads(loss={"number": "mse"})
    targets = {"number": Y["number"]}
    assert model.evaluate(X, targets, verbose=0) == pytest.approx(((X["a"].sum(1) + 3) ** 2).mean(), rel=1e-5)


def test_each_output_has_weights_of_its_own():
    model = two_heads(loss={"number": "mse", "chance": "bce"})
    weights = {"number": np.array([1, 0, 0, 0, 0], "float32"), "chance": np.zeros(5, "float32")}
    logs = model.evaluate(X, Y, sample_weight=weights, verbose=0, return_dict=True)
    assert logs["chance_loss"] == 0
    assert logs["loss"] == pytest.approx((X["a"][0].sum() + 3) ** 2 / 5, rel=1e-5)


def test_a_loss_that_sums_is_averaged_over_batches_by_their_sizes(given):
    model = given(loss=losses.MeanSquaredError(reduction="sum"), metrics=None)
    found = model.evaluate(SCORES, np.zeros((7, 3), "float32"), batch_size=4, verbose=0)
    sums = [(SCORES[:4] ** 2).mean(1).sum(), (SCORES[4:] ** 2).mean(1).sum()]
    assert found == pytest.approx((4 * sums[0] + 3 * sums[1]) / 7, rel=1e-5)


def test_callbacks_hear_of_batches_and_may_stop_it(given):
    model = given()
    heard = []

    class Stop(kmb_core.callbacks.Callback):
        def on_test_begin(self, logs=None):
            heard.append("begin")

        def on_test_batch_end(self, batch, logs=None):
            heard.append((batch, list(logs)))
            self.model.stop_evaluating = batch == 1

        def on_test_end(self, logs=None):
            heard.append("end")

    model.evaluate(SCORES, CLASSES, batch_size=1, verbose=0, callbacks=[Stop()])
    assert heard == ["begin", (0, ["loss", "accuracy"]), (1, ["loss", "accuracy"]), "end"]


def test_stateless_losses_give_what_evaluation_gives(given):
    model = given(metrics=None)
    expected = model.evaluate(SCORES, CLASSES, batch_size=7, verbose=0)
    state = [[v.value for v in group] for group in (model.trainable_variables, model.non_trainable_variables)]
    outputs, kept = model.stateless_call(*state, kmb_core.ops.convert_to_tensor(SCORES), training=False)
    metrics = [v.value for v in model.metrics_variables]
    loss, groups = model.stateless_compute_loss(*state, metrics, x=SCORES, y=CLASSES, y_pred=outputs)
    assert float(loss) == pytest.approx(expected, rel=1e-6)
    assert [len(group) for group in groups] == [0, len(kept), 2]


def test_the_metrics_of_one_of_several_outputs_are_told_once():
    inputs = kmb_core.Input((1,))
    model = kmb_core.Model(inputs, {"a": layers.Dense(1, name="a")(inputs), "b": layers.Dense(1, name="b")(inputs)})
    model.compile(None, "mse", metrics={"a": [kmb_core.metrics.MeanAbsoluteError(name="m")]})
    x = np.ones((2, 1), "float32")
    found = model.evaluate(x, {"a": x, "b": x}, return_dict=True, verbose=0)
    assert set(found) == {"loss", "a_loss", "b_loss", "a_m"}
