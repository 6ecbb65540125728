import numpy as np
import pytest

from kmb_core import Variable, ops, regularizers

W = np.array([[3.0, 0.0, -1.0], [4.0, 0.0, 0.1]], "float32")


def value(x):
    return float(ops.convert_to_numpy(x))


def test_penalties_follow_their_formulas():
    assert value(regularizers.L1(0.5)(W)) == pytest.approx(0.5 * abs(W).sum())
    assert value(regularizers.L2(0.5)(W)) == pytest.approx(0.5 * (W**2).sum())
    assert value(regularizers.L1L2(0.5, 0.25)(W)) == pytest.approx(0.5 * abs(W).sum() + 0.25 * (W**2).sum())
    assert value(regularizers.L1L2()(W)) == 0.0


@pytest.mark.parametrize("mode", ["rows", "columns"])
def test_the_orthogonal_penalty_is_the_mean_cosine_between_pairs(mode):
    vectors = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    rows = vectors if mode == "rows" else vectors.T
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = abs(rows @ rows.T)[np.triu_indices(len(rows), 1)]
    found = regularizers.OrthogonalRegularizer(0.3, mode)(vectors)
    assert value(found) == pytest.approx(0.3 * cosines.mean(), rel=1e-4)


def test_one_row_has_nothing_to_be_orthogonal_to():
    assert value(regularizers.OrthogonalRegularizer()(W[:1])) == 0.0


def test_penalties_of_variables():
    assert value(regularizers.L2(1.0)(Variable([2.0]))) == 4.0


@pytest.mark.parametrize("factor", [-1.0, "a", float("nan"), float("inf"), True])
def test_factors_that_are_no_factors_are_refused(factor):
    with pytest.raises(ValueError, match="l1"):
        regularizers.L1(factor)


def test_other_misuse_is_refused():
    with pytest.raises(ValueError, match="mode"):
        regularizers.OrthogonalRegularizer(mode="diagonal")
    with pytest.raises(ValueError, match=r"matrix|axis"):
        regularizers.OrthogonalRegularizer()(W[0])
    with pytest.raises(NotImplementedError):
        regularizers.Regularizer().get_config()


@pytest.mark.parametrize("name", ["l1", "L1", "l2", "l1_l2", "L1L2", "orthogonal_regularizer"])
def test_names_find_classes_and_saved_forms_come_back_equal(name):
    regularizer = regularizers.get(name)
    saved = regularizers.serialize(regularizer)
    assert (saved["module"], saved["registered_name"]) == ("keras.regularizers", None)
    assert regularizers.deserialize(saved).get_config() == regularizer.get_config()
    assert type(regularizers.get(type(regularizer))) is type(regularizer)


def test_what_is_unknown_is_refused():
    assert regularizers.get(None) is None
    assert regularizers.get(value) is value
    for identifier in ("nope", 3, {"module": "os", "class_name": "system", "config": {}}):
        with pytest.raises(ValueError, match="regularizer"):
            regularizers.get(identifier)
