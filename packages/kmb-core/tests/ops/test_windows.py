"""Windows: NumPy's, rounded once; lengths of nothing and of one; no symbolic lengths."""

import numpy as np
import pytest

from kmb_core import ops
from kmb_core.backend import KerasTensor, dtype_of

WINDOWS = ["bartlett", "blackman", "hamming", "hanning"]


@pytest.mark.parametrize("length", [0, 1, 2, 9])
@pytest.mark.parametrize("name", WINDOWS)
def test_a_window_is_numpys_in_floatx(name, length):
    window = getattr(ops, name)(length)
    assert dtype_of(window) == "float32"
    np.testing.assert_array_equal(ops.convert_to_numpy(window), getattr(np, name)(length).astype("float32"))


def test_kaisers_window_takes_tensors_for_its_length_and_shape():
    window = ops.kaiser(ops.convert_to_tensor(6, "int32"), ops.convert_to_tensor(8.5, "float32"))
    np.testing.assert_array_equal(ops.convert_to_numpy(window), np.kaiser(6, 8.5).astype("float32"))


@pytest.mark.parametrize("name", WINDOWS)
def test_a_symbolic_length_is_refused(name):
    with pytest.raises(TypeError, match="symbolic"):
        getattr(ops, name)(KerasTensor((), "int32"))
