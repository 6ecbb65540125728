"""What is recorded of a run, and how differences are judged: on one backend, against itself."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, ops
from kmb_core.comparison.differences import _of_arrays, compare_backends
from kmb_core.comparison.recording import recording
from kmb_core.errors import BackendNotInstalledError

X = np.arange(8, dtype="float32").reshape(2, 4)


def nested():
    inputs = kmb_core.Input((4,))
    inner = kmb_core.Sequential([layers.Dense(3, name="deep"), layers.Activation("relu", name="bent")], name="inner")
    shared = layers.Dense(3, name="shared")
    return kmb_core.Model(inputs, ops.add(shared(inner(inputs)), shared(inner(inputs)) * 2.0), name="outer")


def test_every_layer_and_op_is_recorded_inner_before_outer_and_each_call_of_a_shared_layer():
    model = nested()
    with recording(model) as found:
        outputs = model(X)
    kinds = [(recorded.layer, recorded.key[1]) for recorded in found]
    one = [("inner/deep", 1), ("inner/bent", 1), ("inner", 1), ("shared", 1)]
    two = [(name, 2) for name, _ in one]
    assert sorted(kinds[:-3]) == sorted([*one, *two])
    assert kinds[:3] == one[:3]
    assert [recorded.kind for recorded in found[-3:]] == ["multiply", "add", "Functional"]
    np.testing.assert_array_equal(found[-1].outputs[0], ops.convert_to_numpy(outputs))


def test_a_model_is_as_it_was_after_it_was_recorded_even_when_it_raised():
    model = nested()
    before = [(dict(vars(layer)).keys(), layer.call.__func__) for layer in model._flatten_layers()]
    steps = model._graph.plan.steps
    with pytest.raises(ValueError, match="outer"), recording(model):
        model(np.ones((2, 5), "float32"))
    assert before == [(dict(vars(layer)).keys(), layer.call.__func__) for layer in model._flatten_layers()]
    assert model._graph.plan.steps is steps


def test_a_model_agrees_with_its_own_copy_in_names_shapes_and_values():
    found = compare_backends(nested(), X, backends=[kmb_core.config.backend()])
    assert found.agrees
    assert found.first is None
    assert {(row.layer, row.shape, row.dtype) for row in found.layers} >= {("inner/deep", (2, 3), "float32")}
    assert max(d.largest for row in found.layers for d in row.on.values()) == 0
    assert "agree in all 11 outputs" in str(found)


def test_models_of_ones_own_are_matched_in_spite_of_automatic_names():
    @kmb_core.saving.register_keras_serializable("differences")
    class Own(kmb_core.Model):
        def __init__(self, **options):
            super().__init__(**options)
            self.first, self.rest = layers.Dense(3), [layers.Dense(2), layers.Dense(1)]

        def call(self, x):
            for layer in [self.first, *self.rest]:
                x = layer(x)
            return x

    found = compare_backends(Own(), X, backends=[kmb_core.config.backend()])
    assert found.agrees
    assert [row.kind for row in found.layers] == ["Dense", "Dense", "Dense", "Own"]


def test_differences_are_held_against_the_largest_value_and_the_dtype():
    base = np.array([1000.0, 0.001], "float32")
    assert _of_arrays(base, base + np.float32(0.01), None)[2] is False
    assert _of_arrays(base, base + np.float32(1.0), None)[2] is True
    assert _of_arrays(base.astype("float16"), (base + 1).astype("float16"), None)[2] is False
    assert _of_arrays(base, base + np.float32(1.0), 0.1)[2] is False


def test_integers_texts_and_what_is_not_finite_have_to_be_equal():
    assert _of_arrays(np.array([1000000]), np.array([1000001]), None)[2]
    assert not _of_arrays(np.array(["a"]), np.array([b"a"], object), None)[2]
    assert _of_arrays(np.array(["a"]), np.array(["b"]), None)[2]
    infinite = np.array([np.inf, np.nan, 1.0], "float32")
    assert not _of_arrays(infinite, infinite.copy(), None)[2]
    assert _of_arrays(infinite, np.array([np.inf, 0.0, 1.0], "float32"), None)[0] == np.inf


def test_without_another_backend_there_is_nothing_to_compare(monkeypatch):
    model = nested()
    monkeypatch.setattr("kmb_core.comparison.differences.installed_backends", lambda: {model._backend.name: None})
    with pytest.raises(BackendNotInstalledError, match="only backend"):
        compare_backends(model, X)
