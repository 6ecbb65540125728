"""`CallbackList`: order, which hooks are called, and what a batch costs."""

import sys

import pytest

from kmb_core.training.callbacks import Callback, CallbackList, History, LambdaCallback, ProgbarLogger
from kmb_core.training.logs import Logs


class Model:
    stop_training = False


class Recorder(Callback):
    """Notes every hook that is called."""

    def __init__(self):
        super().__init__()
        self.seen = []


ONE_ARGUMENT = [f"on_{phase}_{moment}" for phase in ("train", "test", "predict") for moment in ("begin", "end")]
TWO_ARGUMENTS = [f"on_{phase}_batch_{moment}" for phase in ("train", "test", "predict") for moment in ("begin", "end")]
TWO_ARGUMENTS += ["on_epoch_begin", "on_epoch_end"]


def recorded(name):
    return lambda self, *arguments: self.seen.append((name, *arguments))


for _name in ONE_ARGUMENT + TWO_ARGUMENTS:
    setattr(Recorder, _name, recorded(_name))


@pytest.mark.parametrize("name", ONE_ARGUMENT)
def test_hooks_of_a_phase_reach_every_callback(name):
    first, second = Recorder(), Recorder()
    getattr(CallbackList([first, second]), name)({"a": 1})
    assert first.seen == second.seen == [(name, {"a": 1})]


@pytest.mark.parametrize("name", TWO_ARGUMENTS)
def test_hooks_of_a_batch_or_epoch_reach_every_callback(name):
    recorder = Recorder()
    getattr(CallbackList([recorder]), name)(3, {"a": 1})
    assert recorder.seen == [(name, 3, {"a": 1})]


def test_the_older_names_of_batch_hooks_hear_of_training_batches_only():
    class Old(Callback):
        def __init__(self):
            super().__init__()
            self.seen = []

        def on_batch_begin(self, batch, logs=None):
            self.seen.append("begin")

        def on_batch_end(self, batch, logs=None):
            self.seen.append("end")

    callback = Old()
    callbacks = CallbackList([callback])
    callbacks.on_train_batch_begin(0)
    callbacks.on_train_batch_end(0)
    callbacks.on_test_batch_end(0)
    callbacks.on_predict_batch_end(0)
    assert callback.seen == ["begin", "end"]


def test_history_and_progress_come_after_the_users_callbacks():
    mine = Callback()
    callbacks = CallbackList([mine], add_history=True, add_progbar=True, model=Model(), verbose=0)
    assert [type(callback) for callback in callbacks.callbacks] == [Callback, History, ProgbarLogger]


def test_what_the_user_brings_is_not_added_twice():
    history = History()
    model = Model()
    callbacks = CallbackList([history], add_history=True, model=model)
    assert callbacks.callbacks == [history]
    assert model.history is history


def test_callbacks_may_be_nested_or_single():
    first, second = Callback(), Callback()
    assert CallbackList([[first], CallbackList(second)]).callbacks == [first, second]


def test_callbacks_get_the_model_and_the_parameters():
    callback, late, model = Callback(), Callback(), Model()
    callbacks = CallbackList([callback], model=model, epochs=3, steps=2)
    callbacks.append(late)
    assert callback.model is late.model is model
    assert callback.params == late.params == {"epochs": 3, "steps": 2}


def test_a_callback_of_functions_hears_of_batches():
    seen = []
    callbacks = CallbackList([LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))])
    callbacks.on_train_batch_end(4)
    assert seen == [4]
    assert callbacks.wants("on_train_batch_end")
    assert not callbacks.wants("on_train_batch_begin")


def test_a_method_given_to_an_instance_is_found_when_training_begins():
    callback, seen = Callback(), []
    callbacks = CallbackList([callback])
    callback.on_train_batch_end = lambda batch, logs=None: seen.append(batch)
    callbacks.on_train_begin()
    callbacks.on_train_batch_end(0)
    assert seen == [0]


def test_logs_are_not_read_for_callbacks_that_do_not_look():
    class Blind(Callback):
        def on_train_batch_end(self, batch, logs=None):
            pass

    def source():
        raise AssertionError("the logs were read")

    callbacks = CallbackList([Blind()], add_history=True, add_progbar=True, model=Model(), verbose=0, epochs=1, steps=2)
    callbacks.on_train_begin()
    callbacks.on_epoch_begin(0)
    callbacks.on_train_batch_begin(0, Logs(source))
    callbacks.on_train_batch_end(0, Logs(source))


def test_a_batch_costs_at_most_six_calls_with_history_and_silent_progress():
    callbacks = CallbackList([], add_history=True, add_progbar=True, model=Model(), verbose=0, epochs=1, steps=None)
    callbacks.on_train_begin()
    callbacks.on_epoch_begin(0)
    logs, count = Logs({}), 0

    def watch(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(watch)
    for batch in range(100):
        callbacks.on_train_batch_begin(batch, logs)
        callbacks.on_train_batch_end(batch, logs)
    sys.setprofile(None)
    assert count / 100 <= 6


def test_history_collects_each_epoch_and_starts_a_new_count():
    history, model = History(), Model()
    history.set_model(model)
    history.on_train_begin()
    history.on_epoch_end(0, Logs({"loss": 1}))
    history.on_epoch_end(1, {"loss": 0.5, "val_loss": 2.0})
    assert history.history == {"loss": [1.0, 0.5], "val_loss": [2.0]}
    assert history.epoch == [0, 1]
    history.on_train_begin()
    assert history.epoch == []
    assert model.history is history
