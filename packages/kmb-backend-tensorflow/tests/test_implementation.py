"""Conversion, tracing, compilation, devices."""

import threading

import numpy as np
import pytest
import tensorflow as tf

from kmb_backend_tensorflow import implementation
from kmb_core.backend import KerasTensor, Variable, current_backend
from kmb_core.errors import CapabilityError
from kmb_core.ops.arithmetic import add, multiply
from kmb_core.ops.manipulation import reshape
from kmb_core.ops.reduction import sum as sum_of


@pytest.mark.parametrize(
    ("given", "dtype", "expected"),
    [
        (1.5, "int32", 1),
        (True, "float32", 1.0),
        ([1, 2.5], "int8", [1, 2]),
        (np.array([1.0, 2.0]), "float32", [1.0, 2.0]),
        (np.array([1, 2]), "bool", [True, True]),
        (np.float64(2.5), "float16", 2.5),
        ([], "float32", []),
        (["a", "b"], "string", [b"a", b"b"]),
        (3, None, 3),
    ],
)
def test_values_become_tensors_of_the_dtype_asked_for(given, dtype, expected):
    tensor = implementation.convert(given, dtype)
    assert dtype is None or implementation.dtype_name(tensor) == dtype
    assert tensor.numpy().tolist() == expected


def test_lists_of_tensors_and_variables_become_one_tensor():
    tensor = implementation.convert([tf.constant(1.0), Variable(2.0), 3.0], "float32")
    assert tensor.numpy().tolist() == [1.0, 2.0, 3.0]


def test_sparse_ragged_and_sliced_tensors_become_dense():
    sparse = tf.sparse.from_dense([[0.0, 2.0]])
    ragged = tf.ragged.constant([[1.0], [2.0, 3.0]])
    sliced = tf.IndexedSlices(tf.constant([[1.0], [2.0]]), tf.constant([1, 1]), tf.constant([3, 1]))
    assert implementation.is_tensor(sparse)
    assert implementation.is_tensor(ragged)
    assert not implementation.is_tensor(sliced)
    assert implementation.to_numpy(sparse).tolist() == [[0.0, 2.0]]
    assert implementation.to_numpy(ragged).tolist() == [[1.0, 0.0], [2.0, 3.0]]
    assert implementation.convert(sliced, "float64").numpy().tolist() == [[0.0], [3.0], [0.0]]


def test_ops_sum_repeated_slices():
    sliced = tf.IndexedSlices(tf.constant([[1.0], [2.0]]), tf.constant([1, 1]), tf.constant([3, 1]))
    assert multiply(sliced, 2.0).numpy().tolist() == [[0.0], [6.0], [0.0]]


def test_the_plugin_is_found_and_lacks_nothing():
    backend = current_backend()
    assert backend.name == "tensorflow"
    assert backend.lacking() == []


def test_abstract_calls_know_what_the_graph_knows_and_run_nothing():
    ran = []

    def function(x, y):
        tf.py_function(lambda: ran.append(1), [], [])
        return {"sum": add(x, y), "flat": reshape(x, (-1,))}

    arguments = (KerasTensor((None, 3)), KerasTensor((3,)))
    outputs = current_backend().implementation.abstract_call(function, arguments)
    assert outputs["sum"].shape == (None, 3)
    assert outputs["flat"].shape == (None,)
    assert not ran


def test_abstract_calls_take_keyword_arguments():
    outputs = implementation.abstract_call(lambda x, scale: x * scale, ((KerasTensor((2, None)),), {"scale": 2.0}))
    assert (outputs.shape, outputs.dtype) == ((2, None), "float32")


def test_compiled_functions_give_what_eager_ones_give():
    x = tf.constant(np.random.default_rng(0).normal(size=(4, 3)))
    compiled = implementation.compiled(lambda a: sum_of(multiply(a, a), 0))
    np.testing.assert_allclose(compiled(x), (x.numpy() ** 2).sum(0))


def test_what_xla_turns_down_runs_as_a_plain_graph():
    compiled = implementation.compiled(lambda x: tf.unique(tf.strings.as_string(x))[1])
    for _ in range(2):
        assert compiled(tf.constant([5, 5, 6])).numpy().tolist() == [0, 0, 1]


def test_gradients_come_for_each_argument():
    x, y, z = tf.constant([1.0, 2.0]), tf.constant([3.0, 4.0]), tf.constant([1, 2])
    value, gradients = implementation.value_and_gradients(lambda a, b, c: sum_of(multiply(a, a)), [x, y, z])
    assert float(value) == 5.0
    assert [g.numpy().tolist() for g in gradients] == [[2.0, 4.0], [0.0, 0.0], [0, 0]]


def test_a_device_that_is_not_there_is_named():
    with implementation.device_scope("cpu:0"):
        assert tf.ones(()).device.endswith("CPU:0")
    with pytest.raises(CapabilityError, match="tpu:3"):
        implementation.device_scope("tpu:3")


def test_a_seed_restarts_the_global_generator():
    implementation.framework_seed(1)
    first = tf.random.uniform((3,)).numpy()
    implementation.framework_seed(1)
    assert (tf.random.uniform((3,)).numpy() == first).all()


def test_sizes_are_none_where_unknown_and_tensors_where_asked_for():
    seen = []

    @tf.function(input_signature=[tf.TensorSpec((None, 3))], autograph=False)
    def function(x):
        seen.append(implementation.static_shape(x))
        rows, columns = implementation.dynamic_shape(x)
        assert columns == 3
        return rows

    assert int(function(tf.ones((5, 3)))) == 5
    assert seen == [(None, 3)]


def test_threads_use_the_backend_at_once():
    results = []

    def work(number):
        from kmb_core.backend import use_backend

        with use_backend("tensorflow"):
            results.append(float(sum_of(add(tf.ones((100,)), float(number)))))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [100.0 * (i + 1) for i in range(8)]
