"""Every metric gives what Keras's gives, over a stream of batches, with and without weights."""

import numpy as np
import pytest

from kmb_core import metrics
from kmb_core.backend import convert_to_numpy

pytestmark = pytest.mark.parity

generator = np.random.default_rng(5)
REAL = generator.normal(size=(12, 4)).astype("float32")
OTHER = (REAL + generator.normal(size=(12, 4))).astype("float32")
PROBABILITIES = (np.exp(OTHER) / np.exp(OTHER).sum(-1, keepdims=True)).astype("float32")
UNIT = (1 / (1 + np.exp(-OTHER))).astype("float32")
BITS = (REAL > 0).astype("float32")
CLASSES = generator.integers(0, 4, 12).astype("int32")
GUESSES = generator.integers(0, 4, 12).astype("int32")
ONE_HOT = np.eye(4, dtype="float32")[CLASSES]
WEIGHTS = generator.uniform(0.0, 2.0, 12).astype("float32")

CASES = [
    ("Mean", {}, None, REAL[:, 0]),
    ("Sum", {}, None, REAL[:, 0]),
    ("MeanSquaredError", {}, REAL, OTHER),
    ("RootMeanSquaredError", {}, REAL, OTHER),
    ("MeanAbsoluteError", {}, REAL, OTHER),
    ("MeanAbsolutePercentageError", {}, REAL, OTHER),
    ("MeanSquaredLogarithmicError", {}, REAL, OTHER),
    ("LogCoshError", {}, REAL, OTHER),
    ("Hinge", {}, BITS, OTHER),
    ("SquaredHinge", {}, np.sign(REAL), OTHER),
    ("CategoricalHinge", {}, ONE_HOT, OTHER),
    ("KLDivergence", {}, PROBABILITIES[::-1], PROBABILITIES),
    ("Poisson", {}, np.abs(np.rint(REAL)), np.abs(OTHER)),
    ("CosineSimilarity", {}, REAL, OTHER),
    ("BinaryCrossentropy", {"label_smoothing": 0.1}, BITS, UNIT),
    ("CategoricalCrossentropy", {"from_logits": True}, ONE_HOT, OTHER),
    ("SparseCategoricalCrossentropy", {}, CLASSES, PROBABILITIES),
    ("Accuracy", {}, CLASSES, GUESSES),
    ("BinaryAccuracy", {"threshold": 0.4}, BITS, UNIT),
    ("CategoricalAccuracy", {}, ONE_HOT, PROBABILITIES),
    ("SparseCategoricalAccuracy", {}, CLASSES, PROBABILITIES),
    ("TopKCategoricalAccuracy", {"k": 2}, ONE_HOT, PROBABILITIES),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, CLASSES, PROBABILITIES),
    ("TruePositives", {}, BITS, UNIT),
    ("FalsePositives", {"thresholds": [0.2, 0.5, 0.9]}, BITS, UNIT),
    ("TrueNegatives", {"thresholds": 0.3}, BITS, UNIT),
    ("FalseNegatives", {"thresholds": [0.0, 1.0]}, BITS, UNIT),
    ("Precision", {}, BITS, UNIT),
    ("Precision", {"top_k": 2}, BITS, UNIT),
    ("Precision", {"class_id": 1, "thresholds": [0.3, 0.6]}, BITS, UNIT),
    ("Precision", {"class_id": 2, "top_k": 2}, ONE_HOT, PROBABILITIES),
    ("Recall", {}, BITS, UNIT),
    ("Recall", {"top_k": 3, "thresholds": 0.5}, BITS, UNIT),
    ("SensitivityAtSpecificity", {"specificity": 0.6}, BITS, UNIT),
    ("SensitivityAtSpecificity", {"specificity": 0.6, "num_thresholds": 1, "class_id": 0}, BITS, UNIT),
    ("SpecificityAtSensitivity", {"sensitivity": 0.7}, BITS, UNIT),
    ("PrecisionAtRecall", {"recall": 0.7}, BITS, UNIT),
    ("RecallAtPrecision", {"precision": 0.7, "num_thresholds": 50}, BITS, UNIT),
    ("RecallAtPrecision", {"precision": 1.0}, 1 - BITS, UNIT),
    ("AUC", {}, BITS, UNIT),
    ("AUC", {"curve": "PR"}, BITS, UNIT),
    ("AUC", {"curve": "PR", "summation_method": "minoring"}, BITS, UNIT),
    ("AUC", {"curve": "PRGAIN"}, BITS, UNIT),
    ("AUC", {"summation_method": "majoring", "num_thresholds": 7}, BITS, UNIT),
    ("AUC", {"thresholds": [0.1, 0.45, 0.8]}, BITS, UNIT),
    ("AUC", {"from_logits": True}, BITS, OTHER),
    ("AUC", {"multi_label": True}, BITS, UNIT),
    ("AUC", {"multi_label": True, "num_labels": 4, "curve": "PR", "label_weights": [1.0, 2.0, 0.0, 0.5]}, BITS, UNIT),
    ("AUC", {"label_weights": [1.0, 2.0, 0.0, 0.5]}, BITS, UNIT),
    ("F1Score", {}, BITS, UNIT),
    ("F1Score", {"average": "micro"}, ONE_HOT, PROBABILITIES),
    ("FBetaScore", {"beta": 2.0, "average": "macro", "threshold": 0.4}, BITS, UNIT),
    ("FBetaScore", {"beta": 0.5, "average": "weighted"}, ONE_HOT, PROBABILITIES),
    ("IoU", {"num_classes": 4, "target_class_ids": [0, 2]}, CLASSES, GUESSES),
    ("IoU", {"num_classes": 4, "target_class_ids": [1], "ignore_class": 0}, CLASSES, GUESSES),
    ("MeanIoU", {"num_classes": 4}, CLASSES, GUESSES),
    ("MeanIoU", {"num_classes": 4, "sparse_y_pred": False}, CLASSES, PROBABILITIES),
    ("BinaryIoU", {"threshold": 0.4}, BITS, UNIT),
    ("BinaryIoU", {"target_class_ids": [1]}, BITS, UNIT),
    ("OneHotIoU", {"num_classes": 4, "target_class_ids": [0, 3]}, ONE_HOT, PROBABILITIES),
    ("OneHotMeanIoU", {"num_classes": 4}, ONE_HOT, PROBABILITIES),
    ("PearsonCorrelation", {}, REAL, OTHER),
    ("ConcordanceCorrelation", {}, REAL, OTHER),
    ("R2Score", {}, REAL, OTHER),
    ("R2Score", {"class_aggregation": None}, REAL, OTHER),
    ("R2Score", {"class_aggregation": "variance_weighted_average", "num_regressors": 2}, REAL, OTHER),
]
IDS = [f"{name}-{','.join(map(str, options))}-{i}" for i, (name, options, _, _) in enumerate(CASES)]
# With weights Keras gives nonsense or fails: its default dtype, int32, cuts weights to whole numbers.
UNWEIGHTED = {"IoU", "MeanIoU", "BinaryIoU", "OneHotIoU", "OneHotMeanIoU"}


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras")


