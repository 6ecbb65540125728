"""Loops in graphs: of unknown length, with gradients, under XLA."""

import numpy as np
import pytest
import tensorflow as tf

from kmb_core.ops.nn.ctc import ctc_decode, ctc_loss
from kmb_core.ops.rnn import gru, lstm

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(2, 6, 3)).astype("float32")
H = GENERATOR.normal(size=(2, 4)).astype("float32")
KERNEL, RECURRENT, BIAS = (GENERATOR.normal(size=s).astype("float32") for s in ((3, 16), (4, 16), (16,)))
MASK = np.array([[1, 1, 0, 1, 0, 0], [0, 1, 1, 1, 1, 1]], bool)


def test_a_graph_takes_batches_and_sequences_of_any_length():
    signature = [tf.TensorSpec((None, None, 3)), tf.TensorSpec((None, 4)), tf.TensorSpec((None, None), tf.bool)]

    @tf.function(input_signature=signature)
    def run(x, h, mask):
        return lstm(x, h, h, KERNEL, RECURRENT, BIAS, mask, go_backwards=True)

    for batch, time in ((2, 6), (1, 3)):
        arguments = (X[:batch, :time], H[:batch], MASK[:batch, :time])
        eager = lstm(arguments[0], arguments[1], arguments[1], KERNEL, RECURRENT, BIAS, arguments[2], go_backwards=True)
        for graph, wanted in zip(run(*arguments), eager, strict=True):
            np.testing.assert_allclose(graph, wanted, atol=1e-5)


@pytest.mark.parametrize("jit_compile", [True, False])
def test_gradients_in_a_graph_are_those_outside(jit_compile):
    weights = [w[:, :12] if w.ndim == 2 else np.stack([w[:12], w[4:]]) for w in (KERNEL, RECURRENT, BIAS)]

    def gradients():
        variables = [tf.convert_to_tensor(w) for w in weights]
        with tf.GradientTape() as tape:
            tape.watch(variables)
            loss = tf.reduce_sum(gru(tf.constant(X), tf.constant(H), *variables, tf.constant(MASK))[1])
        return tape.gradient(loss, variables)

    for graph, eager in zip(tf.function(gradients, jit_compile=jit_compile)(), gradients(), strict=True):
        np.testing.assert_allclose(graph, eager, rtol=1e-4, atol=1e-5)


def test_the_loop_is_one_node_of_the_graph():
    @tf.function
    def run(x, h):
        return lstm(x, h, h, KERNEL, RECURRENT, BIAS)[0]

    operations = run.get_concrete_function(tf.TensorSpec((2, 50, 3)), tf.TensorSpec((2, 4))).graph.get_operations()
    assert sum("While" in operation.type for operation in operations) == 1
    assert len(operations) < 150


def test_ctc_runs_in_graphs_of_unknown_sizes():
    logits = tf.constant(GENERATOR.normal(size=(2, 6, 4)).astype("float32"))
    target, lengths = tf.constant([[1, 2], [3, 3]]), tf.constant([2, 2])
    times = tf.constant([6, 5])
    unknown = [tf.TensorSpec((None, None, 4)), tf.TensorSpec((None, None), tf.int32), tf.TensorSpec((None,), tf.int32)]

    @tf.function(input_signature=[*unknown, unknown[2]])
    def run(logits, target, lengths, times):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            loss = ctc_loss(target, logits, lengths, times)
        return loss, tape.gradient(loss, logits), *ctc_decode(logits, times, "beam_search", beam_width=8, top_paths=2)

    loss, gradient, labels, scores = run(logits, target, lengths, times)
    np.testing.assert_allclose(loss, ctc_loss(target, logits, lengths, times), rtol=1e-5)
    np.testing.assert_allclose(tf.reduce_sum(gradient, -1), np.zeros((2, 6)), atol=1e-5)  # softmax: classes balance
    eager = ctc_decode(logits, times, "beam_search", beam_width=8, top_paths=2)
    assert labels.numpy().tolist() == eager[0].numpy().tolist()
    np.testing.assert_allclose(scores, eager[1], rtol=1e-5)
