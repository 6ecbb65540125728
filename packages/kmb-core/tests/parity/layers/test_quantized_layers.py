"""Quantized layers store what Keras's store and give what they give, and files go both ways.

Where Keras does otherwise, and why kmb does not follow:

- With LoRA a quantized `ReversibleEmbedding` forgets in the way back what was learned; here both ways have it.
- LoRA merged for a file is rounded by Keras's own quantizer; here by the one of the layer's config.
- Keras leaves the zero points of "gptq" and "awq" out of files, so its own models come back wrong; here they are kept,
  which makes these files readable by kmb alone. What the integers are differs as well: kmb follows the papers.
"""

import json

import numpy as np
import pytest

import kmb_core
from kmb_core.backend import convert_to_numpy

pytestmark = pytest.mark.parity

INTS = np.array([[0, 1, 4], [2, 2, 3]], "int32")
EINSUMS = [
    ("abc,cde->abde", (None, 2, 4), "de", (2, 5, 3)),
    ("abcd,cde->abe", (None, 6), "e", (2, 5, 3, 4)),
    ("abc,bcd->abd", (5, 4), "bd", (2, 5, 3)),
    ("abc,dc->abd", (None, 6), None, (2, 5, 3)),
]
LAYERS = [
    ("Dense", {"units": 4, "activation": "tanh"}, (3, 7)),
    ("Dense", {"units": 5, "use_bias": False}, (2, 3, 7)),
    ("Dense", {"units": 4, "lora_rank": 2}, (3, 7)),
    *[("EinsumDense", {"equation": e, "output_shape": o, "bias_axes": b}, s) for e, o, b, s in EINSUMS],
    ("Embedding", {"input_dim": 5, "output_dim": 3}, None),
    ("Embedding", {"input_dim": 5, "output_dim": 4, "lora_rank": 2}, None),
    ("ReversibleEmbedding", {"input_dim": 5, "output_dim": 4}, None),
    ("ReversibleEmbedding", {"input_dim": 5, "output_dim": 3, "tie_weights": False}, None),
]
CONFIGS = {
    "int8": ("Int8QuantizationConfig", {}),
    "int8 weights": ("Int8QuantizationConfig", {"activation_quantizer": None}),
    "int4": ("Int4QuantizationConfig", {}),
    "int4 blocks": ("Int4QuantizationConfig", {"block_size": 2}),
    "int4 channels": ("Int4QuantizationConfig", {"block_size": None}),
    "float8": ("Float8QuantizationConfig", {}),
}
CASES = [
    pytest.param(layer, config, id=f"{layer[0]}-{number}-{name.replace(' ', '-')}")
    for number, layer in enumerate(LAYERS)
    for name, config in CONFIGS.items()
    if name != "float8" or (not layer[0].endswith("Embedding") and "lora_rank" not in layer[1])
]


def inputs_of(shape):
    return INTS if shape is None else np.random.default_rng(0).normal(size=shape).astype("float32")


def quantized(library, layer, config):
    name, arguments, shape = layer
    made = getattr(library.layers, name)(**arguments)
    made(inputs_of(shape))
    generator = np.random.default_rng(5)
    for weight in made.weights:
        weight.assign(generator.normal(size=weight.shape).astype("float32"))
    made.quantize(config=getattr(library.quantizers, config[0])(**config[1]))
    return made


def outputs(layer, inputs, to_numpy):
    found = [layer(inputs)]
    if type(layer).__name__ == "ReversibleEmbedding":
        found.append(layer(np.random.default_rng(1).normal(size=(2, layer.output_dim)).astype("float32"), reverse=True))
    return [np.asarray(to_numpy(x)) for x in found]


def stored(layer, to_numpy):
    store = {}
    layer.save_own_variables(store)
    return {key: np.asarray(to_numpy(value)) for key, value in store.items()}


def plain(config):
    return json.loads(json.dumps({**config, "name": None}))


@pytest.mark.parametrize(("layer", "config"), CASES)
def test_the_same_is_stored_and_computed(layer, config):
    keras = pytest.importorskip("keras")
    ours, theirs = quantized(kmb_core, layer, config), quantized(keras, layer, config)
    inputs = inputs_of(layer[2])
    for found, wanted in zip(
        outputs(ours, inputs, convert_to_numpy), outputs(theirs, inputs, keras.ops.convert_to_numpy), strict=True
    ):
        np.testing.assert_allclose(found, wanted, atol=1e-5, rtol=1e-5)
    found, wanted = stored(ours, convert_to_numpy), stored(theirs, keras.ops.convert_to_numpy)
    assert list(found) == list(wanted)
    for key, value in wanted.items():
        assert (found[key].dtype, found[key].shape) == (value.dtype, value.shape)
        np.testing.assert_allclose(found[key], value, atol=1e-5, rtol=1e-5)
    assert [(w.name, tuple(w.shape), w.trainable) for w in ours.weights] == [
        (w.name, tuple(w.shape), w.trainable) for w in theirs.weights
    ]
    assert plain(ours.get_config()) == plain(theirs.get_config())


def model(library):
    layers = library.layers
    return library.Sequential(
        [
            library.Input((5,), dtype="int32"),
            layers.Embedding(6, 4),
            layers.Dense(6, activation="relu"),
            layers.EinsumDense("abc,cd->abd", (None, 3), bias_axes="d"),
        ]
    )


@pytest.mark.parametrize("mode", ["int8", "int4"])
@pytest.mark.parametrize("ours_first", [True, False], ids=["written-by-kmb", "written-by-keras"])
def test_files_of_quantized_models_go_both_ways(tmp_path, mode, ours_first):
    keras = pytest.importorskip("keras")
    writer, reader = (kmb_core, keras) if ours_first else (keras, kmb_core)
    written = model(writer)
    written.quantize(mode)
    written.save(tmp_path / "model.keras")
    read = reader.saving.load_model(tmp_path / "model.keras")
    inputs = np.arange(10).reshape(2, 5).astype("int32") % 6
    np.testing.assert_allclose(
        np.asarray(reader.ops.convert_to_numpy(read(inputs))),
        np.asarray(writer.ops.convert_to_numpy(written(inputs))),
        atol=1e-5,
    )


def test_a_step_in_8_bit_floats_is_keras_s():
    """Losses and state of three steps: scales are delayed, histories rolled, gradients rounded."""
    keras = pytest.importorskip("keras")
    found = []
    for library, to_numpy in ((kmb_core, convert_to_numpy), (keras, keras.ops.convert_to_numpy)):
        trained = library.Sequential([library.Input((7,)), library.layers.Dense(3)])
        generator = np.random.default_rng(2)
        for weight in trained.weights:
            weight.assign(generator.normal(size=weight.shape).astype("float32"))
        trained.quantize("float8")
        trained.compile(library.optimizers.SGD(0.1), "mse")
        x = (generator.normal(size=(24, 7)) * 100).astype("float32")
        losses = trained.fit(x, x[:, :3], batch_size=8, epochs=2, shuffle=False, verbose=0).history["loss"]
        found.append([np.asarray(losses), *(np.asarray(to_numpy(w)) for w in trained.layers[0].weights)])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)
