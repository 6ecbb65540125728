"""Dynamic scaling of the loss: what Keras 3.15.1 does, step by step."""

import numpy as np
import pytest

from kmb_core import ops, optimizers
from kmb_core.backend import Variable, convert_to_numpy

GRADIENTS = [[8.0, 8.0], [np.inf, 1.0], [8.0, 8.0], [8.0, 8.0], [8.0, 8.0], [np.nan, 8.0]]
# (step counter, scale, steps of the inner optimizer, first element of the variable) after each.
RECORDED = [(1, 8.0, 1, 0.9), (0, 4.0, 1, 0.9), (1, 4.0, 2, 0.7), (0, 8.0, 3, 0.5), (1, 8.0, 4, 0.4), (0, 4.0, 4, 0.4)]


def made():
    optimizer = optimizers.LossScaleOptimizer(optimizers.SGD(0.1), initial_scale=8.0, dynamic_growth_steps=2)
    variable = Variable(np.array([1.0, 2.0], dtype="float32"), name="v")
    optimizer.build([variable])
    return optimizer, variable


def tensor(values):
    return ops.convert_to_tensor(np.array(values, dtype="float32"))


def test_the_scale_grows_and_shrinks_and_bad_steps_are_left_out():
    optimizer, variable = made()
    for gradient, (counter, scale, steps, value) in zip(GRADIENTS, RECORDED, strict=True):
        optimizer.apply([tensor(gradient)], [variable])
        assert (int(optimizer.step_counter), float(optimizer.dynamic_scale), int(optimizer.iterations)) == (
            counter,
            scale,
            steps,
        )
        assert float(variable[0]) == pytest.approx(value, rel=1e-5)
        assert float(optimizer.scale_loss(ops.convert_to_tensor(1.0))) == scale


def test_the_same_without_state():
    optimizer, variable = made()
    state, values = [v.value for v in optimizer.variables], [variable.value]
    for gradient, (counter, scale, steps, value) in zip(GRADIENTS, RECORDED, strict=True):
        values, state = optimizer.stateless_apply(state, [tensor(gradient)], values)
        found = [convert_to_numpy(state[i]).item() for i in (2, 3, 4)]
        assert found == [counter, scale, steps]
        assert convert_to_numpy(values[0])[0] == pytest.approx(value, rel=1e-5)


def test_variables_are_the_recorded_ones():
    optimizer, _ = made()
    names = [v.path.split("/")[1] for v in optimizer.variables]
    assert names == ["iteration", "learning_rate", "step_counter", "dynamic_scale", "iteration", "learning_rate"]


def test_the_learning_rate_is_the_inner_optimizers():
    optimizer, _ = made()
    optimizer.learning_rate = 0.5
    assert float(optimizer.inner_optimizer.learning_rate) == 0.5


def test_the_saved_form_comes_back_with_its_inner_optimizer():
    saved = optimizers.serialize(made()[0])
    again = optimizers.deserialize(saved)
    assert type(again.inner_optimizer) is optimizers.SGD
    assert again.get_config() == saved["config"]


def test_two_scales_are_refused():
    with pytest.raises(ValueError, match="loss_scale_factor"):
        optimizers.LossScaleOptimizer(optimizers.SGD(loss_scale_factor=2.0))
    with pytest.raises(ValueError, match="inner_optimizer"):
        optimizers.LossScaleOptimizer(optimizers.LossScaleOptimizer(optimizers.SGD()))