def close(ours, theirs, keras):
    if np.isnan(keras.ops.convert_to_numpy(theirs)).any():  # R2Score of a batch of one: 0 / 0 in Keras
        assert np.isfinite(convert_to_numpy(ours)).all()
        return
    np.testing.assert_allclose(
        convert_to_numpy(ours).astype("float64"), keras.ops.convert_to_numpy(theirs), rtol=2e-5, atol=2e-6
    )


def plain(config):
    """Keras keeps weights of labels as a tensor."""
    return {key: np.asarray(value).tolist() if hasattr(value, "shape") else value for key, value in config.items()}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("name", "options", "y_true", "y_pred"), CASES, ids=IDS)
def test_results_over_a_stream_are_kerass(keras, name, options, y_true, y_pred, weighted):
    ours, theirs = getattr(metrics, name)(**options), getattr(keras.metrics, name)(**options)
    assert [list(v.shape) for v in ours.variables if "weighted" not in v.name] == [
        list(v.shape) for v in theirs.variables
    ]
    if weighted and name in UNWEIGHTED:
        theirs = getattr(keras.metrics, name)(dtype="float32", **options)
    for part in (slice(0, 5), slice(5, 11), slice(11, 12)):
        given = [y_pred[part]] if y_true is None else [y_true[part], y_pred[part]]
        weight = {}
        if weighted:
            weight = {"sample_weight": WEIGHTS[part]}
            if name == "BinaryIoU":
                weight = {"sample_weight": np.repeat(WEIGHTS[part], 4).reshape(-1, 4)}
        ours.update_state(*given, **weight)
        theirs.update_state(*given, **weight)
        close(ours.result(), theirs.result(), keras)
    assert ours.name == theirs.name or "_" in ours.name  # the counters of automatic names differ
    ours.reset_state()
    theirs.reset_state()
    ours.update_state(*given)
    theirs.update_state(*given)
    close(ours.result(), theirs.result(), keras)


@pytest.mark.parametrize(("name", "options", "y_true", "y_pred"), CASES, ids=IDS)
def test_configs_are_kerass_and_come_back(keras, name, options, y_true, y_pred):
    ours, theirs = getattr(metrics, name)(name="m", **options), getattr(keras.metrics, name)(name="m", **options)
    assert ours.get_config() == plain(theirs.get_config())
    assert type(ours).from_config(ours.get_config()).get_config() == ours.get_config()
    assert metrics.deserialize(metrics.serialize(ours)).get_config() == ours.get_config()
