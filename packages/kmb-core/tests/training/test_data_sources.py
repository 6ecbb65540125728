"""Where batches come from: arrays, generators and datasets of one's own give the same training."""

import itertools
import math
import threading
import warnings

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, ops

trains = pytest.mark.trains


class Pieces(kmb_core.utils.PyDataset):
    """Batches of 4 rows, with a note of the threads and epochs that were seen."""

    def __init__(self, x, y, **options):
        super().__init__(**options)
        self.x, self.y = x, y
        self.threads, self.epochs = set(), []

    def __len__(self):
        return math.ceil(len(self.x) / 4)

    def __getitem__(self, index):
        self.threads.add(threading.current_thread().name)
        rows = slice(4 * index, 4 * index + 4)
        return self.x[rows], self.y[rows]

    def on_epoch_begin(self):
        self.epochs.append("begin")

    def on_epoch_end(self):
        self.epochs.append("end")


@trains
def test_a_generator_is_read_once_and_divided_by_steps(linear, data, descent, assert_weights, pieces):
    model = linear()
    batches = pieces(4, *data)
    endless = itertools.cycle(batches)
    history = model.fit(endless, steps_per_epoch=2, epochs=3, verbose=0)
    assert_weights(model, descent(batches * 2))
    assert len(history.history["loss"]) == 3
    np.testing.assert_array_equal(next(endless)[0], batches[0][0])  # nothing was read ahead


@trains
def test_an_iterable_starts_anew_each_epoch(linear, data, descent, assert_weights, pieces):
    model = linear()
    batches = pieces(4, *data)

    class Batches:
        def __iter__(self):
            return iter(batches)

    model.fit(Batches(), epochs=2, verbose=0)
    assert_weights(model, descent(batches * 2))


@trains
def test_a_generator_that_ends_early_ends_the_epoch_and_says_so(linear, data, descent, assert_weights, pieces):
    model = linear()
    batches = pieces(4, *data)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(iter(batches), steps_per_epoch=5, verbose=0)
    assert any("Data ran out: 5 steps were asked for" in str(warning.message) for warning in caught)
    assert_weights(model, descent(batches))


@trains
def test_generators_may_carry_weights_of_samples(linear, data, descent, assert_weights, pieces):
    weights = np.linspace(0, 1, 10).astype("float32")
    batches = pieces(4, *data, weights)
    model = linear()
    model.fit(iter(batches), verbose=0)
    assert_weights(model, descent(batches))


@trains
def test_class_weights_reach_the_batches_of_a_generator(linear, data, descent, assert_weights, pieces):
    x, y = data[0], (np.arange(10) % 2).astype("float32")
    model = linear()
    model.fit(iter(pieces(4, x, y)), class_weight={1: 2.0}, verbose=0)
    assert_weights(model, descent(pieces(4, x, y[:, None], np.where(y == 1, 2.0, 1.0))))


@trains
def test_a_generator_validates_a_generator_trains(linear, data, pieces):
    model = linear()
    batches = pieces(4, *data)
    history = model.fit(iter(batches), validation_data=iter(batches), verbose=0).history
    x, y = data
    kernel, bias = model.get_weights()
    assert history["val_loss"][0] == pytest.approx(((x @ kernel + bias - y) ** 2).mean(), rel=1e-4)


@trains
@pytest.mark.parametrize("options", [{}, {"workers": 3, "max_queue_size": 2}])
def test_a_dataset_trains_in_order_whoever_fetches(linear, data, descent, assert_weights, pieces, options):
    dataset = Pieces(*data, **options)
    model = linear()
    model.fit(dataset, epochs=2, shuffle=False, verbose=0)
    assert_weights(model, descent(pieces(4, *data) * 2))
    assert dataset.epochs == ["begin", "end"] * 2
    assert (threading.current_thread().name in dataset.threads) == (not options)


@trains
def test_a_dataset_is_shuffled_by_batches(linear, data):
    kmb_core.utils.set_random_seed(3)
    orders = []

    class Noting(Pieces):
        def __getitem__(self, index):
            orders.append(index)
            return super().__getitem__(index)

    x, y = (np.tile(part, (3, 1)) for part in data)
    linear().fit(Noting(x, y), epochs=2, verbose=0)
    epochs = orders[-16:-8], orders[-8:]
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(8))
    assert epochs[0] != epochs[1]


@trains
def test_a_dataset_validates(linear, data):
    model = linear()
    history = model.fit(*data, validation_data=Pieces(*data), epochs=2, verbose=0).history
    x, y = data
    kernel, bias = model.get_weights()
    assert history["val_loss"][1] == pytest.approx(((x @ kernel + bias - y) ** 2).mean(), rel=1e-4)


def test_a_dataset_is_evaluated_and_predicted(linear, data):
    x, y = data
    model = linear(None)
    outputs = model.predict(Pieces(x, y, workers=2), verbose=0)
    np.testing.assert_allclose(outputs, x.sum(1, keepdims=True), rtol=1e-5, atol=1e-6)
    assert model.evaluate(Pieces(x, y), verbose=0) == pytest.approx(((outputs - y) ** 2).mean(), rel=1e-5)


@trains
def test_an_error_in_a_dataset_arrives_and_the_model_trains_on(linear, data):
    class Broken(Pieces):
        def __getitem__(self, index):
            if index == 1:
                raise LookupError("no such file")
            return super().__getitem__(index)

    model = linear()
    with pytest.raises(LookupError, match="no such file"):
        model.fit(Broken(*data, workers=2), shuffle=False, verbose=0)
    model.fit(Pieces(*data), verbose=0)


@trains
def test_lists_integers_and_float64_are_data(linear, data, assert_weights, descent):
    x, y = np.arange(12).reshape(4, 3) % 5, np.arange(4)
    expected = descent([(x, y[:, None])], rate=0.01)
    for given_x, given_y in ((x, y), (x.tolist(), y.tolist()), (x.astype("float64"), y.astype("float64"))):
        model = linear(kmb_core.optimizers.SGD(0.01))
        model.fit(given_x, given_y, verbose=0, shuffle=False)
        assert_weights(model, expected)


@trains
def test_native_tensors_are_data(linear, data, descent, assert_weights, pieces):
    x, y = (ops.convert_to_tensor(part) for part in data)
    model = linear()
    model.fit(x, y, batch_size=4, shuffle=False, verbose=0)
    assert_weights(model, descent(pieces(4, *data)))
    model.fit(x, y, batch_size=4, verbose=0)
    assert model.evaluate(x, y, verbose=0) >= 0


@trains
def test_inputs_in_nested_dicts_train_a_model_of_ones_own(data):
    x, y = data

    class Nested(kmb_core.Model):
        def __init__(self):
            super().__init__()
            self.head = layers.Dense(1, kernel_initializer="ones")

        def call(self, inputs):
            return self.head(inputs["deep"]["left"] + inputs["deep"]["pair"][0] - inputs["deep"]["pair"][1])

    model = Nested()
    model.compile(kmb_core.optimizers.SGD(0.1), "mse")
    nested = {"deep": {"left": x, "pair": (x, x)}}
    model.fit(nested, y, batch_size=5, epochs=1, verbose=0)
    linear_outputs = model.predict(nested, batch_size=4, verbose=0)
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(linear_outputs, x @ kernel + bias, rtol=1e-4, atol=1e-5)
    assert np.abs(kernel - 1).max() > 0


@trains
def test_labels_of_text_are_refused_and_the_model_trains_on(linear, data):
    with pytest.raises((TypeError, ValueError)):
        linear().fit(data[0], np.array(["yes"] * 10), verbose=0)
    linear().fit(*data, verbose=0)
