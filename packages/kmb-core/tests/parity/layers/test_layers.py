"""Layers give what Keras's give on the same framework: configs, outputs, gradients, with the weights copied over."""

import json

import numpy as np
import pytest

import kmb_core
from kmb_core import layers
from kmb_core.backend import convert_to_numpy, current_backend
from kmb_core.plugins import Capability

pytestmark = pytest.mark.parity

IMAGE, FIRST, LINE, VOLUME = (2, 5, 6, 3), (2, 3, 5, 6), (2, 7, 3), (1, 3, 4, 3, 2)
PAIR = [(2, 4, 3), (2, 5, 3)]
THREE = [(2, 4, 3), (2, 5, 2), (2, 5, 3)]

# (layer, its arguments, the shapes of the call's arguments, the call's options)
CASES = [
    ("Conv1DTranspose", {"filters": 4, "kernel_size": 3, "strides": 2}, [LINE], {}),
    ("Conv1DTranspose", {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"}, [LINE], {}),
    ("Conv2DTranspose", {"filters": 4, "kernel_size": 3, "strides": 2, "output_padding": 1}, [IMAGE], {}),
    ("Conv2DTranspose", {"filters": 2, "kernel_size": (2, 3), "use_bias": False}, [IMAGE], {}),
    ("Conv3DTranspose", {"filters": 2, "kernel_size": 2, "strides": 2, "activation": "relu"}, [VOLUME], {}),
    ("DepthwiseConv1D", {"kernel_size": 3, "depth_multiplier": 2}, [LINE], {}),
    ("DepthwiseConv2D", {"kernel_size": 3, "strides": 2, "padding": "same"}, [IMAGE], {}),
    ("DepthwiseConv2D", {"kernel_size": (2, 3), "depth_multiplier": 3, "dilation_rate": 2}, [IMAGE], {}),
    ("SeparableConv1D", {"filters": 4, "kernel_size": 3, "padding": "same"}, [LINE], {}),
    ("SeparableConv2D", {"filters": 4, "kernel_size": 3, "depth_multiplier": 2}, [IMAGE], {}),
    ("EinsumDense", {"equation": "abc,cde->abde", "output_shape": (None, 2, 4), "bias_axes": "de"}, [LINE], {}),
    ("EinsumDense", {"equation": "abcd,cde->abe", "output_shape": (None, 4), "bias_axes": "e"}, [IMAGE], {}),
    ("EinsumDense", {"equation": "abc,bd->adc", "output_shape": (4, None), "bias_axes": "d"}, [LINE], {}),
    ("EinsumDense", {"equation": "abc,bcd->abd", "output_shape": (7, 4), "bias_axes": "b"}, [LINE], {}),
    ("EinsumDense", {"equation": "...x,xy->...y", "output_shape": 4, "activation": "tanh"}, [IMAGE], {}),
    ("Attention", {}, [PAIR], {}),
    ("Attention", {"use_scale": True}, [THREE], {"use_causal_mask": True}),
    ("Attention", {"use_scale": True, "score_mode": "concat"}, [THREE], {"return_attention_scores": True}),
    ("AdditiveAttention", {}, [PAIR], {"return_attention_scores": True}),
    ("AdditiveAttention", {"use_scale": False}, [THREE], {}),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3}, PAIR, {}),
    (  # with weights, because on JAX Keras's fused kernel refuses a value_dim that is not key_dim
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3, "value_dim": 5, "output_shape": 4},
        THREE,
        {"return_attention_scores": True},
    ),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3}, PAIR, {"return_attention_scores": True}),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3, "use_gate": True}, PAIR, {"use_causal_mask": True}),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3, "sliding_window": 2, "use_bias": False}, PAIR, {}),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3}, [IMAGE, IMAGE], {"return_attention_scores": True}),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3, "attention_axes": (2,)}, [IMAGE, IMAGE], {}),
    ("GroupQueryAttention", {"head_dim": 2, "num_query_heads": 4, "num_key_value_heads": 2}, PAIR, {}),
    (
        "GroupQueryAttention",
        {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 1, "use_gate": True, "sliding_window": 2},
        PAIR,
        {"return_attention_scores": True},
    ),
    ("GroupNormalization", {"groups": 3}, [IMAGE], {}),
    ("GroupNormalization", {"groups": -1, "axis": 1, "center": False}, [FIRST], {}),
    ("Cropping1D", {"cropping": (1, 2)}, [LINE], {}),
    ("Cropping2D", {"cropping": ((1, 0), (0, 2))}, [IMAGE], {}),
    ("Cropping3D", {"cropping": (0, 1, 1)}, [VOLUME], {}),
    ("ZeroPadding1D", {"padding": (1, 2)}, [LINE], {}),
    ("ZeroPadding2D", {"padding": (1, 2)}, [IMAGE], {}),
    ("ZeroPadding3D", {"padding": ((1, 0), (0, 2), (1, 1))}, [VOLUME], {}),
    ("UpSampling1D", {"size": 3}, [LINE], {}),
    ("UpSampling2D", {"size": (2, 3)}, [IMAGE], {}),
    ("UpSampling2D", {"size": 2, "interpolation": "bilinear"}, [IMAGE], {}),
    ("UpSampling3D", {"size": 2}, [VOLUME], {}),
    ("AdaptiveAveragePooling1D", {"output_size": 3}, [LINE], {}),
    ("AdaptiveAveragePooling2D", {"output_size": (2, 4)}, [IMAGE], {}),
    ("AdaptiveAveragePooling3D", {"output_size": 2}, [VOLUME], {}),
    ("AdaptiveMaxPooling1D", {"output_size": 3}, [LINE], {}),
    ("AdaptiveMaxPooling2D", {"output_size": (2, 4)}, [IMAGE], {}),
    ("AdaptiveMaxPooling3D", {"output_size": 2}, [VOLUME], {}),
    ("Dot", {"axes": (1, 2)}, [[(2, 3, 4), (2, 5, 3)]], {}),
    ("Dot", {"axes": -1, "normalize": True}, [[(2, 3), (2, 3)]], {}),
    ("Dot", {"axes": 1}, [[(2, 3, 4), (2, 3)]], {}),
    ("ReversibleEmbedding", {"input_dim": 5, "output_dim": 3, "logit_soft_cap": 2.0}, [LINE], {"reverse": True}),
    ("ReversibleEmbedding", {"input_dim": 5, "output_dim": 3, "tie_weights": False}, [LINE], {"reverse": True}),
]
IDS = [f"{name}-{index}" for index, (name, *_) in enumerate(CASES)]


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras")


