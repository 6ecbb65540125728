"""fit: the loop over epochs and batches, against descent worked out in NumPy."""

import gc
import itertools
import logging
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, ops

pytestmark = pytest.mark.trains


def test_each_batch_of_each_epoch_is_one_step_of_descent(linear, data, descent, assert_weights, pieces):
    model = linear()
    model.fit(*data, batch_size=4, epochs=2, shuffle=False, verbose=0)  # the last batch has 2 samples
    assert_weights(model, descent(pieces(4, *data) * 2))
    assert int(model.optimizer.iterations) == 6


def test_history_has_the_loss_first_and_validation_last(linear, data):
    model = linear(metrics=["mae"])
    history = model.fit(*data, batch_size=4, epochs=2, verbose=0, validation_data=data)
    assert list(history.history) == ["loss", "mae", "val_loss", "val_mae"]
    assert history.epoch == [0, 1]
    assert all(isinstance(v, float) for values in history.history.values() for v in values)
    assert history is model.history


def test_the_loss_of_an_epoch_is_the_mean_over_samples_not_batches(linear, data, descent, pieces):
    history = linear().fit(*data, batch_size=4, shuffle=False, verbose=0).history
    batches, squares = pieces(4, *data), []
    for step, (x, y) in enumerate(batches):
        kernel, bias = descent(batches[:step])
        squares += ((x @ kernel + bias - y) ** 2).ravel().tolist()
    assert history["loss"][0] == pytest.approx(np.mean(squares), rel=1e-5)


def test_a_split_validates_with_the_last_rows_and_never_trains_on_them(linear, data, descent, assert_weights, pieces):
    model = linear()
    history = model.fit(*data, batch_size=4, shuffle=False, validation_split=0.2, verbose=0).history
    trained, held_out = [a[:8] for a in data], [a[8:] for a in data]
    kernel, bias = descent(pieces(4, *trained))
    assert_weights(model, (kernel, bias))
    expected = ((held_out[0] @ kernel + bias - held_out[1]) ** 2).mean()
    assert history["val_loss"][0] == pytest.approx(expected, rel=1e-4)


def test_validation_may_be_weighted_and_limited(linear, data):
    x, y = data
    model = linear(weighted_metrics=["mse"])
    weights = np.arange(10, dtype="float32")
    options = {"validation_batch_size": 3, "validation_steps": 2}
    history = model.fit(x, y, verbose=0, validation_data=(x, y, weights), **options).history
    squares = (model.predict(x[:6], verbose=0) - y[:6]).ravel() ** 2
    assert history["val_loss"][0] == pytest.approx((squares * weights[:6]).mean(), rel=1e-4)
    assert history["val_mse"][0] == pytest.approx((squares * weights[:6]).sum() / weights[:6].sum(), rel=1e-4)


@pytest.mark.parametrize(("frequency", "epochs_seen"), [(2, 2), ([1, 4], 2), (5, 0)])
def test_validation_comes_in_the_epochs_asked_for(linear, data, frequency, epochs_seen):
    seen = []
    note = kmb_core.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append("val_loss" in logs))
    history = linear(run_eagerly=True).fit(
        *data, epochs=4, verbose=0, validation_data=data, validation_freq=frequency, callbacks=[note]
    )
    assert sum(seen) == len(history.history.get("val_loss", [])) == epochs_seen


def test_sample_weights_weigh_the_gradients(linear, data, descent, assert_weights, pieces):
    weights = np.linspace(0, 2, 10).astype("float32")
    model = linear()
    model.fit(*data, sample_weight=weights, batch_size=4, shuffle=False, verbose=0)
    assert_weights(model, descent(pieces(4, *data, weights)))


def test_class_weights_weigh_the_samples_of_a_class(linear, data, descent, assert_weights, pieces):
    x, _ = data
    y = (np.arange(10) % 2).astype("float32")
    model = linear()
    model.fit(x, y, class_weight={0: 0.5, 1: 3.0}, batch_size=4, shuffle=False, verbose=0)
    weights = np.where(y == 1, 3.0, 0.5)
    assert_weights(model, descent(pieces(4, x, y[:, None], weights)))


def test_class_and_sample_weights_are_multiplied(linear, data, descent, assert_weights, pieces):
    x, _ = data
    y, given = (np.arange(10) % 2).astype("float32"), np.linspace(1, 2, 10).astype("float32")
    model = linear()
    model.fit(x, y, class_weight={1: 3.0}, sample_weight=given, batch_size=4, shuffle=False, verbose=0)
    assert_weights(model, descent(pieces(4, x, y[:, None], np.where(y == 1, 3.0, 1.0) * given)))


