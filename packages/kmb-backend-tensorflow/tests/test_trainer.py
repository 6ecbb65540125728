"""Training: against NumPy, in one trace, and in the ways a user may step in."""

import numpy as np
import pytest
import tensorflow as tf

import kmb_core as keras
from kmb_core import layers, losses, models, optimizers

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(50, 4)).astype("float32")
Y = (X @ RANDOM.normal(size=(4, 1)) + 1).astype("float32")


def linear(**compiled):
    model = models.Sequential([layers.Input((4,)), layers.Dense(1, kernel_initializer="zeros")])
    model.compile(optimizer=optimizers.SGD(0.1), loss=losses.MeanSquaredError(), **compiled)
    return model


def by_hand(epochs, batch_size):
    kernel, bias, history = np.zeros((4, 1)), np.zeros(1), []
    for _ in range(epochs):
        total = 0.0
        for start in range(0, len(X), batch_size):
            x, y = X[start : start + batch_size], Y[start : start + batch_size]
            error = x @ kernel + bias - y
            total += (error**2).mean() * len(x)
            kernel, bias = kernel - 0.1 * 2 * x.T @ error / len(x), bias - 0.1 * 2 * error.mean(0)
        history.append(total / len(X))
    return kernel, bias, history


WAYS = [{}, {"run_eagerly": True}, {"jit_compile": True}, {"steps_per_execution": 3}]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_every_way_of_running_trains_as_by_hand(way):
    model = linear(**way)
    history = model.fit(X, Y, batch_size=8, epochs=3, shuffle=False, verbose=0).history["loss"]
    kernel, bias, expected = by_hand(3, 8)
    np.testing.assert_allclose(history, expected, rtol=1e-4)
    np.testing.assert_allclose(model.layers[-1].get_weights()[0], kernel, rtol=1e-4)
    np.testing.assert_allclose(model.layers[-1].get_weights()[1], bias, rtol=1e-4)
    assert model.evaluate(X, Y, batch_size=16, verbose=0) == pytest.approx(
        ((X @ kernel + bias - Y) ** 2).mean(), rel=1e-4
    )


def test_one_trace_serves_every_batch_size():
    model = linear()
    model.fit(X, Y, batch_size=8, verbose=0)
    model.fit(X[:7], Y[:7], batch_size=3, verbose=0)
    model.train_on_batch(X[:1], Y[:1])
    both = [model.trainer._steps[name]._traces for name in ("train", "train alone")]
    traces = [found[2] for found in both]
    model.fit(X[:5], Y[:5], verbose=0)
    model.train_on_batch(X[:5], Y[:5])
    assert [list(found.values()) for found in both] == [[trace] for trace in traces]


def test_predicting_again_traces_nothing():
    model = linear()
    first = model.predict(X[:3], verbose=0)
    function = model.trainer._steps["predict"]._traces[1].function
    assert (model.predict(X[:3], verbose=0) == first).all()
    assert model.trainer._steps["predict"]._traces[1].function is function


