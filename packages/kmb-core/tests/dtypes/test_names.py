import ml_dtypes
import numpy as np
import pytest

from kmb_core import dtypes
from kmb_core.errors import DTypeError


@pytest.fixture
def float16_default():
    dtypes.set_floatx("float16")
    yield
    dtypes.set_floatx("float32")


@pytest.mark.parametrize("name", dtypes.NAMES)
def test_a_canonical_name_stands_for_itself(name):
    assert dtypes.standardize_dtype(name) == name


@pytest.mark.parametrize(
    ("dtype", "name"),
    [
        (None, "float32"),
        (float, "float32"),
        ("float", "float32"),
        (int, "int32"),
        ("int", "int32"),
        (bool, "bool"),
        (complex, "complex64"),
        (str, "string"),
        (np.float64, "float64"),
        (np.dtype("float64"), "float64"),
        (np.dtype(">i2"), "int16"),
        (np.bool_, "bool"),
        (np.dtype("U7"), "string"),
        (np.dtype("S3"), "string"),
        (ml_dtypes.bfloat16, "bfloat16"),
        (np.dtype(ml_dtypes.float8_e5m2), "float8_e5m2"),
    ],
)
def test_python_and_numpy_dtypes_are_recognised(dtype, name):
    assert dtypes.standardize_dtype(dtype) == name
    assert dtypes.standardize_dtype(dtype) == name  # and again, now from the cache


@pytest.mark.parametrize("module", ["torch", "jax.numpy", "tensorflow"])
def test_the_dtypes_of_frameworks_are_recognised(module):
    framework = pytest.importorskip(module)
    found = [name for name in dtypes.NAMES if hasattr(framework, name)]
    assert len(found) >= 14
    assert [dtypes.standardize_dtype(getattr(framework, name)) for name in found] == found


@pytest.mark.parametrize(
    "dtype",
    ["float23", "object", "", object, np.dtype(object), np.dtype("M8[s]"), [1], 1, 1.0, np.ones(2), np.float32(1)],
)
def test_anything_else_is_refused_in_a_short_line(dtype):
    with pytest.raises(DTypeError) as caught:
        dtypes.standardize_dtype(dtype)
    assert len(str(caught.value).split("\n")[0]) <= 120


def test_the_default_follows_floatx(float16_default):
    assert dtypes.standardize_dtype(None) == dtypes.standardize_dtype(float) == "float16"


def test_kinds_are_told_apart():
    assert [n for n in dtypes.NAMES if dtypes.is_float(n)] == list(dtypes.FLOAT_NAMES)
    assert [n for n in dtypes.NAMES if dtypes.is_integer(n)] == [n for n in dtypes.NAMES if "int" in n]
    assert [n for n in dtypes.NAMES if dtypes.is_complex(n)] == ["complex64", "complex128"]


@pytest.mark.parametrize("name", dtypes.NAMES)
def test_a_numpy_dtype_goes_back_to_its_name(name):
    assert dtypes.standardize_dtype(dtypes.numpy_dtype(name)) == name
