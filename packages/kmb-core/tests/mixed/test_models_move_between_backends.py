"""`Model.to_backend`: the same model elsewhere in the same process, and training that goes on where it was."""

import itertools

import numpy as np
import pytest

import kmb_core
from kmb_core import layers
from kmb_core.plugins import Capability

pytestmark = pytest.mark.mixed

BACKENDS = sorted(kmb_core.plugins.installed_backends())
PAIRS = list(itertools.permutations(BACKENDS, 2))
TRAINING = [name for name in BACKENDS if kmb_core.plugins.load_backend(name).supports(Capability.GRADIENTS)]
X = np.linspace(-1, 1, 40, dtype="float32").reshape(8, 5)
Y = X.sum(1, keepdims=True) ** 2


def compiled():
    inputs = kmb_core.Input((5,))
    hidden = layers.BatchNormalization()(layers.Dense(4, activation="tanh", name="hidden")(inputs))
    model = kmb_core.Model(inputs, layers.Dense(1)(hidden), name="moving")
    model.compile(kmb_core.optimizers.Adam(0.02), "mse", metrics=["mae"], steps_per_execution=2, jit_compile=False)
    return model


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_model_predicts_the_same_on_another_backend(source, target):
    with kmb_core.use_backend(source):
        model = compiled()
    moved = model.to_backend(target)
    assert (model._backend.name, moved._backend.name) == (source, target)
    assert moved.name == "moving"
    assert [x.name for x in moved.layers] == [x.name for x in model.layers]
    np.testing.assert_allclose(moved.predict(X, verbose=0), model.predict(X, verbose=0), atol=1e-6)
    assert (moved.steps_per_execution, moved.jit_compile) == (2, False)
    assert moved.evaluate(X, Y, verbose=0) == pytest.approx(model.evaluate(X, Y, verbose=0), rel=1e-4)


@pytest.mark.parametrize(("source", "target"), list(itertools.permutations(TRAINING, 2)))
def test_training_goes_on_with_the_optimizers_state(source, target):
    with kmb_core.use_backend(source):
        model = compiled()
    model.fit(X, Y, epochs=2, batch_size=4, shuffle=False, verbose=0)
    moved = model.to_backend(target)
    assert int(moved.optimizer.iterations.numpy()) == 4
    for one in (model, moved):
        one.fit(X, Y, epochs=2, batch_size=4, shuffle=False, verbose=0)
    for ours, theirs in zip(model.get_weights(), moved.get_weights(), strict=True):
        np.testing.assert_allclose(theirs, ours, rtol=1e-4, atol=1e-5)


def test_what_was_frozen_stays_frozen_and_the_dtype_policy_stays():
    with kmb_core.use_backend("torch"):
        model = kmb_core.Sequential([kmb_core.Input((5,)), layers.Dense(3, dtype="mixed_bfloat16"), layers.Dense(1)])
        model.layers[0].trainable = False
    moved = model.to_backend("jax")
    assert [len(layer.trainable_variables) for layer in moved.layers] == [0, 2]
    assert moved.layers[0].dtype_policy.name == "mixed_bfloat16"


def test_classes_and_functions_need_not_be_registered():
    class Doubled(kmb_core.Model):
        def __init__(self, units, **options):
            super().__init__(**options)
            self.units, self.inner = units, layers.Dense(units, activation=shifted)

        def call(self, x):
            return 2 * self.inner(x)

        def get_config(self):
            return {"units": self.units, "name": self.name}

    def shifted(x):
        return x + 1.0

    def distance(y_true, y_pred):
        return kmb_core.ops.mean(kmb_core.ops.abs(y_true - y_pred), axis=-1)

    with kmb_core.use_backend("torch"):
        model = Doubled(3)
        model.compile("sgd", distance)
        model.build((None, 5))
    moved = model.to_backend("tensorflow")
    assert moved._backend.name == "tensorflow"
    np.testing.assert_allclose(moved.predict(X, verbose=0), model.predict(X, verbose=0), atol=1e-6)
    y = np.zeros((8, 3), "float32")
    assert moved.evaluate(X, y, verbose=0) == pytest.approx(model.evaluate(X, y, verbose=0), rel=1e-5)


def test_vocabularies_move_along():
    with kmb_core.use_backend("numpy"):
        lookup = layers.StringLookup(vocabulary=["a", "b"])
        model = kmb_core.Sequential([kmb_core.Input((1,), dtype="string"), lookup])
    moved = model.to_backend("torch")
    assert np.asarray(moved(np.array([["b"], ["c"]]))).tolist() == [[2], [0]]


def test_what_no_file_can_hold_does_not_move_and_an_unknown_backend_is_named():
    with kmb_core.use_backend("numpy"):
        model = kmb_core.Sequential([kmb_core.Input((5,)), layers.Lambda(lambda x: x + 1)])
        plain = compiled()
    with pytest.raises(ValueError, match="lambda"):
        model.to_backend("torch")
    with pytest.raises(kmb_core.errors.UnknownBackendError, match="nonsense"):
        plain.to_backend("nonsense")
