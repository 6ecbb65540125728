import jax.numpy as jnp
import pytest

from kmb_backend_jax.tracing import abstract_call
from kmb_core.backend import KerasTensor


def test_unknown_sizes_stay_unknown_and_known_ones_known():
    x = KerasTensor((None, 4))
    out = abstract_call(lambda x: {"same": x * 2, "sum": x.sum(0), "flat": x.reshape(-1, 2)}, ((x,), {}))
    assert out["same"].shape == (None, 4)
    assert out["sum"].shape == (4,)
    assert out["flat"].shape == (None, 2)


def test_dtypes_and_named_arguments_are_followed():
    x = KerasTensor((2, 3), "bfloat16")
    out = abstract_call(lambda x, *, axis: jnp.argmax(x, axis), ((x,), {"axis": 1}))
    assert (out.shape, out.dtype) == ((2,), "int32")


def test_a_function_that_needs_more_than_the_small_sizes_is_traced_with_larger_ones():
    def needs_a_hundred(x):
        return x[: x.shape[0] - 100] if x.shape[0] > 100 else 1 / 0

    assert abstract_call(needs_a_hundred, ((KerasTensor((None, 2)),), {})).shape == (None, 2)


def test_nothing_is_computed():
    calls = []
    abstract_call(lambda x: calls.append(x) or x, ((KerasTensor((1000000, 1000000)),), {}))
    assert len(calls) == 1


def test_an_error_of_the_function_comes_through():
    with pytest.raises(ZeroDivisionError):
        abstract_call(lambda x: 1 / 0, ((KerasTensor((None,)),), {}))
