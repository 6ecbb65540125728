"""Variables: what is read is what was written, in the variable's dtype; the value belongs to the variable."""

import copy
import pickle

import numpy as np
import pytest

from kmb_core import StatelessScope, Variable
from kmb_core.backend import current_backend
from kmb_core.errors import ShapeError

pytestmark = pytest.mark.conformance("inference")

START = np.array([[1.0, -2.0], [3.5, 0.0]], "float32")


def made(**options):
    return Variable(START, **options)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "int32", "uint8", "bool"])
def test_value_has_the_shape_dtype_and_numbers_it_was_made_with(dtype):
    initial = np.array([0, 1, 3])
    variable = Variable(initial, dtype=dtype)
    assert (variable.shape, variable.dtype) == ((3,), dtype)
    assert current_backend().dtype_name(variable.value) == dtype
    expected = [0, 1, 1] if dtype == "bool" else [0, 1, 3]
    assert variable.numpy().astype("int64").tolist() == expected


def test_an_initializer_is_called_with_shape_and_dtype():
    convert = current_backend().convert
    variable = Variable(lambda shape, dtype: convert(np.full(shape, 2.5), dtype), shape=(2, 3), dtype="float32")
    np.testing.assert_array_equal(variable.numpy(), np.full((2, 3), 2.5, "float32"))


def test_zero_sized_and_scalar_variables():
    assert Variable(np.zeros((0, 3), "float32")).numpy().shape == (0, 3)
    assert float(Variable(2.5)) == 2.5
    assert Variable(3).dtype == "int32"


def test_a_read_after_an_assignment_gives_what_was_assigned():
    variable = made()
    returned = variable.assign(START * 2)
    np.testing.assert_array_equal(variable.numpy(), START * 2)
    np.testing.assert_array_equal(current_backend().to_numpy(returned), START * 2)


def test_assign_add_and_assign_sub_change_the_value():
    variable = made()
    variable.assign_add(np.ones((2, 2), "float32"))
    np.testing.assert_array_equal(variable.numpy(), START + 1)
    variable.assign_sub(np.full((2, 2), 3.0, "float32"))
    np.testing.assert_array_equal(variable.numpy(), START - 2)


def test_an_assignment_is_cast_to_the_dtype_of_the_variable():
    variable = Variable(np.zeros(2), dtype="float32")
    variable.assign(np.array([1, 2], "int32"))
    assert variable.numpy().dtype == np.float32
    assert variable.numpy().tolist() == [1.0, 2.0]


def test_an_assignment_of_another_shape_is_refused_and_changes_nothing():
    variable = made()
    with pytest.raises(ShapeError):
        variable.assign(np.zeros((2, 3), "float32"))
    np.testing.assert_array_equal(variable.numpy(), START)


def test_the_initial_value_stays_the_callers_own():
    array = START.copy()
    variable = Variable(array)
    array[:] = 9.0
    np.testing.assert_array_equal(variable.numpy(), START)
    variable.assign(np.zeros((2, 2), "float32"))
    assert (array == 9.0).all()


def test_two_variables_of_one_tensor_are_independent():
    tensor = current_backend().convert(START, "float32")
    first, second = Variable(tensor), Variable(tensor)
    first.assign(np.zeros((2, 2), "float32"))
    np.testing.assert_array_equal(second.numpy(), START)
    np.testing.assert_array_equal(current_backend().to_numpy(tensor), START)


def test_an_assigned_array_stays_the_callers_own():
    array = START.copy()
    variable = Variable(np.zeros((2, 2), "float32"))
    variable.assign(array)
    array[:] = 9.0
    np.testing.assert_array_equal(variable.numpy(), START)


def test_numpy_gives_a_value_of_its_time():
    variable = made()
    before = np.array(variable.numpy())
    variable.assign(np.zeros((2, 2), "float32"))
    np.testing.assert_array_equal(before, START)


def through_pickle(variable):
    return pickle.loads(pickle.dumps(variable))  # noqa: S301 - bytes that were made a moment ago


@pytest.mark.parametrize("duplicate", [copy.deepcopy, through_pickle], ids=["copy", "pickle"])
def test_a_duplicate_is_equal_and_independent(duplicate):
    variable = made(name="scale", trainable=False)
    other = duplicate(variable)
    assert (other.name, other.path, other.dtype, other.trainable) == ("scale", variable.path, "float32", False)
    np.testing.assert_array_equal(other.numpy(), START)
    other.assign(np.zeros((2, 2), "float32"))
    np.testing.assert_array_equal(variable.numpy(), START)


def test_trainable_can_be_switched():
    variable = made()
    assert variable.trainable
    variable.trainable = False
    assert not variable.trainable
    variable.trainable = True
    variable.assign(START + 1)
    np.testing.assert_array_equal(variable.numpy(), START + 1)


def test_inside_a_stateless_scope_reads_and_writes_go_to_the_scope():
    variable = made()
    replacement = current_backend().convert(np.ones((2, 2), "float32"), "float32")
    with StatelessScope(state_mapping=[(variable, replacement)]) as scope:
        np.testing.assert_array_equal(current_backend().to_numpy(variable.value), np.ones((2, 2)))
        variable.assign_add(np.ones((2, 2), "float32"))
        np.testing.assert_array_equal(current_backend().to_numpy(variable.value), np.full((2, 2), 2.0))
    np.testing.assert_array_equal(variable.numpy(), START)
    np.testing.assert_array_equal(current_backend().to_numpy(scope.get_current_value(variable)), np.full((2, 2), 2.0))


def test_arithmetic_and_indexing_read_the_value():
    variable = made()
    to_numpy = current_backend().to_numpy
    np.testing.assert_array_equal(to_numpy(variable + 1.0), START + 1)
    np.testing.assert_array_equal(to_numpy(2.0 * variable), START * 2)
    np.testing.assert_array_equal(to_numpy(variable @ variable), START @ START)
    np.testing.assert_array_equal(to_numpy(variable[1]), START[1])
    np.testing.assert_array_equal(np.asarray(variable), START)
