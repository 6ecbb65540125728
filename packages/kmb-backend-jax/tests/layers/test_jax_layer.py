import copy

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kmb_core
from kmb_core import layers
from kmb_core.errors import BackendError, CheckpointError, ShapeError

X = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
Y = X @ np.array([[1.0], [-2.0], [0.5], [3.0]], "float32")


@kmb_core.saving.register_keras_serializable("tests")
def apply(params, inputs):
    return jnp.dot(inputs, params["kernel"]) + params["bias"]


@kmb_core.saving.register_keras_serializable("tests")
def init(rng, inputs):
    return {"kernel": jax.random.normal(rng, (inputs.shape[-1], 1)), "bias": jnp.zeros(1)}


def apply_with_state(params, state, inputs, training):
    calls = state["calls"] + (1 if training else 0)
    return inputs * params["factor"], {"calls": calls}


def init_with_state(rng, inputs):
    return {"factor": jnp.ones(inputs.shape[-1:])}, {"calls": jnp.zeros((), "int32")}


def noisy(rng, inputs, training):
    return inputs + jax.random.normal(rng, inputs.shape) if training else inputs


def model_of(layer, optimizer="sgd"):
    model = kmb_core.Sequential([kmb_core.Input((4,)), layer])
    model.compile(optimizer, "mse")
    return model


def test_the_outputs_are_the_functions():
    layer = layers.JaxLayer(apply, params={"kernel": np.ones((4, 1)), "bias": np.array([2.0])})
    np.testing.assert_allclose(layer(X), X.sum(1, keepdims=True) + 2.0, rtol=1e-5, atol=1e-6)


def test_the_leaves_are_variables_under_their_names():
    layer = layers.JaxLayer(apply, init, name="linear")
    layer.build((None, 4))
    assert [v.path for v in layer.trainable_variables] == ["linear/bias", "linear/kernel"]
    assert layer.count_params() == 5


def test_fit_trains_as_plain_gradient_descent_does():
    model = model_of(layers.JaxLayer(apply, params={"kernel": np.zeros((4, 1)), "bias": np.zeros(1)}))
    model.fit(X, Y, epochs=2, batch_size=16, shuffle=False, verbose=0)
    params = {"kernel": jnp.zeros((4, 1)), "bias": jnp.zeros(1)}
    for _ in range(2):
        gradients = jax.grad(lambda p: jnp.mean((apply(p, X) - Y) ** 2))(params)
        params = jax.tree.map(lambda p, g: p - 0.01 * g, params, gradients)
    np.testing.assert_allclose(model.layers[0].get_weights()[1], params["kernel"], rtol=1e-4)


def test_state_is_carried_from_step_to_step_and_not_trained():
    model = model_of(layers.JaxLayer(apply_with_state, init_with_state))
    model.fit(X, X, batch_size=8, epochs=2, verbose=0)
    model.predict(X, verbose=0)
    (calls,) = model.non_trainable_variables[:1]
    assert int(calls) == 4
    assert len(model.trainable_variables) == 1


def test_the_same_seed_draws_the_same_and_each_call_anew():
    first, second = layers.JaxLayer(noisy, seed=3), layers.JaxLayer(noisy, seed=3)
    ones = jnp.ones((2, 3))
    drawn = first(ones, training=True)
    np.testing.assert_array_equal(drawn, second(ones, training=True))
    assert (drawn != first(ones, training=True)).any()
    np.testing.assert_array_equal(first(ones), ones)


def test_shapes_come_from_the_function_and_nothing_is_drawn_for_them():
    layer = layers.JaxLayer(noisy, seed=3)
    assert layer(kmb_core.Input((7,))).shape == (None, 7)
    np.testing.assert_array_equal(layer.seed_generator.state.numpy(), [3, 0])
    with pytest.raises(ShapeError, match=r"JaxLayer 'f'.*\n.*call_fn does not take the inputs"):
        layers.JaxLayer(apply, params={"kernel": np.ones((4, 1)), "bias": np.ones(1)}, name="f")(kmb_core.Input((3,)))


