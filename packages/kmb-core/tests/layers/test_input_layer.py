"""Where functional models start."""

import pytest

import kmb_core
from kmb_core import layers


def test_the_batch_axis_comes_in_front():
    assert kmb_core.Input((3, 4)).shape == (None, 3, 4)
    assert kmb_core.Input((3,), batch_size=5).shape == (5, 3)
    assert kmb_core.Input(batch_shape=(2, None)).shape == (2, None)
    assert kmb_core.Input(()).shape == (None,)


def test_the_dtype_is_floatx_unless_said_otherwise():
    assert kmb_core.Input((3,)).dtype == "float32"
    assert kmb_core.Input((3,), dtype="int64").dtype == "int64"


def test_the_tensor_and_the_layer_have_the_name():
    x = kmb_core.Input((3,), name="pixels")
    assert x.name == "pixels"
    assert x._history[0].name == "pixels"
    assert isinstance(x._history[0], layers.InputLayer)


def test_a_symbolic_tensor_can_become_the_input():
    tensor = kmb_core.KerasTensor((2, 3), "int32")
    layer = layers.InputLayer(input_tensor=tensor)
    assert layer.output is tensor
    assert (layer.batch_shape, layer.dtype) == ((2, 3), "int32")


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"shape": (3,), "batch_shape": (2, 3)},
        {"shape": 3},
        {"shape": (-1,)},
        {"shape": ("three",)},
        {"tensor": 1.0},
        {"tensor": kmb_core.KerasTensor((2,), "int32"), "dtype": "float32"},
    ],
)
def test_what_is_no_input_is_refused(arguments):
    with pytest.raises(ValueError):
        kmb_core.Input(**arguments)


def test_the_config_makes_an_equal_input():
    layer = layers.InputLayer(shape=(4,), batch_size=2, dtype="int32", name="ids", optional=True)
    other = layers.InputLayer.from_config(layer.get_config())
    assert other.get_config() == layer.get_config()
    assert (other.output.shape, other.output.dtype, other.optional) == ((2, 4), "int32", True)


def test_sparse_inputs_need_a_backend_with_sparse_tensors():
    from kmb_core.backend import current_backend
    from kmb_core.plugins.capabilities import Capability

    if current_backend().supports(Capability.SPARSE):
        assert kmb_core.Input((3,), sparse=True).sparse
    else:
        with pytest.raises(NotImplementedError, match="sparse"):
            kmb_core.Input((3,), sparse=True)
