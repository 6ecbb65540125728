"""Quantized layers, against NumPy written out."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, ops, quantizers
from kmb_core.backend import current_backend
from kmb_core.errors import CapabilityError, CheckpointError, NotBuiltError
from kmb_core.plugins import Capability


def built(layer, *shape):
    layer.build(shape)
    generator = np.random.default_rng(3)
    for weight in layer.weights:
        weight.assign(generator.normal(size=weight.shape).astype("float32"))
    return layer


def test_int8_multiplies_integers_and_divides_by_both_scales(array, numpy):
    layer = built(layers.Dense(4), None, 7)
    kernel, bias = (weight.numpy() for weight in layer.weights)
    layer.quantize("int8")
    scale = 127 / (np.abs(kernel).max(0) + 1e-7)
    integers = np.round(kernel * scale).astype("int64")
    x = array(3, 7)
    input_scale = 127 / (np.abs(x).max(1, keepdims=True) + 1e-7)
    wanted = (np.round(x * input_scale).astype("int64") @ integers) / (input_scale * scale) + bias
    np.testing.assert_allclose(numpy(layer(x)), wanted, atol=1e-5)
    np.testing.assert_array_equal(layer.kernel.numpy(), integers)
    assert [w.name for w in layer.weights] == ["bias", "kernel", "kernel_scale"]
    assert layer.dtype_policy.name == "int8_from_float32"
    assert not layer.kernel.trainable


@pytest.mark.parametrize(("block", "blocks"), [(2, 4), (3, 3), (128, 1)])
def test_int4_blocks_have_a_scale_and_a_zero_point(array, numpy, block, blocks):
    layer = built(layers.Dense(5, use_bias=False), None, 7)
    kernel = layer.kernel.numpy()
    layer.quantize(config=quantizers.Int4QuantizationConfig(block_size=block))
    scale, zero = layer.kernel_scale.numpy(), layer.kernel_zero.numpy().astype("float32")
    assert scale.shape == zero.shape == (blocks, 5)
    integers = numpy(quantizers.unpack_int4(layer._kernel.value, 5, axis=1)).astype("float32")
    group = np.arange(7) // block
    value = (integers - zero[group]) * scale[group]
    x = array(2, 3, 7)
    np.testing.assert_allclose(numpy(layer(x)), x @ value, atol=1e-4)
    if blocks == 1:  # a block that holds both signs loses half a step at most, and the zero point's rounding
        assert np.abs(value - kernel).max() <= scale.max() * 1.01


@pytest.mark.parametrize(("equation", "sizes", "shape"), [
    ("abc,cde->abde", (None, 2, 4), (2, 5, 3)),
    ("abcd,cde->abe", (None, 6), (2, 5, 3, 4)),
    ("abc,dc->abd", (None, 6), (2, 5, 3)),
    ("abc,bcd->abd", (5, 4), (2, 5, 3)),
    ("...x,xy->...y", 4, (2, 5, 3)),
])  # fmt: skip
@pytest.mark.parametrize("mode", ["int8", "float8", "int4", "gptq", "awq"])
def test_an_einsum_stays_near_its_floats_in_every_mode(array, numpy, equation, sizes, shape, mode):
    layer = built(layers.EinsumDense(equation, sizes), *shape)
    x = array(*shape)
    wanted = numpy(layer(x))
    config = {"gptq": quantizers.GPTQConfig, "awq": quantizers.AWQConfig}.get(mode)
    layer.quantize(mode, config=None if config is None else config(None, None))
    found = numpy(layer(x))
    assert found.shape == wanted.shape
    allowed = {"int8": 0.02, "float8": 0.06}.get(mode, 0.2)
    assert np.linalg.norm(found - wanted) < allowed * np.linalg.norm(wanted)


@pytest.mark.parametrize("mode", ["int8", "int4"])
def test_rows_of_a_table_are_the_same_as_those_of_the_whole_table(numpy, mode):
    layer = built(layers.Embedding(6, 5), None)
    layer.quantize(mode)
    indices = np.array([[0, 5], [2, 2]], "int32")
    whole = numpy(layer._mode.value(layer, layer.quantizable_weights()[0]))
    np.testing.assert_allclose(numpy(layer(indices)), whole[indices], atol=1e-6)


def test_a_quantized_layer_is_saved_and_comes_back_quantized(tmp_path, array, numpy):
    for number, mode in enumerate(("int8", "int4", "float8")):
        model = kmb_core.Sequential([kmb_core.Input((7,)), layers.Dense(6, "relu"), layers.Dense(3)])
        model.quantize(mode)
        path = tmp_path / f"{number}.keras"
        model.save(path)
        loaded = kmb_core.saving.load_model(path)
        x = array(4, 7)
        np.testing.assert_allclose(numpy(loaded(x)), numpy(model(x)), atol=1e-6)
        assert [layer.quantization_mode for layer in loaded.layers] == [mode, mode]


def test_low_rank_matrices_are_learned_beside_integers_and_merged_into_files(array, numpy):
    layer = built(layers.Dense(4), None, 7)
    layer.quantize("int8")
    layer.enable_lora(2)
    x = array(3, 7)
    before = numpy(layer(x))
    layer.lora_kernel_b.assign(array(2, 4))
    thin = layer.lora_kernel_a.numpy() @ layer.lora_kernel_b.numpy()
    np.testing.assert_allclose(numpy(layer(x)), before + x @ thin, atol=1e-4)
    assert [w.name for w in layer.trainable_weights] == ["bias", "lora_kernel_a", "lora_kernel_b"]
    store = {}
    layer.save_own_variables(store)
    other = built(layers.Dense(4), None, 7)
    other.quantize("int8")
    other.load_own_variables({key: getattr(value, "value", value) for key, value in store.items()})
    assert np.abs(numpy(other(x)) - numpy(layer(x))).max() < 0.2


def test_gradients_pass_the_rounding_of_inputs(array):
    backend = current_backend()
    if not backend.supports(Capability.GRADIENTS):
        return
    layer = built(layers.Dense(4), None, 7)
    layer.quantize("int8")
    x, factors = array(3, 7), array(3, 4)
    value = layer.kernel.numpy() / layer.kernel_scale.numpy()
    _, (gradient,) = backend.implementation.value_and_gradients(
        lambda x: ops.sum(ops.multiply(layer(x), factors)), [backend.convert(x, "float32")]
    )
    np.testing.assert_allclose(backend.to_numpy(gradient), factors @ value.T, atol=1e-4)


def test_training_in_8_bit_floats_renews_scales_and_learns(array):
    if not current_backend().supports(Capability.GRADIENTS):
        return
    model = kmb_core.Sequential([kmb_core.Input((7,)), layers.Dense(3)])
    model.quantize("float8")
    model.compile("sgd", "mse")
    x = array(32, 7)
    losses = model.fit(x, x[:, :3], batch_size=8, epochs=4, shuffle=False, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    layer = model.layers[0]
    largest = [np.abs(x[start : start + 8]).max() for start in (24, 16)]
    np.testing.assert_allclose(layer.inputs_amax_history.numpy()[0], largest[0], rtol=1e-6)
    np.testing.assert_allclose(layer.inputs_scale.numpy(), np.abs(x).max() / 448, rtol=1e-5)


def test_the_order_in_files_is_told_for_each_mode():
    spec = built(layers.Dense(2), None, 3).variable_serialization_spec
    assert spec[None] == ["kernel", "bias"]
    assert spec["int8"] == ["kernel", "bias", "kernel_scale"]
    assert spec["awq"] == ["bias", "quantized_kernel", "kernel_scale", "kernel_zero", "awq_scales", "g_idx"]
    back = layers.ReversibleEmbedding(5, 4, tie_weights=False).variable_serialization_spec
    assert back["int4"][-3:] == ["reverse_embeddings", "reverse_embeddings_scale", "reverse_embeddings_zero"]


class OwnDense(layers.Dense):
    """A subclass that says nothing about its weights."""


@pytest.mark.parametrize(("call", "error", "what"), [
    (lambda: layers.Dense(2).quantize("int8"), NotBuiltError, "built"),
    (lambda: built(layers.Dense(2), None, 3).quantize("int5"), ValueError, "int5"),
    (lambda: built(layers.Dense(2), None, 3).quantize(), ValueError, "neither mode nor config"),
    (lambda: built(layers.Dense(2), None, 3).quantize(config=3), ValueError, "QuantizationConfig"),
    (lambda: built(layers.Dense(2), None, 3).quantize("gptq"), ValueError, "GPTQConfig"),
    (
        lambda: built(layers.Dense(2), None, 3).quantize("int8", config=quantizers.Int4QuantizationConfig()),
        ValueError,
        "int4",
    ),
    (lambda: built(layers.Embedding(3, 2), None).quantize("float8"), CapabilityError, "Its modes: int8, int4"),
    (lambda: built(layers.Conv2D(2, 3), None, 5, 5, 1).quantize("int8"), NotImplementedError, "Conv2D"),
    (lambda: built(OwnDense(2), None, 3).quantize("int8"), CapabilityError, "OwnDense"),
    (lambda: layers.Dense(2, dtype="float8_from_float32", lora_rank=1).build((None, 3)), CapabilityError, "LoRA"),
])  # fmt: skip
def test_what_cannot_be_quantized_is_named(call, error, what):
    with pytest.raises(error, match=what):
        call()


def test_a_layer_is_quantized_once():
    layer = built(layers.Dense(2), None, 3)
    layer.quantize("int8")
    with pytest.raises(ValueError, match="already"):
        layer.quantize("int4")
    with pytest.raises(CheckpointError, match="kernel_scale"):
        layer.load_own_variables({"0": np.zeros((3, 2))})


def test_filters_choose_layers_of_a_model():
    def modes(filters):
        dense = [layers.Dense(3, name=name) for name in ("first", "first_1", "second")]
        model = kmb_core.Sequential([kmb_core.Input((3,)), *dense])
        model.quantize("int8", filters=filters)
        return [layer.quantization_mode for layer in dense]

    assert modes("first") == ["int8", "int8", None]
    assert modes("^first$") == ["int8", None, None]
    assert modes(["_1", "second"]) == [None, "int8", "int8"]
    assert modes(lambda layer: layer.name == "second") == [None, None, "int8"]
    with pytest.raises(ValueError, match="filters"):
        modes(3)
    with pytest.warns(UserWarning, match="no layer"):
        modes("nothing")
