"""OrbaxCheckpoint, with Orbax itself: run where that is installed, on the row of JAX."""

import os

import numpy as np
import pytest

import kmb_core
from kmb_core.callbacks import CallbackList, OrbaxCheckpoint
from kmb_core.errors import CheckpointError, StructureError

pytest.importorskip("orbax.checkpoint")


def steps(folder):
    return sorted(int(name) for name in os.listdir(folder) if name.isdecimal())


def drive(callback, model, epochs=3, batches=4, losses=(3.0, 4.0, 2.0)):
    """What `fit` calls, with a bias that tells the moment."""
    callbacks = CallbackList([callback], model=model, epochs=epochs, steps=batches)
    callbacks.on_train_begin()
    for epoch in range(epochs):
        callbacks.on_epoch_begin(epoch)
        for batch in range(batches):
            model.layers[-1].bias.assign([10.0 * epoch + batch])
            callbacks.on_train_batch_end(batch, {"loss": 1.0})
        callbacks.on_epoch_end(epoch, {"val_loss": losses[epoch]})
    callbacks.on_train_end()


def bias_in(path, linear):
    model = linear()
    model.load_weights(path)
    return float(model.get_weights()[1][0])


@pytest.mark.trains
@pytest.mark.parametrize("save_on_background", [True, False])
def test_a_model_goes_on_as_it_was_saved(tmp_path, linear, data, save_on_background):
    def fit(model, *callbacks):
        return model.fit(*data, 5, 2, shuffle=False, callbacks=list(callbacks), verbose=0).history["loss"]

    model = linear(kmb_core.optimizers.Adam(0.1), metrics=["mae"])
    fit(model, OrbaxCheckpoint(tmp_path, save_on_background=save_on_background))
    read = kmb_core.saving.load_model(tmp_path)
    assert steps(tmp_path) == [1]
    for own, other in zip(model.weights, read.weights, strict=True):
        np.testing.assert_array_equal(own.numpy(), other.numpy())
    for own, other in zip(model.optimizer.variables, read.optimizer.variables, strict=True):
        np.testing.assert_array_equal(own.numpy(), other.numpy())
    np.testing.assert_allclose(fit(read), fit(model), rtol=1e-6)


