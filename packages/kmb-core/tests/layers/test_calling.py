"""What a call of a layer does."""

import json
import threading

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, ops


class Doubled(kmb_core.Layer):
    def call(self, x):
        return x * 2


class Mode(kmb_core.Layer):
    """1 while training, else 0."""

    def call(self, x, training=None):
        return ops.zeros_like(x) + (1.0 if training else 0.0)


class Around(kmb_core.Layer):
    def __init__(self, inner, **kwargs):
        super().__init__(**kwargs)
        self.inner = inner

    def call(self, x):
        return self.inner(x)


def test_arrays_become_tensors_of_the_backend():
    assert ops.is_tensor(Doubled()(np.ones((2, 2), "float32")))


def test_float64_arrays_are_cast_to_the_compute_dtype():
    assert kmb_core.backend.dtype_of(Doubled()(np.ones((2, 2)))) == "float32"


def test_integers_are_left_alone():
    assert kmb_core.backend.dtype_of(Doubled()(np.ones((2, 2), "int32"))) == "int32"


def test_autocast_off_leaves_floats_alone():
    class Same(kmb_core.Layer):
        def call(self, x):
            return x

    assert kmb_core.backend.dtype_of(Same(autocast=False)(ops.ones((2,), "float16"))) == "float16"


def test_a_second_call_gives_the_same_as_the_first(array, numpy):
    layer, x = layers.Dense(3, activation="relu"), array(2, 4)
    first = numpy(layer(x))
    np.testing.assert_allclose(numpy(layer(ops.convert_to_tensor(x))), first, rtol=1e-6)


def test_training_reaches_the_layers_inside(numpy):
    nested = Around(Around(Mode()))
    assert numpy(nested(ops.ones((1,)), training=True))[0] == 1
    assert numpy(nested(ops.ones((1,)), training=False))[0] == 0
    assert numpy(nested(ops.ones((1,))))[0] == 0


def test_training_reaches_layers_that_were_added_after_the_first_call(numpy):
    class Growing(kmb_core.Layer):
        def call(self, x):
            return self.inner(x) if hasattr(self, "inner") else x

    layer = Growing()
    layer(ops.ones((1,)))
    layer.inner = Mode()
    assert numpy(layer(ops.ones((1,)), training=True))[0] == 1


def test_an_inner_call_can_say_otherwise(numpy):
    class Fixed(kmb_core.Layer):
        def __init__(self):
            super().__init__()
            self.inner = Mode()

        def call(self, x, training=None):
            return self.inner(x, training=False)

    assert numpy(Fixed()(ops.ones((1,)), training=True))[0] == 0


def test_training_does_not_leak_out_of_a_call(numpy):
    Around(Mode())(ops.ones((1,)), training=True)
    assert kmb_core.backend.state.training is None
    assert numpy(Mode()(ops.ones((1,))))[0] == 0


def test_training_does_not_leak_out_of_a_call_that_failed():
    class Failing(kmb_core.Layer):
        def __init__(self):
            super().__init__()
            self.inner = Mode()

        def call(self, x):
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        Failing()(ops.ones((1,)), training=True)
    assert (kmb_core.backend.state.training, kmb_core.backend.state.entry, kmb_core.backend.state.path) == (
        None,
        None,
        (),
    )


def test_several_inputs_give_build_their_shapes():
    class Pair(kmb_core.Layer):
        def build(self, left_shape, right_shape):
            self.shapes = (left_shape, right_shape)

        def call(self, left, right):
            return left + right

    layer = Pair()
    layer(ops.ones((2, 3)), right=ops.ones((2, 1)))
    assert layer.shapes == ((2, 3), (2, 1))
    assert layer.get_build_config() == {"shapes_dict": {"left_shape": (2, 3), "right_shape": (2, 1)}}


def test_shapes_of_a_structure_are_the_shape_of_one_input():
    class Summed(kmb_core.Layer):
        def build(self, input_shape):
            self.scale = self.add_weight(shape=input_shape["right"][0][-1:], initializer="ones")

        def call(self, parts):
            return parts["left"] + self.scale * parts["right"][0]

    layer, again = Summed(), Summed()
    layer({"left": ops.ones((2, 3)), "right": [ops.ones((2, 3))]})
    assert layer.get_build_config() == {"input_shape": {"left": (2, 3), "right": [(2, 3)]}}
    again.build_from_config(json.loads(json.dumps(layer.get_build_config())))
    assert again.scale.shape == (3,)


