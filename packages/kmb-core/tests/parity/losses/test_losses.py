"""Every loss gives what Keras's gives on the same framework, in values and in gradients."""

import numpy as np
import pytest

import kmb_core
from kmb_core import losses
from kmb_core.backend import convert_to_numpy, current_backend
from kmb_core.plugins import Capability

pytestmark = pytest.mark.parity

generator = np.random.default_rng(3)
REAL = generator.normal(size=(6, 5)).astype("float32")
OTHER = generator.normal(size=(6, 5)).astype("float32")
PROBABILITIES = (np.exp(OTHER) / np.exp(OTHER).sum(-1, keepdims=True)).astype("float32")
BITS = (REAL > 0).astype("float32")
CLASSES = np.array([0, 3, 1, 1, 2, 4], "int32")
ONE_HOT = np.eye(5, dtype="float32")[CLASSES]
UNIT = (OTHER / np.linalg.norm(OTHER, axis=-1, keepdims=True)).astype("float32")
SEQUENCES = np.array([[1, 2, 2], [3, 1, 0], [1, 0, 0]], "int32")
LOGITS = generator.normal(size=(3, 7, 4)).astype("float32")

CASES = [
    ("MeanSquaredError", {}, REAL, OTHER),
    ("MeanAbsoluteError", {}, REAL, OTHER),
    ("MeanAbsolutePercentageError", {}, REAL, OTHER),
    ("MeanSquaredLogarithmicError", {}, REAL, OTHER),
    ("LogCosh", {}, REAL * 30, OTHER),
    ("Huber", {"delta": 0.7}, REAL, OTHER),
    ("Hinge", {}, BITS, OTHER),
    ("Hinge", {}, np.sign(REAL), OTHER),
    ("SquaredHinge", {}, BITS, OTHER),
    ("CategoricalHinge", {}, ONE_HOT, OTHER),
    ("KLDivergence", {}, PROBABILITIES[::-1], PROBABILITIES),
    ("Poisson", {}, np.abs(np.rint(REAL * 3)), np.abs(OTHER)),
    ("CosineSimilarity", {}, REAL, OTHER),
    ("CosineSimilarity", {"axis": 0}, REAL, OTHER),
    ("CosineSimilarity", {}, REAL * 0, OTHER),
    ("Dice", {}, BITS, PROBABILITIES),
    ("Dice", {"axis": (1,)}, BITS, PROBABILITIES),
    ("Tversky", {"alpha": 0.3, "beta": 0.7}, BITS, PROBABILITIES),
    ("Tversky", {"axis": 1}, BITS, PROBABILITIES),
    ("Circle", {"gamma": 2.0, "margin": 0.3}, CLASSES, UNIT),
    ("Circle", {"gamma": 80.0, "remove_diagonal": False}, CLASSES[:, None], UNIT),
    ("BinaryCrossentropy", {"label_smoothing": 0.1}, BITS, PROBABILITIES),
    ("BinaryCrossentropy", {"from_logits": True}, BITS, OTHER),
    ("CategoricalCrossentropy", {"label_smoothing": 0.1}, ONE_HOT, PROBABILITIES),
    ("CategoricalCrossentropy", {"from_logits": True}, ONE_HOT, OTHER),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, CLASSES, OTHER),
    ("SparseCategoricalCrossentropy", {"ignore_class": 1}, CLASSES, PROBABILITIES),
    ("BinaryFocalCrossentropy", {}, BITS, PROBABILITIES),
    ("BinaryFocalCrossentropy", {"apply_class_balancing": True, "from_logits": True, "gamma": 1.5}, BITS, OTHER),
    ("BinaryFocalCrossentropy", {"label_smoothing": 0.2, "axis": 0}, BITS, PROBABILITIES),
    ("CategoricalFocalCrossentropy", {}, ONE_HOT, PROBABILITIES),
    ("CategoricalFocalCrossentropy", {"from_logits": True, "label_smoothing": 0.1, "alpha": 0.4}, ONE_HOT, OTHER),
    ("CategoricalFocalCrossentropy", {"alpha": [0.1, 0.2, 0.3, 0.2, 0.2]}, ONE_HOT, PROBABILITIES),
    ("CategoricalGeneralizedCrossEntropy", {"q": 0.3}, CLASSES, PROBABILITIES),
    ("CTC", {}, SEQUENCES, LOGITS),
]
IDS = [f"{name}-{','.join(map(str, options))}-{i}" for i, (name, options, _, _) in enumerate(CASES)]


# Arguments that Keras's config leaves out, so that a loss read back from its file is another one.
FORGOTTEN = {"Huber": ("delta",), "CosineSimilarity": ("axis",)}


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras")


def as_array(x):
    return convert_to_numpy(x).astype("float64")


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight", "none"])
@pytest.mark.parametrize(("name", "options", "y_true", "y_pred"), CASES, ids=IDS)
def test_values_are_kerass(keras, name, options, y_true, y_pred, reduction):
    ours, theirs = getattr(losses, name)(reduction=reduction, **options), getattr(keras.losses, name)(
        reduction=reduction, **options
    )  # fmt: skip
    expected = keras.ops.convert_to_numpy(theirs(y_true, y_pred))
    np.testing.assert_allclose(as_array(ours(y_true, y_pred)), expected, rtol=2e-5, atol=1e-6)
    if expected.ndim == 1 and len(expected) == len(y_true):
        weights = np.linspace(0.0, 2.0, len(y_true)).astype("float32")
        expected = keras.ops.convert_to_numpy(theirs(y_true, y_pred, sample_weight=weights))
        np.testing.assert_allclose(
            as_array(ours(y_true, y_pred, sample_weight=weights)), expected, rtol=2e-5, atol=1e-6
        )


@pytest.mark.parametrize(("name", "options", "y_true", "y_pred"), CASES, ids=IDS)
def test_configs_are_kerass(keras, name, options, y_true, y_pred):
    ours = getattr(losses, name)(**options).get_config()
    theirs = getattr(keras.losses, name)(**options).get_config()
    assert ours == {**theirs, **{key: options[key] for key in FORGOTTEN.get(name, ()) if key in options}}


@pytest.mark.parametrize(("name", "options", "y_true", "y_pred"), CASES, ids=IDS)
def test_gradients_are_those_of_finite_differences(name, options, y_true, y_pred):
    backend = current_backend()
    if not backend.supports(Capability.GRADIENTS):
        with pytest.raises(AttributeError):
            backend.implementation.value_and_gradients(None, [])
        return
    loss = getattr(losses, name)(dtype="float64", **options)
    with backend.implementation.wide_float_scope():
        wide = backend.convert(y_pred.astype("float64"), "float64")
        target = y_true if y_true.dtype.kind == "i" else y_true.astype("float64")
        _, (gradient,) = backend.implementation.value_and_gradients(lambda x: loss(target, x), [wide])
        found, rng = backend.to_numpy(gradient), np.random.default_rng(0)
        for _ in range(3):
            direction = rng.normal(size=y_pred.shape)
            step = 1e-6 * direction
            up, down = (
                float(kmb_core.ops.convert_to_numpy(loss(target, y_pred.astype("float64") + s))) for s in (step, -step)
            )
            np.testing.assert_allclose((found * direction).sum(), (up - down) / 2e-6, rtol=2e-5, atol=1e-7)


@pytest.mark.parametrize("short", ["mse", "MAE", "mape", "MSLE", "kld", "bce", "huber", "cosine_similarity", "poisson"])
def test_short_names_mean_what_they_mean_in_keras(keras, short):
    assert losses.get(short).__name__ == keras.losses.get(short).__name__
