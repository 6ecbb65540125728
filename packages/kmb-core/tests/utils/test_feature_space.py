"""FeatureSpace: tables of several kinds of columns, in memory and in batches."""

import numpy as np
import pytest

import kmb_core
from kmb_core.errors import StructureError
from kmb_core.utils import FeatureSpace

TABLE = {"age": [20.0, 40.0, 30.0], "city": ["Rome", "Oslo", "Rome"], "code": [7, 7, 9]}


def to_numpy(x):
    return np.asarray(kmb_core.ops.convert_to_numpy(x))


def made(**arguments):
    space = FeatureSpace(
        {"age": "float_normalized", "city": "string_categorical", "code": FeatureSpace.integer_hashed(4)}, **arguments
    )
    space.adapt(TABLE)
    return space


def test_columns_become_one_vector_in_the_order_of_their_names():
    rows = to_numpy(made()(TABLE))
    assert rows.shape == (3, 1 + 3 + 4)
    np.testing.assert_allclose(rows[:, 0], (np.array([20, 40, 30]) - 30) / np.std([20, 40, 30]), rtol=1e-5)
    assert rows[:, 1:4].tolist() == [[0, 1, 0], [0, 0, 1], [0, 1, 0]]
    assert rows[:, 4:].sum(1).tolist() == [1, 1, 1]


def test_a_row_of_scalars_gives_a_vector():
    space = made()
    np.testing.assert_allclose(
        to_numpy(space({"age": 40.0, "city": "Oslo", "code": 7})), to_numpy(space(TABLE))[1], rtol=1e-6
    )


def test_batches_are_learned_from_as_the_whole():
    space = FeatureSpace({"age": "float_normalized", "city": "string_categorical"})
    halves = [{k: v[:2] for k, v in TABLE.items()}, {k: v[2:] for k, v in TABLE.items()}]
    space.adapt(iter(halves))
    whole = FeatureSpace({"age": "float_normalized", "city": "string_categorical"})
    whole.adapt(TABLE)
    np.testing.assert_allclose(to_numpy(space(TABLE)), to_numpy(whole(TABLE)), rtol=1e-5)


def test_crosses_follow_the_features():
    space = made(crosses=[("city", "code")], crossing_dim=5, output_mode="dict")
    rows = space(TABLE)
    assert list(rows) == ["age", "city", "code", "city_X_code"]
    assert to_numpy(rows["city_X_code"]).shape == (3, 5)


def test_a_model_takes_columns_or_what_they_become():
    space = made()
    encoded = space.get_encoded_features()
    outputs = kmb_core.layers.Dense(2)(encoded)
    of_vectors, of_columns = kmb_core.Model(encoded, outputs), kmb_core.Model(space.get_inputs(), outputs)
    columns = {name: np.array(column)[:, None] for name, column in TABLE.items()}
    np.testing.assert_allclose(to_numpy(of_columns(columns)), to_numpy(of_vectors(space(TABLE))), rtol=1e-5, atol=1e-6)


def test_it_is_saved_and_loaded(tmp_path):
    space = made(crosses=[FeatureSpace.cross(("city", "code"), 6)])
    space.save(tmp_path / "space.keras")
    loaded = kmb_core.saving.load_model(tmp_path / "space.keras")
    np.testing.assert_allclose(to_numpy(loaded(TABLE)), to_numpy(space(TABLE)), rtol=1e-6)


def test_a_layer_of_ones_own_prepares_a_column():
    space = FeatureSpace({"age": FeatureSpace.feature("float32", kmb_core.layers.Rescaling(0.1), "float")})
    assert to_numpy(space({"age": [20.0]})).tolist() == [[2.0]]


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"features": {}}, "not empty"),
        ({"features": {"a": "words"}}, "unknown kind 'words'"),
        ({"features": {"a": 3}}, "unknown kind 3"),
        ({"features": {"a": "float"}, "output_mode": "list"}, "output_mode"),
        ({"features": {"a": "float"}, "crosses": [("a", "b")]}, "unknown features: b"),
        ({"features": {"a": "float"}, "crosses": ["a"]}, "at least two"),
    ],
)
def test_spaces_that_cannot_be_are_refused(arguments, match):
    with pytest.raises(ValueError, match=match):
        FeatureSpace(**arguments)


def test_rows_that_do_not_fit_are_refused():
    space = made()
    with pytest.raises(StructureError, match="missing: city, code"):
        space({"age": [1.0]})
    with pytest.raises(StructureError, match="expected dicts"):
        space([1.0])
    with pytest.raises(StructureError, match="missing"):
        space.adapt({"age": [1.0]})
    with pytest.raises(ValueError, match="seen no data"):
        FeatureSpace({"age": "float_normalized"})({"age": [1.0]})


def test_whole_numbers_do_not_go_into_a_vector_of_floats():
    space = FeatureSpace({"code": FeatureSpace.integer_hashed(4, output_mode="int")})
    with pytest.raises(ValueError, match="feature 'code' is int"):
        space({"code": [1]})