def test_a_dict_of_inputs_gives_build_a_dict_of_shapes():
    class Named(kmb_core.Layer):
        def build(self, input_shape):
            self.shapes = input_shape

        def call(self, inputs):
            return inputs["a"] + inputs["b"]

    layer = Named()
    layer({"a": ops.ones((2, 3)), "b": ops.ones((2, 3))})
    assert layer.shapes == {"a": (2, 3), "b": (2, 3)}


def test_build_runs_once_and_before_call():
    class Counted(kmb_core.Layer):
        builds = 0

        def build(self, input_shape):
            self.builds += 1

        def call(self, x):
            return x

    layer = Counted()
    layer(ops.ones((2, 3)))
    layer(ops.ones((2, 3)))
    assert layer.builds == 1
    assert layer.built


def test_symbolic_and_eager_calls_build_the_same_weights():
    symbolic, eager = layers.Dense(2), layers.Dense(2)
    symbolic(kmb_core.Input((3,)))
    eager(ops.ones((1, 3)))
    assert [v.shape for v in symbolic.weights] == [v.shape for v in eager.weights] == [(3, 2), (2,)]


def test_a_symbolic_call_gives_shape_dtype_and_history():
    x = kmb_core.Input((3,))
    layer = layers.Dense(2)
    y = layer(x)
    assert (y.shape, y.dtype) == ((None, 2), "float32")
    assert y._history[0] is layer
    assert layer.input is x
    assert layer.output is y


def test_the_output_shape_is_worked_out_without_data():
    class Halves(kmb_core.Layer):
        def call(self, x):
            return ops.split(x, 2, axis=-1)

    assert [tuple(s) for s in Halves().compute_output_shape((None, 6))] == [(None, 3), (None, 3)]
    assert layers.Dense(5).compute_output_shape((None, 3)) == (None, 5)
    assert not layers.Dense(5).built


def test_a_declared_output_shape_is_used_where_call_cannot_run_symbolically():
    class Opaque(kmb_core.Layer):
        def call(self, x):
            return ops.convert_to_tensor(np.asarray(ops.convert_to_numpy(x))[:, :1])

        def compute_output_shape(self, input_shape):
            return (input_shape[0], 1)

    assert Opaque()(kmb_core.Input((3,))).shape == (None, 1)


def test_add_loss_is_collected_and_cleared_by_the_next_call():
    class Costly(kmb_core.Layer):
        def call(self, x):
            self.add_loss(ops.sum(x))
            return x

    layer = Costly()
    layer(ops.ones((2,)))
    layer(ops.ones((3,)))
    assert [float(loss) for loss in layer.losses] == [3.0]


def test_losses_of_inner_layers_belong_to_the_outer_one_and_are_not_cleared_halfway():
    class Costly(kmb_core.Layer):
        def call(self, x):
            self.add_loss(ops.sum(x))
            return x

    class Two(kmb_core.Layer):
        def __init__(self):
            super().__init__()
            self.a, self.b = Costly(), Costly()

        def call(self, x):
            return self.b(self.a(x) + 1.0)

    layer = Two()
    for _ in range(2):
        layer(ops.ones((2,)))
    assert [float(loss) for loss in layer.losses] == [2.0, 4.0]


def test_weight_regularizers_are_losses():
    layer = layers.Dense(2, kernel_regularizer="l2", kernel_initializer="ones")
    layer.build((None, 3))
    assert [round(float(loss), 6) for loss in layer.losses] == [0.06]
    layer.trainable = False
    assert layer.losses == []


def test_activity_regularizers_count_for_each_example():
    layer = layers.Dense(2, activity_regularizer=kmb_core.regularizers.L1(1.0), kernel_initializer="ones")
    layer(ops.ones((2, 3)))
    assert [float(loss) for loss in layer.losses] == [6.0]