@pytest.mark.trains
def test_what_is_written_in_the_background_is_the_state_of_that_moment(tmp_path, linear, data):
    seen = []

    class Look(kmb_core.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(self.model.get_weights())

    callbacks = [Look(), OrbaxCheckpoint(tmp_path, save_freq=1, max_to_keep=None, save_weights_only=True)]
    linear().fit(*data, 2, 2, callbacks=callbacks, verbose=0)
    assert steps(tmp_path) == list(range(1, 11))
    for step, weights in enumerate(seen, 1):
        model = linear()
        model.load_weights(tmp_path / str(step))
        for own, other in zip(weights, model.get_weights(), strict=True):
            np.testing.assert_array_equal(own, other)


def test_the_latest_are_kept(tmp_path, linear):
    drive(OrbaxCheckpoint(tmp_path, max_to_keep=2), linear())
    assert steps(tmp_path) == [1, 2]
    assert bias_in(tmp_path, linear) == 23
    assert bias_in(tmp_path / "1", linear) == 13


def test_only_improvements_are_saved_on_request(tmp_path, linear):
    drive(OrbaxCheckpoint(tmp_path, save_best_only=True, max_to_keep=None), linear())
    assert steps(tmp_path) == [0, 2]


def test_a_number_of_batches_counts_on_over_the_epochs(tmp_path, linear):
    drive(OrbaxCheckpoint(tmp_path, save_freq=5, max_to_keep=None), linear())
    assert steps(tmp_path) == [5, 10]
    assert bias_in(tmp_path / "5", linear) == 10


def test_a_training_that_begins_anew_takes_the_place_of_the_last(tmp_path, linear):
    for _ in range(2):
        drive(OrbaxCheckpoint(tmp_path, max_to_keep=None), linear())
    assert steps(tmp_path) == [0, 1, 2]
    assert bias_in(tmp_path, linear) == 23


def test_it_may_be_waited_for_and_tells_of_each_checkpoint(tmp_path, linear, capsys):
    callback = OrbaxCheckpoint(tmp_path, verbose=1)
    callback.wait_until_finished()  # nothing is under way
    callback.set_model(linear())
    callback.on_epoch_end(7, {})
    callback.wait_until_finished()
    assert steps(tmp_path) == [7]
    assert "Epoch 8: saving to" in capsys.readouterr().out
    callback.on_train_end()


def test_one_process_is_the_first_of_one(tmp_path):
    callback = OrbaxCheckpoint(tmp_path)
    assert (callback.is_multihost_enabled(), callback.is_primary_host()) == (False, True)


def test_a_sequence_of_layers_is_read_whatever_the_counters_of_its_names(tmp_path):
    def make():
        model = kmb_core.Sequential([kmb_core.Input((3,)), kmb_core.layers.Dense(2, name="one")])
        model.compile("adam", "mse")
        return model

    model = make()
    drive(OrbaxCheckpoint(tmp_path), model, batches=0)
    anew = make()
    anew.load_weights(tmp_path)
    for read in (anew, kmb_core.saving.load_model(tmp_path)):
        np.testing.assert_array_equal(read.get_weights()[0], model.get_weights()[0])


def test_weights_alone_make_no_model(tmp_path, linear):
    drive(OrbaxCheckpoint(tmp_path, save_weights_only=True), linear())
    with pytest.raises(CheckpointError, match="holds no model, but weights alone"):
        kmb_core.saving.load_model(tmp_path)


def test_another_model_is_refused_and_keeps_its_weights(tmp_path, linear):
    drive(OrbaxCheckpoint(tmp_path), linear())
    inputs = kmb_core.Input((3,))
    other = kmb_core.Model(inputs, kmb_core.layers.Dense(2, name="head", kernel_initializer="ones")(inputs))
    with pytest.raises(CheckpointError, match=r"(?s)does not fit.*head/kernel is \(3, 1\), expected \(3, 2\)"):
        other.load_weights(tmp_path)
    assert other.get_weights()[0].tolist() == np.ones((3, 2)).tolist()


def test_layers_that_have_the_names_of_others_are_not_mixed_up(tmp_path):
    def make(*names):
        inputs = outputs = kmb_core.Input((3,))
        for name in names:
            outputs = kmb_core.layers.Dense(3, name=name)(outputs)
        model = kmb_core.Model(inputs, outputs)
        model.compile("sgd", "mse")
        return model

    drive(OrbaxCheckpoint(tmp_path), make("dense", "dense_1"), batches=0)
    with pytest.raises(CheckpointError, match=r"missing dense_2/kernel.*unexpected dense/"):
        make("dense_1", "dense_2").load_weights(tmp_path)


def test_a_damaged_checkpoint_is_named(tmp_path, linear):
    drive(OrbaxCheckpoint(tmp_path), linear())
    (tmp_path / "2" / "pytree" / "_METADATA").unlink()
    (tmp_path / "2" / "pytree" / "manifest.ocdbt").unlink()
    with pytest.raises(CheckpointError, match="no whole checkpoint of Orbax"):
        linear().load_weights(tmp_path)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_narrow_weights_and_empty_ones_come_back(tmp_path, dtype):
    inputs = kmb_core.Input((3,), dtype=dtype)
    model = kmb_core.Model(inputs, kmb_core.layers.Dense(2, dtype=dtype)(inputs))
    model.layers[-1].add_weight(shape=(0, 2), name="nothing")
    callback = OrbaxCheckpoint(tmp_path)
    callback.set_model(model)
    callback.on_epoch_end(0, {})
    callback.on_train_end()
    expected = model.get_weights()
    model.set_weights([np.zeros_like(value) for value in expected])
    model.load_weights(tmp_path)
    for own, other in zip(expected, model.get_weights(), strict=True):
        np.testing.assert_array_equal(own, other)


def test_vocabularies_travel_with_the_model(tmp_path):
    lookup = kmb_core.layers.StringLookup()
    lookup.adapt(np.array(["one", "two", "two"]))
    model = kmb_core.Sequential([kmb_core.Input((1,), dtype="string"), lookup])
    callback = OrbaxCheckpoint(tmp_path)
    callback.set_model(model)
    callback.on_epoch_end(0, {})
    callback.on_train_end()
    assert kmb_core.saving.load_model(tmp_path).layers[-1].get_vocabulary() == ["[UNK]", "two", "one"]


@pytest.mark.parametrize("arguments", [{"save_freq": "week"}, {"max_to_keep": 0}])
def test_arguments_that_do_not_fit_are_refused_at_once(arguments):
    with pytest.raises(StructureError, match=f"OrbaxCheckpoint: {next(iter(arguments))}"):
        OrbaxCheckpoint("folder", **arguments)
