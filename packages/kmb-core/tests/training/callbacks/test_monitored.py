"""EarlyStopping, ReduceLROnPlateau and the direction in which a metric gets better."""

import math
import random

import numpy as np
import pytest

from kmb_core.errors import StructureError
from kmb_core.training.callbacks import EarlyStopping, LearningRateScheduler, ReduceLROnPlateau, TerminateOnNaN
from kmb_core.training.callbacks.monitoring import better_direction


class Optimizer:
    learning_rate = 1.0


class Model:
    """Its weights are the number of the epoch that was trained last."""

    def __init__(self):
        self.stop_training = False
        self.weights = [-1]
        self.metrics = []
        self.optimizer = Optimizer()

    def get_weights(self):
        return list(self.weights)

    def set_weights(self, weights):
        self.weights = list(weights)


def run(callback, values, name="val_loss"):
    """Train for as many epochs as there are values; give the model and the number of epochs run."""
    model = Model()
    callback.set_model(model)
    callback.on_train_begin()
    epochs = 0
    for epoch, value in enumerate(values):
        callback.on_epoch_begin(epoch, {})
        model.weights = [epoch]
        callback.on_epoch_end(epoch, {} if value is None else {name: value})
        epochs += 1
        if model.stop_training:
            break
    callback.on_train_end()
    return model, epochs


def test_training_stops_after_patience_epochs_without_improvement():
    stopper = EarlyStopping(patience=2)
    _, epochs = run(stopper, [3, 2, 2.5, 2, 1, 0])
    assert epochs == 4
    assert (stopper.stopped_epoch, stopper.best, stopper.best_epoch) == (3, 2, 1)


def test_without_patience_the_first_epoch_never_stops():
    assert run(EarlyStopping(), [math.nan, math.nan, 1])[1] == 2


def test_min_delta_asks_for_more_than_a_little():
    assert run(EarlyStopping(min_delta=0.5, patience=1), [3, 2.8, 2.7])[1] == 2
    assert run(EarlyStopping(min_delta=-0.5, patience=1), [3, 2.4, 1.8])[1] == 3


def test_a_rising_metric_is_watched_upwards():
    assert run(EarlyStopping("val_accuracy", patience=1), [0.1, 0.2, 0.3, 0.2], "val_accuracy")[1] == 4


def test_a_baseline_must_be_beaten():
    assert run(EarlyStopping(baseline=1.0, patience=3), [5, 4, 3, 2, 1])[1] == 3
    assert run(EarlyStopping(baseline=1.0, patience=3), [5, 4, 0.5, 0.4, 0.3])[1] == 5


def test_epochs_before_the_start_are_not_looked_at():
    stopper = EarlyStopping(patience=1, start_from_epoch=3)
    assert run(stopper, [0, 9, 9, 9, 9])[1] == 5
    assert stopper.best == 9


def test_the_best_weights_come_back_after_stopping_and_after_the_last_epoch():
    assert run(EarlyStopping(patience=2, restore_best_weights=True), [3, 1, 2, 2, 2])[0].weights == [1]
    assert run(EarlyStopping(patience=9, restore_best_weights=True), [3, 1, 2])[0].weights == [1]
    assert run(EarlyStopping(patience=2), [3, 1, 2, 2, 2])[0].weights == [3]


def test_a_second_run_starts_afresh():
    stopper = EarlyStopping(patience=1)
    run(stopper, [1, 2])
    assert run(stopper, [5, 4, 3])[1] == 3


def test_a_missing_value_warns_once_and_lists_what_there_is():
    with pytest.warns(UserWarning, match="'val_loss' is not in the logs.*There are: loss") as caught:
        assert run(EarlyStopping(), [1, 2, 3], "loss")[1] == 3
    assert len(caught) == 1


def test_it_tells_what_it_does_only_when_asked(capsys):
    run(EarlyStopping(restore_best_weights=True), [1, 2])
    assert capsys.readouterr().out == ""
    run(EarlyStopping(restore_best_weights=True, verbose=1), [1, 2])
    assert capsys.readouterr().out.count("Epoch 2: stopped early") == 1


@pytest.mark.parametrize(
    ("name", "direction"),
    [
        ("loss", "min"),
        ("val_dense_1_loss", "min"),
        ("mean_absolute_error", "min"),
        ("val_acc", "max"),
        ("sparse_categorical_accuracy", "max"),
        ("auc_1", "max"),
        ("f1_score", "max"),
        ("r2_score", "max"),
        ("val_mean_io_u", None),
        ("speed", None),
    ],
)
def test_names_tell_the_direction_where_they_can(name, direction):
    assert better_direction(name) == direction


def test_nan_is_never_the_best():
    stopper = EarlyStopping(patience=2, restore_best_weights=True)
    model, epochs = run(stopper, [math.nan, 3.0, math.nan, 4.0, 1.0])
    assert (epochs, model.weights, stopper.best) == (4, [1], 3.0)


def test_a_metric_of_several_values_cannot_be_watched():
    with pytest.warns(UserWarning, match="is not a single number"):
        run(EarlyStopping(), [np.array([1.0, 2.0])])


