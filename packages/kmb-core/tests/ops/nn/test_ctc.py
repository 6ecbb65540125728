import itertools

import numpy as np
import pytest
from scipy import special

from kmb_core import KerasTensor, ops
from kmb_core.backend import current_backend
from kmb_core.errors import DTypeError, ShapeError
from kmb_core.plugins import Capability

GENERATOR = np.random.default_rng(3)
LOGITS = GENERATOR.normal(size=(2, 5, 3)).astype("float32")
FULL = np.array([5, 5], "int32")


def numpy(x):
    return ops.convert_to_numpy(x)


def joined(path, blank):
    return tuple(c for i, c in enumerate(path) if c != blank and (i == 0 or path[i - 1] != c))


def probability(logits, labels, blank):
    """The sum over all paths, one after the other."""
    shares = special.softmax(logits.astype("float64"), -1)
    paths = itertools.product(range(logits.shape[1]), repeat=len(logits))
    return sum(shares[range(len(logits)), path].prod() for path in paths if joined(path, blank) == labels)


@pytest.mark.parametrize("blank", [0, 2, -1])
def test_the_loss_is_the_logarithm_of_a_sum_over_paths(blank):
    classes = [c for c in range(3) if c != blank % 3]
    target = np.array([[classes[0], classes[1], classes[1]], [classes[1], 9, 9]], "int32")
    found = numpy(ops.ctc_loss(target, LOGITS, np.array([3, 1]), np.array([5, 4]), mask_index=blank))
    first = probability(LOGITS[0], tuple(target[0]), blank % 3)
    second = probability(LOGITS[1, :4], (classes[1],), blank % 3)
    np.testing.assert_allclose(found, [-np.log(first), -np.log(second)], rtol=1e-5)


def test_a_target_without_labels_is_all_blanks():
    found = numpy(ops.ctc_loss(np.zeros((2, 2), "int32"), LOGITS, np.array([0, 0]), FULL))
    np.testing.assert_allclose(found, -special.log_softmax(LOGITS, -1)[..., 0].sum(1), rtol=1e-5)


def test_labels_without_room_cost_infinity_and_have_no_gradient():
    target, lengths = ops.convert_to_tensor(np.array([[1, 1], [1, 2]], "int32")), ops.convert_to_tensor(FULL - 3)
    found = numpy(ops.ctc_loss(target, LOGITS, lengths, lengths))
    assert found[0] == np.inf
    assert np.isfinite(found[1])
    if current_backend().supports(Capability.GRADIENTS):
        _, (gradient,) = current_backend().implementation.value_and_gradients(
            lambda x: ops.sum(ops.ctc_loss(target, x, lengths, lengths)), [ops.convert_to_tensor(LOGITS)]
        )
        assert not numpy(gradient)[0].any()
        assert numpy(gradient)[1].any()


def test_equal_logits_have_the_right_gradient(wide):
    """Sums of equal logarithms: a maximum in their place would send the gradient one way."""
    if not current_backend().supports(Capability.GRADIENTS):
        return
    arguments = [ops.convert_to_tensor(np.array(x, "int32")) for x in ([[1]], [1], [3])]

    def loss(x):
        return ops.sum(ops.ctc_loss(arguments[0], x, *arguments[1:]))

    _, (gradient,) = current_backend().implementation.value_and_gradients(loss, [ops.zeros((1, 3, 2), "float64")])
    found = numpy(gradient)
    for place in np.ndindex(1, 3, 2):
        values = []
        for step in (1e-5, -1e-5):
            x = np.zeros((1, 3, 2))
            x[place] = step
            values.append(-np.log(probability(x[0], (1,), 0)))
        assert abs((values[0] - values[1]) / 2e-5 - found[place]) < 1e-6


def test_the_loss_refuses_what_does_not_fit():
    target = np.ones((2, 2), "int32")
    with pytest.raises(ShapeError, match="ctc_loss"):
        ops.ctc_loss(target, LOGITS[0], FULL, FULL)
    with pytest.raises(ShapeError, match="ctc_loss"):
        ops.ctc_loss(target, KerasTensor((3, 5, 3)), FULL, FULL)
    with pytest.raises(DTypeError, match="target_length"):
        ops.ctc_loss(target, LOGITS, FULL.astype("float32"), FULL)
    with pytest.raises(ValueError, match="mask_index 3"):
        ops.ctc_loss(target, LOGITS, FULL, FULL, mask_index=3)


@pytest.mark.parametrize("merge", [True, False])
def test_greedy_decoding_takes_the_best_class_of_each_time(merge):
    best = np.array([[1, 1, 0, 1, 2], [2, 2, 2, 0, 1]])
    logits = np.eye(3, dtype="float32")[best] * 4
    labels, scores = ops.ctc_decode(logits, np.array([5, 3]), merge_repeated=merge)
    wanted = [[1, 1, 2, -1, -1], [2, -1, -1, -1, -1]] if merge else [[1, 1, 1, 2, -1], [2, 2, 2, -1, -1]]
    assert numpy(labels).tolist() == [wanted]
    assert numpy(scores).tolist() == [[-20.0], [-12.0]]


def test_a_wide_beam_finds_the_most_probable_labels_of_all():
    labels, scores = ops.ctc_decode(LOGITS, np.array([5, 4]), "beam_search", beam_width=60, top_paths=4)
    for i, logits in enumerate((LOGITS[0], LOGITS[1, :4])):
        every = {joined(p, 0) for p in itertools.product(range(3), repeat=len(logits))}
        ranked = sorted(((probability(logits, each, 0), each) for each in every), reverse=True)[:4]
        assert [tuple(c for c in row if c >= 0) for row in numpy(labels)[:, i].tolist()] == [e for _, e in ranked]
        np.testing.assert_allclose(numpy(scores)[i], np.log([p for p, _ in ranked]), rtol=1e-4)


def test_a_narrow_beam_is_enough_where_one_class_stands_out():
    logits = np.eye(3, dtype="float32")[[[1, 0, 1, 2, 2]]] * 9
    labels, _ = ops.ctc_decode(logits, np.array([5]), "beam_search", beam_width=1)
    assert numpy(labels).tolist() == [[[1, 1, 2, -1, -1]]]


def test_results_that_do_not_exist_are_empty_and_impossible():
    labels, scores = ops.ctc_decode(LOGITS[:, :1], np.array([1, 1]), "beam_search", beam_width=9, top_paths=5)
    assert numpy(labels)[3:].tolist() == [[[-1], [-1]]] * 2
    assert numpy(scores)[:, 3:].tolist() == [[-np.inf] * 2] * 2


def test_decoding_refuses_what_it_does_not_know():
    with pytest.raises(ValueError, match="strategy"):
        ops.ctc_decode(LOGITS, FULL, "random")
    with pytest.raises(ValueError, match="top_paths"):
        ops.ctc_decode(LOGITS, FULL, "beam_search", beam_width=2, top_paths=3)
    with pytest.raises(ShapeError, match="ctc_decode"):
        ops.ctc_decode(LOGITS, FULL[:1])


def test_symbolic_results_have_a_row_for_each_path():
    x, lengths = KerasTensor((None, None, 3)), KerasTensor((None,), "int32")
    labels, scores = ops.ctc_decode(x, lengths, "beam_search", top_paths=2)
    assert (labels.shape, labels.dtype) == ((2, None, None), "int32")
    assert scores.shape == (None, 2)
    assert ops.ctc_loss(KerasTensor((None, 4), "int32"), x, lengths, lengths).shape == (None,)
