"""Dtypes of computing and of variables."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, ops
from kmb_core.backend import dtype_of

LAYERS = {
    "Dense": (lambda **k: layers.Dense(4, activation="relu", **k), (2, 3)),
    "Conv2D": (lambda **k: layers.Conv2D(4, 3, **k), (2, 5, 5, 3)),
    "BatchNormalization": (lambda **k: layers.BatchNormalization(**k), (4, 3)),
    "LayerNormalization": (lambda **k: layers.LayerNormalization(**k), (4, 3)),
    "MaxPooling2D": (lambda **k: layers.MaxPooling2D(**k), (2, 4, 4, 3)),
    "AveragePooling2D": (lambda **k: layers.AveragePooling2D(2, **k), (2, 4, 4, 3)),
    "GlobalAveragePooling2D": (lambda **k: layers.GlobalAveragePooling2D(**k), (2, 4, 4, 3)),
    "Dropout": (lambda **k: layers.Dropout(0.5, **k), (2, 3)),
    "Flatten": (lambda **k: layers.Flatten(**k), (2, 3, 4)),
    "Activation": (lambda **k: layers.Activation("softmax", **k), (2, 3)),
}


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("name", LAYERS)
def test_a_mixed_layer_computes_in_16_bits_and_keeps_float32_variables(name, policy, array, numpy):
    make, shape = LAYERS[name]
    layer, plain = make(dtype=policy), make()
    x = array(*shape)
    expected = plain(x)
    if layer.weights or plain.weights:
        layer.build(shape)
        layer.set_weights(plain.get_weights())
    outputs = layer(x)
    assert dtype_of(outputs) == policy.removeprefix("mixed_")
    assert {v.dtype for v in layer.weights} <= {"float32"}
    np.testing.assert_allclose(numpy(ops.cast(outputs, "float32")), numpy(expected), atol=0.06, rtol=0.03)
    assert layer(kmb_core.Input(shape[1:])).dtype == policy.removeprefix("mixed_")


def test_batch_statistics_of_a_mixed_layer_are_worked_out_in_float32(numpy):
    # In float16 the squares would overflow, in bfloat16 the mean would lose 1 against 256.
    x = np.array([[300.0], [302.0], [304.0], [306.0]], "float32")
    layer = layers.BatchNormalization(momentum=0.0, dtype="mixed_float16")
    layer(x, training=True)
    np.testing.assert_allclose(numpy(layer.moving_mean.value), [303.0], rtol=1e-6)
    np.testing.assert_allclose(numpy(layer.moving_variance.value), [5.0], rtol=1e-5)


def test_a_layer_in_float16_has_float16_variables():
    layer = layers.Dense(2, dtype="float16")
    assert dtype_of(layer(ops.ones((1, 3)))) == "float16"
    assert {v.dtype for v in layer.weights} == {"float16"}


def test_a_mixed_layer_inside_a_plain_one_and_the_other_way_round():
    class Around(kmb_core.Layer):
        def __init__(self, inner, **kwargs):
            super().__init__(**kwargs)
            self.inner = inner

        def call(self, x):
            return self.inner(x)

    mixed = Around(layers.Dense(2, dtype="mixed_bfloat16"))
    plain = Around(layers.Dense(2, dtype="float32"), dtype="mixed_bfloat16")
    for _ in range(2):
        assert dtype_of(mixed(ops.ones((1, 3)))) == "bfloat16"
        assert dtype_of(plain(ops.ones((1, 3)))) == "float32"


def test_an_embedding_casts_the_rows():
    layer = layers.Embedding(5, 4, dtype="mixed_bfloat16")
    assert dtype_of(layer(np.array([[1, 2]]))) == "bfloat16"
    assert layer.embeddings.dtype == "float32"
    assert layer(kmb_core.Input((3,), dtype="int32")).dtype == "bfloat16"


def test_the_policy_of_a_built_layer_can_be_changed():
    layer = layers.Dense(2)
    layer(ops.ones((1, 3)))
    layer.dtype_policy = "mixed_bfloat16"
    assert dtype_of(layer(ops.ones((1, 3)))) == "bfloat16"


def test_the_process_policy_is_the_default():
    before = kmb_core.config.dtype_policy()
    kmb_core.config.set_dtype_policy("mixed_bfloat16")
    try:
        layer = layers.Dense(2)
    finally:
        kmb_core.config.set_dtype_policy(before)
    assert (layer.compute_dtype, layer.variable_dtype) == ("bfloat16", "float32")