def test_a_metric_that_knows_its_direction_decides():
    class Metric:
        name, _direction = "accuracy_gap", "down"

    assert better_direction("val_accuracy_gap", [Metric()]) == "min"


def test_a_direction_that_cannot_be_told_is_an_error_with_the_way_out():
    with pytest.raises(StructureError, match="mode='max' or mode='min'"):
        run(EarlyStopping("speed"), [1], "speed")
    assert run(EarlyStopping("speed", mode="max", patience=1), [1, 2, 1], "speed")[1] == 3


def test_an_unknown_mode_warns_and_goes_by_the_name():
    with pytest.warns(UserWarning, match="mode is 'up'"):
        assert EarlyStopping(mode="up").mode == "auto"


def test_the_rate_is_lowered_after_patience_and_rests_in_cooldown():
    rates = []

    class Watched(ReduceLROnPlateau):
        def on_epoch_end(self, epoch, logs=None):
            super().on_epoch_end(epoch, logs)
            rates.append(self.model.optimizer.learning_rate)

    run(Watched(factor=0.5, patience=2, cooldown=1, min_lr=0.2), [1] * 12)
    assert rates == [1, 1, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2]


def test_the_plateau_adds_the_rate_to_the_logs():
    callback, logs = ReduceLROnPlateau(), {"val_loss": 1.0}
    callback.set_model(Model())
    callback.on_epoch_end(0, logs)
    assert logs["learning_rate"] == 1.0


@pytest.mark.parametrize("arguments", [{"factor": 1.0}, {"epsilon": 0.1}])
def test_arguments_of_the_plateau_are_checked(arguments):
    with pytest.raises(ValueError, match="ReduceLROnPlateau"):
        ReduceLROnPlateau(**arguments)


@pytest.mark.parametrize("schedule", [lambda epoch, rate: rate * 0.5, lambda epoch: 0.5 ** (epoch + 1)])
def test_a_schedule_takes_the_epoch_and_maybe_the_rate(schedule):
    callback, model = LearningRateScheduler(schedule), Model()
    callback.set_model(model)
    callback.on_epoch_begin(0)
    callback.on_epoch_begin(1)
    logs = {}
    callback.on_epoch_end(1, logs)
    assert model.optimizer.learning_rate == logs["learning_rate"] == 0.25


def test_an_error_inside_a_schedule_is_not_taken_for_another_signature():
    def broken(epoch, rate):
        return rate + "text"

    callback = LearningRateScheduler(broken)
    callback.set_model(Model())
    with pytest.raises(TypeError, match="unsupported operand"):
        callback.on_epoch_begin(0)


def test_a_schedule_without_a_number_is_an_error():
    callback = LearningRateScheduler(lambda epoch: None)
    callback.set_model(Model())
    with pytest.raises(ValueError, match="schedule gave a NoneType"):
        callback.on_epoch_begin(0)


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_stops_training(loss, capsys):
    guard, model = TerminateOnNaN(), Model()
    guard.set_model(model)
    guard.on_train_batch_end(2, {"loss": 1.0})
    guard.on_train_batch_end(2, {})
    assert not model.stop_training
    guard.on_train_batch_end(3, {"loss": loss})
    assert model.stop_training
    assert "Batch 3" in capsys.readouterr().out


def test_a_loss_that_is_no_number_is_an_error_on_request():
    guard = TerminateOnNaN(raise_error=True)
    with pytest.raises(RuntimeError, match="Batch 3: the loss is nan"):
        guard.on_train_batch_end(3, {"loss": math.nan})


def keras_callbacks():
    return pytest.importorskip("keras").callbacks


@pytest.mark.parity
def test_stopping_agrees_with_keras_on_random_runs():
    theirs = keras_callbacks().EarlyStopping
    chance = random.Random(0)
    for _ in range(200):
        options = {
            "patience": chance.randrange(4),
            "min_delta": chance.choice([0, 0.125, -0.125]),
            "restore_best_weights": chance.random() < 0.5,
            "start_from_epoch": chance.randrange(3),
            "mode": chance.choice(["min", "max"]),
        }
        values = [chance.randrange(8) / 8 for _ in range(12)]  # exact in float32 too
        outcomes = []
        for kind in (EarlyStopping, theirs):
            callback = kind(**options)
            model, epochs = run(callback, values)
            outcomes.append((epochs, model.weights, callback.stopped_epoch, callback.wait, callback.best))
        assert repr(outcomes[0]) == repr(outcomes[1]), (options, values)


@pytest.mark.parity
def test_lowering_the_rate_agrees_with_keras_on_random_runs(monkeypatch):
    theirs = keras_callbacks().ReduceLROnPlateau
    chance = random.Random(0)
    for _ in range(200):
        options = {
            "factor": 0.5,
            "patience": chance.randrange(4),
            "cooldown": chance.randrange(3),
            "min_lr": chance.choice([0.0, 0.1]),
            "mode": chance.choice(["min", "max"]),
        }
        values = [chance.randrange(10) / 10 for _ in range(15)]
        assert final_rate(ReduceLROnPlateau(**options), values) == final_rate(theirs(**options), values), options


def final_rate(callback, values):
    return float(run(callback, values)[0].optimizer.learning_rate)
