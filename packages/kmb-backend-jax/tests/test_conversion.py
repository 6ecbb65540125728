import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest

from kmb_core.backend import KerasTensor, SymbolicValueError, Variable
from kmb_core.dtypes import NAMES
from kmb_core.errors import DTypeError

NARROWED = {"int64": "int32", "uint64": "uint32", "float64": "float32", "complex128": "complex64"}


@pytest.mark.parametrize("dtype", [name for name in NAMES if name != "string"])
def test_an_array_of_each_dtype_goes_in_and_comes_out(backend, dtype):
    native = backend.implementation.native_dtype(dtype)
    array = np.array([0, 1, 1]).astype(native)
    tensor = backend.convert(array, dtype)
    assert backend.dtype_name(tensor) == NARROWED.get(dtype, dtype)
    back = backend.to_numpy(tensor)
    assert back.dtype == native
    assert back.real.astype("float32").tolist() == [0.0, 1.0, 1.0]


def test_a_tensor_of_the_dtype_is_taken_as_it_is(backend):
    x = jnp.ones(3)
    assert backend.convert(x) is x
    assert backend.convert(x, "float32") is x
    assert backend.cast(x, "float32") is x


def test_what_is_written_to_an_array_later_does_not_reach_the_tensor(backend):
    array = np.zeros(4096, np.float32)  # large enough for JAX to share memory
    tensor = backend.convert(array)
    array[:] = 7
    assert float(tensor.sum()) == 0.0


@pytest.mark.parametrize("value", [True, 3, 2.5, -0.0, float("inf")])
def test_scalars_take_the_dtype_that_is_asked_for(backend, value):
    assert backend.convert(value, "float32").dtype == "float32"
    assert backend.convert(value, "float32").shape == ()
    assert float(backend.convert(value, "bfloat16")) == float(ml_dtypes.bfloat16(value))


def test_lists_may_hold_tensors_and_tracers(backend):
    assert backend.convert([jnp.ones(()), 2.0], "float32").tolist() == [1.0, 2.0]
    assert jax.jit(lambda x: backend.convert([x, 2.0], "float32"))(1.0).tolist() == [1.0, 2.0]


@pytest.mark.parametrize("array", [np.zeros((0, 3)), np.array(5), np.arange(6).reshape(2, 3).T, np.arange(8)[::-2]])
def test_empty_scalar_and_strided_arrays_keep_their_values(backend, array):
    np.testing.assert_array_equal(backend.to_numpy(backend.convert(array, "int32")), array)


@pytest.mark.parametrize("value", [np.array(["a"]), np.array([None]), "text", np.array("2020-01-01", "datetime64[D]")])
def test_what_is_no_number_is_refused(backend, value):
    with pytest.raises((DTypeError, TypeError)):
        backend.convert(value)


def test_a_symbolic_tensor_is_refused(backend):
    with pytest.raises(SymbolicValueError):
        backend.convert(KerasTensor((2,)))


def test_a_variable_gives_its_value(backend):
    variable = Variable([1.0, 2.0])
    assert backend.convert(variable) is variable.value
    assert jnp.asarray(variable) is variable.value


def test_complex_numbers_become_real_by_their_real_part(backend):
    assert backend.cast(jnp.array([1 + 2j]), "float32").tolist() == [1.0]


def test_casts_work_under_every_transformation(backend):
    double = jax.jit(jax.vmap(jax.grad(lambda x: backend.cast(backend.cast(x, "bfloat16"), "float32") * 2)))
    assert double(jnp.ones(3)).tolist() == [2.0, 2.0, 2.0]


@pytest.mark.mixed
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int64", "bool"])
def test_tensors_of_torch_are_copied(backend, dtype):
    torch = pytest.importorskip("torch")
    foreign = torch.ones(3, dtype=getattr(torch, dtype))
    tensor = backend.convert(foreign)
    foreign.zero_()
    assert backend.dtype_name(tensor) == NARROWED.get(dtype, dtype)
    assert tensor.astype("float32").tolist() == [1.0, 1.0, 1.0]


@pytest.mark.mixed
def test_a_parameter_of_torch_gives_its_values(backend):
    torch = pytest.importorskip("torch")
    assert backend.convert(torch.nn.Parameter(torch.ones(2)), "float16").dtype == "float16"


@pytest.mark.mixed
def test_eager_tensors_of_tensorflow_are_taken_and_symbolic_ones_refused(backend):
    tensorflow = pytest.importorskip("tensorflow")
    assert backend.convert(tensorflow.constant([1.0, 2.0])).tolist() == [1.0, 2.0]

    @tensorflow.function
    def traced(x):
        with pytest.raises(TypeError, match="cannot become an array"):
            backend.convert(x)
        return x

    traced(tensorflow.ones(2))
