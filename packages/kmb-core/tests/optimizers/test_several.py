"""Muon's choice of variables, and optimizers that share a model's variables among others."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, ops, optimizers
from kmb_core.backend import Variable, current_backend
from kmb_core.plugins import Capability

generator = np.random.default_rng(1)


def variable(name, *shape):
    return Variable(generator.normal(size=shape).astype("float32"), name=name)


def stepped(optimizer, variables, gradients):
    optimizer.apply([ops.convert_to_tensor(g.astype("float32")) for g in gradients], variables)
    return [v.numpy() for v in variables]


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (5, 5)])
def test_muons_step_is_nearly_the_orthogonal_part_of_the_gradient(shape):
    v, gradient = variable("v", *shape), generator.normal(size=shape)
    before = v.numpy()
    (after,) = stepped(optimizers.Muon(1.0, weight_decay=None, rms_rate=None), [v], [gradient])
    u, _, vt = np.linalg.svd(gradient, full_matrices=False)
    step = (before - after) / max(1.0, shape[0] / shape[1]) ** 0.5
    sizes = np.diag(u.T @ step @ vt.T)
    assert sizes.min() > 0.6
    assert sizes.max() < 1.3
    np.testing.assert_allclose(u.T @ step @ vt.T - np.diag(sizes), 0, atol=2e-3)


def test_vectors_embeddings_and_exceptions_are_adams():
    names = {"kernel": (3, 2), "bias": (2,), "embeddings": (4, 3), "head": (3, 3)}
    variables = [variable(name, *shape) for name, shape in names.items()]
    optimizer = optimizers.Muon(exclude_layers=["head"])
    optimizer.build(variables)
    assert [v.name for v in optimizer.variables[2:]] == [
        "kernel_momentum",
        "bias_momentum",
        "bias_velocity",
        "embeddings_momentum",
        "embeddings_velocity",
        "head_momentum",
        "head_velocity",
    ]


def test_each_variable_goes_to_the_optimizer_that_its_path_names():
    a, b, c = variable("a", 2), variable("b", 2), variable("b2", 2)
    sgd, adam = optimizers.SGD(0.5), optimizers.Adam(0.1)
    optimizer = optimizers.MultiOptimizer(optimizers.OptimizerMap(sgd, {"b.*": adam}))
    before, gradients = [v.numpy() for v in (a, b, c)], [generator.normal(size=2) for _ in range(3)]
    after = stepped(optimizer, [a, b, c], gradients)
    np.testing.assert_allclose(after[0], before[0] - 0.5 * gradients[0], rtol=1e-5)
    for i in (1, 2):  # the first step of Adam has the size of the learning rate
        np.testing.assert_allclose(after[i], before[i] - 0.1 * np.sign(gradients[i]), rtol=1e-4)
    assert optimizer.optimizers == [adam, sgd]  # the default comes last, in files too
    assert [int(o.iterations) for o in (optimizer, sgd, adam)] == [1, 1, 1]


def test_a_function_may_choose():
    adam, sgd = optimizers.Adam(0.1), optimizers.SGD(0.5)
    optimizer = optimizers.MultiOptimizer(lambda v: adam if len(v.shape) == 2 else sgd)
    optimizer.build([variable("a", 2, 2), variable("b", 2)])
    assert optimizer.optimizers == [adam, sgd]


def test_it_has_no_learning_rate_and_says_where_to_look():
    optimizer = optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizers.SGD()))
    with pytest.raises(AttributeError, match="look at the optimizers in `optimizers`"):
        _ = optimizer.learning_rate


def test_a_path_that_two_patterns_match_is_refused():
    choices = optimizers.OptimizerMap(optimizers.SGD(), {"a.*": optimizers.Adam(), ".*b": optimizers.Lion()})
    with pytest.raises(ValueError, match=r"path 'ab' is matched by several keys: a\.\*, \.\*b"):
        _ = choices["ab"]
    with pytest.raises(ValueError, match=r"there is an optimizer for 'a\.\*' already"):
        choices["a.*"] = optimizers.SGD()
    with pytest.raises(TypeError, match="'c' is an optimizer, got 'adam'"):
        choices["c"] = "adam"


def test_configs_come_back():
    choices = optimizers.OptimizerMap(optimizers.SGD(0.5), {"b.*": optimizers.Adam(0.1)})
    optimizer = optimizers.MultiOptimizer(choices, name="both")
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert again.get_config() == optimizer.get_config()
    assert again.optimizer_map["b1"].beta_1 == 0.9


@pytest.mark.parametrize("name", ["Muon", "MultiOptimizer", "Adafactor", "ScheduleFreeAdamW", "Nadam", "Lamb", "Ftrl"])
def test_they_train_a_model_in_compiled_steps(name):
    if not current_backend().supports(Capability.GRADIENTS):
        assert not hasattr(current_backend().implementation, "value_and_gradients")
        return
    made = {"MultiOptimizer": lambda: optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizers.Adam(0.05)))}
    optimizer = made.get(name, lambda: getattr(optimizers, name)(0.05))()
    x = generator.normal(size=(64, 3)).astype("float32")
    y = x @ np.array([[1.0], [-2.0], [0.5]], "float32")
    model = kmb_core.Sequential([kmb_core.Input((3,)), layers.Dense(8, activation="tanh"), layers.Dense(1)])
    model.compile(optimizer, "mse")
    losses = model.fit(x, y, epochs=15, batch_size=16, verbose=0, shuffle=False).history["loss"]
    assert losses[-1] < 0.8 * losses[0]
