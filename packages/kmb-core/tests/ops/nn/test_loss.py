import numpy as np
import pytest
from scipy import special

from kmb_core import KerasTensor, ops
from kmb_core.backend import current_backend
from kmb_core.errors import CapabilityError, ShapeError
from kmb_core.plugins import Capability

GENERATOR = np.random.default_rng(0)
LOGITS = GENERATOR.normal(size=(3, 4, 5)).astype("float32")
SHARES = special.softmax(LOGITS, -1)
CLASSES = GENERATOR.integers(0, 5, (3, 4))


def numpy(x):
    return ops.convert_to_numpy(x)


def test_binary_crossentropy_is_the_same_from_logits_and_probabilities():
    target = GENERATOR.random(LOGITS.shape).astype("float32")
    p = special.expit(LOGITS)
    expected = -(target * np.log(p) + (1 - target) * np.log(1 - p))
    np.testing.assert_allclose(numpy(ops.binary_crossentropy(target, LOGITS, True)), expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(numpy(ops.binary_crossentropy(target, p)), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_certain_and_wrong_probabilities_give_a_finite_loss(dtype):
    target = ops.convert_to_tensor([0.0, 1.0, 1.0], dtype)
    output = ops.convert_to_tensor([1.0, 0.0, 1.0], dtype)
    found = numpy(ops.cast(ops.binary_crossentropy(target, output), "float32"))
    np.testing.assert_allclose(found, [16.0, 16.1, 0.0], atol=0.2)


def test_extreme_logits_give_a_finite_loss():
    found = numpy(ops.binary_crossentropy([0.0, 1.0], [1000.0, 1000.0], from_logits=True))
    assert found.tolist() == [1000.0, 0.0]
    found = numpy(ops.sparse_categorical_crossentropy([1, 0], [[1000.0, 0.0], [1000.0, 0.0]], from_logits=True))
    assert found.tolist() == [1000.0, 0.0]


@pytest.mark.parametrize("axis", [-1, 1])
@pytest.mark.parametrize("from_logits", [True, False])
def test_categorical_crossentropies_agree_with_the_logarithm_of_the_class(axis, from_logits):
    expected = -np.take_along_axis(np.log(SHARES), CLASSES[..., None], -1)[..., 0]
    output = np.moveaxis(LOGITS if from_logits else SHARES, -1, axis)
    target = np.moveaxis(np.eye(5, dtype="float32")[CLASSES], -1, axis)
    found = ops.categorical_crossentropy(target, output, from_logits, axis)
    np.testing.assert_allclose(numpy(found), expected, rtol=1e-4)
    for classes in (CLASSES, np.expand_dims(CLASSES, axis), CLASSES.astype("float32")):
        found = ops.sparse_categorical_crossentropy(classes, output, from_logits, axis)
        np.testing.assert_allclose(numpy(found), expected, rtol=1e-4)


def test_probabilities_are_divided_by_their_sum():
    np.testing.assert_allclose(numpy(ops.sparse_categorical_crossentropy(0, [1.0, 3.0])), np.log(4), rtol=1e-5)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match="binary"):
        ops.binary_crossentropy(np.ones((2, 1), "float32"), np.ones((2, 3), "float32"))
    with pytest.raises(ShapeError, match="categorical"):
        ops.categorical_crossentropy(KerasTensor((None, 2)), KerasTensor((None, 3)))
    with pytest.raises(ShapeError, match="sparse"):
        ops.sparse_categorical_crossentropy(CLASSES[:, :3], LOGITS)


def test_symbolic_losses_lose_the_axis_of_classes():
    x = KerasTensor((None, 7, 5))
    assert ops.categorical_crossentropy(x, x).shape == (None, 7)
    assert ops.sparse_categorical_crossentropy(KerasTensor((None, 7), "int32"), x).shape == (None, 7)


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_one_hot_puts_a_one_along_the_new_axis(axis):
    x = np.array([[0, 2], [1, -1]])
    found = numpy(ops.one_hot(x, 3, axis=axis))
    expected = np.stack([x == c for c in range(3)], axis).astype("float32")
    assert found.dtype == np.float32
    assert found.tolist() == expected.tolist()


def test_multi_hot_joins_a_samples_integers():
    assert numpy(ops.multi_hot([0, 2], 4)).tolist() == [1, 0, 1, 0]
    assert numpy(ops.multi_hot([[0, 2], [1, 1]], 3, dtype="int32")).tolist() == [[1, 0, 1], [0, 1, 0]]
    assert numpy(ops.multi_hot(np.zeros((0,), "int32"), 3)).tolist() == [0, 0, 0]


def test_encodings_take_a_dtype():
    assert numpy(ops.one_hot(1, 3, dtype="bool")).tolist() == [False, True, False]
    assert ops.one_hot(KerasTensor((None,), "int32"), 3, dtype="uint8").dtype == "uint8"


@pytest.mark.parametrize("encode", [ops.one_hot, ops.multi_hot])
def test_a_sparse_result_has_the_dense_values_or_is_refused_with_the_reason(encode):
    classes, symbolic = np.array([[0, 2, -1], [1, 1, 7]]), KerasTensor((None, 3), "int32")
    if current_backend().supports(Capability.SPARSE):
        found = encode(classes, 4, sparse=True)
        assert type(found) is not type(encode(classes, 4))
        assert numpy(found).tolist() == numpy(encode(classes, 4)).tolist()
        assert encode(symbolic, 4, sparse=True).sparse
        return
    for x in (classes, symbolic):
        with pytest.raises(CapabilityError, match="sparse") as caught:
            encode(x, 4, sparse=True)
        assert current_backend().info.supports(Capability.SPARSE).reason in str(caught.value)


def test_one_that_may_stay_sparse_needs_a_backend_with_sparse_tensors():
    if current_backend().supports(Capability.SPARSE):
        assert numpy(ops.convert_to_tensor([1.0], sparse=True)).tolist() == [1.0]
        return
    with pytest.raises(CapabilityError, match="sparse=True"):
        ops.convert_to_tensor([1.0], sparse=True)