def test_lengths_that_vary_end_at_one_trace():
    model = models.Sequential([layers.Input((None, 4)), layers.GlobalAveragePooling1D(), layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    for length in (3, 5, 9, 2):
        x = np.ones((2, length, 4), "float32")
        model.train_on_batch(x, np.ones((2, 1), "float32"))
    (trace,) = model.trainer._steps["train alone"]._traces.values()
    assert trace.specifications[0].shape.as_list() == [None, None, 4]


class Stepping(models.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1)
        self.seen = 0

    def call(self, x, training=False):
        return self.dense(x)

    def train_step(self, data):
        x, y = data
        self.seen += 1
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((self(x, training=True) - y) ** 2)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        return {"own": loss}


def test_a_step_of_the_users_own_is_traced_and_gives_the_logs():
    model = Stepping()
    model.compile(optimizer=optimizers.SGD(0.05))
    history = model.fit(X, Y, epochs=5, verbose=0).history
    assert list(history) == ["own"]
    assert history["own"][-1] < history["own"][0]
    assert model.seen == 1


def test_a_step_may_call_the_default_one():
    class More(Stepping):
        def train_step(self, data):
            return {**super(Stepping, self).train_step(data), "more": tf.constant(1.0)}

    model = More()
    model.compile(optimizer="sgd", loss="mse")
    assert set(model.fit(X, Y, verbose=0).history) == {"loss", "more"}


def test_conditions_on_tensors_work_in_a_users_call():
    class Choosing(models.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1, kernel_initializer="zeros")

        def call(self, x):
            if tf.reduce_sum(x) > 0:
                x = x * 0.0
            return self.dense(x) + tf.reduce_sum(x, -1, keepdims=True)

    model = Choosing()
    assert model.predict(np.ones((2, 4), "float32"), verbose=0).tolist() == [[0.0], [0.0]]
    assert model.predict(-np.ones((2, 4), "float32"), verbose=0).tolist() == [[-4.0], [-4.0]]


def test_structures_weights_and_several_inputs_go_through():
    first, second = layers.Input((2,), name="first"), layers.Input((2,), name="second")
    joined = layers.Concatenate()([first, second])
    model = models.Model({"first": first, "second": second}, layers.Dense(1)(joined))
    model.compile(optimizer="adam", loss="mse", weighted_metrics=["mse"])
    data = {"first": X[:, :2], "second": X[:, 2:]}
    history = model.fit(data, Y, sample_weight=np.ones(50), batch_size=16, verbose=0).history
    assert set(history) == {"loss", "mse"}
    assert model.predict(data, verbose=0).shape == (50, 1)


def test_what_is_not_trained_stays():
    model = linear()
    model.layers[-1].trainable = False
    model.compile(optimizer="sgd", loss="mse")
    model.fit(X, Y, verbose=0)
    assert (model.layers[-1].get_weights()[0] == 0).all()


def test_repeated_rows_of_an_embedding_train_by_the_dense_maths():
    def trained(run_eagerly):
        model = models.Sequential(
            [layers.Input((3,), dtype="int32"), layers.Embedding(5, 2), layers.Flatten(), layers.Dense(1)]
        )
        for weight in model.weights:
            weight.assign(np.full(weight.shape, 0.1))
        model.compile(optimizer=optimizers.Adam(0.1), loss="mse", run_eagerly=run_eagerly)
        model.fit(np.array([[1, 1, 2], [1, 3, 3]]), np.ones((2, 1)), epochs=3, verbose=0)
        return model.get_weights()

    for fused, general in zip(trained(False), trained(True), strict=True):
        np.testing.assert_allclose(fused, general, rtol=1e-5)


def test_tf_data_is_read_as_it_is_batched():
    dataset = tf.data.Dataset.from_tensor_slices((X, Y)).batch(8)
    model, twin = linear(), linear()
    history = model.fit(dataset, epochs=2, verbose=0).history["loss"]
    np.testing.assert_allclose(
        history, twin.fit(X, Y, batch_size=8, epochs=2, shuffle=False, verbose=0).history["loss"], rtol=1e-5
    )
    assert model.predict(dataset.map(lambda x, y: x), verbose=0).shape == (50, 1)
    assert model.evaluate(dataset, verbose=0) == pytest.approx(twin.evaluate(X, Y, verbose=0), rel=1e-4)


def test_half_precision_trains():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = models.Sequential(
            [layers.Input((4,)), layers.Dense(8, activation="relu"), layers.Dense(1, dtype="float32")]
        )
    finally:
        keras.config.set_dtype_policy("float32")
    model.compile(optimizer="adam", loss="mse")
    history = model.fit(X, Y, epochs=20, verbose=0).history["loss"]
    assert history[-1] < history[0]
    assert all(weight.dtype == "float32" for weight in model.trainable_variables)


def test_auto_says_once_which_way_it_takes(caplog):
    model = linear()
    with caplog.at_level("INFO", logger="kmb_backend_tensorflow"):
        model.train_on_batch(X, Y)
        model.test_on_batch(X, Y)
    assert [record.message for record in caplog.records if "jit_compile" in record.message] != []
    assert len(caplog.records) == 1


def test_an_exported_model_serves_what_it_predicts(tmp_path):
    model = linear()
    model.fit(X, Y, verbose=0)
    expected = model.predict(X, verbose=0)
    model.export(str(tmp_path / "exported"))
    loaded = tf.saved_model.load(str(tmp_path / "exported"))
    np.testing.assert_allclose(loaded.serve(X), expected, rtol=1e-5)
    tf.saved_model.save(model, str(tmp_path / "saved"))
    np.testing.assert_allclose(tf.saved_model.load(str(tmp_path / "saved"))(X), expected, rtol=1e-5)


def test_a_checkpoint_holds_the_model_and_its_optimizer(tmp_path):
    model, other = linear(), linear()
    model.fit(X, Y, verbose=0)
    path = tf.train.Checkpoint(model=model).save(str(tmp_path / "checkpoint"))
    tf.train.Checkpoint(model=other).restore(path).assert_existing_objects_matched()
    assert (other.predict(X, verbose=0) == model.predict(X, verbose=0)).all()
    assert int(other.optimizer.iterations) == int(model.optimizer.iterations) > 0
