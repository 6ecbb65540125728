import numpy as np
import pytest

from kmb_core import KerasTensor, ops
from kmb_core.errors import ShapeError
from kmb_core.ops.nn.projection import dense, embed

GENERATOR = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(3,), (2, 3), (0, 3), (2, 4, 3), (2, 0, 3)])
@pytest.mark.parametrize("with_bias", [True, False])
def test_dense_is_a_product_and_a_sum(shape, with_bias):
    x, kernel = GENERATOR.normal(size=shape), GENERATOR.normal(size=(3, 5))
    bias = GENERATOR.normal(size=5) if with_bias else None
    expected = x @ kernel + (0 if bias is None else bias)
    arguments = [None if a is None else a.astype("float32") for a in (x, kernel, bias)]
    found = ops.convert_to_numpy(dense(*arguments))
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_dense_keeps_a_narrow_dtype():
    x, kernel = (ops.ones(shape, "bfloat16") for shape in ((2, 300), (300, 1)))
    result = dense(x, kernel)
    assert ops.convert_to_numpy(ops.cast(result, "float32")).ravel().tolist() == [300.0, 300.0]
    assert dense(KerasTensor((None, 300), "bfloat16"), kernel).dtype == "bfloat16"


def test_dense_refuses_sizes_that_do_not_fit():
    with pytest.raises(ShapeError):
        dense(np.ones((2, 3), "float32"), np.ones((4, 5), "float32"))


def test_embed_takes_rows():
    table = GENERATOR.normal(size=(4, 2)).astype("float32")
    indices = np.array([[3, 0, 0]])
    assert ops.convert_to_numpy(embed(table, indices)).tolist() == table[indices].tolist()
    assert embed(KerasTensor((4, 2)), KerasTensor((None, 7), "int32")).shape == (None, 7, 2)
