"""Reading between elements, against SciPy, whose "grid-" modes mean the same as ours."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from kmb_core import ops
from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.errors import ShapeError

RANDOM = np.random.default_rng(0)
SCIPY = {
    "constant": "grid-constant",
    "nearest": "nearest",
    "wrap": "grid-wrap",
    "mirror": "mirror",
    "reflect": "reflect",
}


def array(x):
    return ops.convert_to_numpy(x)


@pytest.mark.parametrize("mode", SCIPY)
@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("shape", [(7,), (4, 5), (3, 1, 4)])
def test_values_are_scipys(mode, order, shape):
    x = RANDOM.normal(size=shape).astype("float32")
    places = RANDOM.uniform(-12, 12, (len(shape), 50)).astype("float32")
    found = ops.image.map_coordinates(x, places, order, mode, 0.5)
    expected = ndimage.map_coordinates(
        x.astype("float64"), places.astype("float64"), order=order, mode=SCIPY[mode], cval=0.5
    )
    np.testing.assert_allclose(array(found), expected, atol=2e-5)


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(sorted(SCIPY)), st.sampled_from([0, 1]), st.integers(-9, 9))
def test_an_element_is_read_as_it_is(mode, order, place):
    line = np.array([1.0, 2.0, 4.0], "float32")
    found = array(ops.image.map_coordinates(line, np.array([[place]], "int32"), order, mode, 9.0))
    pads = {"constant": "constant", "nearest": "edge", "wrap": "wrap", "mirror": "reflect", "reflect": "symmetric"}
    options = {"constant_values": 9.0} if mode == "constant" else {}
    assert found[0] == np.pad(line, 9, pads[mode], **options)[place + 9]


def test_half_way_the_element_farther_from_zero_is_the_nearest():
    found = ops.image.map_coordinates(np.arange(5, dtype="int32"), [[-0.4, 0.5, 1.5, 2.5]], 0)
    assert array(found).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("mode", SCIPY)
def test_what_is_very_far_outside_is_still_read(mode):
    found = array(ops.image.map_coordinates([1.0, 2.0], [[1e6, -1e6, 3e5]], 1, mode))
    assert ((found >= 0) & (found <= 2)).all()


def test_interpolated_integers_are_rounded_and_the_dtype_stays():
    found = ops.image.map_coordinates(ops.cast([0, 1, -4], "int16"), [[0.5, 1.5]], 1)
    assert dtype_of(found) == "int16"
    assert array(found).tolist() == [1, -2]  # 0.5 and -1.5: half way away from 0


def test_places_may_have_any_shape():
    places = RANDOM.uniform(0, 3, (2, 3, 1, 4)).astype("float32")
    found = ops.image.map_coordinates(RANDOM.random((4, 4)).astype("float32"), places, 1)
    assert tuple(found.shape) == (3, 1, 4)
    symbolic = ops.image.map_coordinates(KerasTensor((None, 4), "uint8"), KerasTensor((2, None, 5), "float32"), 1)
    assert (symbolic.shape, symbolic.dtype) == ((None, 5), "uint8")


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ((np.ones((2, 2)), np.ones((3, 4)), 1), ShapeError, "coordinates"),
        ((np.ones((2, 2)), np.ones(4), 1), ShapeError, "coordinates"),
        ((np.ones((2, 2)), np.ones((2, 4)), 2), ValueError, "order"),
        ((np.ones((2, 2)), np.ones((2, 4)), 1, "symmetric"), ValueError, "fill_mode"),
    ],
)
def test_what_is_wrong_is_told(arguments, error, said):
    with pytest.raises(error, match=said):
        ops.image.map_coordinates(*arguments)