def test_training_goes_on_from_an_initial_epoch(linear, data):
    begun = []
    note = kmb_core.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: begun.append(epoch))
    history = linear().fit(*data, initial_epoch=3, epochs=5, verbose=0, callbacks=[note])
    assert begun == history.epoch == [3, 4]
    assert len(history.history["loss"]) == 2


def test_a_second_fit_goes_on_where_the_first_ended(linear, data, descent, assert_weights, pieces):
    model = linear()
    for _ in range(2):
        model.fit(*data, batch_size=5, shuffle=False, verbose=0)
    assert_weights(model, descent(pieces(5, *data) * 2))


@pytest.mark.parametrize("metrics", [None, ["mae"]])
def test_several_steps_an_execution_give_the_weights_of_single_ones(
    linear, data, descent, assert_weights, pieces, metrics
):
    model = linear(steps_per_execution=3, metrics=metrics)
    ends = []
    note = kmb_core.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: ends.append(batch))
    history = model.fit(*data, batch_size=2, epochs=2, shuffle=False, verbose=0, callbacks=[note]).history
    assert_weights(model, descent(pieces(2, *data) * 2))
    assert ends == [2, 4, 2, 4]
    single = linear(metrics=metrics)
    expected = single.fit(*data, batch_size=2, epochs=2, shuffle=False, verbose=0).history
    assert list(history) == list(expected)
    np.testing.assert_allclose(history["loss"], expected["loss"], rtol=1e-5)


def test_a_ragged_end_inside_an_execution_is_a_step_of_its_own(linear, data, descent, assert_weights, pieces):
    model = linear(steps_per_execution=3)
    model.fit(*data, batch_size=4, shuffle=False, verbose=0)  # 4, 4, 2 samples in one execution
    assert_weights(model, descent(pieces(4, *data)))


def test_a_shuffled_order_repeats_with_the_seed_and_is_another_one(linear, data):
    def weights(**options):
        kmb_core.utils.set_random_seed(7)
        model = linear(run_eagerly=True)
        model.fit(*data, batch_size=4, epochs=2, verbose=0, **options)
        return model.get_weights()[0]

    np.testing.assert_array_equal(weights(), weights(shuffle=True))
    assert np.abs(weights() - weights(shuffle=False)).max() > 1e-4
    assert np.abs(weights(shuffle="batch") - weights(shuffle=False)).max() > 1e-4


def test_eager_and_compiled_steps_give_the_same_weights(linear, data, descent, assert_weights, pieces):
    expected = descent(pieces(4, *data))
    for options in ({"run_eagerly": True}, {"jit_compile": False}, {"jit_compile": "auto"}):
        model = linear(**options)
        model.fit(*data, batch_size=4, shuffle=False, verbose=0)
        assert_weights(model, expected)


def test_the_choice_of_compiling_is_said_once_with_its_reason(linear, data, caplog):
    model = linear()
    with caplog.at_level(logging.INFO):
        for _ in range(2):
            model.fit(*data, verbose=0)
        model.evaluate(*data, verbose=0)
    said = [record.message for record in caplog.records if "jit_compile='auto'" in record.message]
    assert len(said) == 1
    assert "linear" in said[0]
    assert model.jit_compile in (True, False)


def test_compiling_and_running_eagerly_exclude_each_other(linear, data):
    with pytest.raises(ValueError, match="jit_compile=True and run_eagerly=True exclude each other"):
        linear(jit_compile=True, run_eagerly=True)
    linear().fit(*data, verbose=0)


def test_run_eagerly_can_be_switched_on_for_a_compiled_model(linear, data):
    lines = []
    model = linear(loss=lambda y_true, y_pred: (lines.append(1), ops.mean(ops.square(y_true - y_pred), axis=-1))[1])
    model.fit(*data, batch_size=2, verbose=0)
    before = len(lines)
    model.run_eagerly = True
    model.fit(*data, batch_size=2, verbose=0)
    assert len(lines) >= before + 5


