"""Callbacks inside fit: what they may read and change, and that files survive failures."""

import os

import numpy as np
import pytest

import kmb_core
from kmb_core import callbacks, layers
from kmb_core.errors import CheckpointError

pytestmark = pytest.mark.trains


class Reading(callbacks.Callback):
    """Takes the weights and the kernel's own tensor after every batch."""

    def __init__(self):
        super().__init__()
        self.weights, self.tensors = [], []

    def on_train_batch_end(self, batch, logs=None):
        self.weights.append(self.model.get_weights())
        self.tensors.append(kmb_core.ops.copy(self.model.trainable_variables[0].value))


def test_weights_read_after_each_batch_are_those_of_that_batch_and_stay(linear, data, descent, pieces):
    reading = Reading()
    linear().fit(*data, batch_size=4, epochs=2, shuffle=False, verbose=0, callbacks=[reading])
    batches = pieces(4, *data) * 2
    for count, (weights, tensor) in enumerate(zip(reading.weights, reading.tensors, strict=True), 1):
        kernel, bias = descent(batches[:count])
        np.testing.assert_allclose(weights[0], kernel, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(weights[1], bias, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(kmb_core.ops.convert_to_numpy(tensor), kernel, rtol=1e-4, atol=1e-5)


def test_weights_set_in_a_callback_are_trained_on(linear, data, descent, assert_weights, pieces):
    def restart(batch, logs):
        if batch == 0:
            model.set_weights([np.ones((3, 1)), np.zeros(1)])

    model = linear()
    note = callbacks.LambdaCallback(on_train_batch_end=restart)
    model.fit(*data, batch_size=4, shuffle=False, verbose=0, callbacks=[note])
    assert_weights(model, descent(pieces(4, *data)[1:]))


def test_a_callback_may_evaluate_predict_and_train_the_model(linear, data, descent, assert_weights, pieces):
    model, seen = linear(), []

    def look(epoch, logs):
        before = logs["loss"]
        seen.append(model.evaluate(*data, verbose=0))
        model.predict(data[0], verbose=0)
        assert logs["loss"] == before

    note = callbacks.LambdaCallback(on_epoch_end=look)
    model.fit(*data, batch_size=4, epochs=2, shuffle=False, verbose=0, callbacks=[note])
    batches = pieces(4, *data)
    expected = []
    for epochs in (1, 2):
        kernel, bias = descent(batches * epochs)
        expected.append(((data[0] @ kernel + bias - data[1]) ** 2).mean())
    np.testing.assert_allclose(seen, expected, rtol=1e-4)
    assert_weights(model, (kernel, bias))


def test_logs_of_a_batch_hold_the_running_means(linear, data, descent, pieces):
    losses = []
    note = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: losses.append(logs["loss"]))
    history = linear(kmb_core.optimizers.SGD(0.0)).fit(*data, batch_size=4, shuffle=False, verbose=0, callbacks=[note])
    squares = (data[0].sum(1, keepdims=True) - data[1]) ** 2
    np.testing.assert_allclose(losses, [squares[:n].mean() for n in (4, 8, 10)], rtol=1e-5)
    assert history.history["loss"] == [losses[-1]]


def test_what_a_callback_adds_to_the_logs_is_in_the_history(linear, data):
    note = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(extra=float(epoch)))
    history = linear().fit(*data, epochs=2, verbose=0, callbacks=[note])
    assert history.history["extra"] == [0.0, 1.0]


def test_training_stops_early_and_takes_the_best_weights_back(linear, data, descent, assert_weights, pieces):
    rates = [0.1, 3.0, 3.0, 3.0, 3.0]  # the first epoch is good, the others diverge
    model = linear()
    schedule = callbacks.LearningRateScheduler(lambda epoch: rates[epoch])
    stopping = callbacks.EarlyStopping(monitor="val_loss", patience=2, restore_best_weights=True)
    options = {"validation_data": data, "callbacks": [schedule, stopping], "verbose": 0}
    history = model.fit(*data, batch_size=5, epochs=5, shuffle=False, **options)
    assert history.epoch == [0, 1, 2]
    assert stopping.best_epoch == 0
    assert_weights(model, descent(pieces(5, *data)))


