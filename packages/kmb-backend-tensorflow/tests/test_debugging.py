import sys

import numpy as np
import pytest

import kmb_core

X, Y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")


def stop(seen):
    """What a breakpoint finds: the function that it stands in, and a value there."""
    STOPS.append((sys._getframe(1).f_code.co_name, seen))


STOPS = []


class Inspected(kmb_core.Layer):
    def call(self, x):
        seen = float(kmb_core.ops.sum(x))
        stop(seen)
        return x * seen


class Stepping(kmb_core.Model):
    def train_step(self, *args):
        seen = args[-1][0]
        stop(seen)
        return super().train_step(*args)


class Failing(kmb_core.Layer):
    def call(self, x):
        if self.built:
            raise ZeroDivisionError("inside")
        return x


def test_run_eagerly_stops_in_the_users_own_lines_at_every_step():
    STOPS.clear()
    inputs = kmb_core.Input((2,))
    outputs = kmb_core.layers.Dense(1)(kmb_core.layers.Lambda(lambda x: x, output_shape=(2,))(inputs))
    model = Stepping(inputs, outputs)
    model.compile("sgd", "mse", run_eagerly=True)
    model.fit(X, Y, batch_size=2, epochs=2, verbose=0)
    assert [name for name, _ in STOPS] == ["train_step"] * 4
    np.testing.assert_array_equal(STOPS[0][1], X[:2])


def test_a_layers_call_stops_with_values_at_hand():
    class Net(kmb_core.Model):
        def __init__(self):
            super().__init__()
            self.inspected, self.head = Inspected(), kmb_core.layers.Dense(1)

        def call(self, x):
            return self.head(self.inspected(x))

    STOPS.clear()
    model = Net()
    model.compile("sgd", "mse", run_eagerly=True)
    model.fit(X, Y, batch_size=2, verbose=0)
    assert STOPS[-2:] == [("call", 4.0)] * 2


def test_an_error_in_a_compiled_step_names_the_layer():
    class Net(kmb_core.Model):
        def __init__(self):
            super().__init__(name="net")
            self.head, self.failing = kmb_core.layers.Dense(1), Failing(name="failing")

        def call(self, x):
            return self.failing(self.head(x))

    model = Net()
    model.compile("sgd", "mse")
    with pytest.raises(ZeroDivisionError) as caught:
        model.fit(X, Y, verbose=0)
    assert "in the call of Failing 'net/failing'" in "".join(caught.value.__notes__)
