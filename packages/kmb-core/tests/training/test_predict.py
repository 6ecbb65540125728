"""predict: outputs for all samples, in the structure of the outputs, as NumPy arrays. Runs on every backend."""

import gc

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, ops
from kmb_core.errors import CapabilityError
from kmb_core.plugins import Capability

X = np.arange(21, dtype="float32").reshape(7, 3)


class Scaled(kmb_core.Layer):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def call(self, x):
        return x * self.factor


@pytest.fixture
def double():
    return kmb_core.Sequential([kmb_core.Input((3,)), Scaled(2.0)])


@pytest.mark.parametrize("batch_size", [None, 1, 3, 7, 50])
def test_batches_are_joined_in_order(double, batch_size):
    outputs = double.predict(X, batch_size=batch_size, verbose=0)
    assert isinstance(outputs, np.ndarray)
    np.testing.assert_allclose(outputs, 2 * X)


def test_no_compilation_is_needed_and_targets_of_a_dataset_are_ignored(double):
    batches = ((X[i : i + 2], X[i : i + 2]) for i in range(0, 7, 2))
    np.testing.assert_allclose(double.predict(batches, verbose=0), 2 * X)


def test_one_sample_keeps_its_batch_axis(double):
    assert double.predict(X[:1], verbose=0).shape == (1, 3)


def test_lists_integers_and_native_tensors_are_data_too(double):
    np.testing.assert_allclose(double.predict(X.tolist(), verbose=0), 2 * X)
    np.testing.assert_allclose(double.predict(X.astype("int32"), verbose=0), 2 * X)
    np.testing.assert_allclose(double.predict(X.astype("float64"), verbose=0), 2 * X)
    np.testing.assert_allclose(double.predict(ops.convert_to_tensor(X), batch_size=4, verbose=0), 2 * X)


def test_read_only_arrays_and_views_with_any_strides_are_data_too(double):
    frozen = X.copy()
    frozen.flags.writeable = False
    np.testing.assert_allclose(double.predict(frozen, verbose=0), 2 * X)
    np.testing.assert_allclose(double.predict(X[::-1, ::-1], batch_size=2, verbose=0), 2 * X[::-1, ::-1])
    np.testing.assert_allclose(double.predict(np.asfortranarray(X), verbose=0), 2 * X)


def test_results_stay_what_they_are_when_data_or_model_change():
    model = kmb_core.Sequential([kmb_core.Input((3,)), layers.Activation("linear")])
    data = X.copy()
    outputs = model.predict(data, verbose=0)
    single = model.predict_on_batch(data)
    data[:] = -1
    np.testing.assert_allclose(outputs, X)
    np.testing.assert_allclose(single, X)


def test_nested_outputs_come_nested():
    class Nested(kmb_core.Model):
        def call(self, x):
            return {"sum": ops.sum(x, axis=1), "pair": (x, [x + 1.0])}

    outputs = Nested().predict(X, batch_size=3, verbose=0)
    assert set(outputs) == {"sum", "pair"}
    assert isinstance(outputs["pair"], tuple)
    np.testing.assert_allclose(outputs["sum"], X.sum(1))
    np.testing.assert_allclose(outputs["pair"][1][0], X + 1)


def test_nested_inputs_go_in_nested():
    class Nested(kmb_core.Model):
        def call(self, data):
            return data["left"] + data["both"][0] * data["both"][1]

    outputs = Nested().predict({"left": X, "both": (X, X)}, batch_size=4, verbose=0)
    np.testing.assert_allclose(outputs, X + X * X)


def test_several_outputs_of_a_functional_model_come_in_their_structure():
    inputs = kmb_core.Input((3,))
    doubled = Scaled(2.0)(inputs)
    as_list = kmb_core.Model(inputs, [doubled, Scaled(3.0)(inputs)]).predict(X, batch_size=4, verbose=0)
    assert isinstance(as_list, list)
    np.testing.assert_allclose(as_list[1], 3 * X)
    as_dict = kmb_core.Model(inputs, {"d": doubled}).predict(X, verbose=0)
    np.testing.assert_allclose(as_dict["d"], 2 * X)


def test_steps_limit_an_endless_generator(double):
    def endless():
        while True:
            yield (X[:2],)

    assert double.predict(endless(), steps=3, verbose=0).shape == (6, 3)


