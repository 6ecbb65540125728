"""EinsumDense against NumPy's einsum; Lambda and ReversibleEmbedding."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, ops
from kmb_core.errors import SecurityError, ShapeError

CASES = [
    ("ab,bc->ac", (4,), None, (2, 3)),
    ("abc,cde->abde", (None, 2, 4), "de", (2, 5, 3)),
    ("abc,cde->abed", (None, 4, 2), "ed", (2, 5, 3)),
    ("abcd,cde->abe", (None, 6), "e", (2, 5, 3, 4)),
    ("abcd,dce->abe", (None, 6), "e", (2, 5, 3, 4)),
    ("abc,bd->adc", (4, None), "d", (2, 5, 3)),
    ("abc,bcd->abd", (5, 4), "bd", (2, 5, 3)),
    ("abc,cd->adb", (4, 5), "b", (2, 5, 3)),
]


@pytest.mark.parametrize(("equation", "output_shape", "bias_axes", "shape"), CASES)
def test_equations_are_those_of_numpy(array, numpy, equation, output_shape, bias_axes, shape):
    layer, x = layers.EinsumDense(equation, output_shape, None, bias_axes, bias_initializer="normal"), array(*shape)
    outputs = numpy(layer(x))
    expected = np.einsum(equation, x, layer.kernel.numpy())
    if bias_axes:
        expected = expected + layer.bias.numpy()
    np.testing.assert_allclose(outputs, expected, atol=1e-5)


def test_axes_that_three_dots_stand_for_stay(array, numpy):
    layer, x = layers.EinsumDense("...x,xy->...y", 4), array(2, 5, 6, 3)
    np.testing.assert_allclose(numpy(layer(x)), x @ layer.kernel.numpy(), atol=1e-5)


@pytest.mark.parametrize(
    ("equation", "output_shape", "bias_axes"),
    [("abc,cd", (4,), None), ("abc,cd->abd", (7, 4), None), ("abc,cd->abd", (None, 4), "x"), ("ab,bc->ac", 4, None)],
)
def test_equations_that_do_not_fit_are_refused(equation, output_shape, bias_axes):
    with pytest.raises(ShapeError, match="EinsumDense"):
        layers.EinsumDense(equation, output_shape, bias_axes=bias_axes)(ops.ones((2, 5, 3)))


def test_low_rank_adaptation_starts_from_the_same_outputs(array, numpy):
    layer, x = layers.EinsumDense("abc,cde->abde", (None, 2, 4)), array(2, 5, 3)
    before = numpy(layer(x))
    layer.enable_lora(2)
    np.testing.assert_allclose(numpy(layer(x)), before, atol=1e-6)
    assert len(layer.trainable_variables) == 2


def test_the_way_back_through_an_embedding_is_the_table_transposed(array, numpy):
    layer, x = layers.ReversibleEmbedding(5, 3, logit_soft_cap=2.0), array(2, 4, 3)
    layer.build()
    scores = x @ layer.embeddings.numpy().T
    np.testing.assert_allclose(numpy(layer(x, reverse=True)), 2 * np.tanh(scores / 2), atol=1e-5)


def test_a_function_gets_its_arguments_and_whether_it_is_training(numpy):
    layer = layers.Lambda(lambda x, factor, training=False: x * factor if training else x, arguments={"factor": 3.0})
    assert float(layer(ops.ones(()), training=True)) == 3.0
    assert float(layer(ops.ones(()))) == 1.0


def test_code_is_neither_written_nor_read():
    layer = layers.Lambda(lambda x: x)
    with pytest.raises(ValueError, match="lambda"):
        kmb_core.saving.serialize_keras_object(layer)
    code = {"class_name": "__lambda__", "config": {"code": "4wEA", "defaults": None, "closure": None}}
    config = {"name": "of_a_file", "function": code, "arguments": {}}
    for safe_mode in (True, False, None):
        with pytest.raises(SecurityError):
            layers.Lambda.from_config(config, safe_mode=safe_mode)
