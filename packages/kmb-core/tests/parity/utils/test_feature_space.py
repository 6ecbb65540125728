"""FeatureSpace gives Keras's vectors, for real and for mixed tables, on every backend."""

import json

import numpy as np
import pytest
from sklearn.datasets import load_wine

import kmb_core
from kmb_core.backend import current_backend

pytestmark = pytest.mark.parity

tf = pytest.importorskip("tensorflow")  # environments without it collect this file too, and deselect it

TABLE = {
    "i": np.array([0, 2, 1, 3, 2]),
    "s": np.array(["zero", "two", "one", "three", "two"]),
    "f": np.array([-1.0, 2.0, 7.0, 3.0, 0.5], "float32"),
    "n": np.array([1.0, 2.0, 3.0, 4.0, 9.0], "float32"),
}
ROWS = {"i": np.array([0, 9]), "s": np.array(["two", "x"]), "f": np.float32([1, 2]), "n": np.float32([2, 3])}


def array(x):
    if hasattr(x, "detach"):
        x = x.detach().cpu()
    if current_backend().is_tensor(x):
        return current_backend().to_numpy(x)
    return np.asarray(x.numpy() if hasattr(x, "numpy") else x)


def spaces(make, **arguments):
    import keras

    made = [make(space) for space in (kmb_core.utils.FeatureSpace, keras.utils.FeatureSpace)]
    return [
        space(features=features, crosses=crosses, **arguments)
        for space, (features, crosses) in zip(
            (kmb_core.utils.FeatureSpace, keras.utils.FeatureSpace), made, strict=True
        )
    ]


def mixed(space):
    features = {
        "i": space.integer_categorical(num_oov_indices=1),
        "s": "string_categorical",
        "f": "float_discretized",
        "n": space.float_normalized(),
    }
    return features, [("i", "s"), space.cross(("s", "f"), crossing_dim=5)]


def hashed(space):
    features = {
        "i": space.integer_hashed(5, output_mode="int"),
        "s": space.string_hashed(6),
        "f": space.float_rescaled(0.5, 1.0),
        "n": "float",
    }
    return features, [space.cross(("s", "i"), crossing_dim=6, output_mode="int")]


def assert_same(found, expected):
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        for name, value in expected.items():
            assert_same(found[name], value)
    else:
        np.testing.assert_allclose(array(found), array(expected), rtol=1e-4, atol=1e-5)


def plain(config):
    """A config without names, which count up, and the size of the table that was learned from; floats are rounded."""
    if isinstance(config, float):
        return round(config, 5)
    if isinstance(config, dict):
        return {key: plain(value) for key, value in config.items() if key not in ("name", "build_config")}
    return [plain(item) for item in config] if isinstance(config, list) else config


@pytest.mark.parametrize("output_mode", ["concat", "dict"])
def test_a_mixed_table_gives_the_same_vectors(output_mode):
    ours, other = spaces(mixed, output_mode=output_mode, crossing_dim=8, num_discretization_bins=4)
    ours.adapt(TABLE)
    other.adapt(tf.data.Dataset.from_tensor_slices(TABLE))
    for rows in (ROWS, {k: v[:, None] for k, v in ROWS.items()}, {k: v[0] for k, v in ROWS.items()}):
        assert_same(ours(rows), other(rows))
    found, expected = (plain(json.loads(json.dumps(space.get_config()))) for space in (ours, other))
    assert found["features"].keys() == expected["features"].keys()
    assert found == expected


def test_hashed_features_are_the_same():
    ours, other = spaces(hashed, output_mode="dict")
    other.adapt(tf.data.Dataset.from_tensor_slices(TABLE))
    assert_same(ours(ROWS), other(ROWS))


def test_a_real_table_gives_the_same_vectors():
    wine = load_wine()
    table = {name: wine.data[:, i].astype("float32") for i, name in enumerate(wine.feature_names[:6])}
    kinds = dict(zip(table, ["float", "float_normalized", "float_discretized"] * 2, strict=True))
    ours, other = spaces(lambda space: (dict(kinds), None), num_discretization_bins=5)
    ours.adapt(table)
    other.adapt(tf.data.Dataset.from_tensor_slices(table).batch(32))
    rows = {name: column[:40] for name, column in table.items()}
    found, expected = array(ours(rows)), array(other(rows))
    assert found.shape == expected.shape
    assert (np.abs(found - expected) > 1e-3).mean() < 0.01  # numbers at the border of bins that were merged otherwise


def test_files_are_read_by_either(tmp_path):
    import keras

    ours, other = spaces(mixed, crossing_dim=8, num_discretization_bins=4)
    ours.adapt(TABLE)
    other.adapt(tf.data.Dataset.from_tensor_slices(TABLE))
    ours.save(tmp_path / "ours.keras")
    other.save(tmp_path / "other.keras")
    expected = array(other(ROWS))
    assert_same(keras.saving.load_model(tmp_path / "ours.keras")(ROWS), expected)
    assert_same(kmb_core.saving.load_model(tmp_path / "other.keras")(ROWS), expected)