def test_a_schedule_sets_the_rate_of_each_epoch(linear, data, descent, assert_weights):
    model = linear()
    schedule = callbacks.LearningRateScheduler(lambda epoch, rate: 0.1 if epoch == 0 else 0.0)
    history = model.fit(*data, epochs=3, batch_size=10, shuffle=False, verbose=0, callbacks=[schedule])
    assert_weights(model, descent([data]))
    np.testing.assert_allclose(history.history["learning_rate"], [0.1, 0.0, 0.0], rtol=1e-6)


def test_the_best_model_is_saved_and_can_be_loaded(linear, data, descent, assert_weights, pieces, tmp_path):
    rates = [0.1, 3.0, 3.0]
    model, path = linear(), tmp_path / "folder" / "best.keras"
    saving = callbacks.ModelCheckpoint(path, monitor="val_loss", save_best_only=True)
    schedule = callbacks.LearningRateScheduler(lambda epoch: rates[epoch])
    options = {"validation_data": data, "callbacks": [schedule, saving], "verbose": 0}
    model.fit(*data, batch_size=5, epochs=3, shuffle=False, **options)
    loaded = kmb_core.saving.load_model(path)
    assert_weights(loaded, descent(pieces(5, *data)))
    assert int(loaded.optimizer.iterations) == 2
    loaded.fit(*data, batch_size=5, shuffle=False, verbose=0)
    assert_weights(loaded, descent(pieces(5, *data) * 2))


def test_a_folder_that_cannot_be_written_is_named_and_the_old_file_stays(linear, data, tmp_path, monkeypatch):
    path = tmp_path / "model.keras"
    model = linear()
    saving = callbacks.ModelCheckpoint(path)
    model.fit(*data, verbose=0, callbacks=[saving])
    before = path.read_bytes()

    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "replace", refuse)  # permissions do not hold back an administrator, this does
    with pytest.raises(CheckpointError, match=r"model\.keras") as caught:
        model.fit(*data, verbose=0, callbacks=[saving])
    assert "The file of the last save, if there is one, is as it was." in str(caught.value)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.keras"]


def test_a_loss_that_is_no_number_stops_training_in_the_batch_where_it_comes(linear, data, capsys):
    x, y = data[0].copy(), data[1]
    x[5] = np.nan
    model, batches = linear(), []
    note = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: batches.append(batch))
    history = model.fit(
        x, y, batch_size=2, epochs=3, shuffle=False, verbose=0, callbacks=[callbacks.TerminateOnNaN(), note]
    )
    assert batches == [0, 1, 2]
    assert history.epoch == [0]
    assert np.isnan(history.history["loss"][0])


def test_a_loss_that_is_no_number_is_an_error_on_request(linear, data):
    x, y = data
    with pytest.raises(RuntimeError, match="Batch 1: the loss is nan"):
        linear().fit(
            x,
            np.where(np.arange(10)[:, None] == 7, np.nan, y).astype("float32"),
            batch_size=4,
            shuffle=False,
            verbose=0,
            callbacks=[callbacks.TerminateOnNaN(raise_error=True)],
        )


def test_hooks_come_in_order(linear, data):
    heard = []
    names = [
        f"on_{what}_{when}"
        for what in ("train", "epoch", "train_batch", "test", "test_batch", "predict")
        for when in ("begin", "end")
    ]

    class Hearing(callbacks.Callback):
        pass

    for name in names:
        setattr(Hearing, name, lambda self, *arguments, name=name, **options: heard.append(name))
    linear().fit(*data, batch_size=10, epochs=1, validation_data=data, verbose=0, callbacks=[Hearing()])
    assert heard == [
        "on_train_begin",
        "on_epoch_begin",
        "on_train_batch_begin",
        "on_train_batch_end",
        "on_test_begin",
        "on_test_batch_begin",
        "on_test_batch_end",
        "on_test_end",
        "on_epoch_end",
        "on_train_end",
    ]


def test_dropout_draws_anew_in_each_step_and_repeats_with_the_seed(data):
    def outputs():
        kmb_core.utils.set_random_seed(1)
        model = kmb_core.Sequential(
            [kmb_core.Input((3,)), layers.Dense(8, kernel_initializer="ones"), layers.Dropout(0.5)]
        )
        model.compile(kmb_core.optimizers.SGD(0.0), "mse")
        target = np.zeros((10, 8), "float32")
        losses = []
        note = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: losses.append(logs["loss"]))
        model.fit(data[0], target, batch_size=10, epochs=3, shuffle=False, verbose=0, callbacks=[note])
        return losses

    first = outputs()
    assert len(set(first)) == 3
    assert outputs() == first
