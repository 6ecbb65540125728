import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen

import kmb_backend_jax.plugin
import kmb_core
from kmb_core import layers
from kmb_core.errors import BackendNotInstalledError, CheckpointError

X = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
Y = X @ np.array([[1.0], [-2.0], [0.5], [3.0]], "float32")


@kmb_core.saving.register_keras_serializable("tests")
class Net(linen.Module):
    width: int = 8

    @linen.compact
    def __call__(self, x, training=False):
        x = linen.Dense(self.width)(x)
        x = linen.BatchNorm(use_running_average=not training)(x)
        x = linen.Dropout(0.5, deterministic=not training)(x)
        return linen.Dense(1)(x)

    def get_config(self):
        return {"width": self.width}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def model_of(layer):
    model = kmb_core.Sequential([kmb_core.Input((4,)), layer])
    model.compile("sgd", "mse")
    return model


def test_the_outputs_are_the_modules():
    module = linen.Dense(3)
    variables = module.init(jax.random.key(0), X)
    layer = layers.FlaxLayer(module, variables=variables)
    np.testing.assert_allclose(layer(X), module.apply(variables, X), rtol=1e-6)


def test_params_are_trained_and_statistics_are_updated():
    model = model_of(layers.FlaxLayer(Net(), seed=1))
    assert {v.name for v in model.trainable_variables} == {
        "BatchNorm_0.bias", "BatchNorm_0.scale", "Dense_0.bias", "Dense_0.kernel", "Dense_1.bias", "Dense_1.kernel",
    }  # fmt: skip
    before = {v.name: v.numpy() for v in model.weights}
    model.fit(X, Y, verbose=0)
    assert {name for name in before if "mean" in name or "var" in name} == {
        "batch_stats.BatchNorm_0.mean",
        "batch_stats.BatchNorm_0.var",
    }
    unchanged = [v.name for v in model.weights if (v.numpy() == before[v.name]).all()]
    assert set(unchanged) <= {"Dense_0.bias"}  # what a norm takes away again
    np.testing.assert_array_equal(model.predict(X, verbose=0), model.predict(X, verbose=0))


def test_another_method_may_be_called():
    class Two(linen.Module):
        def twice(self, x):
            return x + x

    assert float(layers.FlaxLayer(Two(), method="twice")(jnp.ones(()))) == 2.0
    assert float(layers.FlaxLayer(Two(), method=Two.twice)(jnp.ones(()))) == 2.0


def test_integers_reach_an_embedding(tmp_path):
    model = kmb_core.Sequential(
        [kmb_core.Input((3,), dtype="int32"), layers.FlaxLayer(linen.Embed(5, 2), dtype="float32")]
    )
    assert model.predict(np.array([[0, 1, 4]]), verbose=0).shape == (1, 3, 2)


def test_a_module_of_a_registered_class_is_saved_and_loaded(tmp_path):
    model = model_of(layers.FlaxLayer(Net(5)))
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "m.keras")
    loaded = kmb_core.models.load_model(tmp_path / "m.keras")
    assert loaded.layers[0].module == Net(5)
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))


def test_a_module_that_a_file_cannot_describe_is_refused():
    with pytest.raises(CheckpointError, match="Dense is no registered class"):
        layers.FlaxLayer(linen.Dense(1)).get_config()


def test_only_modules_of_linen_are_taken():
    with pytest.raises(TypeError, match=r"expected a flax\.linen\.Module, got function"):
        layers.FlaxLayer(lambda x: x)


def test_without_flax_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(kmb_backend_jax.plugin, "find_spec", lambda name: None)
    with pytest.raises(BackendNotInstalledError, match="pip install flax"):
        kmb_backend_jax.plugin._flax_layer()


@pytest.mark.mixed
def test_on_tensorflow_a_module_is_trained_too():
    with kmb_core.use_backend("tensorflow"):
        model = model_of(layers.FlaxLayer(Net(), seed=1))
        before = {v.name: v.numpy() for v in model.weights}
        model.fit(X, Y, verbose=0)
        assert all((v.numpy() != before[v.name]).any() for v in model.weights if v.name != "Dense_0.bias")
