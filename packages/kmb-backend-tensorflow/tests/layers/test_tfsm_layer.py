import json

import numpy as np
import pytest
import tensorflow as tf

import kmb_core
from kmb_core import layers
from kmb_core.errors import BackendError, SecurityError, ShapeError

X = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
Y = X @ np.array([[1.0], [-2.0], [0.5], [3.0]], "float32")


class Program(tf.Module):
    """A product with a kernel, which counts its calls in training."""

    def __init__(self):
        super().__init__()
        self.kernel = tf.Variable(tf.zeros((4, 1)), name="kernel")
        self.calls = tf.Variable(0, trainable=False, name="calls")

    @tf.function(input_signature=[tf.TensorSpec((None, 4))])
    def serve(self, x):
        return x @ self.kernel

    @tf.function(input_signature=[tf.TensorSpec((None, 4))])
    def learn(self, x):
        self.calls.assign_add(1)
        return x @ self.kernel


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("saved") / "program")
    tf.saved_model.save(Program(), folder)
    return folder


def model_of(layer):
    model = kmb_core.Sequential([kmb_core.Input((4,)), layer])
    model.compile("sgd", "mse")
    return model


def test_an_exported_model_gives_its_outputs(tmp_path):
    model = kmb_core.Sequential([kmb_core.Input((4,)), layers.Dense(2)])
    model.export(tmp_path / "m", verbose=False)
    layer = layers.TFSMLayer(tmp_path / "m")
    np.testing.assert_allclose(layer(X), model.predict(X, verbose=0), rtol=1e-6)
    assert layer(kmb_core.Input((4,))).shape == (None, 2)


def test_its_variables_are_the_layers(exported):
    layer = layers.TFSMLayer(exported, call_training_endpoint="learn", name="saved")
    assert [v.path for v in layer.trainable_variables] == ["saved/kernel"]
    assert [v.path for v in layer.non_trainable_variables] == ["saved/calls"]
    assert layer.count_params() == 5


def test_fit_trains_them_and_calls_the_endpoint_of_training(exported):
    layer = layers.TFSMLayer(exported, call_training_endpoint="learn")
    model = model_of(layer)
    model.fit(X, Y, batch_size=16, epochs=2, shuffle=False, verbose=0)
    kernel = np.zeros((4, 1))
    for _ in range(2):
        kernel -= 0.01 * 2 * X.T @ (X @ kernel - Y) / len(X)
    np.testing.assert_allclose(layer.get_weights()[0], kernel, rtol=1e-4)
    model.predict(X, verbose=0)
    assert int(layer.get_weights()[1]) == 2


def test_a_frozen_layer_is_not_trained(exported):
    model = kmb_core.Sequential([kmb_core.Input((4,)), layers.TFSMLayer(exported, trainable=False), layers.Dense(1)])
    assert [v.name for v in model.trainable_variables] == ["kernel", "bias"]
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    assert (model.layers[0].get_weights()[0] == 0).all()


def test_signatures_give_a_dict(tmp_path):
    program = Program()
    tf.saved_model.save(program, str(tmp_path), signatures={"sums": program.serve})
    outputs = layers.TFSMLayer(tmp_path, call_endpoint="sums")(X)
    assert [value.shape for value in outputs.values()] == [(16, 1)]


def test_weights_are_saved_and_loaded(exported, tmp_path):
    first, second = model_of(layers.TFSMLayer(exported)), model_of(layers.TFSMLayer(exported))
    first.fit(X, Y, verbose=0)
    first.save_weights(tmp_path / "w.weights.h5")
    second.load_weights(tmp_path / "w.weights.h5")
    np.testing.assert_array_equal(second.predict(X, verbose=0), first.predict(X, verbose=0))


def test_a_file_cannot_make_its_reader_load_a_saved_model(exported, tmp_path, monkeypatch):
    model_of(layers.TFSMLayer(exported, name="saved")).save(tmp_path / "m.keras")
    monkeypatch.setattr(tf.saved_model, "load", None)  # whoever calls it fails in another way
    for options in ({}, {"safe_mode": False}):
        with pytest.raises(SecurityError, match="TFSMLayer 'saved': a file names a SavedModel"):
            kmb_core.models.load_model(tmp_path / "m.keras", **options)


def test_whoever_trusts_a_description_may_load_it(exported, monkeypatch):
    config = json.loads(json.dumps(layers.TFSMLayer(exported, call_training_endpoint="learn").get_config()))
    assert layers.TFSMLayer.from_config(config, safe_mode=False).get_config() == config
    monkeypatch.setattr("kmb_core.settings.store.settings.unsafe_deserialization", True)
    assert layers.TFSMLayer.from_config(config).call_training_endpoint == "learn"


def test_what_is_not_there_is_named(exported, tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no SavedModel in"):
        layers.TFSMLayer(tmp_path / "nothing")
    with pytest.raises(ValueError, match=r"no endpoint 'other'\nIt has learn, serve"):
        layers.TFSMLayer(exported, call_endpoint="other")
    with pytest.raises(ShapeError, match="Endpoint 'serve' does not take the inputs"):
        layers.TFSMLayer(exported)(kmb_core.Input((3,)))


def test_another_backend_is_refused(exported, monkeypatch):
    monkeypatch.setattr(kmb_core.backend.current_backend(), "name", "other")
    with pytest.raises(BackendError, match="cannot run on the other backend"):
        layers.TFSMLayer(exported)
