"""Distances between points: SciPy's, also far from the origin; what does not fit."""

import numpy as np
import pytest
from scipy.spatial import distance

from kmb_core import ops
from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.errors import ShapeError

GENERATOR = np.random.default_rng(0)


@pytest.mark.parametrize("far", [0.0, 1000.0])
def test_distances_are_scipys_far_from_the_origin_too(far):
    x, y = ((GENERATOR.normal(size=(n, 3)) + far).astype("float32") for n in (40, 30))
    np.testing.assert_allclose(ops.convert_to_numpy(ops.cdist(x, y)), distance.cdist(x, y), rtol=1e-4)


def test_leading_axes_broadcast():
    x, y = GENERATOR.normal(size=(2, 1, 4, 3)), GENERATOR.normal(size=(5, 6, 3))
    got = ops.convert_to_numpy(ops.cdist(x.astype("float32"), y.astype("float32")))
    np.testing.assert_allclose(got[1, 3], distance.cdist(x[1, 0], y[3]), rtol=1e-4)
    assert ops.cdist(KerasTensor((None, 1, 4, 3)), KerasTensor((5, None, 3))).shape == (None, 5, 4, None)


def test_points_that_coincide_have_the_distance_0_and_no_nan():
    x = np.ones((2, 3), "float16")
    assert ops.convert_to_numpy(ops.cdist(x, x)).tolist() == [[0, 0], [0, 0]]
    assert float(ops.cdist(300 * x, -300 * x)[0, 0]) == pytest.approx(600 * 3**0.5, rel=1e-3)


def test_dtypes_are_promoted_to_floats():
    assert dtype_of(ops.cdist(np.ones((2, 2), "int8"), np.ones((1, 2), "uint8"))) == "float32"
    assert dtype_of(ops.cdist(np.ones((2, 2), "float16"), np.ones((1, 2), "int32"))) == "float16"


@pytest.mark.parametrize("shapes", [((3,), (2, 3)), ((2, 3), (3,)), ((2, 3), (2, 4)), ((2, 2, 3), (3, 2, 3))])
def test_what_does_not_fit_is_refused(shapes):
    for given in ([np.ones(shape, "float32") for shape in shapes], [KerasTensor(shape) for shape in shapes]):
        with pytest.raises(ShapeError, match=r"ops\.cdist"):
            ops.cdist(*given)