def test_stateless_call_changes_nothing(array, numpy):
    layer, x = layers.BatchNormalization(momentum=0.5), array(8, 3)
    layer.build((None, 3))
    before = layer.get_weights()
    outputs, updated = layer.stateless_call(
        [v.value for v in layer.trainable_variables], [v.value for v in layer.non_trainable_variables], x, training=True
    )
    for got, old in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(got, old)
    np.testing.assert_allclose(numpy(updated[0]), 0.5 * x.mean(0), atol=1e-6)
    np.testing.assert_allclose(numpy(outputs).mean(0), 0, atol=1e-6)


def test_stateless_call_uses_the_values_that_it_is_given(array, numpy):
    layer, x = layers.Dense(2), array(4, 3)
    layer.build((None, 3))
    kernel, bias = array(3, 2), array(2)
    outputs, updated = layer.stateless_call([kernel, bias], [], x)
    np.testing.assert_allclose(numpy(outputs), x @ kernel + bias, rtol=1e-5)
    assert updated == []


def test_stateless_call_returns_losses_on_request():
    layer = layers.Dense(2, kernel_regularizer=kmb_core.regularizers.L1(1.0))
    layer.build((None, 3))
    values = [ops.ones((3, 2)), ops.zeros((2,))]
    _, _, losses = layer.stateless_call(values, [], ops.ones((1, 3)), return_losses=True)
    assert [float(loss) for loss in losses] == [6.0]
    assert layer._losses == []


def test_stateless_call_needs_a_built_layer_and_as_many_values():
    with pytest.raises(ValueError, match="needs a built layer"):
        layers.Dense(2).stateless_call([], [], ops.ones((1, 3)))
    layer = layers.Dense(2)
    layer.build((None, 3))
    with pytest.raises(ValueError, match="trainable_variables: expected 2 values, got 0"):
        layer.stateless_call([], [], ops.ones((1, 3)))


def test_weightless_layers_need_no_building():
    outputs, _ = layers.Flatten().stateless_call([], [], ops.ones((2, 3, 4)))
    assert tuple(outputs.shape) == (2, 12)


def test_a_layer_without_call_says_so():
    with pytest.raises(NotImplementedError, match="defines no `call`"):
        kmb_core.Layer()(ops.ones((1,)))


def test_an_error_in_a_call_names_the_innermost_layer():
    class Inner(kmb_core.Layer):
        def call(self, x):
            raise RuntimeError("broken")

    outer = Around(Inner(name="inner"), name="outer")
    with pytest.raises(RuntimeError) as caught:
        outer(ops.ones((2, 3)))
    assert "outer/inner" in "".join(caught.value.__notes__)
    assert len([n for n in caught.value.__notes__ if "in the call of" in n]) == 1


def test_wrong_inputs_are_refused_with_path_expected_and_got():
    layer = layers.Dense(2, name="head")
    layer(ops.ones((1, 3)))
    with pytest.raises(ValueError, match=r"Dense 'head': expected axis -1 to have size 3, got shape \(1, 4\)"):
        layer(ops.ones((1, 4)))
    with pytest.raises(ValueError, match="expected at least 2 axes"):
        layer(ops.ones((3,)))


def test_layers_run_in_threads(array, numpy):
    layer, x = layers.Dense(3), array(5, 4)
    expected, results = numpy(layer(x)), {}

    def run(index):
        results[index] = numpy(layer(x))

    threads = [threading.Thread(target=run, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    for result in results.values():
        np.testing.assert_array_equal(result, expected)


def test_a_layer_can_be_called_inside_a_graph_twice():
    x, layer = kmb_core.Input((3,)), layers.Dense(3)
    y = layer(layer(x))
    assert len(layer._inbound_nodes) == 2
    assert y.shape == (None, 3)
    with pytest.raises(AttributeError, match="2 times"):
        _ = layer.output


def test_an_error_beside_text_arguments_is_the_layers_own():
    class Choosing(kmb_core.Layer):
        def call(self, inputs, mode="plain"):
            raise KeyError(mode)

    with pytest.raises(KeyError, match="other"):
        Choosing()(np.ones((2, 3), "float32"), mode="other")
