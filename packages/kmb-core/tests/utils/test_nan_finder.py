import numpy as np

import kmb_core
from kmb_core import layers, ops
from kmb_core.backend import current_backend
from kmb_core.plugins import Capability
from kmb_core.utils import find_nan

X = np.array([[1.0, 4.0], [9.0, 16.0]], "float32")
Y = np.ones((2, 2), "float32")


def model_of(*parts, loss="mse"):
    model = kmb_core.Sequential([kmb_core.Input((2,)), *parts], name="net")
    model.compile("sgd", loss)
    return model


class Roots(kmb_core.Layer):
    """Two ops, of which the first takes away and the second makes NaN of what is below 0."""

    def call(self, x):
        return ops.sqrt(ops.subtract(x, 5.0))


def test_numbers_all_the_way_are_no_finding():
    assert find_nan(model_of(layers.Dense(2), layers.BatchNormalization()), X, Y) is None


def test_the_first_layer_and_its_op_are_named_with_the_range_of_what_went_in():
    found = find_nan(model_of(layers.Rescaling(1.0), Roots(name="roots"), layers.Dense(2)), X, Y)
    assert (found.stage, found.op) == ("forward", "sqrt")
    assert found.where.endswith("roots")
    assert found.inputs == ("values from -4 to 11",)


def test_data_and_weights_are_looked_at_first():
    bad = X.copy()
    bad[0, 0] = np.nan
    model = model_of(layers.Dense(2, name="head"))
    assert (find_nan(model, bad, Y).stage, find_nan(model, bad, Y).where) == ("inputs", "x")
    assert find_nan(model, X, bad).where == "y"
    model.layers[0].bias.assign([np.nan, 0.0])
    found = find_nan(model, X, Y)
    assert (found.stage, found.where.split("/")[-1]) == ("weights", "bias")


def test_a_loss_that_makes_one_is_named():
    found = find_nan(model_of(layers.Rescaling(1.0), loss=lambda y, p: ops.mean(ops.log(y - p))), X, Y)
    assert (found.stage, found.op) == ("loss", "log")


def test_a_gradient_that_is_none_is_named_where_the_loss_is_a_number():
    if not current_backend().supports(Capability.GRADIENTS):
        assert find_nan(model_of(layers.Dense(2)), X, Y) is None
        return
    zeros = layers.Dense(2, kernel_initializer="zeros", use_bias=False, name="first")
    # The root's derivative at 0 is infinite, that of the square 0, and their product is no number.
    model = model_of(zeros, layers.Lambda(lambda x: ops.sqrt(ops.square(x))))
    found = find_nan(model, X, Y)
    assert (found.stage, found.where.split("/")[-1]) == ("gradients", "kernel")


def test_nothing_is_changed():
    model = model_of(layers.BatchNormalization(), layers.Dropout(0.5), layers.Dense(2))
    find_nan(model, X, Y)
    before, functions = model.get_weights(), dict(current_backend().functions)
    find_nan(model, X, Y)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)
    assert current_backend().functions == functions
    assert "call" not in model.layers[0].__dict__


def test_a_model_that_is_not_compiled_is_run_to_its_outputs():
    model = kmb_core.Sequential([Roots(name="roots")])
    assert find_nan(model, X).op == "sqrt"