def test_samples_of_many_lengths_may_come_in_batches_of_their_own():
    model = kmb_core.Sequential([kmb_core.Input((None, 1)), layers.GlobalAveragePooling1D()])
    batches = ((np.full((2, length, 1), length, "float32"),) for length in (3, 5, 4))
    np.testing.assert_allclose(model.predict(batches, verbose=0).ravel(), [3, 3, 5, 5, 4, 4])


def test_several_steps_an_execution_change_nothing(double):
    double.compile(steps_per_execution=3)
    np.testing.assert_allclose(double.predict(X, batch_size=2, verbose=0), 2 * X)


def test_callbacks_get_the_outputs_of_each_batch_and_may_stop_it(double):
    class Stop(kmb_core.callbacks.Callback):
        shapes = []

        def on_predict_batch_end(self, batch, logs=None):
            self.shapes.append(tuple(logs["outputs"].shape))
            self.model.stop_predicting = batch == 1

    assert double.predict(X, batch_size=2, verbose=0, callbacks=[Stop()]).shape == (4, 3)
    assert Stop.shapes == [(2, 3), (2, 3)]


def test_dropout_rests_and_its_seed_is_not_used():
    model = kmb_core.Sequential([kmb_core.Input((3,)), layers.Dropout(0.5)])
    for _ in range(2):
        np.testing.assert_allclose(model.predict(X, verbose=0), X)


def test_what_is_assigned_between_calls_is_seen():
    model = kmb_core.Sequential([kmb_core.Input((3,)), layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
    assert not model.predict(X, verbose=0).any()
    model.set_weights([np.ones((3, 1))])
    np.testing.assert_allclose(model.predict(X, verbose=0), X.sum(1, keepdims=True))
    model.trainable_variables[0].assign(np.full((3, 1), 2.0))
    np.testing.assert_allclose(model.predict_on_batch(X), 2 * X.sum(1, keepdims=True))


def test_integer_outputs_stay_integers():
    class Number(kmb_core.Model):
        def call(self, x):
            return ops.argmax(x, axis=-1)

    outputs = Number().predict(X, verbose=0)
    assert outputs.dtype.kind == "i"
    assert outputs.tolist() == [2] * 7


def test_many_predictions_leave_nothing_behind(double):
    def live():
        gc.collect()
        return sum(issubclass(type(thing), (kmb_core.Layer, kmb_core.Variable)) for thing in gc.get_objects())

    double.predict(X, verbose=0)
    before = live()
    for _ in range(10):
        double.predict(X, verbose=0)
    assert live() == before


def test_a_model_that_reads_text_predicts_on_every_backend():
    texts = np.array([["a red car"], ["a blue house"], ["red"]])
    vectorize = layers.TextVectorization(output_sequence_length=4)
    vectorize.adapt(texts)
    inputs = kmb_core.Input((1,), dtype="string")
    model = kmb_core.Model(inputs, layers.GlobalAveragePooling1D()(layers.Embedding(20, 2)(vectorize(inputs))))
    expected = ops.convert_to_numpy(model(texts))
    np.testing.assert_allclose(model.predict(texts, verbose=0), expected, rtol=1e-6)
    np.testing.assert_allclose(model.predict(texts.astype(object), batch_size=2, verbose=0), expected, rtol=1e-6)
    np.testing.assert_allclose(model.predict_on_batch(texts[:1]), expected[:1], rtol=1e-6)


@pytest.mark.trains
def test_training_on_text_works_or_is_refused_before_it_starts():
    inputs = kmb_core.Input((1,), dtype="string")
    model = kmb_core.Model(inputs, layers.Dense(1)(layers.Hashing(4, output_mode="one_hot")(inputs)))
    model.compile("sgd", "mse")
    data = np.array([["a"], ["b"]]), np.zeros((2, 1))
    if kmb_core.backend.current_backend().supports(Capability.STRINGS):
        assert np.isfinite(model.fit(*data, verbose=0).history["loss"][0])
        return
    for run in (model.fit, model.evaluate, model.train_on_batch, model.test_on_batch):
        with pytest.raises(CapabilityError, match=r"(fit|evaluate|on_batch) on text"):
            run(*data)