def arrays(shapes):
    generator = np.random.default_rng(1)

    def array(shape):
        return [array(s) for s in shape] if isinstance(shape, list) else generator.normal(size=shape).astype("float32")

    return [array(shape) for shape in shapes]


def flat(outputs):
    outputs = outputs if isinstance(outputs, (tuple, list)) else [outputs]
    return [convert_to_numpy(x).astype("float64") for x in outputs]


def pair(keras, name, options, given, call_options):
    """Our layer and Keras's, built, with the same weights."""
    ours = getattr(layers, name)(name="x", **options)
    theirs = getattr(keras.layers, name)(name="x", **options)
    ours(*given, **call_options)
    theirs(*given, **call_options)
    generator = np.random.default_rng(2)
    weights = [generator.normal(size=w.shape).astype("float32") * 0.7 for w in theirs.weights]
    assert [w.path for w in ours.weights] == [w.path for w in theirs.weights]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    return ours, theirs


@pytest.mark.parametrize(("name", "options", "shapes", "call_options"), CASES, ids=IDS)
def test_configs_and_outputs_are_kerass(keras, name, options, shapes, call_options):
    given = arrays(shapes)
    ours, theirs = pair(keras, name, options, given, call_options)
    assert plain(kmb_core, ours) == plain(keras, theirs)
    for got, wanted in zip(flat(ours(*given, **call_options)), flat(theirs(*given, **call_options)), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=2e-5)


def plain(module, layer):
    return json.loads(json.dumps(module.saving.serialize_keras_object(layer)["config"]))


@pytest.mark.parametrize(("name", "options", "shapes", "call_options"), CASES, ids=IDS)
def test_gradients_are_kerass(keras, name, options, shapes, call_options):
    backend = current_backend()
    given = arrays(shapes)
    ours, theirs = pair(keras, name, options, given, call_options)
    if not backend.supports(Capability.GRADIENTS) or not ours.trainable_variables:
        assert not theirs.trainable_variables or not backend.supports(Capability.GRADIENTS)
        return

    def gradients(layer, variables):
        def total(*values):
            outputs, _ = layer.stateless_call(list(values), [], *given, **call_options)
            first = outputs[0] if isinstance(outputs, (tuple, list)) else outputs
            return kmb_core.ops.sum(kmb_core.ops.square(first))

        return backend.implementation.value_and_gradients(total, [v.value for v in variables])[1]

    found = gradients(ours, ours.trainable_variables)
    expected = gradients(theirs, theirs.trainable_variables)
    for got, wanted, weight in zip(found, expected, ours.trainable_variables, strict=True):
        wanted = convert_to_numpy(wanted).astype("float64")
        np.testing.assert_allclose(
            convert_to_numpy(got).astype("float64"), wanted, rtol=2e-4, atol=2e-4, err_msg=weight.path
        )
