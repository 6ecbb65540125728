import numpy as np
import pytest

from kmb_core import constraints, ops

W = np.array([[3.0, 0.0, -0.1], [4.0, 0.0, 0.1]], "float32")


def norms(constraint, axis=0):
    return np.linalg.norm(ops.convert_to_numpy(constraint(W)), axis=axis)


def test_max_norm_scales_down_what_is_larger():
    np.testing.assert_allclose(norms(constraints.MaxNorm(2.0)), [2.0, 0.0, 0.02**0.5], rtol=1e-5)


def test_norms_may_go_over_several_axes():
    found = ops.convert_to_numpy(constraints.MaxNorm(1.0, axis=[0, 1])(W))
    assert np.linalg.norm(found) == pytest.approx(1.0)


def test_unit_norm_leaves_zeros_alone():
    np.testing.assert_allclose(norms(constraints.UnitNorm()), [1, 0, 1], rtol=1e-5)


def test_min_max_norm_goes_part_of_the_way():
    np.testing.assert_allclose(norms(constraints.MinMaxNorm(0.5, 1.0)), [1, 0, 0.5], rtol=1e-5)
    half = (0.5 + 0.02**0.5) / 2
    np.testing.assert_allclose(norms(constraints.MinMaxNorm(0.5, 1.0, rate=0.5)), [3, 0, half], rtol=1e-5)


def test_non_neg_leaves_no_negative_weight():
    assert ops.convert_to_numpy(constraints.NonNeg()(W)).tolist() == np.maximum(W, 0).tolist()


@pytest.mark.parametrize("name", ["max_norm", "MaxNorm", "min_max_norm", "non_neg", "UnitNorm", "Constraint"])
def test_names_find_classes_and_saved_forms_come_back_equal(name):
    constraint = constraints.get(name)
    saved = constraints.serialize(constraint)
    assert saved["module"] == "keras.constraints"
    assert type(constraints.deserialize(saved)) is type(constraint)
    assert constraints.deserialize(saved).get_config() == constraint.get_config()


def test_what_is_unknown_is_refused():
    assert constraints.get(None) is None
    for identifier in ("nope", 3, {"class_name": "L2", "module": "keras.regularizers", "config": {}}):
        with pytest.raises(ValueError, match="constraint"):
            constraints.get(identifier)
