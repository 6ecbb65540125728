"""Keras's decoding and loss, on the same framework."""

import numpy as np
import pytest

import kmb_core
from kmb_core import ops

pytestmark = pytest.mark.parity

LOGITS = 2 * np.random.default_rng(0).normal(size=(3, 8, 5)).astype("float32")
TIMES = np.array([8, 5, 1], "int32")


@pytest.fixture(scope="module")
def keras():
    # Not at the top: the file is collected in environments without Keras too, and deselected there.
    import keras

    return keras


def compared(keras, **settings):
    ours, theirs = (library.ops.ctc_decode(LOGITS, TIMES, **settings) for library in (kmb_core, keras))
    labels, scores = (ops.convert_to_numpy(x) for x in ours)
    wanted, wanted_scores = (keras.ops.convert_to_numpy(x) for x in theirs)
    assert labels.dtype == wanted.dtype
    assert labels.tolist() == wanted.tolist()
    np.testing.assert_allclose(scores, wanted_scores, rtol=1e-5)


@pytest.mark.parametrize("merge_repeated", [True, False])
@pytest.mark.parametrize("mask_index", [0, 4])
def test_greedy_labels_and_scores_are_those_of_keras(keras, merge_repeated, mask_index):
    compared(keras, merge_repeated=merge_repeated, mask_index=mask_index)


@pytest.mark.parametrize("mask_index", [0, 4])
def test_the_labels_of_a_beam_are_those_of_keras(keras, mask_index):
    compared(keras, strategy="beam_search", beam_width=30, top_paths=2, mask_index=mask_index)


def test_the_loss_is_that_of_keras(keras):
    arguments = (np.array([[1, 2, 2], [4, 1, 1], [3, 1, 1]]), LOGITS, np.array([3, 2, 1]), TIMES)
    ours, theirs = ops.ctc_loss(*arguments), keras.ops.ctc_loss(*arguments)
    np.testing.assert_allclose(ops.convert_to_numpy(ours), keras.ops.convert_to_numpy(theirs), rtol=1e-5)
