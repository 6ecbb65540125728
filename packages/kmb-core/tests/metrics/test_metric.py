"""The base of metrics: state, purity, names, and backends."""

import copy

import numpy as np
import pytest

import kmb_core
from kmb_core import metrics, ops
from kmb_core.backend import convert_to_numpy, use_backend
from kmb_core.plugins import installed_backends


class Largest(metrics.Metric):
    def __init__(self, name="largest"):
        super().__init__(name=name)
        self.largest = self.add_weight(initializer="zeros", name="largest")
        self.pair = self.add_variable((2,), "ones", name="pair")
        self.inner = metrics.Mean()

    def update_state(self, values):
        self.largest.assign(ops.maximum(self.largest, ops.max(values)))
        self.inner.update_state(values)

    def result(self):
        return self.largest.value


def test_variables_are_its_own_and_then_those_of_metrics_inside():
    metric = Largest()
    assert [v.path for v in metric.variables] == ["largest/largest", "largest/pair", "mean/total", "mean/count"]
    assert not any(v.trainable for v in metric.variables)
    assert {v.aggregation for v in metric.variables} == {"sum"}


def test_a_call_gathers_and_gives_the_result_so_far():
    metric = Largest()
    assert float(metric(ops.convert_to_tensor([1.0, 3.0]))) == 3.0
    assert float(metric(ops.convert_to_tensor([2.0]))) == 3.0


def test_reset_sets_everything_to_zero_inner_metrics_too():
    metric = Largest()
    metric(ops.ones((3,)))
    metric.reset_state()
    assert all(np.all(v.numpy() == 0) for v in metric.variables)


def test_stateless_methods_leave_the_state_alone():
    metric = Largest()
    start = metric.stateless_reset_state()
    after = metric.stateless_update_state(start, ops.convert_to_tensor([5.0, 1.0]))
    assert float(metric.stateless_result(after)) == 5.0
    assert [convert_to_numpy(x).tolist() for x in after[2:]] == [6.0, 2.0]
    assert float(metric.result()) == 0.0


def test_stateless_methods_refuse_a_wrong_number_of_values():
    with pytest.raises(ValueError, match="expected 4 variables, got 1"):
        Largest().stateless_result([ops.zeros(())])


def test_a_metric_runs_on_its_own_backend_wherever_it_is_called():
    others = [name for name in installed_backends() if name != kmb_core.config.backend()]
    metric = metrics.Mean()
    for other in others[:1]:
        with use_backend(other):
            metric.update_state(np.array([1.0, 3.0]))
            result = metric.result()
    assert metric._backend.is_tensor(metric.total.value)
    assert float(result if others else 2.0) == 2.0


def test_a_copy_has_a_state_of_its_own():
    metric = metrics.Mean()
    metric.update_state(1.0)
    other = copy.deepcopy(metric)
    other.update_state(5.0)
    assert (float(metric.result()), float(other.result())) == (1.0, 3.0)


def test_a_metric_without_methods_says_which():
    with pytest.raises(NotImplementedError, match="update_state"):
        metrics.Metric()(1.0)
    with pytest.raises(NotImplementedError, match="result"):
        metrics.Metric().result()


def test_layers_recognise_metrics():
    assert metrics.Mean._kind == "metric"
