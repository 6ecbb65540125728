"""`check_layer` finds the layers that break a promise, and names it."""

import pytest

from kmb_core import Layer, layers, ops
from kmb_core.backend import current_backend
from kmb_core.conformance.layer_check import Given, check_layer
from kmb_core.plugins import Capability


def complaint(make, inputs, **options):
    with pytest.raises(AssertionError) as caught:
        check_layer(make, inputs, **options)
    return str(caught.value)


class Scaled(Layer):
    """Right in every respect."""

    def __init__(self, start=1.0, **kwargs):
        super().__init__(**kwargs)
        self.start = start

    def build(self, input_shape):
        self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")

    def call(self, inputs):
        return ops.multiply(inputs * self.factor, self.start)


class Growing(Scaled):
    def call(self, inputs):
        self.other = self.add_weight(shape=(), name="other")
        return inputs * self.factor


class Forgetful(Scaled):
    def get_config(self):
        return {**super().get_config(), "start": 1.0}


class Unused(Scaled):
    def call(self, inputs):
        return inputs + ops.multiply(ops.stop_gradient(self.factor), 0.0)


class Misinformed(Scaled):
    def compute_output_shape(self, input_shape):
        return (*input_shape, 1)


class Narrow(Scaled):
    def call(self, inputs):
        return ops.cast(super().call(inputs), "float32")


class OneBatch(Scaled):
    def call(self, inputs):
        return ops.reshape(super().call(inputs), (2, 3))


class Fickle(Scaled):
    calls = 0

    def call(self, inputs):
        Fickle.calls += 1
        return super().call(inputs) + Fickle.calls


@pytest.mark.parametrize(
    ("make", "inputs"),
    [
        (lambda: Scaled(2.0), (2, 3)),
        (lambda: layers.Dense(4), (2, 3)),
        (lambda: layers.Embedding(5, 2), Given((2, 3), "int32", 0, 5)),
        (lambda: layers.Add(), [(2, 3), (2, 3)]),
    ],
)
def test_a_layer_that_is_right_passes(make, inputs):
    check_layer(make, inputs, compiled=False)


@pytest.mark.parametrize(
    ("make", "promise"),
    [
        (Growing, "builds once"),
        (lambda: Forgetful(3.0), "describes itself"),
        (Misinformed, "infers shapes"),
        (Narrow, "computes in other dtypes"),
        (OneBatch, "takes any batch"),
        (Fickle, "builds once"),
    ],
)
def test_a_broken_promise_is_named(make, promise):
    assert f": {promise}: " in complaint(make, (2, 3), compiled=False)


def test_a_weight_without_gradient_is_named_where_there_are_gradients():
    if current_backend().supports(Capability.GRADIENTS):
        text = complaint(Unused, (2, 3), compiled=False)
        assert ": trains: " in text
        assert "no gradient reaches" in text
    else:
        check_layer(Unused, (2, 3), compiled=False)


def test_randomness_that_is_not_there_is_missed():
    assert "nothing random happens" in complaint(lambda: layers.Dropout(0.0), (2, 3), random=True, compiled=False)
