"""Steps through kernels for all variables, or compiled as a whole, are the steps that `update_step` says."""

import copy

import numpy as np
import pytest

from kmb_core import ops, optimizers
from kmb_core.backend import Variable
from kmb_core.optimizers import schedules

generator = np.random.default_rng(5)
SHAPES = [(3, 2), (2, 3), (3, 2), (2,), ()]
START = [generator.normal(size=shape).astype("float32") for shape in SHAPES]
BATCHES = [[generator.normal(size=shape).astype("float32") for shape in SHAPES] for _ in range(5)]

CASES = {
    "SGD": {"momentum": 0.5, "weight_decay": 0.1},
    "Adam": {"amsgrad": True, "global_clipnorm": 0.5},
    "RMSprop": {"centered": True, "momentum": 0.5, "clipvalue": 0.3},
    "Adagrad": {"weight_decay": 0.1},
    "Adadelta": {"learning_rate": 1.0, "use_ema": True, "ema_overwrite_frequency": 2},
    "Adamax": {"clipnorm": 0.5},
    "Nadam": {"learning_rate": schedules.ExponentialDecay(0.1, 5, 0.5)},
    "Lamb": {"weight_decay": 0.1},
    "Lion": {},
    "Ftrl": {"l1_regularization_strength": 0.3, "learning_rate_power": -0.7, "beta": 0.1},
    "Adafactor": {"clip_threshold": 0.5},
    "ScheduleFreeAdamW": {"warmup_steps": 3},
    "Muon": {"exclude_layers": ["v0"], "adam_weight_decay": 0.2, "nesterov": False},
}


def made(name):
    settings = {"learning_rate": 0.1} | CASES[name]
    optimizer = getattr(optimizers, name)(**settings)
    own = [Variable(value, name=f"v{i}") for i, value in enumerate(START)]
    optimizer.build(own)
    return optimizer, own


def trained(optimizer, own):
    for batch in BATCHES:
        optimizer.apply([ops.convert_to_tensor(gradient) for gradient in batch], own)
    return [variable.numpy() for variable in (*own, *optimizer.variables)]


@pytest.mark.parametrize("name", CASES)
def test_the_quick_way_is_the_general_way(name):
    quick, plain = made(name), made(name)
    found = trained(*quick)
    plain[0]._fused = plain[0]._compiled = False
    for ours, expected in zip(found, trained(*plain), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=2e-4, atol=2e-6)


@pytest.mark.parametrize("name", CASES)
def test_every_optimizer_has_a_quick_way_where_eager_ops_are_dear(name):
    optimizer, own = made(name)
    trained(optimizer, own)
    kernels = optimizer._backend.kernels
    assert bool(optimizer._compiled and optimizer._compiled.step) is ("compiled_step" in kernels)
    if "host_scalars" in kernels:
        assert optimizer._fused


class Backwards(optimizers.SGD):
    def update_step(self, gradient, variable, learning_rate):
        variable.assign_add(gradient * learning_rate)


def test_a_subclass_with_a_step_of_its_own_makes_that_step():
    own = [Variable(np.zeros(2, dtype="float32"))]
    optimizer = Backwards(0.5)
    for _ in range(4):
        optimizer.apply([ops.ones((2,))], own)
    np.testing.assert_allclose(own[0].numpy(), 2.0)


@pytest.mark.parametrize("make", [optimizers.SGD, optimizers.Lion])
def test_a_setting_that_changes_between_steps_is_heeded(make):
    own = [Variable(np.ones(2, dtype="float32"))]
    optimizer = make(0.5)
    for _ in range(4):
        optimizer.apply([ops.zeros((2,))], own)
    optimizer.weight_decay = 1.0
    optimizer.apply([ops.zeros((2,))], own)
    np.testing.assert_allclose(own[0].numpy(), 0.5)


def test_a_rate_that_is_set_between_steps_is_heeded():
    own = [Variable(np.zeros(2, dtype="float32"))]
    optimizer = optimizers.Adagrad(0.5)
    for rate in (0.0, 0.0, 0.0, 1.0):
        optimizer.learning_rate = rate
        optimizer.apply([ops.ones((2,))], own)
    np.testing.assert_allclose(own[0].numpy(), -1 / np.sqrt(4.1), rtol=1e-5)


@pytest.mark.parametrize("name", ["Adamax", "Lamb"])
def test_a_step_costs_no_calls_for_each_op_on_each_variable(name, calls_of):
    def calls(count):
        own = [Variable(np.ones((2, 2), dtype="float32"), name=f"v{i}") for i in range(count)]
        gradients = [ops.ones((2, 2)) for _ in own]
        optimizer = getattr(optimizers, name)()
        optimizer.build(own)
        quick = {"compiled_step", "host_scalars"} & set(optimizer._backend.kernels)
        return calls_of(lambda: optimizer.apply(gradients, own)), bool(quick)

    (few, quick), (many, _) = calls(5), calls(15)
    assert ((many - few) / 10 < 15) is quick


def test_a_copy_steps_its_own_variables():
    own = [Variable(np.zeros(2, dtype="float32"))]
    optimizer = optimizers.Lion(0.5)
    for _ in range(4):
        optimizer.apply([ops.ones((2,))], own)
    variables, again = copy.deepcopy((own, optimizer))
    again.apply([ops.ones((2,))], again._trainable_variables)
    assert again._trainable_variables[0] is variables[0]
    np.testing.assert_allclose(own[0].numpy(), -2.0)
    np.testing.assert_allclose(variables[0].numpy(), -2.5)
