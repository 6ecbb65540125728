"""tf.SparseTensor: made by encodings, multiplied as it is, dense everywhere else."""

import numpy as np
import pytest
import tensorflow as tf

import kmb_core
from kmb_core import ops

CLASSES = np.array([[0, 2, -1], [1, 3, 7]])
MATRIX = np.array([[0.0, 2.0, 0.0], [1.0, 0.0, 0.0]], "float32")
DENSE = np.arange(6, dtype="float32").reshape(3, 2)


@pytest.fixture
def sparse():
    return tf.sparse.from_dense(MATRIX)


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_sparse_one_hot_has_its_places_in_order(axis, dtype):
    found = ops.one_hot(CLASSES, 4, axis, dtype, sparse=True)
    assert isinstance(found, tf.SparseTensor)
    assert found.dtype.name == dtype
    assert tf.sparse.to_dense(found).numpy().tolist() == ops.one_hot(CLASSES, 4, axis, dtype).numpy().tolist()


@pytest.mark.parametrize("inputs", [[0, 2, 2], [[0, 2, -1], [1, 1, 7]], [[[0, 1]], [[2, 2]]]])
def test_sparse_multi_hot_names_each_place_once(inputs):
    found = ops.multi_hot(np.array(inputs), 4, sparse=True)
    assert isinstance(found, tf.SparseTensor)
    assert tf.sparse.to_dense(found).numpy().tolist() == ops.multi_hot(np.array(inputs), 4).numpy().tolist()


def test_products_take_a_sparse_matrix_on_either_side(sparse):
    np.testing.assert_allclose(ops.matmul(sparse, DENSE), MATRIX @ DENSE)
    np.testing.assert_allclose(ops.matmul(DENSE, sparse), DENSE @ MATRIX)
    np.testing.assert_allclose(ops.matmul(sparse, tf.sparse.transpose(sparse)), MATRIX @ MATRIX.T)


def test_a_dense_layer_learns_from_a_sparse_matrix(sparse):
    layer = kmb_core.layers.Dense(2)
    layer.build((None, 3))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(sparse))
    gradient = tape.gradient(loss, layer.kernel.value)
    np.testing.assert_allclose(gradient, MATRIX.T @ np.ones((2, 2)))


def test_other_ops_make_it_dense(sparse):
    np.testing.assert_allclose(ops.add(sparse, 1.0), MATRIX + 1)
    np.testing.assert_allclose(ops.relu(sparse), MATRIX)
    np.testing.assert_allclose(ops.concatenate([sparse, MATRIX]), np.concatenate([MATRIX, MATRIX]))
    ragged = tf.ragged.constant([[1.0], [2.0, 3.0]])
    assert ops.sum(ragged, 1).numpy().tolist() == [1.0, 5.0]


def test_convert_to_tensor_keeps_it_or_makes_it_dense(sparse):
    assert ops.convert_to_tensor(sparse) is sparse
    assert ops.convert_to_tensor(sparse, sparse=True) is sparse
    assert ops.convert_to_tensor(sparse, sparse=False).numpy().tolist() == MATRIX.tolist()


def test_a_graph_encodes_and_multiplies_without_a_dense_encoding():
    @tf.function(input_signature=[tf.TensorSpec((None,), tf.int32)])
    def rows(classes):
        return ops.matmul(ops.one_hot(classes, 3, sparse=True), DENSE)

    assert rows([2, 0]).numpy().tolist() == DENSE[[2, 0]].tolist()
    kinds = {node.type for node in rows.get_concrete_function().graph.get_operations()}
    assert "SparseTensorDenseMatMul" in kinds
    assert "OneHot" not in kinds
