"""Sums and means: what a sample is, weights, masks, exact counts."""

import numpy as np
import pytest

from kmb_core import metrics, ops
from kmb_core.backend import masks
from kmb_core.errors import ShapeError

CUBE = np.arange(24.0, dtype="float32").reshape(2, 3, 4)

# What Keras 3.15.1 gathers as (total, count) from these values and weights.
GATHERED = [
    (CUBE, None, 23.0, 2.0),
    (CUBE[0], None, 16.5, 3.0),
    (CUBE[0], np.ones((3, 4)), 16.5, 3.0),
    (CUBE[0], np.array([[1.0], [2.0], [3.0]]), 41.0, 6.0),
    (CUBE[0], np.array([1.0, 2.0, 3.0]), 41.0, 6.0),
    (CUBE[0], np.arange(4.0).reshape(1, 4), 28.5, 4.5),
    (CUBE, np.array([1.0, 2.0]), 40.5, 3.0),
    (CUBE, np.arange(6.0).reshape(2, 3), 80.83333, 5.0),
    (CUBE, 2.0, 23.0, 2.0),
    (5.0, 3.0, 15.0, 3.0),
    (CUBE, CUBE, 360.3333, 23.0),
]


@pytest.mark.parametrize(("values", "weights", "total", "count"), GATHERED)
def test_a_mean_gathers_one_value_for_each_sample(values, weights, total, count):
    metric = metrics.Mean()
    metric.update_state(values, weights)
    np.testing.assert_allclose([float(metric.total), float(metric.count)], [total, count], rtol=1e-6)


def test_a_sum_adds_everything_up():
    metric = metrics.Sum()
    metric.update_state(CUBE, np.array([1.0, 2.0]))
    metric.update_state(CUBE[0], np.array([[1.0], [2.0], [3.0]]))
    assert float(metric.result()) == 486.0 + 164.0


def test_a_scalar_with_a_number_as_weight_is_the_loss_of_a_batch():
    metric = metrics.Mean(name="loss")
    for value, size in ((2.0, 32), (4.0, 32), (8.0, 16)):
        metric.update_state(ops.convert_to_tensor(value), sample_weight=size)
    assert float(metric.result()) == (2 * 32 + 4 * 32 + 8 * 16) / 80
    assert float(metric.count) == 80.0


def test_masked_values_count_for_nothing():
    values = ops.convert_to_tensor(np.array([1.0, 2.0, 3.0], dtype="float32"))
    masks.set_mask(values, ops.convert_to_tensor(np.array([True, False, True])))
    metric = metrics.Mean()
    metric.update_state(values)
    assert (float(metric.total), float(metric.count)) == (4.0, 2.0)
    metric.update_state(values, sample_weight=np.array([3.0, 1.0, 1.0]))
    assert (float(metric.total), float(metric.count)) == (10.0, 6.0)


def test_the_mean_of_nothing_is_zero():
    assert float(metrics.Mean().result()) == 0.0


def test_counting_in_half_precision_stays_exact():
    metric = metrics.Mean(dtype="float16")
    for _ in range(50):
        metric.update_state(np.ones(1000, dtype="float16"))
    metric.update_state(np.zeros(50000, dtype="float16"))
    assert float(metric.count) == 100000.0
    assert float(metric.result()) == 0.5


def test_weights_of_another_length_are_refused():
    with pytest.raises(ShapeError, match=r"\(5,\).*\(2,\)"):
        metrics.Mean().update_state(CUBE, np.ones(5))


def test_the_mean_of_a_function():
    metric = metrics.MeanMetricWrapper(metrics.mean_squared_error, name="error")
    metric.update_state(np.ones((2, 3)), np.zeros((2, 3)), [1, 3])
    assert (float(metric.result()), float(metric.count)) == (1.0, 4.0)


def test_a_wrapper_of_a_function_comes_back_from_its_saved_form():
    saved = metrics.serialize(metrics.MeanMetricWrapper(metrics.mean_squared_error, name="error"))
    again = metrics.deserialize(saved)
    assert float(again([[1.0]], [[3.0]])) == 4.0
    assert metrics.MeanMetricWrapper.from_config(saved["config"]).name == "error"


def test_the_update_of_a_loss_makes_few_calls(calls_of):
    metric, loss = metrics.Mean(), ops.convert_to_tensor(2.0)
    # Without a kernel: two assignments, through the backend's own operations.
    budget = 12 if "mean_update" in metric._backend.kernels else 800
    assert calls_of(lambda: metric.update_state(loss, sample_weight=32)) <= budget
