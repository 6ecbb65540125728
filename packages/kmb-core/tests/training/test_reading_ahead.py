"""`fit`, `evaluate` and `predict` with batches that a thread reads ahead: the same bits, and nothing left behind.

What is slow is said by the tests, and threads wait for each other by events: no test depends on how fast it runs.
"""

import signal
import threading

import numpy as np
import pytest

import kmb_core
from kmb_core import callbacks, config, ops
from kmb_core.data import read_ahead

trains = pytest.mark.trains
NAME = "kmb-read-ahead"
LONG = 30  # seconds until a test is given up


@pytest.fixture(autouse=True)
def every_source_is_slow(monkeypatch):
    monkeypatch.setattr(read_ahead, "SLOW", 0.0)
    yield
    assert not [thread for thread in threading.enumerate() if thread.name == NAME]
    config.set_read_ahead(2)


@pytest.fixture
def rows(data):
    """24 samples: twelve batches of two."""
    return tuple(np.concatenate([part, part[:4], part + np.float32(0.125)]) for part in data)


class Pieces(kmb_core.utils.PyDataset):
    """Batches of two rows, with a note of the threads that read them."""

    def __init__(self, x, y):
        super().__init__()
        self.x, self.y, self.threads = x, y, []

    def __len__(self):
        return len(self.x) // 2

    def __getitem__(self, index):
        self.threads.append(threading.current_thread().name)
        return self.x[2 * index : 2 * index + 2], self.y[2 * index : 2 * index + 2]


class Anew:
    """An iterable that begins again for each epoch, in another order."""

    def __init__(self, x, y):
        self.dataset = Pieces(x, y)

    def __iter__(self):
        return (self.dataset[index] for index in np.random.permutation(len(self.dataset)))


