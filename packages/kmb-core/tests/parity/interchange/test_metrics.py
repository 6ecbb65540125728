"""Every built-in metric in a file of a compiled model: the next step gives the same, in both directions."""

import numpy as np
import pytest

from kmb_core import metrics
from kmb_core.backend import current_backend

from ..metrics.test_metrics import CASES
from .travel import assert_close, classes, first_of, sampled, travelled

pytestmark = pytest.mark.parity

BASES = {"Metric": "the base class", "MeanMetricWrapper": "made of a function; it has a test of its own"}
NAMES = [name for name in classes(metrics, metrics.Metric) if name not in BASES]


def test_every_metric_has_a_case():
    assert {case[0] for case in CASES} == {*NAMES}


def compiled(library, metric, y, **options):
    """The inputs go through, with a weight that a loss of its own trains."""
    inputs = library.Input(y.shape[1:])
    x = library.layers.Dense(y.shape[-1], kernel_initializer="identity", activity_regularizer="l2")(inputs)
    model = library.Model(inputs, x)
    model.compile(library.optimizers.SGD(1e-3), loss=None, metrics=[metric], **options)
    return model


def steps_take(options):
    """Whether Keras has a step with such a metric: for a number of regressors it compares a tensor in Python."""
    return "num_regressors" not in options or current_backend().name != "jax"


def column(y):
    return np.ascontiguousarray(y if y.ndim > 1 else y[:, None])


@pytest.mark.parametrize("name", sampled([name for name in NAMES if name not in ("Mean", "Sum")]))
def test_the_next_step_is_the_same_on_the_other_side(name, direction, tmp_path, counted):
    counted("metrics", name)
    writer, reader = direction
    for _, options, y_true, y_pred in first_of([case for case in CASES if case[0] == name and steps_take(case[1])]):
        x, y = column(y_pred).astype("float32"), column(y_true) if y_pred.ndim == 1 else np.ascontiguousarray(y_true)
        eager = {"run_eagerly": True} if "num_regressors" in options else {}
        model = compiled(writer, getattr(writer.metrics, name)(**options), x, **eager)
        model.train_on_batch(x, y)
        read = travelled(model, reader, tmp_path)
        for m in (model, read):
            m.reset_metrics()
        steps = [m.train_on_batch(x, y, return_dict=True) for m in (model, read)]
        assert set(steps[0]) == set(steps[1])
        found, expected = ([np.asarray(step[key], "float64") for key in sorted(step)] for step in steps[::-1])
        assert_close(found, expected)


@pytest.mark.parametrize("name", sampled(["Mean", "Sum"]))
def test_metrics_of_one_value_are_described_the_same(name, direction, counted):
    counted("metrics", name)
    writer, reader = direction
    metric = getattr(writer.metrics, name)(name="m")
    read = reader.saving.deserialize_keras_object(writer.saving.serialize_keras_object(metric))
    for each in (metric, read):
        each.update_state([1.0, 4.0], sample_weight=[1.0, 0.5])
    assert read.name == "m"
    np.testing.assert_allclose(float(read.result()), float(metric.result()), rtol=1e-6)


def test_functions_as_metrics_are_the_same_on_the_other_side(direction, tmp_path, counted):
    counted("metrics", "MeanMetricWrapper")
    writer, reader = direction
    metric = writer.metrics.MeanMetricWrapper(writer.metrics.mean_absolute_error, name="m")
    x = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)
    model = compiled(writer, metric, x)
    model.train_on_batch(x, x + 1)
    read = travelled(model, reader, tmp_path)
    for m in (model, read):
        m.reset_metrics()
    steps = [m.train_on_batch(x, x + 1, return_dict=True) for m in (model, read)]
    np.testing.assert_allclose(float(steps[1]["m"]), float(steps[0]["m"]), rtol=1e-5)
