"""Recurrent layers give what Keras's give on the same framework: configs, outputs, states, gradients, variables.

What differs on purpose:

| what | Keras | here |
|---|---|---|
| `Bidirectional.compute_mask` of sequences and states | fails with a TypeError | the mask, None for states |
| `RNN(stacked cells).compute_output_shape` with states | a bare shape for one state | as the call |
| masks of ConvLSTM | fail on JAX, where they are not broadcast | as for other layers |
| what a stateful layer remembers | in no list of variables | in `non_trainable_variables`, for compiled steps |
"""

import json

import numpy as np
import pytest

import kmb_core
from kmb_core import tree
from kmb_core.backend import convert_to_numpy, current_backend, reset_names
from kmb_core.plugins import Capability

pytestmark = pytest.mark.parity

MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [0, 1, 0, 1, 1]], bool)
LINE, SERIES, IMAGES = (3, 5, 4), (3, 5, 7, 2), (3, 5, 5, 6, 2)
FULL = {"return_sequences": True, "return_state": True}


def case(name, shape=LINE, mask=None, states=None, **options):
    """A layer by name, its arguments, and those of its call."""
    return pytest.param(
        lambda k: getattr(k.layers, name)(4, **options), shape, mask, states, id=f"{name} {options} {mask is not None}"
    )


def around(text, make, shape=LINE, mask=None, states=None):
    """A layer around others: `make` gets the module that it is to be made of."""
    return pytest.param(make, shape, mask, states, id=f"{text} {mask is not None}")


CASES = [
    case(name, mask=mask, **FULL, go_backwards=backwards)
    for name in ("SimpleRNN", "LSTM", "GRU")
    for mask in (None, MASK)
    for backwards in (False, True)
]
CASES += [
    case(name, mask=MASK, zero_output_for_mask=True, return_sequences=True) for name in ("SimpleRNN", "LSTM", "GRU")
]
CASES += [
    case("SimpleRNN", activation="relu", use_bias=False),
    case("LSTM", activation="relu", recurrent_activation="hard_sigmoid", unit_forget_bias=False, mask=MASK),
    case("LSTM", states=2, unroll=True, **FULL),
    case("LSTM", use_bias=False, use_cudnn=False),
    case("GRU", reset_after=False, mask=MASK, **FULL),
    case("GRU", reset_after=False, use_bias=False, activation="softsign", states=1),
    case("GRU", recurrent_activation="tanh", implementation=1),
    case("ConvLSTM1D", SERIES, kernel_size=3),
    case("ConvLSTM1D", SERIES, kernel_size=2, strides=2, padding="same", **FULL),
    case("ConvLSTM2D", IMAGES, kernel_size=(2, 3), dilation_rate=2, recurrent_activation="hard_sigmoid"),
    case("ConvLSTM2D", IMAGES, kernel_size=3, padding="same", go_backwards=True, use_bias=False, **FULL),
    case("ConvLSTM3D", (2, 2, 4, 3, 4, 2), kernel_size=2),
    around("RNN", lambda k: k.layers.RNN(k.layers.LSTMCell(4), **FULL), mask=MASK),
    around("stacked", lambda k: k.layers.RNN([k.layers.LSTMCell(4), k.layers.GRUCell(3)], **FULL)),
    around("stacked", lambda k: k.layers.RNN([k.layers.SimpleRNNCell(4), k.layers.GRUCell(3)]), mask=MASK),
    around("three modes", lambda k: k.layers.Bidirectional(k.layers.LSTM(4)), mask=MASK),
    around("sum", lambda k: k.layers.Bidirectional(k.layers.GRU(4, return_sequences=True), "sum"), mask=MASK),
    around("mul", lambda k: k.layers.Bidirectional(k.layers.GRU(4, return_sequences=True), "mul")),
    around("ave", lambda k: k.layers.Bidirectional(k.layers.SimpleRNN(4), "ave")),
    around("both", lambda k: k.layers.Bidirectional(k.layers.LSTM(4, **FULL), None)),
    around("states", lambda k: k.layers.Bidirectional(k.layers.LSTM(4, **FULL)), states=4),
    around(
        "another layer backwards",
        lambda k: k.layers.Bidirectional(k.layers.LSTM(4), backward_layer=k.layers.GRU(4, go_backwards=True)),
    ),
    around("slices", lambda k: k.layers.TimeDistributed(k.layers.Dense(4))),
    around("slices of series", lambda k: k.layers.TimeDistributed(k.layers.GRU(4)), SERIES),
    around("slices of images", lambda k: k.layers.TimeDistributed(k.layers.Conv2D(4, 3)), IMAGES),
]


@pytest.fixture(scope="module")
def keras():
    # Not at the top: the file is collected in environments without Keras too, and deselected there.
    import keras

    return keras


