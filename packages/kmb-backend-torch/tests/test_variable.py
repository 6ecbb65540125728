import copy
import pickle
import threading

import ml_dtypes
import numpy as np
import pytest
import torch

from kmb_core.backend import Variable
from kmb_core.errors import ShapeError


def test_a_trainable_float_is_a_parameter_and_anything_else_a_plain_tensor():
    assert type(Variable([1.0])._value) is torch.nn.Parameter
    assert type(Variable([1.0], trainable=False)._value) is torch.Tensor
    assert type(Variable([1])._value) is torch.Tensor


def test_a_variable_owns_its_memory():
    array = np.ones(3, "float32")
    variable = Variable(array)
    array[:] = 5
    read = variable.numpy()
    variable.assign([2.0, 2.0, 2.0])
    assert read.tolist() == [1, 1, 1]
    assert variable.numpy().tolist() == [2, 2, 2]


def test_assignment_keeps_the_parameter_object_and_records_no_gradient():
    variable = Variable([1.0, 2.0])
    parameter = variable.value
    variable.assign(variable.value * 3)
    assert variable.value is parameter
    assert parameter.is_leaf
    assert parameter.requires_grad
    assert parameter.tolist() == [3, 6]


def test_assignment_of_another_shape_is_refused():
    with pytest.raises(ShapeError, match="expected a value of shape"):
        Variable([1.0, 2.0]).assign([1.0, 2.0, 3.0])


def test_trainable_switches_requires_grad():
    variable = Variable([1.0])
    variable.trainable = False
    assert not variable.value.requires_grad
    variable.trainable = True
    assert variable.value.requires_grad


def test_a_variable_made_or_assigned_in_inference_mode_can_be_trained_afterwards():
    with torch.inference_mode():
        variable = Variable([2.0])
        variable.assign([3.0])
    (variable.value**2).sum().backward()
    assert variable.value.grad.tolist() == [6.0]


def test_kernels_of_convolutions_are_channels_last_as_conv2d_sees_them():
    array = np.random.default_rng(0).normal(size=(3, 2, 4, 5)).astype("float32")
    value = Variable(array).value
    assert value.permute(3, 2, 0, 1).is_contiguous(memory_format=torch.channels_last)
    np.testing.assert_array_equal(value.detach().numpy(), array)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))])
def test_copies_are_equal_and_independent(duplicate):
    variable = Variable([1.0, 2.0], name="scale")
    other = duplicate(variable)
    other.assign([5.0, 6.0])
    assert variable.numpy().tolist() == [1, 2]
    assert (other.name, other.dtype, other.shape, other.trainable) == ("scale", "float32", (2,), True)
    assert type(other.value) is torch.nn.Parameter


def test_bfloat16_goes_in_and_comes_out_bit_for_bit():
    array = np.array([1.5, -2.0, 3e38], ml_dtypes.bfloat16)
    variable = Variable(array)
    assert variable.dtype == "bfloat16"
    assert variable.numpy().dtype == array.dtype
    assert variable.numpy().tobytes() == array.tobytes()


def test_assignments_from_many_threads_leave_one_of_the_values():
    variable = Variable(np.zeros(1000, "float32"))
    threads = [threading.Thread(target=lambda n=n: variable.assign(np.full(1000, n, "float32"))) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(variable.numpy().tolist()) <= set(range(8))
