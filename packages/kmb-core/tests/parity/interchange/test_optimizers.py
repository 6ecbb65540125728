"""Every built-in optimizer in a file, with its state: the next steps are the same on the other side."""

import numpy as np
import pytest

from kmb_core import optimizers

from ..optimizers.test_optimizers import CASES, MOVES_TOO_EARLY
from .travel import arrays, assert_close, classes, first_of, sampled, travelled

pytestmark = pytest.mark.parity

AROUND = {"LossScaleOptimizer", "MultiOptimizer"}
BASES = {"Optimizer": "the base class"}
NAMES = [name for name in classes(optimizers, optimizers.Optimizer) if name not in BASES]
X = np.random.default_rng(0).normal(size=(8, 5)).astype("float32")
Y = X[:, :2] ** 2


def test_every_optimizer_has_a_case():
    assert {case[0] for case in CASES} | AROUND == {*NAMES}


def made(library, name, options):
    if name == "LossScaleOptimizer":
        return library.optimizers.LossScaleOptimizer(library.optimizers.Adam(0.01), initial_scale=8.0)
    if name == "MultiOptimizer":
        parts = library.optimizers
        return parts.MultiOptimizer(parts.OptimizerMap(parts.SGD(0.1, momentum=0.9), {".*bias": parts.Adam(0.01)}))
    return getattr(library.optimizers, name)(**options)


def model_of(library, optimizer):
    layers = library.layers
    model = library.Sequential([library.Input((5,)), layers.Dense(4, activation="tanh"), layers.Dense(2)])
    model.compile(optimizer, "mse")
    return model


def steps(model, count):
    return [float(model.train_on_batch(X, Y)) for _ in range(count)]


@pytest.mark.parametrize("name", sampled(NAMES))
def test_the_next_steps_are_the_same_on_the_other_side(request, name, direction, tmp_path, counted):
    counted("optimizers", name)
    if name == "ScheduleFreeAdamW" and MOVES_TOO_EARLY:
        request.applymarker(pytest.mark.xfail(strict=True, reason="Keras averages the point after its step"))
    writer, reader = direction
    for _, options in first_of([case for case in CASES if case[0] == name] or [(name, {})]):
        model = model_of(writer, made(writer, name, options))
        steps(model, 3)
        read = travelled(model, reader, tmp_path)
        assert_close(arrays(reader, read.optimizer.variables), arrays(writer, model.optimizer.variables))
        assert_close([np.array(steps(read, 3))], [np.array(steps(model, 3))])
        assert_close(arrays(reader, read.trainable_weights), arrays(writer, model.trainable_weights))
