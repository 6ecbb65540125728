"""Losses brought to one number: reductions, weights, masks and shapes, against NumPy."""

import numpy as np
import pytest

from kmb_core import losses, ops
from kmb_core.backend import convert_to_numpy, masks
from kmb_core.errors import ShapeError

TRUE = np.arange(12.0, dtype="float32").reshape(4, 3)
PRED = TRUE * 0.5
VALUES = ((TRUE - PRED) ** 2).mean(axis=-1)
WEIGHTS = np.array([1.0, 2.0, 0.0, 1.0], dtype="float32")


def loss(reduction, *args, cls=losses.MeanSquaredError):
    return convert_to_numpy(cls(reduction=reduction)(*args))


EXPECTED = {
    "sum": (VALUES.sum(), (VALUES * WEIGHTS).sum()),
    "sum_over_batch_size": (VALUES.mean(), (VALUES * WEIGHTS).mean()),
    "mean": (VALUES.mean(), (VALUES * WEIGHTS).mean()),
    "mean_with_sample_weight": (VALUES.mean(), (VALUES * WEIGHTS).sum() / WEIGHTS.sum()),
    "none": (VALUES, VALUES * WEIGHTS),
    None: (VALUES, VALUES * WEIGHTS),
}


@pytest.mark.parametrize("reduction", EXPECTED)
def test_every_reduction_without_and_with_weights(reduction):
    plain, weighted = EXPECTED[reduction]
    np.testing.assert_allclose(loss(reduction, TRUE, PRED), plain, rtol=1e-6)
    np.testing.assert_allclose(loss(reduction, TRUE, PRED, WEIGHTS), weighted, rtol=1e-6)


def test_weights_may_have_an_axis_of_size_one_too_many():
    np.testing.assert_allclose(loss("sum", TRUE, PRED, WEIGHTS[:, None]), (VALUES * WEIGHTS).sum(), rtol=1e-6)
    assert loss("none", TRUE, PRED, WEIGHTS[:, None]).shape == (4, 1)


def test_a_number_weights_all_values():
    np.testing.assert_allclose(loss("sum", TRUE, PRED, 2.0), 2 * VALUES.sum(), rtol=1e-6)


def test_no_weight_at_all_gives_nothing_rather_than_nan():
    assert float(loss("mean_with_sample_weight", TRUE, PRED, np.zeros(4))) == 0.0


def test_weights_of_another_length_are_refused_with_both_shapes():
    with pytest.raises(ShapeError, match=r"\(5,\).*\(4,\)"):
        losses.MeanSquaredError()(TRUE, PRED, np.ones(5))


def test_an_unknown_reduction_is_refused():
    with pytest.raises(ValueError, match="reduction"):
        losses.MeanSquaredError(reduction="average")


@pytest.mark.parametrize(("true", "pred"), [((4, 1), (4,)), ((4,), (4, 1))])
def test_a_last_axis_of_size_one_does_not_make_a_matrix_of_differences(true, pred):
    assert float(losses.MeanSquaredError()(np.arange(4.0).reshape(true), np.arange(4.0).reshape(pred))) == 0.0


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight"])
def test_values_outside_of_the_mask_count_for_nothing(reduction):
    pred = ops.convert_to_tensor(PRED)
    masks.set_mask(pred, ops.convert_to_tensor(np.array([True, False, True, False])))
    kept = VALUES[[0, 2]]
    expected = kept.sum() if reduction == "sum" else kept.mean()
    np.testing.assert_allclose(loss(reduction, TRUE, pred), expected, rtol=1e-6)


def test_mask_and_weights_multiply():
    pred = ops.convert_to_tensor(PRED)
    masks.set_mask(pred, ops.convert_to_tensor(np.array([True, False, True, True])))
    expected = (VALUES * WEIGHTS * [1, 0, 1, 1]).sum() / 3
    np.testing.assert_allclose(loss("mean", TRUE, pred, WEIGHTS), expected, rtol=1e-6)


def test_a_loss_is_computed_in_its_dtype():
    assert losses.MeanSquaredError(dtype="float16").dtype == "float16"
    value = losses.MeanSquaredError(dtype="float16")(TRUE, PRED)
    assert convert_to_numpy(value).dtype == np.float16


def test_the_policy_of_a_loss_gives_its_compute_dtype():
    assert losses.MeanSquaredError(dtype="mixed_bfloat16").dtype == "bfloat16"


class Absolute(losses.Loss):
    def call(self, y_true, y_pred):
        return ops.absolute(y_true - y_pred)


def test_a_loss_of_ones_own_needs_only_call():
    assert float(Absolute()(np.array([1, 2]), np.array([1.0, 4.0]))) == 1.0
    assert Absolute().name == "absolute" or Absolute().name.startswith("absolute_")


def test_nested_targets_reach_call_as_they_are_nested():
    class Pairs(losses.Loss):
        def call(self, y_true, y_pred):
            return ops.absolute(y_true["a"] - y_pred["a"]) + ops.absolute(y_true["b"] - y_pred["b"])

    ones, zeros = np.ones(3), np.zeros(3)
    assert float(Pairs()({"a": ones, "b": ones}, {"a": zeros, "b": zeros})) == 2.0


def test_a_loss_without_call_says_so():
    with pytest.raises(NotImplementedError, match="call"):
        losses.Loss()(TRUE, PRED)