def pair(keras, make, shape, mask, states):
    """Our layer and Keras's with the same weights, the inputs, and the options of the call."""
    reset_names()
    keras.backend.clear_session()
    generator = np.random.default_rng(3)
    x = generator.normal(size=shape).astype("float32")
    options = {} if mask is None else {"mask": mask}
    if states is not None:
        options["initial_state"] = [generator.normal(size=(3, 4)).astype("float32") for _ in range(states)]
    ours, theirs = make(kmb_core), make(keras)
    ours(x, **options)
    theirs(x, **options)
    weights = [generator.normal(size=w.shape).astype("float32") * 0.5 for w in theirs.weights]
    assert [(w.path, tuple(w.shape)) for w in ours.weights] == [(w.path, tuple(w.shape)) for w in theirs.weights]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    return ours, theirs, x, options


def arrays(outputs):
    return [convert_to_numpy(x).astype("float64") for x in tree.flatten(outputs)]


def plain(module, layer):
    return json.loads(json.dumps(module.saving.serialize_keras_object(layer)["config"]))


@pytest.mark.parametrize(("make", "shape", "mask", "states"), CASES)
def test_configs_outputs_and_states_are_kerass(keras, make, shape, mask, states):
    ours, theirs, x, options = pair(keras, make, shape, mask, states)
    assert plain(kmb_core, ours) == plain(keras, theirs)
    assert [tuple(v.shape) for v in ours.variables] == [tuple(v.shape) for v in theirs.variables]
    for got, wanted in zip(arrays(ours(x, **options)), arrays(theirs(x, **options)), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize(("make", "shape", "mask", "states"), CASES)
def test_gradients_are_kerass(keras, make, shape, mask, states):
    backend = current_backend()
    if not backend.supports(Capability.GRADIENTS):
        assert backend.name == "numpy"
        return
    ours, theirs, x, options = pair(keras, make, shape, mask, states)
    x, options = tree.map_structure(kmb_core.ops.convert_to_tensor, (x, options))

    def gradients(layer):
        fixed = [v.value for v in layer.non_trainable_variables]

        def total(*values):
            outputs, _ = layer.stateless_call(list(values), fixed, x, **options)
            return sum(kmb_core.ops.sum(kmb_core.ops.square(y)) for y in tree.flatten(outputs))

        variables = [v.value for v in layer.trainable_variables]
        return backend.implementation.value_and_gradients(total, variables)[1]

    for got, wanted, weight in zip(gradients(ours), gradients(theirs), ours.trainable_variables, strict=True):
        wanted = convert_to_numpy(wanted).astype("float64")
        scale = max(1.0, np.abs(wanted).max())
        got = convert_to_numpy(got).astype("float64")
        np.testing.assert_allclose(got / scale, wanted / scale, atol=1e-4, err_msg=weight.path)


@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
def test_stateful_layers_go_on_as_kerass(keras, name):
    make = lambda k: getattr(k.layers, name)(4, stateful=True)  # noqa: E731  # as the cases above have it
    ours, theirs, x, _ = pair(keras, make, LINE, None, None)
    ours.reset_state()  # they were called with weights of their own
    theirs.reset_state()
    for batch in (x, x[:, 1:], x):
        np.testing.assert_allclose(arrays(ours(batch))[0], arrays(theirs(batch))[0], atol=2e-5)
    assert [s.path for s in ours.states] == [s.path for s in theirs.states]
    ours.reset_state()
    theirs.reset_state()
    np.testing.assert_allclose(arrays(ours(x))[0], arrays(theirs(x))[0], atol=2e-5)


def test_a_file_of_weights_goes_both_ways(keras, tmp_path):
    def model(k):
        inputs = k.Input((5, 4))
        x = k.layers.Bidirectional(k.layers.LSTM(3, return_sequences=True))(inputs)
        x = k.layers.RNN([k.layers.LSTMCell(4), k.layers.GRUCell(3)], return_sequences=True)(x)
        return k.Model(inputs, k.layers.TimeDistributed(k.layers.Dense(2))(k.layers.GRU(3, return_sequences=True)(x)))

    ours, theirs = model(kmb_core), model(keras)
    x = np.random.default_rng(0).normal(size=(3, 5, 4)).astype("float32")
    theirs.save(tmp_path / "theirs.keras")
    ours.save(tmp_path / "ours.keras")
    for one, other in ((theirs, kmb_core.saving.load_model), (ours, keras.saving.load_model)):
        loaded = other(tmp_path / ("theirs.keras" if one is theirs else "ours.keras"))
        np.testing.assert_allclose(arrays(loaded(x))[0], arrays(one(x))[0], atol=2e-5)