def test_freezing_before_compile_keeps_a_layer(data):
    model = kmb_core.Sequential([kmb_core.Input((3,)), layers.Dense(2, name="base"), layers.Dense(1, name="head")])
    base, head = model.layers
    base.trainable = False
    model.compile("sgd", "mse")
    start = [w.copy() for w in base.get_weights()], head.get_weights()[0].copy()
    model.fit(*data, verbose=0)
    for before, after in zip(start[0], base.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    assert np.abs(head.get_weights()[0] - start[1]).max() > 0
    assert len(model.optimizer._trainable_variables) == 2


def test_freezing_counts_after_compiling_again(data):
    model = kmb_core.Sequential([kmb_core.Input((3,)), layers.Dense(2, name="base"), layers.Dense(1, name="head")])
    base, head = model.layers
    model.compile("sgd", "mse")
    model.fit(*data, verbose=0)
    base.trainable = False
    model.compile("sgd", "mse")
    frozen, moving = base.get_weights()[0].copy(), head.get_weights()[0].copy()
    model.fit(*data, verbose=0)
    np.testing.assert_array_equal(base.get_weights()[0], frozen)
    assert np.abs(head.get_weights()[0] - moving).max() > 0
    base.trainable = True
    model.compile("sgd", "mse")
    model.fit(*data, verbose=0)
    assert np.abs(base.get_weights()[0] - frozen).max() > 0


def test_freezing_without_compiling_again_either_counts_or_is_ignored_but_never_fails(data):
    model = kmb_core.Sequential([kmb_core.Input((3,)), layers.Dense(2, name="base"), layers.Dense(1, name="head")])
    model.compile("sgd", "mse")
    model.fit(*data, verbose=0)
    moving = model.layers[1].get_weights()[0].copy()
    model.layers[0].trainable = False
    model.fit(*data, verbose=0)
    model.evaluate(*data, verbose=0)
    assert np.abs(model.layers[1].get_weights()[0] - moving).max() > 0


def test_compiling_again_starts_a_new_optimizer_and_keeps_the_weights(linear, data, descent, assert_weights, pieces):
    model = linear()
    model.fit(*data, batch_size=5, shuffle=False, verbose=0)
    model.compile(kmb_core.optimizers.SGD(0.05), "mse", metrics=["mae"])
    assert_weights(model, descent(pieces(5, *data)))
    history = model.fit(*data, batch_size=5, shuffle=False, verbose=0).history
    assert list(history) == ["loss", "mae"]
    assert int(model.optimizer.iterations) == 2


def test_two_models_train_in_turn_without_touching_each_other(linear, data, descent, assert_weights, pieces):
    models = linear(), linear()
    for _ in range(2):
        for model in models:
            model.fit(*data, batch_size=5, shuffle=False, verbose=0)
    for model in models:
        assert_weights(model, descent(pieces(5, *data) * 2))


def test_two_models_train_a_layer_that_they_share(linear, data, descent, assert_weights, pieces):
    first = linear()
    second = kmb_core.Sequential([kmb_core.Input((3,)), first.get_layer("head")])
    second.compile(kmb_core.optimizers.SGD(0.1), "mse")
    for model in (first, second, first):
        model.fit(*data, batch_size=5, shuffle=False, verbose=0)
    expected = descent(pieces(5, *data) * 3)
    assert_weights(first, expected)
    assert_weights(second, expected)


def test_models_train_in_threads_of_their_own(linear, data, descent, assert_weights, pieces):
    models = [linear() for _ in range(3)]

    def train(model):
        return model.fit(*data, batch_size=5, epochs=3, shuffle=False, verbose=0)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(train, models))
    for model in models:
        assert_weights(model, descent(pieces(5, *data) * 3))


def test_an_error_in_a_callback_leaves_a_model_that_trains_on(linear, data, descent, assert_weights, pieces):
    model = linear()

    def interrupt(batch, logs):
        if batch == 1:
            raise KeyboardInterrupt

    note = kmb_core.callbacks.LambdaCallback(on_train_batch_end=interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.fit(*data, batch_size=4, shuffle=False, verbose=0, callbacks=[note])
    batches = pieces(4, *data)
    assert_weights(model, descent(batches[:2]))
    model.fit(*data, batch_size=4, shuffle=False, verbose=0)
    assert_weights(model, descent([*batches[:2], *batches]))


def test_many_fits_leave_no_layers_behind(linear, data):
    model = linear(run_eagerly=True)

    def live():
        gc.collect()
        return sum(issubclass(type(thing), (kmb_core.Layer, kmb_core.Variable)) for thing in gc.get_objects())

    model.fit(*data, verbose=0, validation_data=data)
    before = live()
    for _ in range(30):
        model.fit(*data, verbose=0, validation_data=data)
    assert live() == before


def test_max_epochs_and_steps_of_the_configuration_are_heeded(linear, data):
    config = kmb_core.config
    config.set_max_epochs(1)
    config.set_max_steps_per_epoch(2)
    try:
        model = linear()
        history = model.fit(*data, batch_size=2, epochs=5, verbose=0)
        assert history.epoch == [0]
        assert int(model.optimizer.iterations) == 2
    finally:
        config.set_max_epochs(None)
        config.set_max_steps_per_epoch(None)


def test_no_batch_of_a_generator_is_lost_between_limited_epochs(linear, data):
    x, y = data
    drawn = []

    def batches():
        for number in itertools.count():
            drawn.append(number)
            yield x[:2], y[:2]

    kmb_core.config.set_max_steps_per_epoch(2)
    try:
        model = linear()
        model.fit(batches(), epochs=3, verbose=0)
    finally:
        kmb_core.config.set_max_steps_per_epoch(None)
    assert int(model.optimizer.iterations) == len(drawn) == 6
