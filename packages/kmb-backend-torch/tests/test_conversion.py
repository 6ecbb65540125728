import ml_dtypes
import numpy as np
import pytest
import torch

from kmb_backend_torch.conversion import NATIVE, convert, native_dtype, to_numpy
from kmb_core.errors import DTypeError


@pytest.mark.parametrize("dtype", sorted(set(NATIVE) - {"bfloat16", "float8_e4m3fn", "float8_e5m2"}))
def test_arrays_of_every_dtype_keep_it_both_ways(dtype):
    array = np.array([[0, 1], [1, 0]], dtype)
    tensor = convert(array)
    assert tensor.dtype is native_dtype(dtype)
    np.testing.assert_array_equal(to_numpy(tensor), array)


@pytest.mark.parametrize("dtype", [ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2])
def test_dtypes_that_numpy_lacks_cross_bit_for_bit(dtype):
    array = np.array([1.5, -0.25, 0], dtype)
    assert to_numpy(convert(array)).tobytes() == array.tobytes()
    assert to_numpy(convert(array)).dtype == array.dtype


def test_python_numbers_never_become_64_bit():
    assert convert(1.5).dtype is torch.float32
    assert convert(1).dtype is torch.int32
    assert convert([1.5, 2]).dtype is torch.float32
    assert convert([[1], [2]]).dtype is torch.int32
    assert convert(True).dtype is torch.bool


def test_a_writable_array_is_shared_and_a_read_only_one_is_copied():
    array = np.zeros(3)
    tensor = convert(array)
    array[0] = 7
    assert tensor[0] == 7
    array.flags.writeable = False
    assert convert(array).data_ptr() != array.ctypes.data


def test_reversed_and_byte_swapped_arrays_and_scalars_are_taken():
    array = np.arange(6, dtype=">f4").reshape(2, 3)[::-1, ::-1]
    np.testing.assert_array_equal(to_numpy(convert(array)), array)
    assert convert(np.float64(2.5)).item() == 2.5
    assert convert(np.zeros((0, 3))).shape == (0, 3)


def test_lists_of_tensors_are_stacked_and_keep_their_gradients():
    leaf = torch.tensor(2.0, requires_grad=True)
    stacked = convert([[leaf, 1.0], [0.5, leaf * 2]])
    stacked.sum().backward()
    assert stacked.shape == (2, 2)
    assert leaf.grad.item() == 3


@pytest.mark.parametrize("hostile", [["a", "b"], [[1], [1, 2]], [None], np.array(["2020-01-01"], "datetime64[D]")])
def test_what_is_no_number_is_refused(hostile):
    with pytest.raises((DTypeError, ValueError)):
        convert(hostile)


def test_an_array_that_was_read_does_not_change_with_the_tensor():
    tensor = torch.ones(3)
    array = to_numpy(tensor)
    tensor.fill_(5)
    assert array.tolist() == [1, 1, 1]


def test_conjugated_and_sparse_tensors_are_read():
    assert to_numpy(torch.tensor([1 + 2j]).conj()).tolist() == [1 - 2j]
    assert to_numpy(torch.eye(2).to_sparse()).tolist() == [[1, 0], [0, 1]]
