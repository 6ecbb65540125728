"""Complex numbers made of parts and taken apart; erfc and psnr at their ends."""

import numpy as np
import pytest
import scipy.special

from kmb_core import ops
from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.errors import DTypeError, ShapeError

PAIRS = np.random.default_rng(0).normal(size=(3, 4, 2)).astype("float32")


def test_pairs_become_complex_numbers_and_pairs_again():
    joined = ops.view_as_complex(PAIRS)
    np.testing.assert_array_equal(ops.convert_to_numpy(joined), PAIRS[..., 0] + 1j * PAIRS[..., 1])
    np.testing.assert_array_equal(ops.convert_to_numpy(ops.view_as_real(joined)), PAIRS)
    turned = ops.view_as_complex(ops.transpose(PAIRS, (1, 0, 2)))
    np.testing.assert_array_equal(ops.convert_to_numpy(turned), ops.convert_to_numpy(joined).T)


def test_infinite_parts_do_not_spoil_each_other():
    got = complex(ops.convert_to_numpy(ops.view_as_complex(np.array([np.inf, 0.0], "float32"))))
    assert (got.real, got.imag) == (np.inf, 0.0)


@pytest.mark.parametrize("dtype", ["bool", "int32", "float16", "bfloat16", "float32"])
def test_parts_of_any_dtype_give_complex64(dtype):
    x = ops.cast(np.ones((3, 2)), dtype)
    assert dtype_of(ops.view_as_complex(x)) == dtype_of(ops.polar(x, x)) == "complex64"
    assert ops.view_as_complex(KerasTensor((None, 2), dtype)).dtype == "complex64"


def test_what_is_no_pair_of_real_numbers_is_refused():
    for given in (PAIRS[..., :1], np.float32(1), KerasTensor((2, 3))):
        with pytest.raises(ShapeError, match=r"ops\.view_as_complex"):
            ops.view_as_complex(given)
    with pytest.raises(DTypeError, match="complex64"):
        ops.view_as_complex(PAIRS.astype("complex64"))


def test_sizes_and_angles_are_those_that_were_given():
    z = ops.polar(np.array([2.0, 3.0], "float32"), np.array([0.5, -3.0], "float32"))
    np.testing.assert_allclose(ops.convert_to_numpy(ops.absolute(z)), [2, 3], rtol=1e-6)
    np.testing.assert_allclose(ops.convert_to_numpy(ops.angle(z)), [0.5, -3], rtol=1e-6)


@pytest.mark.parametrize("function", [ops.erfc, ops.erfc.op.body])
def test_erfc_keeps_its_digits_where_erf_is_nearly_1(function, wide):
    x = np.linspace(-6, 20, 200)
    got = ops.convert_to_numpy(function(ops.convert_to_tensor(x, "float64")))
    np.testing.assert_allclose(got, scipy.special.erfc(x), rtol=1e-13 if function is ops.erfc.op.body else 1e-12)


def test_images_that_are_equal_have_no_noise():
    image = np.full((2, 2), 200, "uint8")
    assert float(ops.psnr(image, image, 255)) == np.inf
    assert float(ops.psnr(image, image - 1, 255)) == pytest.approx(20 * np.log10(255), rel=1e-5)
    with pytest.raises(ShapeError, match=r"ops\.psnr"):
        ops.psnr(image, image[:1], 255)


def test_a_dtype_is_told_by_its_canonical_name():
    assert ops.dtype(ops.ones((2,), "bfloat16")) == "bfloat16"
    assert [ops.dtype(x) for x in (1, 1.0, True, [1.5], KerasTensor((), "int8"), np.zeros(1, "uint8"))] == [
        "int32", "float32", "bool", "float32", "int8", "uint8",
    ]  # fmt: skip
