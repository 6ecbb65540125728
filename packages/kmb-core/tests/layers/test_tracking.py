"""What belongs to a layer."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, ops


class Scale(kmb_core.Layer):
    def build(self, input_shape):
        self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False, name="count")

    def call(self, inputs):
        return inputs * self.factor


def built(layer, *shape):
    layer.build(shape)
    return layer


def test_weights_are_listed_with_the_trainable_ones_first():
    layer = built(Scale(), 2, 3)
    assert [v.name for v in layer.variables] == ["factor", "count"]
    assert [v.name for v in layer.trainable_variables] == ["factor"]
    assert [v.name for v in layer.non_trainable_variables] == ["count"]
    assert layer.count_params() == 4


def test_layers_in_nested_lists_and_dicts_belong_to_the_layer():
    class Tree(kmb_core.Layer):
        def __init__(self):
            super().__init__()
            self.parts = [built(Scale(), 1, 2), {"deep": (built(Scale(), 1, 3),)}]

    tree = Tree()
    assert [v.shape for v in tree.trainable_variables] == [(2,), (3,)]


def test_a_layer_appended_later_belongs_to_the_layer():
    class Stack(kmb_core.Layer):
        def __init__(self):
            super().__init__()
            self.parts = []

    stack = Stack()
    stack.parts.append(built(Scale(), 1, 2))
    assert len(stack.weights) == 2


def test_a_layer_in_two_places_is_listed_once():
    class Twice(kmb_core.Layer):
        def __init__(self):
            super().__init__()
            self.first = self.second = built(Scale(), 1, 2)

    assert len(Twice().weights) == 2


def test_attributes_may_be_set_before_the_base_is_initialised():
    class Early(kmb_core.Layer):
        def __init__(self):
            self.size = 3
            self.inner = built(Scale(), 1, 2)
            super().__init__(name="early")

    layer = Early()
    assert (layer.size, layer.name, len(layer.weights)) == (3, "early", 2)


def test_a_replaced_variable_is_no_longer_listed():
    layer = built(Scale(), 1, 2)
    layer.factor = kmb_core.Variable(np.ones(5, "float32"), name="other")
    assert [v.name for v in layer.trainable_variables] == ["other"]


def test_a_deleted_variable_is_no_longer_listed():
    layer = built(Scale(), 1, 2)
    del layer.factor
    assert layer.trainable_variables == []


def test_freezing_a_layer_reaches_the_layers_inside():
    outer = layers.Wrapper(built(Scale(), 1, 2))
    outer.trainable = False
    assert outer.trainable_variables == []
    assert len(outer.non_trainable_variables) == 2
    assert not outer.layer.trainable
    outer.trainable = True
    assert [v.name for v in outer.trainable_variables] == ["factor"]


def test_a_layer_made_frozen_can_be_thawed():
    layer = layers.Dense(2, trainable=False)
    layer.build((None, 3))
    assert layer.trainable_variables == []
    assert len(layer.non_trainable_variables) == 2
    layer.trainable = True
    assert [v.name for v in layer.trainable_variables] == ["kernel", "bias"]


def test_seed_generators_are_variables_but_no_weights():
    layer = layers.Dropout(0.5)
    assert [v.name for v in layer.variables] == ["seed_generator_state"]
    assert layer.weights == []
    assert [v.name for v in layer.non_trainable_variables] == ["seed_generator_state"]


def test_paths_hold_the_names_of_the_layers_around():
    class Block(kmb_core.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.inner = layers.Dense(2, name="inner")

        def call(self, x):
            return self.inner(x)

    block = Block(name="block")
    block(ops.ones((1, 3)))
    assert block.inner.kernel.path == "block/inner/kernel"
    assert block.inner.path == "block/inner"


def test_paths_hold_the_names_when_the_outer_layer_builds_the_inner_one():
    class Block(kmb_core.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.inner = layers.Dense(2, name="inner")

        def build(self, input_shape):
            self.inner.build(input_shape)

        def call(self, x):
            return self.inner(x)

    block = Block(name="block")
    block(ops.ones((1, 3)))
    assert block.inner.bias.path == "block/inner/bias"


def test_name_scopes_prefix_paths():
    with kmb_core.name_scope("encoder"):
        layer = built(layers.Dense(2, name="d"), 1, 3)
    assert layer.kernel.path == "encoder/d/kernel"


def test_automatic_names_count_up():
    assert [layers.Dense(1).name for _ in range(3)] == ["dense", "dense_1", "dense_2"]


@pytest.mark.parametrize("name", ["a/b", 3])
def test_a_name_is_a_string_without_slashes(name):
    with pytest.raises(ValueError, match="name"):
        layers.Dense(2, name=name)


def test_unknown_arguments_are_refused_by_name():
    with pytest.raises((TypeError, ValueError), match="unitz"):
        layers.Dense(2, unitz=3)


def test_weights_can_be_got_and_set():
    layer = built(layers.Dense(2), 1, 3)
    values = [np.arange(6, dtype="float32").reshape(3, 2), np.array([7.0, 8.0], "float32")]
    layer.set_weights(values)
    for got, expected in zip(layer.get_weights(), values, strict=True):
        np.testing.assert_array_equal(got, expected)


def test_a_wrong_number_of_weights_is_refused():
    with pytest.raises(ValueError, match="expected 2 values, got 1"):
        built(layers.Dense(2), 1, 3).set_weights([np.zeros((3, 2))])


def test_a_wrong_shape_of_a_weight_is_refused_and_nothing_changes():
    layer = built(layers.Dense(2), 1, 3)
    before = layer.get_weights()
    with pytest.raises(ValueError, match=r"kernel has shape \(3, 2\), got \(2, 3\)"):
        layer.set_weights([np.zeros((2, 3)), np.zeros(2)])
    np.testing.assert_array_equal(layer.get_weights()[0], before[0])


def test_own_variables_go_through_a_mapping():
    source, target = built(layers.Dense(2), 1, 3), built(layers.Dense(2), 1, 3)
    store = {}
    source.save_own_variables(store)
    assert list(store) == ["0", "1"]
    target.load_own_variables({k: v.numpy() for k, v in store.items()})
    np.testing.assert_array_equal(target.get_weights()[0], source.get_weights()[0])


def test_loading_into_an_unbuilt_layer_says_so():
    with pytest.raises(ValueError, match="0 variables, the file 2"):
        layers.Dense(2).load_own_variables({"0": np.zeros((3, 2)), "1": np.zeros(2)})


def test_metrics_of_sublayers_are_found():
    class Counting(kmb_core.Layer):
        def __init__(self):
            super().__init__()
            self.inner = built(Scale(), 1, 1)
            self.mean = kmb_core.metrics.Mean()

    layer = Counting()
    assert layer.metrics == [layer.mean]
    assert not any(v is w for v in layer.variables for w in layer.mean.variables)