def stream(x, y):
    """Goes on for ever; the order is drawn when the rows are used up, noise for each batch."""
    while True:
        for index in np.random.permutation(len(x) // 2):
            rows = slice(2 * index, 2 * index + 2)
            yield x[rows] + np.random.normal(size=x[rows].shape).astype("float32"), y[rows]


def rarely_drawing(x, y):
    """Goes on for ever, and draws an order only when the rows are used up."""
    while True:
        for index in np.random.permutation(len(x) // 2):
            yield x[2 * index : 2 * index + 2], y[2 * index : 2 * index + 2]


def tensors(x, y):
    return ops.convert_to_tensor(x), ops.convert_to_tensor(y)


def of_two_classes(x, y):
    dataset = Pieces(x, np.round(y[:, 0]).astype("int32") % 2)
    return [dataset[index] for index in range(len(dataset))] * 2


SOURCES = {
    "arrays": lambda x, y: {"x": x, "y": y, "batch_size": 2},
    "tensors": lambda x, y: dict(zip("xy", tensors(x, y), strict=True)) | {"batch_size": 2},
    "arrays with steps": lambda x, y: {"x": x, "y": y, "batch_size": 2, "steps_per_epoch": 6},
    "dataset": lambda x, y: {"x": Pieces(x, y)},
    "iterable": lambda x, y: {"x": Anew(x, y)},
    "weighted": lambda x, y: {"x": iter(of_two_classes(x, y)), "class_weight": {0: 2.0}, "steps_per_epoch": 12},
    "stream": lambda x, y: {"x": stream(x, y), "steps_per_epoch": 7},
    "rarely drawing": lambda x, y: {"x": rarely_drawing(x, y), "steps_per_epoch": 8},
}


@trains
@pytest.mark.parametrize(("source", "together"), [*((source, 1) for source in SOURCES), ("stream", 3)])
def test_every_source_trains_to_the_same_bits(linear, rows, source, together):
    def trained(depth):
        config.set_read_ahead(depth)
        kmb_core.utils.set_random_seed(1)
        model = linear(steps_per_execution=together)
        validation = Pieces(*rows)
        history = model.fit(**SOURCES[source](*rows), validation_data=validation, epochs=2, verbose=0).history
        assert (NAME in validation.threads) == bool(depth)
        return history, model.get_weights(), np.random.random()

    due, ahead = trained(0), trained(2)
    assert ahead[0] == due[0]
    for ours, theirs in zip(ahead[1], due[1], strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert ahead[2] == due[2]


class Interruption(Exception):
    pass


class Interrupt(callbacks.Callback):
    """Ends a training before a batch."""

    def __init__(self, batch):
        super().__init__()
        self.batch = batch

    def on_train_batch_begin(self, batch, logs=None):
        if batch == self.batch and self.model.optimizer.iterations > self.batch:  # in the second epoch
            raise Interruption


@trains
@pytest.mark.parametrize(
    ("source", "save_freq"), [("arrays", 5), ("dataset", 1), ("iterable", 5), ("stream", 1), ("rarely drawing", 5)]
)
def test_a_training_goes_on_at_the_batch_where_it_was_left(linear, rows, tmp_path, source, save_freq):
    def train(*others):
        model = linear()
        return model, model.fit(**SOURCES[source](*rows), epochs=3, verbose=0, callbacks=list(others)).history

    kmb_core.utils.set_random_seed(1)
    whole, expected = train()
    kmb_core.utils.set_random_seed(1)
    with pytest.raises(Interruption):
        train(callbacks.BackupAndRestore(tmp_path / "b", save_freq), Interrupt(6))
    # A generator is read again from its beginning: whoever draws from global generators in it has to seed them.
    kmb_core.utils.set_random_seed(1 if "steps_per_epoch" in SOURCES[source](*rows) else 2)
    again, found = train(callbacks.BackupAndRestore(tmp_path / "b", save_freq))
    assert found == expected
    for ours, theirs in zip(again.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@trains
def test_the_steps_of_an_epoch_cost_a_generator_no_batch(linear, rows):
    taken = []

    def source():
        for index in range(1000):
            taken.append(index)
            yield tuple(part[:2] for part in rows)

    generator = source()
    linear().fit(generator, steps_per_epoch=7, epochs=3, verbose=0)
    assert taken == list(range(21))
    config.set_max_steps_per_epoch(6)
    try:
        linear().fit(generator, epochs=2, verbose=0)
    finally:
        config.set_max_steps_per_epoch(None)
    assert taken == list(range(21 + 12))


@trains
def test_a_batch_is_read_while_a_step_is_under_way(linear, rows):
    """Each step waits until the next batch is being read, which waits until the step has begun: neither could alone."""
    stepping = [threading.Event() for _ in range(20)]
    reading = [threading.Event() for _ in range(20)]
    met = []

    def source():
        for number in range(10):
            reading[number].set()
            if number > 5:
                met.append(stepping[number - 1].wait(LONG))
            yield tuple(part[:2] for part in rows)

    class Waits(callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            stepping[batch].set()
            if 5 <= batch < 9:
                met.append(reading[batch + 1].wait(LONG))

    linear().fit(source(), verbose=0, callbacks=[Waits()])
    assert met == [True] * 8


@pytest.mark.parametrize("method", ["evaluate", "predict"])
def test_evaluation_and_prediction_read_ahead_too(linear, rows, method):
    model, results = linear(None), []
    for depth in (0, 2):
        config.set_read_ahead(depth)
        dataset = Pieces(*rows)
        results.append(np.asarray(getattr(model, method)(dataset, verbose=0)))
        assert (NAME in dataset.threads) == bool(depth)
    np.testing.assert_array_equal(*results)


@trains
def test_where_steps_run_eagerly_each_batch_is_read_when_it_is_due(linear, rows):
    dataset = Pieces(*rows)
    linear(run_eagerly=True).fit(dataset, verbose=0)
    assert NAME not in dataset.threads


# Ends -----------------------------------------------------------------------------------------------------------------


@trains
@pytest.mark.parametrize("at", [2, 8])
def test_a_generator_that_raises_ends_the_training_after_the_steps_of_its_batches(linear, rows, descent, at):
    batches = [tuple(part[2 * i : 2 * i + 2] for part in rows) for i in range(at)]

    def source():
        yield from batches
        raise LookupError("no such file")

    model = linear()
    with pytest.raises(LookupError, match="no such file") as caught:
        model.fit(source(), verbose=0)
    assert "source" in [entry.name for entry in caught.traceback]
    for ours, theirs in zip(model.get_weights(), descent(batches), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
    model.fit(*rows, verbose=0)


@trains
@pytest.mark.parametrize("error", [Interruption, KeyboardInterrupt])
def test_an_error_of_a_callback_ends_the_reading(linear, rows, error):
    class Raises(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 6:
                raise error

    with pytest.raises(error):
        linear().fit(Pieces(*rows), verbose=0, callbacks=[Raises()])


@trains
def test_a_training_that_stops_itself_ends_the_reading(linear, rows):
    class Stops(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 6

    model = linear()
    model.fit(Pieces(*rows), epochs=3, verbose=0, callbacks=[Stops()])
    assert int(model.optimizer.iterations) == 7


@trains
def test_control_c_is_heard_while_the_next_batch_is_waited_for(linear, rows):
    released = threading.Event()

    def source():
        yield from [tuple(part[:2] for part in rows)] * 7
        signal.raise_signal(signal.SIGINT)  # the main thread hears it, which has nothing to do but to wait
        released.wait(0.2)
        yield tuple(part[:2] for part in rows)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            linear().fit(source(), verbose=0)
    finally:
        signal.signal(signal.SIGINT, before)
        released.set()
