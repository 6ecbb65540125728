"""Axes by name: einops' notation, in the shapes that it promises; patterns that cannot be meant."""

import numpy as np
import pytest

from kmb_core import Input, Model, ops
from kmb_core.backend import KerasTensor
from kmb_core.errors import ShapeError

X = np.arange(24).reshape(2, 3, 4)


def rearranged(pattern, x=X, **lengths):
    return ops.convert_to_numpy(ops.rearrange(x, pattern, **lengths))


def test_axes_change_places():
    np.testing.assert_array_equal(rearranged("a b c -> c a b"), X.transpose(2, 0, 1))
    np.testing.assert_array_equal(rearranged("  a b c->c  b a "), X.T)


def test_axes_are_joined_and_split():
    np.testing.assert_array_equal(rearranged("a b c -> (c b) a"), X.transpose(2, 1, 0).reshape(12, 2))
    np.testing.assert_array_equal(rearranged("a b (c d) -> d a b c", d=2), X.reshape(2, 3, 2, 2).transpose(3, 0, 1, 2))
    np.testing.assert_array_equal(rearranged("(a z) b c -> a b c z", z=1), X[..., None])


def test_other_axes_stand_for_themselves():
    np.testing.assert_array_equal(rearranged("... last -> last ..."), np.moveaxis(X, -1, 0))
    np.testing.assert_array_equal(rearranged("a ... -> (... a)"), X.transpose(1, 2, 0).reshape(-1))
    np.testing.assert_array_equal(rearranged("a ... b c -> c b a ..."), X.T)
    np.testing.assert_array_equal(rearranged("a b ... -> a 1 b ..."), X[:, None])


def test_axes_of_size_1_come_and_go():
    np.testing.assert_array_equal(rearranged("a b c -> a 1 b () c"), X[:, None, :, None])
    np.testing.assert_array_equal(rearranged("1 a b c -> a b c", X[None]), X)


def test_nothing_in_a_tensor_is_rearranged_too():
    assert rearranged("a b -> b a", np.zeros((0, 2))).shape == (2, 0)
    assert rearranged("(a b) c -> a b c", np.zeros((0, 2)), a=3).shape == (3, 0, 2)


UNREADABLE = (
    "a b c", "a b c -> a b", "a b b -> b a", "a b c -> a b c d", "a (b c -> a b c", "a b) c -> a b c",
    "a b c -> a ((b c))", "a b c -> a, b c", "a b c -> a b 2", "(...) a -> a ...", "a b -> c -> d", 3,
)  # fmt: skip
UNFIT = (
    ("a b -> b a", {}),
    ("a b c d ... -> a b c d ...", {}),
    ("(a z) b c -> a z b c", {}),
    ("(a z) b c -> a z b c", {"a": 5}),
    ("a 1 c -> a c", {}),
    ("a b c -> c b a", {"c": 5}),
    ("a (b d) c -> a b c d", {"b": 3, "d": 2}),
)


@pytest.mark.parametrize("pattern", UNREADABLE)
def test_a_pattern_that_cannot_be_read_is_refused(pattern):
    for given in (X, KerasTensor((2, 3, 4))):
        with pytest.raises(ValueError, match=r"ops\.rearrange"):
            ops.rearrange(given, pattern)


@pytest.mark.parametrize(("pattern", "lengths"), UNFIT)
def test_a_tensor_that_does_not_fit_is_refused(pattern, lengths):
    for given in (X, KerasTensor((2, 3, 4))):
        with pytest.raises(ShapeError, match=r"ops\.rearrange"):
            ops.rearrange(given, pattern, **lengths)


def test_sizes_of_names_that_the_pattern_lacks_are_refused():
    with pytest.raises(ValueError, match="no axes"):
        ops.rearrange(X, "a b c -> c b a", d=3)


def test_unknown_sizes_stay_unknown():
    x = KerasTensor((None, 6, None))
    assert ops.rearrange(x, "b (h w) c -> b h (w c)", h=2).shape == (None, 2, None)
    assert ops.rearrange(x, "(b n) s c -> n s b c", n=2).shape == (2, 6, None, None)


def test_a_model_keeps_pattern_and_sizes():
    inputs = Input((6, 3))
    model = Model(inputs, ops.rearrange(inputs, "b (h w) c -> b h w c", h=2))
    node = model.get_config()["layers"][1]
    assert (node["class_name"], node["config"]) == ("Rearrange", {"name": node["name"]})
    assert node["inbound_nodes"][0]["kwargs"] == {"h": 2}
    assert node["inbound_nodes"][0]["args"][1] == "b (h w) c -> b h w c"
    again = Model.from_config(model.get_config())
    assert tuple(again(np.ones((2, 6, 3), "float32")).shape) == (2, 2, 3, 3)