def test_whole_trees_go_in_and_out():
    layer = layers.JaxLayer(lambda inputs: {"sum": inputs["a"] + inputs["b"][0]})
    assert float(layer({"a": jnp.ones(()), "b": [jnp.ones(())]})["sum"]) == 2.0


def test_a_frozen_layer_keeps_its_weights():
    model = kmb_core.Sequential([kmb_core.Input((4,)), layers.JaxLayer(apply, init, trainable=False), layers.Dense(1)])
    model.compile("sgd", "mse")
    before = model.layers[0].get_weights()
    model.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(model.layers[0].get_weights()[1], before[1])


def test_a_copy_has_weights_of_its_own():
    layer = layers.JaxLayer(apply, init)
    layer(X)
    other = copy.deepcopy(layer)
    np.testing.assert_array_equal(other(X), layer(X))
    other.set_weights([np.zeros(1), np.zeros((4, 1))])
    assert (layer(X) != 0).any()


def test_a_layer_of_registered_functions_is_saved_and_loaded(tmp_path):
    model = model_of(layers.JaxLayer(apply, init))
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "m.keras")
    loaded = kmb_core.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))


def test_without_init_fn_a_file_cannot_describe_it():
    with pytest.raises(CheckpointError, match="without init_fn"):
        layers.JaxLayer(apply, params={"kernel": np.ones((4, 1)), "bias": np.ones(1)}).get_config()


@pytest.mark.parametrize(
    ("call_fn", "init_fn", "says"),
    [
        (apply, None, "takes params, which nothing makes"),
        (lambda weights, inputs: inputs, None, r"parameters \(weights, inputs\)"),
        (lambda params: params, init, "inputs must be among them"),
        (lambda inputs: inputs, lambda inputs: 1, "rng and inputs must be among them"),
        ("apply", None, "call_fn is a function, got str"),
    ],
)
def test_functions_that_do_not_fit_are_refused(call_fn, init_fn, says):
    with pytest.raises(ValueError, match=says):
        layers.JaxLayer(call_fn, init_fn)


def test_a_function_that_forgets_its_state_is_refused():
    layer = layers.JaxLayer(lambda state, inputs: inputs, state={"a": np.zeros(2)})
    with pytest.raises(ValueError, match=r"expected \(outputs, state\)"):
        layer(X)
    layer = layers.JaxLayer(lambda state, inputs: (inputs, {}), state={"a": np.zeros(2)})
    with pytest.raises(ValueError, match="changed the structure of its state"):
        layer(X)


@pytest.mark.mixed
def test_on_tensorflow_the_layer_trains_as_on_jax():
    weights = {"kernel": np.zeros((4, 1)), "bias": np.zeros(1)}
    here = model_of(layers.JaxLayer(apply, params=weights))
    with kmb_core.use_backend("tensorflow"):
        there = model_of(layers.JaxLayer(apply, params=weights))
    for model in (here, there):
        model.fit(X, Y, epochs=2, batch_size=6, shuffle=False, verbose=0)
    np.testing.assert_allclose(there.predict(X, verbose=0), here.predict(X, verbose=0), rtol=1e-4, atol=1e-6)


@pytest.mark.mixed
def test_on_tensorflow_state_and_seeds_move_on():
    def both(state, rng, inputs, training):
        return inputs + jax.random.normal(rng, inputs.shape), {"calls": state["calls"] + 1}

    with kmb_core.use_backend("tensorflow"):
        layer = layers.JaxLayer(both, state={"calls": np.zeros((), "int32")}, seed=1)
        first, second = np.array(layer(X)), np.array(layer(X))
    np.testing.assert_allclose(
        first, layers.JaxLayer(both, state={"calls": np.zeros((), "int32")}, seed=1)(X), rtol=1e-4, atol=1e-6
    )
    assert (first != second).any()
    assert int(layer.non_trainable_variables[0]) == 2


@pytest.mark.mixed
@pytest.mark.parametrize("backend", ["torch", "numpy"])
def test_other_backends_are_refused(backend):
    with kmb_core.use_backend(backend), pytest.raises(BackendError, match=f"cannot run on the {backend} backend"):
        layers.JaxLayer(apply, init)
