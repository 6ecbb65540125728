"""Functions over elements: broadcasting, signatures, several results, arguments that are left alone."""

import numpy as np
import pytest

from kmb_core import ops
from kmb_core.errors import ShapeError

A = np.arange(6, dtype="float32").reshape(2, 3)


def test_scalars_broadcast():
    found = ops.vectorize(lambda a, b: a + b)(A, np.array([[10.0], [20.0]], "float32"))
    np.testing.assert_array_equal(ops.convert_to_numpy(found), A + np.array([[10], [20]]))


def test_a_signature_hands_on_lines_and_takes_tuples():
    function = ops.vectorize(lambda a, b: (ops.sum(a * b), a), signature="(n),(n)->(),(n)")
    total, line = function(A, np.ones(3, "float32"))
    np.testing.assert_array_equal(ops.convert_to_numpy(total), A.sum(1))
    np.testing.assert_array_equal(ops.convert_to_numpy(line), A)


def test_what_is_excluded_stays_as_it_is():
    function = ops.vectorize(lambda a, power, shift=0: a**power + shift, excluded=[1, "shift"])
    np.testing.assert_array_equal(ops.convert_to_numpy(function(A, 2, shift=1)), A**2 + 1)


def test_signatures_and_arguments_have_to_fit():
    with pytest.raises(ValueError, match="signature"):
        ops.vectorize(lambda a: a, signature="n to n")
    with pytest.raises(ValueError, match="2 arguments"):
        ops.vectorize(lambda a: a, signature="(),()->()")(A)
    with pytest.raises(ShapeError, match="fewer axes"):
        ops.vectorize(lambda a: a, signature="(n)->()")(1.0)
